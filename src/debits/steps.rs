//! What the business day does with direct debits: it sends what is due, has a sandbox's rail answer, and gives accounts
//! what was paid days ago.

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use super::commands::cancel;
use super::events::{self, DIRECT_DEBIT_SENT};
use super::model::{DirectDebit, DirectDebitState};
use super::outcomes::release;
use super::store::{self, Due};
use super::{simulator, terms};
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::mandates::{Mandate, MandateStatus};
use crate::primitives::TenantId;
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

async fn due(
    db: &Database,
    tenant: TenantId,
    what: Due,
    on: NaiveDate,
    after: Option<&str>,
    most: u64,
) -> Result<Vec<String>, LedgerFault> {
    let due = store::due(db.reader(), tenant, what, on, by_id::after(after)?, most).await?;
    Ok(by_id::keys(due))
}

/// Declares a step over direct debits.
macro_rules! step {
    ($(#[doc = $doc:literal])* $type:ident, $name:literal, $due:expr, $act:path) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub struct $type;

        impl Step for $type {
            const NAME: &'static str = $name;
            const PAGE: u64 = 200;

            fn due<'a>(
                db: &'a Database,
                tenant: TenantId,
                day: &'a BusinessDay,
                after: Option<&'a str>,
            ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
                Box::pin(due(db, tenant, $due, day.next_day, after, Self::PAGE))
            }

            fn looks_at(key: &str, wants: &mut Wants) {
                by_id::hint::<DirectDebit>(key, wants);
            }

            fn books_on(day: &BusinessDay) -> Option<NaiveDate> {
                Some(day.next_day)
            }

            fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
                let debit = by_id::row::<DirectDebit>(work, key, "the key of a step is no direct debit")?;
                $act(work, &debit)
            }
        }
    };
}

step! {
    /// Sends, with the beginning of a business day, what is due by then.
    SendDirectDebits, "sendDirectDebits", Due::Sending, send
}
step! {
    /// Has the rail of a sandbox answer.
    SimulateDirectDebits, "simulateDirectDebits", Due::Answer, simulator::answer
}
step! {
    /// Gives accounts what was paid so many business days ago.
    ReleaseDirectDebits, "releaseDirectDebits", Due::Available, make_available
}

/// Sends a debit by a mandate in force; waits while that is suspended; cancels it where the mandate has ended.
fn send(work: &mut Work, debit: &DirectDebit) -> Decision<()> {
    // Somebody was faster.
    if debit.state != DirectDebitState::Created {
        return Ok(());
    }
    let (today, settings) = (work.today(), work.settings());
    let mandate = work.get::<Mandate>(debit.mandate)?.ok_or_else(|| Stop::damaged("a debit without its mandate"))?;
    match mandate.stands(today) {
        MandateStatus::Active => {}
        MandateStatus::Pending | MandateStatus::Suspended => return Ok(()),
        ended => {
            let note = format!("the mandate is {}", ended.word());
            return cancel(work, debit, Some(note)).map(|_| ());
        }
    }
    // What had to wait is collected as soon as the bank can.
    let soonest = terms::after(&settings, today, terms::days(settings.direct_debits.lead_days));
    let mut sent = debit.clone();
    sent.collection_on = debit.collection_on.max(soonest);
    let rail_on = simulator::answers(work, &sent);
    let debit = work.change::<DirectDebit, Refused>(debit.id, |debit| {
        debit.turn(DirectDebitState::Sent, today)?;
        (debit.collection_on, debit.rail_on) = (sent.collection_on, rail_on);
        Ok(())
    })?;
    work.change::<Mandate, Refused>(debit.mandate, |mandate| {
        mandate.present(debit.collection_on);
        Ok(())
    })?;
    work.tell(events::of(DIRECT_DEBIT_SENT, &debit));
    Ok(())
}

fn make_available(work: &mut Work, debit: &DirectDebit) -> Decision<()> {
    let is_due = debit.state == DirectDebitState::Paid && debit.payment.is_none();
    if is_due { release(work, debit).map(|_| ()) } else { Ok(()) }
}
