//! Links to debtors' pages, and what debtors have said there.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::Caller;
use crate::api::documents::Files;
use crate::api::enums::AnswerKind;
use crate::api::fault::Fault;
use crate::api::money::Money;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime};
use crate::collections as domain;
use crate::pages::{self, CreatePageLink, PageLink, SetPageToken, store};
use crate::primitives::Origin;
use crate::work::Failure;

/// Days that a link lasts where nobody says.
const DAYS: i32 = 14;

/// A link to the page of a claim.
#[derive(InputObject)]
pub struct CreateDebtorPageLinkInput {
    /// Makes the request safe to repeat; a repetition gives a new address for the same link, and the one before leads
    /// nowhere.
    idempotency_key: String,
    /// Of which claim.
    claim_reference: String,
    /// For how many days: 1 to 90; 14 when absent.
    valid_days: Option<i32>,
}

outcomes! {
    /// There is a link to the page of a claim.
    CreateDebtorPageLinkResult = CreateDebtorPageLinkSuccess {
        /// Where the page is: a secret while it lasts. A path on this server where that does not know how clients reach it.
        url: String,
        /// When it is over.
        expires_at: DateTime,
    }
}

/// Mutations of debtors' pages.
#[derive(Default)]
pub struct PageMutation;

#[Object]
impl PageMutation {
    /// Makes a link to the page on which whoever owes a claim sees what is owed, promises to pay, and disputes. Whoever has
    /// the link sees the page; looking at it changes nothing. Scope: admin.
    async fn create_debtor_page_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which claim.")] input: CreateDebtorPageLinkInput,
    ) -> Result<Option<CreateDebtorPageLinkResult>, Fault> {
        let call = Call::begin(ctx, "createDebtorPageLink", Scope::Admin, Reach::Tenant).await?;
        let command = CreatePageLink { claim: input.claim_reference, days: input.valid_days.unwrap_or(DAYS) };
        let done = match call.run(&input.idempotency_key, Ok(command)).await? {
            Reply::Refused(refusal) => return Ok(Some(CreateDebtorPageLinkResult::Refused(refusal))),
            Reply::Done(done) => done,
        };
        // In no stored command, and not in the row: only in what is answered now.
        let secret: [u8; pages::model::SECRET] = rand::random();
        let (origin, engine) = (Origin::system(call.origin.tenant), call.engine);
        let command = SetPageToken { link: done.value.id, token: PageLink::token_of(&secret) };
        match engine.run(&origin, None, command).await {
            Ok(_) => {}
            Err(Failure::Fault(fault)) => return Err(Fault::from(fault).half_way()),
            Err(Failure::Refused(refused, _)) => return Err(Fault::internal(&refused.message).half_way()),
        }
        let server = ctx.data::<Files>().ok().and_then(Files::public_url);
        Ok(Some(CreateDebtorPageLinkResult::Done(CreateDebtorPageLinkSuccess {
            url: format!("{}{}", server.unwrap_or_default(), pages::model::path(call.origin.tenant, &secret)),
            expires_at: DateTime(done.value.expires_at),
            receipt: done.receipt.into(),
        })))
    }
}

/// What a debtor said on the page of a claim.
#[derive(Clone, Debug, SimpleObject)]
pub struct DebtorAnswer {
    /// What.
    kind: AnswerKind,
    /// How much is promised.
    amount: Option<Money>,
    /// By which day.
    promised_on: Option<Date>,
    /// Why it is disputed.
    text: Option<String>,
    /// When it was said.
    created_at: DateTime,
}

/// What was said about a claim in its present life.
///
/// # Errors
/// The database's.
pub async fn of_claim(caller: &Caller, claim: &domain::Claim) -> Result<Vec<DebtorAnswer>, Fault> {
    let found = store::answers(caller.db(), caller.tenant(), claim.id, claim.begun).await?;
    let one = |answer: pages::DebtorAnswer| DebtorAnswer {
        kind: answer.kind,
        amount: answer.amount.map(|amount| Money::of(amount, answer.currency)),
        promised_on: answer.promised_on.map(Date),
        text: answer.text,
        created_at: DateTime(answer.created_at),
    };
    Ok(found.into_iter().map(one).collect())
}
