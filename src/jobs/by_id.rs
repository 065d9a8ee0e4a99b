//! What steps of the business day have in common whose keys are ids of rows.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use crate::ledger::LedgerFault;
use crate::work::{Decision, Row, Stop, Wants, Work};

/// The id behind which a page begins.
///
/// # Errors
/// That the cursor is none that a step has left.
pub fn after<I: FromStr>(cursor: Option<&str>) -> Result<Option<I>, LedgerFault> {
    cursor.map(str::parse).transpose().map_err(|_| LedgerFault::Inconsistent("cursor of a step"))
}

/// The keys of a page of ids.
#[must_use]
pub fn keys<I: Display>(ids: Vec<I>) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The id of a key.
///
/// # Errors
/// `damaged` where it is none.
pub fn id<I: FromStr>(key: &str, damaged: &'static str) -> Decision<I> {
    key.parse().map_err(|_| Stop::damaged(damaged))
}

/// That a decision looks at the row of a key.
pub fn hint<R: Row>(key: &str, wants: &mut Wants)
where
    R::Id: FromStr,
{
    if let Ok(id) = key.parse::<R::Id>() {
        wants.row::<R>(id);
    }
}

/// The row of a key.
///
/// # Errors
/// That it is not loaded yet; `damaged` where there is none.
pub fn row<R: Row>(work: &mut Work, key: &str, damaged: &'static str) -> Decision<Arc<R>>
where
    R::Id: FromStr,
{
    let id = id(key, damaged)?;
    work.get::<R>(id)?.ok_or_else(|| Stop::damaged(damaged))
}
