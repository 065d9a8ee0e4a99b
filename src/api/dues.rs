//! Dues in the API: what an account owes by a day, and what settled it.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use crate::access::Scope;
use crate::accounts::model;
use crate::api::accounts::{self, Account};
use crate::api::books::Entry;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{Component, DueSource, DueStatus};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::AccountBy;
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime};
use crate::dues::{self, AddDue, CancelDue, store};
use crate::primitives::{Currency, DueId, Minor};
use crate::refused::{Refused, said};

/// A due in the API.
#[derive(Clone, Debug)]
pub struct Due(dues::Due);

impl Listed for Due {
    const LIST: &'static str = "Due";
}

impl Due {
    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }
}

/// An open item of an account: what is owed, by when, and how much of it is open. It stands beside the balance, which says
/// what is owed, and not by when.
#[Object]
impl Due {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account that owes it.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// For what it is owed.
    async fn component(&self) -> Component {
        self.0.component
    }

    /// What made it.
    async fn source(&self) -> DueSource {
        self.0.source
    }

    /// What it is a part of: dues of one source with one reference belong together.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// The day by which it is to be paid.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }

    /// All of it.
    async fn amount(&self) -> Money {
        self.money(self.0.amount)
    }

    /// What of it is open: all of it, less what is settled and cancelled.
    async fn open(&self) -> Money {
        self.money(self.0.open())
    }

    /// What of it is settled.
    async fn settled(&self) -> Money {
        self.money(self.0.settled)
    }

    /// What of it was cancelled.
    async fn cancelled(&self) -> Money {
        self.money(self.0.cancelled)
    }

    /// Where it is in its life.
    async fn status(&self) -> DueStatus {
        self.0.status
    }

    /// Why it was cancelled, as a code of yours; hidden from the customer's own token.
    async fn cancel_reason(&self, ctx: &Context<'_>) -> Result<Option<&str>, Fault> {
        Ok(if caller(ctx)?.customer().is_some() { None } else { self.0.cancel_reason.as_deref() })
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was settled or cancelled, while nothing of it is open.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// What settled it, newest first. Scope: read.
    async fn settlements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<DueSettlement>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<dues::DueSettlement>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::settlements(caller.db(), caller.tenant(), self.0.id, page).await?;
        let currency = self.0.currency;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), |row| DueSettlement(row, currency)))
    }
}

/// A settlement in the API.
#[derive(Clone, Debug)]
pub struct DueSettlement(dues::DueSettlement, Currency);

impl Listed for DueSettlement {
    const LIST: &'static str = "DueSettlement";
}

/// What an entry has settled of a due.
#[Object]
impl DueSettlement {
    /// The entry.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Entry, Fault> {
        let found = caller(ctx)?.loaders.entry(self.0.entry).await?;
        Ok(Entry::new(found.ok_or_else(|| Fault::internal(&"a settlement without its entry"))?))
    }

    /// How much it settled.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.1)
    }

    /// What of that is open again, because the entry was reversed.
    async fn taken_back(&self) -> Money {
        Money::of(self.0.taken_back, self.1)
    }
}

/// A due by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: DueId) -> Result<Option<Due>, Fault> {
    let Some(due) = caller.loaders.row::<dues::Due>(id).await? else { return Ok(None) };
    let is_seen = accounts::by_id(caller, due.account).await?.is_some();
    Ok(is_seen.then_some(Due(due)))
}

/// What dues add to the fields of every account.
#[derive(Clone, Debug)]
pub struct DueFields(pub(super) model::Account);

/// What an account owes by a day.
#[Object]
impl DueFields {
    /// Its open items and those that were, newest first. Scope: read.
    async fn dues(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only in this state.")] status: Option<DueStatus>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Due>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<dues::Due>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::list(caller.db(), caller.tenant(), self.0.id, status, page).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Due))
    }

    /// What of its dues is open and to be paid by a day. Scope: read.
    async fn amount_due(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day; the business date when absent.")] through: Option<Date>,
    ) -> Result<Money, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let through = match through {
            Some(through) => through.0,
            None => caller.engine.present(caller.tenant()).await?.today,
        };
        let open = store::open_by(caller.db(), caller.tenant(), self.0.id, through).await?;
        Ok(Money::of(open, self.0.currency))
    }
}

/// A due to make.
#[derive(InputObject)]
pub struct AddDueInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// For what it is owed; not a shortfall.
    component: Component,
    /// How much, in the account's currency.
    amount: MoneyInput,
    /// The day by which it is to be paid: at most ten years back, and fifty ahead.
    due_on: Date,
    /// What it is a part of, such as your number of a bill: dues with one reference belong together. Not unique.
    reference: Option<String>,
}

/// A due to cancel.
#[derive(InputObject)]
pub struct CancelDueInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which due.
    due: ID,
    /// Why, as a code of your own. The customer does not see it.
    reason_code: String,
}

outcomes! {
    /// A due was made.
    AddDueResult = AddDueSuccess {
        /// The due.
        due: Due,
    }

    /// What was open of a due was cancelled.
    CancelDueResult = CancelDueSuccess {
        /// The due, as it is now.
        due: Due,
    }
}

/// Mutations of dues.
#[derive(Default)]
pub struct DueMutation;

#[Object]
impl DueMutation {
    /// Says by when an account is to pay something. What comes from then on settles its dues by the product's `itemOrder`, and
    /// what is reversed opens again what it had settled. At most 1,000 are open at once. Scope: money.
    async fn add_due(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is owed.")] input: AddDueInput,
    ) -> Result<Option<AddDueResult>, Fault> {
        let call = Call::begin(ctx, "addDue", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => AddDueResult::Refused(refusal),
            Reply::Done(done) => AddDueResult::Done(AddDueSuccess {
                due: Due(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Does not ask any more for what is open of a due that was made by hand. What had been settled of
    /// it stays settled. Scope: money.
    async fn cancel_due(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which due.")] input: CancelDueInput,
    ) -> Result<Option<CancelDueResult>, Fault> {
        let call = Call::begin(ctx, "cancelDue", Scope::Money, Reach::Tenant).await?;
        let due = named("due", "due", input.due.parse().ok());
        let command = due.map(|due| CancelDue { due, reason_code: input.reason_code });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => CancelDueResult::Refused(refusal),
            Reply::Done(done) => CancelDueResult::Done(CancelDueSuccess {
                due: Due(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl AddDueInput {
    fn command(self) -> Result<AddDue, Refused> {
        Ok(AddDue {
            account: named("account", "account", self.account.to_domain())?,
            component: self.component,
            amount: self.amount.into(),
            due_on: self.due_on.0,
            reference: said(self.reference),
        })
    }
}
