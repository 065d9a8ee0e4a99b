//! Whether connections that wait to be used can still be trusted.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{Connection as _, Error as Driver};

/// How long a sign of life may take. Short, for a pool asks one connection after the other before it opens a new one, and
/// a network that swallows everything answers none of them; a connection that was only slow costs a new one.
const SIGN: Duration = Duration::from_millis(400);

/// When something last went wrong with a connection. As a rule it did not go wrong with one of them: a database that
/// was started anew has closed them all, and each would fail whoever is handed it. So after a failure each one is asked
/// for a sign of life once, before it is used again. Cloning shares it.
#[derive(Clone, Debug)]
pub struct ConnectionCheck {
    begun: Instant,
    /// In microseconds since it began; zero if nothing ever did.
    failed_at: Arc<AtomicU64>,
}

impl ConnectionCheck {
    /// Nothing has failed yet.
    pub fn new() -> Self {
        Self { begun: Instant::now(), failed_at: Arc::default() }
    }

    /// Something has failed. Whether it was the connection's fault need not be known.
    pub fn failed(&self) {
        self.failed_at.fetch_max(self.now().max(1), Ordering::Relaxed);
    }

    /// Asks a connection for a sign of life, if it has not been used for longer than `trusted` or since something failed.
    ///
    /// # Errors
    /// There is none: the connection is broken, or silent. So may the others be, then.
    pub async fn ask(
        &self,
        connection: &mut PgConnection,
        idle_for: Duration,
        trusted: Duration,
    ) -> Result<(), Driver> {
        if idle_for <= trusted && !self.covers(idle_for) {
            return Ok(());
        }
        let silent = || Driver::Io(io::Error::new(io::ErrorKind::TimedOut, "no sign of life"));
        let answer = tokio::time::timeout(SIGN, connection.ping()).await.unwrap_or_else(|_| Err(silent()));
        answer.inspect_err(|_| self.failed())
    }

    /// Whether something has failed since a connection was used, which is so long ago.
    fn covers(&self, idle_for: Duration) -> bool {
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        failed_at > 0 && self.now().saturating_sub(micros(idle_for)) <= failed_at
    }

    fn now(&self) -> u64 {
        micros(self.begun.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_held_against_those_that_waited_meanwhile() {
        let check = ConnectionCheck::new();
        let waits = Instant::now();
        assert!(!check.covers(Duration::from_secs(5)));
        std::thread::sleep(Duration::from_millis(2));
        check.failed();
        assert!(check.covers(waits.elapsed()));
        std::thread::sleep(Duration::from_millis(2));
        assert!(!check.covers(Duration::ZERO), "it was used since");
        assert!(check.covers(waits.elapsed()), "it was not");
    }
}
