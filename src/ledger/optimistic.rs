//! A batch without a lock or a look at the books: decided on what the tenant's worker knows ([`super::standing`]), and written in
//! one statement that does nothing unless the head still stands there. On PostgreSQL that is one round trip, which
//! commits by itself, instead of four; or two, when accounts have to be read first.
//!
//! Nobody is locked out meanwhile: another server may write at the same time, and one of the two finds the head moved
//! and begins anew under the lock. The statement takes the head's row first, by writing to it; all its other parts
//! depend on that one. If it has to wait for another writer, PostgreSQL looks at the row again afterwards, finds it
//! moved, and the other parts have nothing to do. If it has not, nobody has written since the statement began, so
//! that what it sees of accounts is what the decisions were taken on.
//!
//! What it cannot know is left to the database: a key that was used before is an error of the statement as a whole.
//! Then, too, the batch is decided anew under the lock, where keys are read.

use sea_orm::{DbBackend, SqlErr};

use super::load::{self, Wanted};
use super::order::{Action, Order, Submission};
use super::post::{Finished, LedgerFault, Rarely, Surroundings, decide};
use super::standing::Standing;
use crate::database::{Lane, is_lost};
use crate::primitives::TenantId;

/// What came of it.
pub(super) enum Attempt {
    /// It is durable.
    Done(Finished),
    /// Nothing was done: the head has moved.
    Overtaken,
    /// Nothing was done, and nothing can be in this way: it takes the lock.
    NotThisWay,
    /// Nothing was done: the database cannot be asked.
    Failed(LedgerFault),
    /// The connection failed, and nobody knows whether it was done.
    Unknown(LedgerFault),
}

/// Decides and writes a batch. What of its accounts is not known is read before, without a lock.
pub(super) async fn attempt(
    lane: &mut Lane,
    surroundings: &Surroundings,
    tenant: TenantId,
    submissions: &[Submission],
    standing: &Standing,
) -> Attempt {
    let orders = submissions.iter().flat_map(|submission| &submission.orders);
    if !orders.clone().all(is_plain) {
        return Attempt::NotThisWay;
    }
    let wanted = Wanted::by(orders);
    if !standing.may_do(&wanted) {
        return Attempt::NotThisWay;
    }
    let rest = standing.rest(&wanted);
    let head = standing.head(&surroundings.clock).filter(|_| rest.accounts.is_empty() && !rest.internals);
    let mut found = match head {
        Some(found) => found,
        None => match load::look(lane, &surroundings.clock, tenant, &rest).await {
            Ok(found) if standing.is_at(&found) => found,
            Ok(_) => return Attempt::Overtaken,
            Err(fault) => return Attempt::Failed(fault),
        },
    };
    standing.complete(&mut found, &wanted);
    let (from, date) = (found.head.clone(), found.date);
    let decided = decide(surroundings, found, Rarely::default(), &wanted, submissions);
    let (draft, finished) = decided.draft(DbBackend::Postgres, tenant, &surroundings.ids);
    let (sql, values) = draft.guarded(&from, date);
    match lane.run(sql, values).await {
        Ok(rows) if rows.is_empty() => Attempt::Overtaken,
        Ok(_) => Attempt::Done(finished),
        Err(error) if is_lost(&error) => Attempt::Unknown(error.into()),
        Err(error) => {
            // A key, as a rule. Whatever it is, under the lock it will be told from other faults.
            if !matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
                tracing::warn!(fault = %error, "a batch is tried again under the lock");
            }
            Attempt::NotThisWay
        }
    }
}

/// Whether an order looks at nothing but accounts and its key.
fn is_plain(order: &Order) -> bool {
    match &order.action {
        Action::Post(draft) => draft.external.is_none(),
        Action::Reverse { .. } | Action::CaptureHold { .. } | Action::EndHold { .. } | Action::ClosePeriod(_) => false,
        Action::PlaceHold(_)
        | Action::Open(_)
        | Action::LowerCreditLimit(..)
        | Action::RequestClosure(_)
        | Action::Close(_)
        | Action::Record
        | Action::TurnedAway(_) => true,
    }
}
