//! Numbers that are made when nobody gives one: from the random bits of the row's own id, so that no counter is shared.

use std::sync::Arc;

use super::command::Decision;
use super::unit::Work;

/// How often a number is made before it is given up.
const ATTEMPTS: u128 = 5;

/// Inserts a row whose number is made, under another number when somebody has it by chance.
///
/// # Errors
/// The row's own refusals.
pub fn insert_numbered<R>(work: &mut Work, insert: impl Fn(&mut Work, u128) -> Decision<Arc<R>>) -> Decision<Arc<R>> {
    let mut attempt = 0;
    loop {
        match work.attempt(|work| insert(work, attempt))? {
            Ok(row) => return Ok(row),
            Err(refused) if refused.is_taken("number") && attempt + 1 < ATTEMPTS => attempt += 1,
            Err(refused) => return Err(refused.into()),
        }
    }
}

/// A number that nobody else makes, as a rule: a letter and ten digits, from the random bits of an id.
#[must_use]
pub fn made_number(letter: char, id: uuid::Uuid, attempt: u128) -> String {
    format!("{letter}{:010}", (id.as_u128() + attempt * 7_919) % 10_000_000_000)
}
