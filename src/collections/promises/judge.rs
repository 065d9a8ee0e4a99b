//! What the business day makes of promises.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::model::{PromiseStatus, PromiseToPay};
use super::store;
use crate::collections::claims::{Claim, ClaimStatus};
use crate::collections::events::{self, PROMISE_BROKEN, PROMISE_CANCELLED, PROMISE_KEPT, PROMISE_REOPENED};
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

/// Says of promises that they are kept or broken, once their day has ended.
#[derive(Debug)]
pub struct JudgePromises;

impl Step for JudgePromises {
    const NAME: &'static str = "judgePromises";
    const PAGE: u64 = 200;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::due(db.reader(), tenant, day.day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<PromiseToPay>(key, wants);
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let promise: Arc<PromiseToPay> = by_id::row(work, key, "the key of a step is no promise")?;
        let claim = work.get::<Claim>(promise.claim)?.ok_or_else(|| Stop::damaged("a promise without its claim"))?;
        let is_alive = claim.status == ClaimStatus::Active && claim.begun == promise.life;
        // Somebody was faster.
        let Some(status) = promise.judged(day.day, is_alive) else { return Ok(()) };
        let promise = work.change::<PromiseToPay, Refused>(promise.id, |row| {
            row.become_(status)?;
            row.judged_on = Some(day.day).filter(|_| status != PromiseStatus::Open);
            row.reason = (status == PromiseStatus::Cancelled).then(|| "CLAIM_ENDED".to_owned());
            Ok(())
        })?;
        let told = match status {
            PromiseStatus::Open => PROMISE_REOPENED,
            PromiseStatus::Kept => PROMISE_KEPT,
            PromiseStatus::Broken => PROMISE_BROKEN,
            PromiseStatus::Cancelled => PROMISE_CANCELLED,
        };
        work.tell(events::of_promise(told, &claim, &promise));
        Ok(())
    }
}
