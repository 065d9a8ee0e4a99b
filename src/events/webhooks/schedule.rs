//! When a delivery that failed is tried again: ten attempts over three days, as Standard Webhooks proposes.

use crate::primitives::clock::Micros;

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;
const HOUR: Micros = 60 * MINUTE;

/// How long after each attempt the next one comes.
const DELAYS: [Micros; 9] =
    [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// A receiver may ask for more time than the schedule gives, up to this.
const LONGEST: Micros = 24 * HOUR;

/// When to try again after so many attempts, the last of which failed now; none when that is enough. `chance` is any
/// number: it spreads what failed together over a fifth of the delay. `asked` is what the receiver's Retry-After says.
#[must_use]
pub fn next(attempts: i32, now: Micros, chance: u32, asked: Option<Micros>) -> Option<Micros> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let delay = *DELAYS.get(place)?;
    let spread = i64::from(chance) % (delay / 5).max(1);
    let asked = asked.unwrap_or(0).clamp(0, LONGEST);
    Some(now.saturating_add((delay + spread).max(asked)))
}

/// The time that a `Retry-After` gives: seconds, or a date of HTTP. None for anything else.
#[must_use]
pub fn retry_after(value: &str, now: Micros) -> Option<Micros> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Micros::from(seconds) * SECOND);
    }
    let at = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    Some(at.timestamp_micros().saturating_sub(now).max(0))
}
