//! Mandates that have lapsed because nothing was collected by them.

use futures_util::future::BoxFuture;

use super::events::{self, MANDATE_EXPIRED};
use super::model::{Mandate, MandateStatus};
use super::store;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::refused::Refused;
use crate::work::{Decision, Wants, Work};

/// Notes, when a business day has ended, which mandates have lapsed by the next.
#[derive(Debug)]
pub struct ExpireMandates;

impl Step for ExpireMandates {
    const NAME: &'static str = "expireMandates";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::lapsed(db.reader(), tenant, day.next_day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<Mandate>(key, wants);
    }

    fn books_on(day: &BusinessDay) -> Option<chrono::NaiveDate> {
        Some(day.next_day)
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let (today, now) = (work.today(), work.now());
        let found = by_id::row::<Mandate>(work, key, "the key of a step is no mandate")?;
        // Somebody was faster, or it was used meanwhile.
        if found.status == MandateStatus::Expired || found.stands(today) != MandateStatus::Expired {
            return Ok(());
        }
        let mandate =
            work.change::<Mandate, Refused>(found.id, |mandate| mandate.turn(MandateStatus::Expired, today, now))?;
        work.tell(events::of(MANDATE_EXPIRED, &mandate));
        Ok(())
    }
}
