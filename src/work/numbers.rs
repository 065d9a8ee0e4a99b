//! Numbers that are made when nobody gives one: from the random bits of the row's own id, so that no counter is shared.
//! And secrets, from the command's own.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::command::Decision;
use super::unit::Work;

/// How often a number is made before it is given up.
const ATTEMPTS: u128 = 5;

/// Inserts a row whose number is made, under another number when somebody has it by chance.
///
/// # Errors
/// The row's own refusals.
pub fn insert_numbered<R>(work: &mut Work, insert: impl Fn(&mut Work, u128) -> Decision<Arc<R>>) -> Decision<Arc<R>> {
    insert_made(work, &["number"], insert)
}

/// The same, where these fields are made.
///
/// # Errors
/// The row's own refusals.
pub fn insert_made<R>(
    work: &mut Work,
    made: &[&str],
    insert: impl Fn(&mut Work, u128) -> Decision<Arc<R>>,
) -> Decision<Arc<R>> {
    let mut attempt = 0;
    loop {
        match work.attempt(|work| insert(work, attempt))? {
            Ok(row) => return Ok(row),
            Err(refused) if attempt + 1 < ATTEMPTS && made.iter().any(|field| refused.is_taken(field)) => attempt += 1,
            Err(refused) => return Err(refused.into()),
        }
    }
}

/// A number that nobody else makes, as a rule: a letter and ten digits, from the random bits of an id.
#[must_use]
pub fn made_number(letter: char, id: uuid::Uuid, attempt: u128) -> String {
    format!("{letter}{:010}", (id.as_u128() + attempt * 7_919) % 10_000_000_000)
}

impl Work {
    /// A secret that nobody can guess and that is the command's own: the same each time it is decided. What it is for
    /// keeps those of one command apart.
    #[must_use]
    pub fn secret(&self, purpose: &str) -> [u8; 32] {
        self.digest(purpose.as_bytes())
    }

    /// A secret for the personal facts of the next entry: the same each time, and nobody else's.
    pub(super) fn salt(&self) -> [u8; 16] {
        let digest = self.digest(&self.next_entry().to_be_bytes());
        std::array::from_fn(|place| digest[place])
    }

    /// The place in the log that what is told or booked next will have.
    #[must_use]
    pub fn next_place(&self) -> i64 {
        self.next_event()
    }

    fn digest(&self, of: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.chance()).chain_update(of).finalize().into()
    }
}
