//! What the business day does with credit transfers: it sends what is due, and has a sandbox's rail answer.

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use super::commands::end;
use super::model::{CreditTransfer, CreditTransferState};
use super::{events, store};
use crate::database::Database;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::primitives::{CreditTransferId, TenantId};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

async fn due(
    db: &Database,
    tenant: TenantId,
    answers: bool,
    on: NaiveDate,
    after: Option<&str>,
    most: u64,
) -> Result<Vec<String>, LedgerFault> {
    let after = after.map(|key| key.parse::<CreditTransferId>()).transpose();
    let after = after.map_err(|_| LedgerFault::Inconsistent("cursor of a step"))?;
    let due = store::due(db.reader(), tenant, answers, on, after, most).await?;
    Ok(due.into_iter().map(|transfer| transfer.to_string()).collect())
}

fn found(work: &mut Work, key: &str) -> Decision<Arc<CreditTransfer>> {
    let damaged = || Stop::damaged("the key of a step is no credit transfer");
    let id: CreditTransferId = key.parse().map_err(|_| damaged())?;
    work.get::<CreditTransfer>(id)?.ok_or_else(damaged)
}

fn hint(key: &str, wants: &mut Wants) {
    if let Ok(transfer) = key.parse::<CreditTransferId>() {
        wants.row::<CreditTransfer>(transfer);
    }
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
        hint(key, wants);
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
        hint(key, wants);
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
