//! `Bill`: what is to be paid, as it was told.

use async_graphql::{Context, ID, Object};

use super::statements::{self, Statement};
use crate::access::Scope;
use crate::api::accounts::{self, Account, BankPaymentDetails};
use crate::api::context::{Caller, allowed, caller};
use crate::api::documents::{self, Document};
use crate::api::enums::{BillEnd, BillKind, BillStatus};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime};
use crate::billing::{self as domain, store};
use crate::events::history::HistoryOf;
use crate::primitives::{AccountId, BillId, Minor};
use crate::recurring::{PaymentOrderFilter, PaymentOrderStatus};

/// A bill in the API.
#[derive(Clone, Debug)]
pub struct Bill(pub(super) domain::Bill);

impl Listed for Bill {
    const LIST: &'static str = "Bill";
}

impl Bill {
    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }

    /// What of what was billed is open, where it is this bill that asks for it.
    async fn open(&self, ctx: &Context<'_>) -> Result<Minor, Fault> {
        if self.0.end.is_some() {
            return Ok(Minor::ZERO);
        }
        let caller = caller(ctx)?;
        Ok(store::billed_open(caller.db(), caller.tenant(), self.0.account).await?)
    }
}

/// What is to be paid, as its account's owner was told: a bill, or a reminder of one. One of an account is open at a time:
/// it asks for all that is open of what was billed.
#[Object]
impl Bill {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is called outside: `bill-`, `reminder-`, `reminder-2-` or `collection-`, the account's number, the statement's.
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// Of which statement.
    async fn statement(&self, ctx: &Context<'_>) -> Result<Option<Statement>, Fault> {
        statements::by_id(caller(ctx)?, self.0.statement).await
    }

    /// What it says.
    async fn kind(&self) -> BillKind {
        self.0.kind
    }

    /// OPEN while something of it is to be paid, and no reminder and no later bill has taken its place. Scope: read.
    async fn status(&self, ctx: &Context<'_>) -> Result<BillStatus, Fault> {
        Ok(if self.open(ctx).await?.0 > 0 { BillStatus::Open } else { BillStatus::Closed })
    }

    /// Why it is closed; a bill that is paid is noted as that with the business day.
    async fn end_reason(&self) -> Option<BillEnd> {
        self.0.end
    }

    /// What it took the place of.
    async fn follows(&self, ctx: &Context<'_>) -> Result<Option<Bill>, Fault> {
        match self.0.follows {
            None => Ok(None),
            Some(bill) => Ok(caller(ctx)?.loaders.row::<domain::Bill>(bill).await?.map(Bill)),
        }
    }

    /// All that was owed when it was made.
    async fn amount(&self) -> Money {
        self.money(self.0.amount)
    }

    /// What was to be paid at least, with its fee and what of earlier ones was open.
    async fn minimum_to_pay(&self) -> Money {
        self.money(self.0.minimum)
    }

    /// What of that is open now; zero of one that is closed.
    async fn remaining(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        Ok(self.money(self.open(ctx).await?))
    }

    /// What it cost.
    async fn fee(&self) -> Money {
        self.money(self.0.fee)
    }

    /// By when it is to be paid.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }

    /// The business date on which it was made.
    async fn made_on(&self) -> Date {
        Date(self.0.made_on)
    }

    /// The business date on which it was closed.
    async fn ended_on(&self) -> Option<Date> {
        self.0.ended_on.map(Date)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// How it is paid; null of one that is closed.
    async fn payment_details(&self, ctx: &Context<'_>) -> Result<Option<BillPayment>, Fault> {
        let open = self.open(ctx).await?;
        if open.0 == 0 {
            return Ok(None);
        }
        Ok(Some(BillPayment { bill: self.clone(), open }))
    }

    /// What was printed of it, a moment after it was made: open and closed ones alike.
    async fn document(&self, ctx: &Context<'_>) -> Result<Option<Document>, Fault> {
        documents::printed(caller(ctx)?, self.0.document).await
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

/// How an open bill is paid.
#[derive(Clone, Debug)]
pub struct BillPayment {
    bill: Bill,
    open: Minor,
}

/// How an open bill is paid.
#[Object]
impl BillPayment {
    /// What is to be paid at least.
    async fn minimum(&self) -> Money {
        self.bill.money(self.open)
    }

    /// All that is owed now.
    async fn total(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        let standing = caller(ctx)?.loaders.position(self.bill.0.account).await?;
        let debt = standing.map_or(Minor::ZERO, |standing| standing.position.debt());
        Ok(self.bill.money(debt))
    }

    /// By when.
    async fn due_on(&self) -> Date {
        Date(self.bill.0.due_on)
    }

    /// To where, and with which reference; null where the product names no bank account.
    async fn bank_payment(&self, ctx: &Context<'_>) -> Result<Option<BankPaymentDetails>, Fault> {
        let account = outputs::account_by_id(ctx, self.bill.0.account).await?;
        BankPaymentDetails::of(ctx, account.account()).await
    }

    /// Whether a payment order of the account waits or is on its way.
    async fn payment_orders_exist(&self, ctx: &Context<'_>) -> Result<bool, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let statuses = vec![PaymentOrderStatus::Scheduled, PaymentOrderStatus::Sent];
        let filter = PaymentOrderFilter { account: Some(self.bill.0.account), customer: None, statuses };
        let page = crate::ledger::query::Page { limit: 1, ..crate::ledger::query::Page::default() };
        Ok(!crate::recurring::store::list(caller.db(), caller.tenant(), &filter, page).await?.is_empty())
    }
}

/// A bill by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: BillId) -> Result<Option<Bill>, Fault> {
    let Some(bill) = caller.loaders.row::<domain::Bill>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, bill.account).await?.map(|_| Bill(bill)))
}

/// The commands that concern a bill, by their place in the audit trail; none of one that the token does not see.
///
/// # Errors
/// The database's.
pub async fn commands_of(caller: &Caller, id: BillId) -> Result<Vec<i64>, Fault> {
    match by_id(caller, id).await? {
        Some(bill) => Ok(store::commands_of(caller.db(), caller.tenant(), &bill.0).await?),
        None => Ok(Vec::new()),
    }
}

/// The bills of an account, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub(super) async fn list(
    caller: &Caller,
    account: AccountId,
    status: Option<BillStatus>,
    args: &PageArgs,
) -> Result<Connection<Bill>, Fault> {
    let window = Window::<Ordinal<domain::Bill>>::new(args)?;
    let rows = store::bills(caller.db(), caller.tenant(), account, status, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row: &domain::Bill| Ordinal::of(row.ordinal), Bill))
}
