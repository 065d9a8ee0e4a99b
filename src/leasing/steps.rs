//! What the business day does with leases and terminations: it bills instalments, and terminates what was not paid for.

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use super::books::{account_of, bill};
use super::model::{LeaseInstalment, Termination, TerminationStatus};
use super::store;
use super::terminations::terminate;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::{AccountStatus, LedgerFault};
use crate::primitives::TenantId;
use crate::work::{Decision, Wants, Work};

/// Bills the instalments whose billing date is the day that begins, or lies before it.
#[derive(Debug)]
pub struct BillLeases;

impl Step for BillLeases {
    const NAME: &'static str = "billLeases";
    const PAGE: u64 = 100;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_bill(db.reader(), tenant, day.next_day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<LeaseInstalment>(key, wants);
    }

    fn books_on(day: &BusinessDay) -> Option<NaiveDate> {
        Some(day.next_day)
    }

    /// Refused as the books refuse it: then it is tried again with the next day.
    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let instalment = by_id::row::<LeaseInstalment>(work, key, "the key of a step is no instalment")?;
        // Somebody was faster.
        if !instalment.is_planned() || instalment.bill_on() > day.next_day {
            return Ok(());
        }
        bill(work, instalment.id).map(|_| ())
    }
}

/// Terminates the credits whose day of the next check has ended, and for which not enough was paid.
#[derive(Debug)]
pub struct CheckTerminations;

impl Step for CheckTerminations {
    const NAME: &'static str = "checkTerminations";
    const PAGE: u64 = 20;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_check(db.reader(), tenant, day.through(), by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<Termination>(key, wants);
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let row = by_id::row::<Termination>(work, key, "the key of a step is no termination")?;
        let is_over = row.next_check_on.is_some_and(|on| on <= day.through());
        // Somebody was faster.
        if row.status != TerminationStatus::PreTerminated || !is_over {
            return Ok(());
        }
        let account = account_of(work, row.account())?;
        if work.position(account.id)?.status == AccountStatus::Closed {
            // Nothing is owed any more, and nobody looks again.
            work.change::<Termination, crate::refused::Refused>(row.id, |row| {
                row.next_check_on = None;
                Ok(())
            })?;
            return Ok(());
        }
        terminate(work, &account).map(|_| ())
    }
}
