//! Applications that nobody decided in time.

use futures_util::future::BoxFuture;

use super::commands::Ending;
use super::model::{LimitApplication, LimitApplicationStatus};
use super::store;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::work::{Decision, Wants, Work};

/// Notes, when a business day has ended, which applications were valid through it at the latest.
#[derive(Debug)]
pub struct ExpireApplications;

impl Step for ExpireApplications {
    const NAME: &'static str = "expireLimitApplications";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::overdue(db.reader(), tenant, day.next_day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<LimitApplication>(key, wants);
    }

    /// On the day on which it is seen that it is over.
    fn books_on(_day: &BusinessDay) -> Option<chrono::NaiveDate> {
        None
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let found = by_id::row::<LimitApplication>(work, key, "the key of a step is no application")?;
        // Somebody was faster.
        if found.status != LimitApplicationStatus::Submitted {
            return Ok(());
        }
        Ending::new(LimitApplicationStatus::Expired).of(work, &found).map(|_| ())
    }
}
