//! What a business day does by itself with payment orders, a page in one decision: it makes those whose time has come, sends
//! those whose day it is, and takes the answers to those that are on the rail.

use futures_util::future::BoxFuture;

use super::model::{DebitConsent, PaymentOrder, RecurringPayment};
use super::{orders, store};
use crate::database::Database;
use crate::dues::store::OPEN;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::rows::Reversed;
use crate::ledger::{LedgerFault, Position};
use crate::primitives::{AccountId, EntryId, PaymentOrderId, TenantId};
use crate::work::{Decision, Stop, Wants, Work};

/// Makes the orders of accounts whose time has come.
#[derive(Debug)]
pub struct SchedulePaymentOrders;

/// What is looked at of an account, whatever is done.
fn hint(account: AccountId, wants: &mut Wants) {
    wants.row::<Position>(account);
    wants.row::<RecurringPayment>(RecurringPayment::id_of(account));
    wants.row::<DebitConsent>(DebitConsent::id_of(account));
    wants.set(&OPEN, account.0);
}

impl Step for SchedulePaymentOrders {
    const NAME: &'static str = "schedulePaymentOrders";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_schedule(db.reader(), tenant, day.next_day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Ok(account) = key.parse::<AccountId>() {
            hint(account, wants);
        }
    }

    fn books_on(day: &BusinessDay) -> Option<chrono::NaiveDate> {
        Some(day.next_day)
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let account = by_id::id(key, "the key of a step is no account")?;
        orders::schedule(work, day.next_day, account)
    }
}

/// Sends the orders whose day it is, and takes the rail's answers.
#[derive(Debug)]
pub struct ExecutePaymentOrders;

/// A key of the step: the order, and what the decision about it looks at.
struct Key {
    order: PaymentOrderId,
    account: AccountId,
    entry: Option<EntryId>,
}

impl Key {
    fn of(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (order, account) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { order, account, entry: parts.next().and_then(|entry| entry.parse().ok()) })
    }
}

impl Step for ExecutePaymentOrders {
    const NAME: &'static str = "executePaymentOrders";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let after = match after {
                Some(key) => Some(Key::of(key).ok_or(LedgerFault::Inconsistent("cursor of a step"))?.order),
                None => None,
            };
            let due = store::to_act_on(db.reader(), tenant, day.next_day, after, Self::PAGE).await?;
            let key = |order: store::DueOrder| {
                let entry = order.entry.map(|entry| format!(":{entry}")).unwrap_or_default();
                format!("{}:{}{entry}", order.id, order.account)
            };
            Ok(due.into_iter().map(key).collect())
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        let Some(Key { order, account, entry }) = Key::of(key) else { return };
        wants.row::<PaymentOrder>(order);
        hint(account, wants);
        if let Some(entry) = entry {
            wants.row::<Reversed>(entry);
        }
    }

    fn books_on(day: &BusinessDay) -> Option<chrono::NaiveDate> {
        Some(day.next_day)
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let key = Key::of(key).ok_or_else(|| Stop::damaged("the key of a step is no payment order"))?;
        orders::act(work, day.next_day, key.order)
    }
}
