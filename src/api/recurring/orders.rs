//! Payment orders in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::Entry;
use crate::api::call::{Reach, Right};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{PaymentOrderAction, PaymentOrderReason, PaymentOrderStatus, PaymentScope, RecurringMethod};
use crate::api::fault::Fault;
use crate::api::inputs::{filter_id, filter_list};
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime};
use crate::primitives::{AccountId, PaymentOrderId};
use crate::recurring::{self, PaymentOrderFilter as Filter, store};

/// An order in the API.
#[derive(Clone, Debug)]
pub struct PaymentOrder(pub(super) recurring::PaymentOrder);

impl Listed for PaymentOrder {
    const LIST: &'static str = "PaymentOrder";
}

/// Something that can be done with a payment order.
#[derive(Clone, Debug, SimpleObject)]
pub struct PaymentOrderPossible {
    /// Which.
    action: PaymentOrderAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// What is to be drawn from a customer's bank account on a day, and what became of it. Made by the business day from what is
/// set up for the account.
#[Object]
impl PaymentOrder {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account that it is for.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// By which scheme the bank account is debited.
    async fn payment_method(&self) -> RecurringMethod {
        self.0.method
    }

    /// What is drawn.
    async fn payment_scope(&self) -> PaymentScope {
        self.0.scope
    }

    /// The business day on which it is sent, or was.
    async fn execution_date(&self) -> Date {
        Date(self.0.execution_on)
    }

    /// What was drawn; before that what was to be paid when the order was made. What is drawn is what is to be paid on the
    /// day itself.
    async fn amount(&self) -> Money {
        Money::of(self.0.collected.unwrap_or(self.0.planned), self.0.currency)
    }

    /// Where it is in its life.
    async fn status(&self) -> PaymentOrderStatus {
        self.0.status
    }

    /// Why nothing came of it, or why it is tried again.
    async fn reason(&self) -> Option<PaymentOrderReason> {
        self.0.reason
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        i32::try_from(self.0.attempts).unwrap_or(i32::MAX)
    }

    /// The payment of the last try.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.entry {
            None => Ok(None),
            Some(entry) => Ok(caller(ctx)?.loaders.entry(entry).await?.map(Entry::new)),
        }
    }

    /// What can be done with it now, with this token, and why it cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<PaymentOrderPossible>, Fault> {
        let missing = Right(Scope::Money, Reach::Tenant).missing(caller(ctx)?);
        let is_over = !self.0.status.next().contains(&PaymentOrderStatus::Cancelled);
        let obstacle = is_over.then(|| format!("the payment order is {}", self.0.status.word()));
        let reason = missing.or(obstacle);
        let action = PaymentOrderAction::Cancel;
        Ok(vec![PaymentOrderPossible { action, allowed: reason.is_none(), reason }])
    }

    /// When it was made.
    async fn scheduled_at(&self) -> DateTime {
        DateTime(self.0.scheduled_at)
    }

    /// When it was over.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }
}

/// An order by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn order_by_id(caller: &Caller, id: PaymentOrderId) -> Result<Option<PaymentOrder>, Fault> {
    let Some(found) = caller.loaders.row::<recurring::PaymentOrder>(id).await? else { return Ok(None) };
    let is_seen = accounts::by_id(caller, found.account).await?.is_some();
    Ok(is_seen.then_some(PaymentOrder(found)))
}

/// The orders that the token sees, of an account or of all; newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(
    caller: &Caller,
    account: Option<AccountId>,
    statuses: Vec<PaymentOrderStatus>,
    args: &PageArgs,
) -> Result<Connection<PaymentOrder>, Fault> {
    let window = Window::<Ordinal<recurring::PaymentOrder>>::new(args)?;
    let filter = Filter { account, customer: caller.customer(), statuses };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), PaymentOrder))
}

/// Which payment orders to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct PaymentOrderFilter {
    /// Only for this account.
    account: Option<ID>,
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    statuses: Option<Vec<PaymentOrderStatus>>,
}

/// Questions about payment orders. Scope: read.
#[derive(Debug, Default)]
pub struct PaymentOrderQuery;

/// Questions about payment orders. Scope: read.
#[Object]
impl PaymentOrderQuery {
    /// The payment orders, newest first: those that failed are found by their status.
    async fn payment_orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<PaymentOrderFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<PaymentOrder>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let filter = filter.unwrap_or_default();
        let account = filter.account.as_ref().map(filter_id::<AccountId>);
        let statuses = filter_list("statuses", filter.statuses)?.unwrap_or_default();
        list(caller, account, statuses, &PageArgs::forward(first, after)).await
    }
}
