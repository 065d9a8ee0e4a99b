//! Chargebacks in the API: `openChargeback`, `resolveChargeback`, and the list of them.

use async_graphql::{Context, ID, InputObject, Object};

use super::Card;
use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Entry};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{ChargebackOutcome, ChargebackState};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::input::{MoneyInput, named};
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime};
use crate::cards::chargebacks::{self as domain, OpenChargeback, ResolveChargeback};
use crate::events::history::HistoryOf;
use crate::primitives::{ChargebackId, EntryId};
use crate::refused::{Refused, said};

/// A chargeback in the API.
#[derive(Clone, Debug)]
pub struct Chargeback(domain::Chargeback);

impl Listed for Chargeback {
    const LIST: &'static str = "Chargeback";
}

/// A purchase with a card that is disputed with the card's scheme.
#[Object]
impl Chargeback {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Where it is in its life.
    async fn state(&self) -> ChargebackState {
        self.0.state
    }

    /// How much is disputed.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// What of that the merchant has refunded since: it is disputed no more.
    async fn refunded(&self) -> Money {
        Money::of(self.0.refunded, self.0.currency)
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What the scheme calls it.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// The card.
    async fn card(&self, ctx: &Context<'_>) -> Result<Option<Card>, Fault> {
        super::by_id(caller(ctx)?, self.0.card).await
    }

    /// The card's account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        accounts::by_id(caller(ctx)?, self.0.account).await
    }

    /// What is disputed.
    async fn purchase(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.purchase.parse() {
            Ok(purchase) => books::by_id(caller(ctx)?, purchase).await,
            Err(_) => Ok(None),
        }
    }

    /// What gave the amount back provisionally, where it was.
    async fn provisional_credit(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        of_entry(ctx, self.0.credit).await
    }

    /// What its outcome was booked with; null while it is open, and where it was lost and nothing had been given back.
    async fn outcome_entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        of_entry(ctx, self.0.outcome).await
    }

    /// The business date on which it was opened.
    async fn opened_on(&self) -> Date {
        Date(self.0.opened_on)
    }

    /// The business date on which it was decided.
    async fn resolved_on(&self) -> Option<Date> {
        self.0.resolved_on.map(Date)
    }

    /// When it was opened.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

async fn of_entry(ctx: &Context<'_>, entry: Option<EntryId>) -> Result<Option<Entry>, Fault> {
    match entry {
        None => Ok(None),
        Some(entry) => books::by_id(caller(ctx)?, entry).await,
    }
}

/// A chargeback by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn chargeback_by_id(caller: &Caller, id: ChargebackId) -> Result<Option<Chargeback>, Fault> {
    let Some(chargeback) = caller.loaders.row::<domain::Chargeback>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, chargeback.account).await?.map(|_| Chargeback(chargeback)))
}

/// Which chargebacks to list.
#[derive(Debug, Default, InputObject)]
pub struct ChargebackFilter {
    /// Only in this state.
    state: Option<ChargebackState>,
}

/// Questions about chargebacks. Scope: read.
#[derive(Debug, Default)]
pub struct ChargebackQuery;

/// Questions about chargebacks. Scope: read.
#[Object]
impl ChargebackQuery {
    /// The chargebacks of the tenant, newest first; for a token that is bound to a customer, those on its accounts.
    async fn chargebacks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<ChargebackFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Chargeback>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::Chargeback>>::new(&PageArgs::forward(first, after))?;
        let seen = books::seen_accounts(caller, None).await?;
        let state = filter.unwrap_or_default().state;
        let page = window.page(Ordinal::place);
        let rows = domain::list(caller.db(), caller.tenant(), state, seen.as_deref(), page).await?;
        caller.loaders.keep(&rows).await;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Chargeback))
    }
}

/// A purchase to dispute.
#[derive(InputObject)]
pub struct OpenChargebackInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The purchase: the entry's id. It can be disputed once.
    purchase: ID,
    /// How much of it; all that is left of it when absent.
    amount: Option<MoneyInput>,
    /// Whether the cardholder is given the amount at once, until the scheme has decided.
    #[graphql(default)]
    provisional_credit: bool,
    /// Why.
    reason: String,
    /// What the scheme calls it.
    reference: Option<String>,
}

/// How a scheme has decided.
#[derive(InputObject)]
pub struct ResolveChargebackInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which chargeback.
    chargeback: ID,
    /// How.
    outcome: ChargebackOutcome,
}

outcomes! {
    /// A chargeback was opened.
    OpenChargebackResult = OpenChargebackSuccess {
        /// The chargeback.
        chargeback: Chargeback,
    }

    /// A chargeback was decided.
    ResolveChargebackResult = ResolveChargebackSuccess {
        /// The chargeback, as it is now.
        chargeback: Chargeback,
    }
}

/// Mutations of chargebacks.
#[derive(Default)]
pub struct ChargebackMutation;

#[Object]
impl ChargebackMutation {
    /// Disputes a purchase with the card's scheme, with a provisional credit or without. Scope: money.
    async fn open_chargeback(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is disputed.")] input: OpenChargebackInput,
    ) -> Result<Option<OpenChargebackResult>, Fault> {
        let call = Call::begin(ctx, "openChargeback", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => OpenChargebackResult::Refused(refusal),
            Reply::Done(done) => OpenChargebackResult::Done(OpenChargebackSuccess {
                chargeback: Chargeback((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Books how a scheme has decided: a provisional credit becomes final, or is taken back in any case. Scope: money.
    async fn resolve_chargeback(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How it was decided.")] input: ResolveChargebackInput,
    ) -> Result<Option<ResolveChargebackResult>, Fault> {
        let call = Call::begin(ctx, "resolveChargeback", Scope::Money, Reach::Tenant).await?;
        let command = named("chargeback", "chargeback", input.chargeback.parse().ok())
            .map(|chargeback| ResolveChargeback { chargeback, outcome: input.outcome });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => ResolveChargebackResult::Refused(refusal),
            Reply::Done(done) => ResolveChargebackResult::Done(ResolveChargebackSuccess {
                chargeback: Chargeback((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl OpenChargebackInput {
    fn command(self) -> Result<OpenChargeback, Refused> {
        Ok(OpenChargeback {
            purchase: named("purchase", "card purchase", self.purchase.parse().ok())?,
            amount: self.amount.map(Into::into),
            provisional_credit: self.provisional_credit,
            reason: self.reason,
            reference: said(self.reference),
        })
    }
}
