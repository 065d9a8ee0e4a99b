//! `Respite`, `Termination`, `grantRespite`, `setTermination`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use crate::access::Scope;
use crate::accounts::model;
use crate::api::accounts::lookup::{AccountLookup, account_ref};
use crate::api::accounts::{self, Account};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed};
use crate::api::enums::TerminationStatus;
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::AccountBy;
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime};
use crate::leasing::{self as domain, GrantRespite, SetTermination, store};
use crate::primitives::{RespiteId, TerminationId};
use crate::refused::Refused;

/// A respite in the API.
#[derive(Clone, Debug)]
pub struct Respite(domain::Respite);

impl Listed for Respite {
    const LIST: &'static str = "Respite";
}

/// How far a credit is on its way to its termination, in the API.
#[derive(Clone, Debug)]
pub struct Termination(domain::Termination);

/// A respite that a credit was granted: what was due on that day or later is due so many days later.
#[Object]
impl Respite {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// How many days.
    async fn days(&self) -> i32 {
        self.0.days.into()
    }

    /// How many open dues it has moved.
    async fn dues_moved(&self) -> i32 {
        i32::try_from(self.0.dues).unwrap_or(i32::MAX)
    }

    /// How many instalments that were still to be billed it has moved.
    async fn instalments_moved(&self) -> i32 {
        i32::try_from(self.0.instalments).unwrap_or(i32::MAX)
    }

    /// The business date on which it was granted.
    async fn granted_on(&self) -> Date {
        Date(self.0.granted_on)
    }

    /// Who granted it: the client.
    async fn client(&self) -> &str {
        &self.0.client
    }

    /// When.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// How far a credit is on its way to its termination.
#[Object]
impl Termination {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account()).await
    }

    /// How far.
    async fn status(&self) -> TerminationStatus {
        self.0.status
    }

    /// The day by whose end enough is to be paid, while the credit is PRE_TERMINATED.
    async fn next_status_check(&self) -> Option<Date> {
        self.0.next_check_on.map(Date)
    }

    /// What is enough.
    async fn min_amount_back_to_normal(&self) -> Option<Money> {
        self.0.minimum.map(|minimum| Money::of(minimum, self.0.currency))
    }

    /// What was paid since the last pre-termination, while it lasted.
    async fn paid(&self) -> Money {
        Money::of(self.0.paid, self.0.currency)
    }

    /// The account that you have named to be credited; nothing is booked on it.
    async fn credit_account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.credit_account {
            None => Ok(None),
            // It may be another customer's.
            Some(account) => accounts::by_id(allowed(ctx, Scope::Read)?, account).await,
        }
    }

    /// Since when it is as it is.
    async fn since(&self) -> DateTime {
        DateTime(self.0.since)
    }

    /// The business date of the last pre-termination.
    async fn pre_terminated_on(&self) -> Option<Date> {
        self.0.pre_terminated_on.map(Date)
    }

    /// The business date of the termination.
    async fn terminated_on(&self) -> Option<Date> {
        self.0.terminated_on.map(Date)
    }

    /// The business date on which it was normal again last.
    async fn back_to_normal_on(&self) -> Option<Date> {
        self.0.normal_on.map(Date)
    }
}

/// A respite by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn respite_by_id(caller: &Caller, id: RespiteId) -> Result<Option<Respite>, Fault> {
    let Some(respite) = caller.loaders.row::<domain::Respite>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, respite.account).await?.map(|_| Respite(respite)))
}

/// How far a credit is on its way, by the id of that, if the token sees the account.
///
/// # Errors
/// The database's.
pub async fn termination_by_id(caller: &Caller, id: TerminationId) -> Result<Option<Termination>, Fault> {
    let Some(found) = caller.loaders.row::<domain::Termination>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, found.account()).await?.map(|_| Termination(found)))
}

/// What respites and terminations add to the fields of every account.
#[derive(Clone, Debug)]
pub struct CreditFields(pub(crate) model::Account);

/// Respites, and how far a credit is on its way to its termination.
#[Object]
impl CreditFields {
    /// How far it is on its way to its termination; null where it was never. Scope: read.
    async fn termination(&self, ctx: &Context<'_>) -> Result<Option<Termination>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let id = domain::Termination::id_of(self.0.id);
        Ok(caller.loaders.row::<domain::Termination>(id).await?.map(Termination))
    }

