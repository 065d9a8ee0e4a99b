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
//! Whether a key was used before is left to the database: then the statement as a whole is an error, and the batch is
//! decided anew under the lock, where keys are read. That takes a row for each key, so what is refused, and leaves none,
//! is refused on keys that were read.

use sea_orm::{DbBackend, SqlErr};

use super::load::{self, Found, Wanted};
use super::order::{Action, Order, Submission};
use super::post::{Finished, LedgerFault, Rarely, Surroundings, decide};
use super::standing::Standing;
use crate::database::{Lane, may_have_committed};
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
    let clock = &surroundings.clock;
    let rest = standing.rest(&wanted);
    let known = standing.head(clock).filter(|_| rest.accounts.is_empty() && !rest.internals);
    let mut keys_are_known = known.is_none();
    let mut found = match known {
        Some(found) => found,
        None => match look(lane, surroundings, tenant, &rest, standing).await {
            Ok(found) => found,
            Err(attempt) => return attempt,
        },
    };
    standing.complete(&mut found, &wanted);
    let (from, date) = (found.head.clone(), found.date);
    let mut decided = decide(surroundings, found, Rarely::default(), &wanted, submissions);
    if !keys_are_known && decided.refuses_a_key(submissions) {
        // What is refused leaves no key for the database to find used: a repetition would get the refusal of today
        // instead of the answer of then.
        keys_are_known = true;
        let mut found = match look(lane, surroundings, tenant, &rest, standing).await {
            Ok(found) => found,
            Err(attempt) => return attempt,
        };
        standing.complete(&mut found, &wanted);
        decided = decide(surroundings, found, Rarely::default(), &wanted, submissions);
    }
    debug_assert!(keys_are_known || !decided.refuses_a_key(submissions));
    let (draft, finished) = decided.draft(DbBackend::Postgres, tenant, &surroundings.ids);
    if !draft.may_be_guarded() {
        return Attempt::NotThisWay;
    }
    let (sql, values) = draft.guarded(&from, date);
    match lane.run(sql, values).await {
        Ok(rows) if rows.is_empty() => Attempt::Overtaken,
        Ok(_) => Attempt::Done(finished),
        Err(error) if may_have_committed(&error) => Attempt::Unknown(error.into()),
        Err(error) => {
            // A key, as a rule. Whatever it is, under the lock it will be told from other faults.
            if !matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
                tracing::warn!(fault = %error, "a batch is tried again under the lock");
            }
            Attempt::NotThisWay
        }
    }
}

/// Reads, if the head stands where the worker left it.
async fn look(
    lane: &mut Lane,
    surroundings: &Surroundings,
    tenant: TenantId,
    rest: &Wanted<'_>,
    standing: &Standing,
) -> Result<Found, Attempt> {
    match load::look(lane, &surroundings.clock, tenant, rest).await {
        Ok(found) if standing.is_at(&found) => Ok(found),
        Ok(_) => Err(Attempt::Overtaken),
        Err(fault) => Err(Attempt::Failed(fault)),
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
