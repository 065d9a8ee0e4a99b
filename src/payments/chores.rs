//! What time does by itself: holds lapse, and accounts that are closing close when the last of their money has come.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::holds::ExpireHold;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::jobs::runner::Chore;
use crate::ledger::{LedgerFault, journal};
use crate::primitives::{Origin, TenantId};
use crate::work::{Decision, Failure, Mode, Priority, Stop, Wants, Work, Workers, present};

/// Holds that expire in one go.
const LAPSED: u64 = 500;

/// Expires holds whose time has run out.
#[derive(Debug)]
pub struct ExpireHolds;

impl Chore for ExpireHolds {
    fn name(&self) -> &'static str {
        "expireHolds"
    }

    fn tenants<'a>(&'a self, workers: &'a Workers) -> BoxFuture<'a, Result<Vec<TenantId>, Arc<LedgerFault>>> {
        Box::pin(async move {
            let now = workers.clock().micros();
            Ok(journal::tenants_with_lapsed_holds(workers.db().reader(), now).await?)
        })
    }

    fn run<'a>(&'a self, workers: &'a Workers, tenant: TenantId) -> BoxFuture<'a, Result<usize, Arc<LedgerFault>>> {
        Box::pin(async move {
            let reader = workers.db().reader();
            let now = present::of(reader, workers.clock(), tenant).await?.now;
            let mut count = 0;
            loop {
                let lapsed = journal::lapsed_holds(reader, tenant, now, LAPSED).await?;
                let (found, most) = (lapsed.len(), usize::try_from(LAPSED).unwrap_or(usize::MAX));
                let expiries = lapsed.into_iter().map(|hold| (None, ExpireHold { hold })).collect();
                let origin = Origin::system(tenant);
                for answer in workers.run_all(&origin, expiries, Mode::EachAlone, Priority::Background).await {
                    match answer {
                        Ok(_) => count += 1,
                        // Somebody was faster: the hold is closed, which is what was wanted.
                        Err(Failure::Refused(..)) => {}
                        Err(Failure::Fault(fault)) => return Err(fault),
                    }
                }
                if found < most {
                    return Ok(count);
                }
            }
        })
    }
}

/// Closes accounts that are to be closed and that nothing holds back any more since a day has passed: the last of their
/// money has come.
#[derive(Debug)]
pub struct CloseEmptied;

impl Step for CloseEmptied {
    const NAME: &'static str = "closeEmptiedAccounts";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        _day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = journal::closing_accounts(db.reader(), tenant, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<crate::ledger::Position>(key, wants);
    }

    /// On the day on which it is seen that nothing holds it back.
    fn books_on(_day: &BusinessDay) -> Option<chrono::NaiveDate> {
        None
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let account = key.parse().map_err(|_| Stop::damaged("the key of a step is no account"))?;
        work.close_if_nothing_holds_it_back(account)
    }
}