    /// The respites that it was granted, newest first. Scope: read.
    async fn respites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Respite>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::Respite>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::of_account(caller.db(), caller.tenant(), self.0.id, page).await?;
        Ok(window.connect(rows, |row: &domain::Respite| Ordinal::of(row.ordinal), Respite))
    }
}

/// A respite to grant.
#[derive(InputObject)]
pub struct GrantRespiteInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account. Required without `lookup`.
    account: Option<AccountBy>,
    /// What the account is: beside `account` it must agree, without it exactly one must be so.
    lookup: Option<AccountLookup>,
    /// How many days: 1 to 366.
    days: i32,
}

/// How far a credit is to be on its way to its termination.
#[derive(InputObject)]
pub struct SetTerminationInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account. Required without `lookup`.
    account: Option<AccountBy>,
    /// What the account is: beside `account` it must agree, without it exactly one must be so.
    lookup: Option<AccountLookup>,
    /// What it is to be. NORMAL takes a pre-termination back.
    status: TerminationStatus,
    /// Of a pre-termination: the day by whose end enough is to be paid, up to ten years ahead. If it is not, the credit is
    /// terminated then. Without one, nothing looks at it by itself.
    next_status_check: Option<Date>,
    /// Of a pre-termination: what is enough, in the account's currency. Once so much was paid since, the credit is normal again.
    /// Without it, no payment leads back. What is taken back after that does not make it abnormal again.
    min_amount_back_to_normal: Option<MoneyInput>,
    /// The account that is to be credited: kept for you, and nothing is booked on it.
    credit_account: Option<AccountBy>,
}

outcomes! {
    /// A respite was granted.
    GrantRespiteResult = GrantRespiteSuccess {
        /// The respite.
        respite: Respite,
    }

    /// A credit has come nearer to its termination, or back.
    SetTerminationResult = SetTerminationSuccess {
        /// How far it is on its way now.
        termination: Termination,
    }
}

/// Mutations of respites and terminations.
#[derive(Default)]
pub struct TerminationMutation;

#[Object]
impl TerminationMutation {
    /// Defers what is due of a lease or a revolving credit on the business date or later: open dues with the bill that asks for
    /// them, and instalments that are still to be billed, by days, and to the business day after where that is none. What is
    /// overdue stays. Scope: money.
    async fn grant_respite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, and how long.")] input: GrantRespiteInput,
    ) -> Result<Option<GrantRespiteResult>, Fault> {
        let call = Call::begin(ctx, "grantRespite", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => GrantRespiteResult::Refused(refusal),
            Reply::Done(done) => GrantRespiteResult::Done(GrantRespiteSuccess {
                respite: Respite(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Terminates a lease or a revolving credit: at once, or on a day unless enough is paid by then. With the termination all
    /// that is owed is due, instalments that were still to be billed are cancelled with their principal due, and nothing leaves
    /// the account any more. Scope: money.
    async fn set_termination(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is terminated, and how.")] input: SetTerminationInput,
    ) -> Result<Option<SetTerminationResult>, Fault> {
        let call = Call::begin(ctx, "setTermination", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => SetTerminationResult::Refused(refusal),
            Reply::Done(done) => SetTerminationResult::Done(SetTerminationSuccess {
                termination: Termination(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl GrantRespiteInput {
    fn command(self) -> Result<GrantRespite, Refused> {
        let account = account_ref(self.account, self.lookup)?;
        // What is no count of days is none that is allowed either.
        Ok(GrantRespite { account, days: u16::try_from(self.days).unwrap_or_default() })
    }
}

impl SetTerminationInput {
    fn command(self) -> Result<SetTermination, Refused> {
        let credit_account = self.credit_account.map(|by| named("creditAccount", "account", by.to_domain()));
        Ok(SetTermination {
            account: account_ref(self.account, self.lookup)?,
            status: self.status,
            next_check_on: self.next_status_check.map(|day| day.0),
            minimum: self.min_amount_back_to_normal.map(Into::into),
            credit_account: credit_account.transpose()?,
        })
    }
}
