//! Applications that nobody decided in time.

use futures_util::future::BoxFuture;

use super::commands::Ending;
use super::model::{LimitApplication, LimitApplicationStatus};
use super::store;
use crate::database::Database;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::primitives::{LimitApplicationId, TenantId};
use crate::work::{Decision, Stop, Wants, Work};

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
            let after = after.map(|key| key.parse::<LimitApplicationId>()).transpose();
            let after = after.map_err(|_| LedgerFault::Inconsistent("cursor of a step"))?;
            let due = store::overdue(db.reader(), tenant, day.next_day, after, Self::PAGE).await?;
            Ok(due.into_iter().map(|application| application.to_string()).collect())
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Ok(application) = key.parse::<LimitApplicationId>() {
            wants.row::<LimitApplication>(application);
        }
    }

    /// On the day on which it is seen that it is over.
    fn books_on(_day: &BusinessDay) -> Option<chrono::NaiveDate> {
        None
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let id = key.parse().map_err(|_| Stop::damaged("the key of a step is no application"))?;
        match work.get::<LimitApplication>(id)? {
            // Somebody was faster.
            Some(found) if found.status != LimitApplicationStatus::Submitted => Ok(()),
            Some(found) => Ending::new(LimitApplicationStatus::Expired).of(work, &found).map(|_| ()),
            None => Err(Stop::damaged("the key of a step is no application")),
        }
    }
}
