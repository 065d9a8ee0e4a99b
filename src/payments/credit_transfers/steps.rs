//! What the business day does with credit transfers: it sends what is due, and has a sandbox's rail answer.

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use super::commands::end;
use super::model::{CreditTransfer, CreditTransferState};
use super::{events, store};
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::refused::Refused;
use crate::work::{Decision, Wants, Work};

async fn due(
    db: &Database,
    tenant: TenantId,
    answers: bool,
    on: NaiveDate,
    after: Option<&str>,
    most: u64,
) -> Result<Vec<String>, LedgerFault> {
    let due = store::due(db.reader(), tenant, answers, on, by_id::after(after)?, most).await?;
    Ok(by_id::keys(due))
}

fn found(work: &mut Work, key: &str) -> Decision<Arc<CreditTransfer>> {
    by_id::row(work, key, "the key of a step is no credit transfer")
}

/// Sends, with the beginning of a business day, what was made on the days before.
#[derive(Debug)]
pub struct SendCreditTransfers;

impl Step for SendCreditTransfers {
    const NAME: &'static str = "sendCreditTransfers";
    const PAGE: u64 = 200;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(due(db, tenant, false, day.next_day, after, Self::PAGE))
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<CreditTransfer>(key, wants);
    }

    fn books_on(day: &BusinessDay) -> Option<NaiveDate> {
        Some(day.next_day)
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let transfer = found(work, key)?;
        // Somebody was faster.
        if transfer.state != CreditTransferState::Created {
            return Ok(());
        }
        let (today, settings) = (work.today(), work.settings());
        let transfer = work.change::<CreditTransfer, Refused>(transfer.id, |transfer| {
            transfer.turn(CreditTransferState::Sent, today)?;
            transfer.rail_on = settings.sandbox.then(|| settings.day_after(today));
            Ok(())
        })?;
        work.tell(events::of(&transfer));
        Ok(())
    }
}

/// Has the rail of a sandbox answer: what does not come back has arrived on the next business day.
#[derive(Debug)]
pub struct SimulateCreditTransfers;

impl Step for SimulateCreditTransfers {
    const NAME: &'static str = "simulateCreditTransfers";
    const PAGE: u64 = 200;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(due(db, tenant, true, day.next_day, after, Self::PAGE))
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<CreditTransfer>(key, wants);
    }

    fn books_on(day: &BusinessDay) -> Option<NaiveDate> {
        Some(day.next_day)
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let transfer = found(work, key)?;
        if transfer.state != CreditTransferState::Sent {
            return Ok(());
        }
        end(work, &transfer, CreditTransferState::Paid, None, None, None).map(|_| ())
    }
}
