//! A tenant's first command, in the transaction that makes the tenant: nothing of it exists yet, so nothing is loaded.

use std::sync::Arc;

use sea_orm::DatabaseTransaction;

use super::command::{Command, Failure};
use super::decide::{Job, Run};
use super::present;
use super::queue::Surroundings;
use super::unit::{Unknown, Work};
use crate::ledger::LedgerFault;
use crate::primitives::{Origin, TenantId};

/// Runs a command on a tenant whose head has just been written, and which nobody else knows yet.
///
/// # Errors
/// As the command's.
pub async fn found<C: Command>(
    tx: &DatabaseTransaction,
    surroundings: &Surroundings,
    tenant: TenantId,
    command: C,
) -> Result<Arc<C::Made>, Failure> {
    let mut work = Work::new(tenant);
    work.unknown = Unknown::Absent;
    work.head = present::of(tx, &surroundings.clock, tenant).await?.head;
    work.begin(surroundings.clock.micros());
    // Its first day has begun, and what was before it has nothing to be run.
    let today = work.today();
    work.change_head(|head| (head.day_open, head.day_done) = (Some(today), today.pred_opt()));
    let job = Job::new(&surroundings.ids, &Origin::system(tenant), None, Box::new(command));
    let run = Run { jobs: vec![job], atomic: true };
    let pass = work.pass(std::iter::once((0, &run)));
    let answer = pass.answers.into_iter().flatten().next();
    let (outcome, _) = answer.unwrap_or_else(|| Err(LedgerFault::Inconsistent("no answer").into()))?;
    work.draft().write(tx).await?;
    outcome.made.downcast::<C::Made>().map_err(|_| LedgerFault::Inconsistent("an answer of another kind").into())
}
