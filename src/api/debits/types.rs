//! A direct debit, as it is shown.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::super::accounts::{self, Account};
use crate::access::Scope;
use crate::api::books::{self, Entry};
use crate::api::call::{Reach, Right};
use crate::api::context::{Caller, caller};
use crate::api::enums::{DebitReason, DebitSource, DirectDebitAction, DirectDebitState, SequenceType};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::mandates::{self, Mandate};
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime};
use crate::debits::model;
use crate::debits::store::{self, DirectDebitFilter};
use crate::events::history::HistoryOf;
use crate::primitives::{DirectDebitId, EntryId};

/// A direct debit in the API.
#[derive(Clone, Debug)]
pub struct DirectDebit(model::DirectDebit);

impl Listed for DirectDebit {
    const LIST: &'static str = "DirectDebit";
}

impl DirectDebit {
    /// Of the domain's.
    #[must_use]
    pub fn new(debit: model::DirectDebit) -> Self {
        Self(debit)
    }
}

/// Something that can be done with a direct debit.
#[derive(Clone, Debug, SimpleObject)]
pub struct DirectDebitPossible {
    /// Which.
    action: DirectDebitAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// Money that is collected from a customer's bank by a mandate, so that an account repays what it owes.
#[Object]
impl DirectDebit {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What the rail knows it by. Made here; unique in the tenant.
    async fn end_to_end_id(&self) -> &str {
        &self.0.end_to_end
    }

    /// Where it is in its life.
    async fn state(&self) -> DirectDebitState {
        self.0.state
    }

    /// What can be done with it now, by the token that asks, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<DirectDebitPossible>, Fault> {
        let caller = caller(ctx)?;
        let possible = |action: &DirectDebitAction| {
            let reason = Right(Scope::Money, Reach::Tenant).missing(caller).or_else(|| self.0.obstacle(*action));
            DirectDebitPossible { action: *action, allowed: reason.is_none(), reason }
        };
        Ok(DirectDebitAction::ALL.iter().map(possible).collect())
    }

    /// How much is collected.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// The account that is to be paid.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        accounts::by_id(caller(ctx)?, self.0.account).await
    }

    /// Where goes what is left once everything that the account owes is paid; onto the account itself where there is none.
    async fn overpayment_account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.overpayment {
            None => Ok(None),
            Some(account) => accounts::by_id(caller(ctx)?, account).await,
        }
    }

    /// By which mandate.
    async fn mandate(&self, ctx: &Context<'_>) -> Result<Option<Mandate>, Fault> {
        mandates::by_id(caller(ctx)?, self.0.mandate).await
    }

    /// What that was called when the debit was made.
    async fn mandate_reference(&self) -> &str {
        &self.0.mandate_reference
    }

    /// Its place among the mandate's collections.
    async fn sequence(&self) -> SequenceType {
        self.0.sequence
    }

    /// What has made it.
    async fn source(&self) -> DebitSource {
        self.0.source
    }

    /// What the payer is told.
    async fn remittance_info(&self) -> Option<&str> {
        self.0.remittance_info.as_deref()
    }

    /// The day on which the payer's bank is to pay.
    async fn collection_date(&self) -> Date {
        Date(self.0.collection_on)
    }

    /// The day on which it is to be sent, as long as it is not.
    async fn send_on(&self) -> Date {
        Date(self.0.send_on)
    }

    /// The day on which it was sent.
    async fn sent_on(&self) -> Option<Date> {
        self.0.sent_on.map(Date)
    }

    /// The day on which it was paid.
    async fn settled_on(&self) -> Option<Date> {
        self.0.settled_on.map(Date)
    }

    /// The day on which what was paid is the account's; until then the money is pending, and nothing can be spent of it.
    async fn available_on(&self) -> Option<Date> {
        self.0.available_on.map(Date)
    }

    /// The day on which it was rejected, came back or was cancelled.
    async fn ended_on(&self) -> Option<Date> {
        self.0.ended_on.map(Date)
    }

    /// Why it was not paid, or was given back.
    async fn reason(&self) -> Option<DebitReason> {
        self.0.reason
    }

    /// The same, for people.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// The how-manieth try it is, from 1.
    async fn attempt(&self) -> i32 {
        i32::try_from(self.0.attempt).unwrap_or(i32::MAX)
    }

    /// What it tries again.
    async fn retry_of(&self, ctx: &Context<'_>) -> Result<Option<DirectDebit>, Fault> {
        other(ctx, self.0.retry_of).await
    }

    /// What tries it again.
    async fn retried_by(&self, ctx: &Context<'_>) -> Result<Option<DirectDebit>, Fault> {
        other(ctx, self.0.retried_by).await
    }

    /// What the account got of it; null as long as it is pending.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        of_entry(ctx, self.0.payment).await
    }

    /// What has taken that back.
    async fn taken_back(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        of_entry(ctx, self.0.taken_back).await
    }

    /// What the account was charged for its coming back.
    async fn fee(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        of_entry(ctx, self.0.fee).await
    }

    /// The business date on which it was made.
    async fn created_on(&self) -> Date {
        Date(self.0.created_on)
    }

    /// When it was made.
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

async fn other(ctx: &Context<'_>, debit: Option<DirectDebitId>) -> Result<Option<DirectDebit>, Fault> {
    match debit {
        None => Ok(None),
        Some(debit) => by_id(caller(ctx)?, debit).await,
    }
}

/// A direct debit by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: DirectDebitId) -> Result<Option<DirectDebit>, Fault> {
    let Some(debit) = caller.loaders.row::<model::DirectDebit>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, debit.account).await?.map(|_| DirectDebit(debit)))
}

/// Direct debits, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(
    caller: &Caller,
    filter: &DirectDebitFilter,
    args: &PageArgs,
) -> Result<Connection<DirectDebit>, Fault> {
    let window = Window::<Ordinal<model::DirectDebit>>::new(args)?;
    let rows = store::list(caller.db(), caller.tenant(), filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), DirectDebit))
}
