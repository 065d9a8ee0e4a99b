//! What the business day does with billing: it begins and closes cycles, issues statements, reminds of bills, and notes what
//! is paid and what is overdue.

use futures_util::future::BoxFuture;

use super::model::{Bill, BillingAccount, Statement};
use super::store::{self, Seen};
use super::{bills, close};
use crate::accounts::Account;
use crate::database::Database;
use crate::dues::store::OPEN;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::{LedgerFault, Position};
use crate::primitives::{AccountId, TenantId};
use crate::recurring::RecurringPayment;
use crate::work::{Decision, Stop, Wants, Work};

/// What is looked at of an account, whatever is done.
fn hint(account: AccountId, wants: &mut Wants) {
    wants.row::<Account>(account);
    wants.row::<Position>(account);
    wants.row::<BillingAccount>(BillingAccount::id_of(account));
    wants.row::<RecurringPayment>(RecurringPayment::id_of(account));
    wants.set(&OPEN, account.0);
}

fn account_of(key: &str) -> Decision<AccountId> {
    by_id::id(key, "the key of a step is no account")
}

/// Begins the cycles of accounts that are to be billed.
#[derive(Debug)]
pub struct OpenCycles;

impl Step for OpenCycles {
    const NAME: &'static str = "openCycles";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        _day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            Ok(by_id::keys(store::to_open(db.reader(), tenant, by_id::after(after)?, Self::PAGE).await?))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Ok(account) = key.parse::<AccountId>() {
            wants.row::<Account>(account);
            wants.row::<BillingAccount>(BillingAccount::id_of(account));
        }
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let account = account_of(key)?;
        close::open(work, account)
    }
}

/// Closes the cycles that end. A key says what was booked in the cycle, as its reader has seen it.
#[derive(Debug)]
pub struct CloseCycles;

impl Step for CloseCycles {
    const NAME: &'static str = "closeCycles";
    const PAGE: u64 = 100;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let damaged = || LedgerFault::Inconsistent("cursor of a step");
            let after = match after {
                None => None,
                Some(key) => Some(serde_json::from_str::<Seen>(key).map_err(|_| damaged())?.account),
            };
            let seen = store::to_close(db.reader(), tenant, day.through(), after, Self::PAGE).await?;
            seen.iter().map(|seen| serde_json::to_string(seen).map_err(|_| damaged())).collect()
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Ok(seen) = serde_json::from_str::<Seen>(key) {
            hint(seen.account, wants);
        }
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let seen = serde_json::from_str(key).map_err(|_| Stop::damaged("the key of a step says nothing"))?;
        close::close(work, day.through(), &seen)
    }
}

/// Issues the statements whose day has come.
#[derive(Debug)]
pub struct IssueStatements;

impl Step for IssueStatements {
    const NAME: &'static str = "issueStatements";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_issue(db.reader(), tenant, day.through(), by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<Statement>(key, wants);
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let statement = by_id::row::<Statement>(work, key, "the key of a step is no statement")?;
        // Somebody was faster.
        if statement.issued_at.is_some() {
            return Ok(());
        }
        bills::issue(work, &statement)
    }
}

/// Puts reminders in the place of bills that were not paid.
#[derive(Debug)]
pub struct SendReminders;

impl Step for SendReminders {
    const NAME: &'static str = "sendReminders";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_remind(db.reader(), tenant, day.through(), by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<Bill>(key, wants);
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let bill = by_id::row::<Bill>(work, key, "the key of a step is no bill")?;
        bills::remind(work, day.through(), bill.id)
    }
}

/// Closes bills that are paid, and notes whose minimum payment is overdue with the next day.
#[derive(Debug)]
pub struct AgeDebts;

impl Step for AgeDebts {
    const NAME: &'static str = "ageDebts";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        _day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(
            async move { Ok(by_id::keys(store::to_age(db.reader(), tenant, by_id::after(after)?, Self::PAGE).await?)) },
        )
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Ok(account) = key.parse::<AccountId>() {
            hint(account, wants);
        }
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let account = account_of(key)?;
        bills::age(work, day.next_day, account)
    }
}
