//! A sandbox tenant's clock: forwards only, through the end of every day on the way, whose steps are run before the clock
//! goes on.

use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::day::one;
use super::events::{CLOCK_ADVANCED, SANDBOX_RESET};
use super::runner::Days;
use crate::ledger::event::NewEvent;
use crate::primitives::clock::{Micros, from_micros};
use crate::primitives::{Origin, TenantId};
use crate::refused::{INVALID_STATE, RefusalCode, Refused};
use crate::work::{Answer, Command, Decision, Failure, Idempotency, Made, Stop, Work, present};

crate::open_words! { RefusalCode:
    /// What sandboxes are refused for.
    CODES {
        /// Only a sandbox tenant's clock can be moved.
        NOT_A_SANDBOX,
    }
}

/// The furthest that a clock may be ahead of the servers'.
const FURTHEST: Micros = 100 * 366 * 24 * 3_600 * 1_000_000;

/// How long another server is waited for that runs a day.
const PATIENCE: Duration = Duration::from_secs(60);

/// Moves the clock of a sandbox tenant forward: at most to the end of its business date, whose work is to be done before
/// the clock goes on ([`Days::advance`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdvanceClock {
    /// To where, in the end.
    pub to: Micros,
}

/// A tenant's time: where its clock is to go, or stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Micros);

impl Made for Time {
    fn result(&self) -> String {
        self.0.to_string()
    }

    fn again(_: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let at = result.parse().map_err(|_| Stop::damaged("the result of a key is no moment"))?;
        Ok(Arc::new(Self(at)))
    }
}

impl Command for AdvanceClock {
    const OPERATION: &'static str = "advanceClock";
    type Made = Time;

    /// Gives where it is to go in the end. Refused as: `NOT_A_SANDBOX`, `INVALID_INPUT` when it is not ahead, or too far.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Time>> {
        if !work.settings().sandbox {
            return Err(Refused::new(NOT_A_SANDBOX, "only a sandbox tenant's clock can be moved").into());
        }
        if self.to < work.now() {
            let message = format!("must not lie before the tenant's time, {}", moment(work.now()));
            return Err(Refused::invalid("to", message).into());
        }
        if self.to.saturating_sub(work.clock()) > FURTHEST {
            return Err(Refused::invalid("to", "must lie within a hundred years").into());
        }
        let to = self.to.min(work.head().day_at(work.now()).ends);
        let ahead = to.saturating_sub(work.clock());
        work.change_head(|head| head.clock_ahead = ahead);
        work.tell(NewEvent::of(CLOCK_ADVANCED, work.tenant(), json!({ "to": moment(to) })));
        Ok(Arc::new(Time(self.to)))
    }

    fn weight(&self) -> usize {
        2
    }
}

/// A moment as everything writes one.
fn moment(at: Micros) -> String {
    from_micros(at).to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Leaves a sandbox as it is, for it begins anew: its record says who has asked for that.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeaveSandbox {}

impl Command for LeaveSandbox {
    const OPERATION: &'static str = "resetSandbox";
    type Made = Time;

    /// Refused as: `NOT_A_SANDBOX`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Time>> {
        if !work.settings().sandbox {
            return Err(Refused::new(NOT_A_SANDBOX, "only a sandbox tenant can be begun anew").into());
        }
        work.tell(NewEvent::of(SANDBOX_RESET, work.tenant(), json!({})));
        Ok(Arc::new(Time(work.now())))
    }

    fn weight(&self) -> usize {
        1
    }
}

impl Days {
    /// Moves a sandbox tenant's clock to a moment, day by day: at the end of each the days that have ended are run.
    /// Gives where it stands. The first step is the caller's, under their key; stopped on the way, it goes on from where
    /// it is when it is asked again, and when it has arrived, nothing is left to be done.
    ///
    /// # Errors
    /// As [`AdvanceClock`]'s; `INVALID_STATE` when a step of a day has failed.
    pub async fn advance(&self, origin: &Origin, key: Option<Idempotency>, to: Micros) -> Answer<Time> {
        let begun = self.workers().run(origin, key, AdvanceClock { to }).await?;
        self.go_on(origin.tenant, to).await?;
        Ok(begun)
    }

    /// Moves a sandbox tenant's clock on to a moment that somebody may move it to.
    ///
    /// # Errors
    /// As [`Self::advance`]'s.
    pub async fn go_on(&self, tenant: TenantId, to: Micros) -> Result<(), Failure> {
        let workers = self.workers();
        let mut refused = None;
        loop {
            self.settle(tenant).await?;
            let present = present::of(workers.db().reader(), workers.clock(), tenant).await?;
            if present.now >= to {
                return Ok(());
            }
            if let Some(refused) = refused {
                return Err(refused);
            }
            // Somebody else who is on the way may have come further meanwhile.
            match one(workers, tenant, AdvanceClock { to }).await {
                Err(no @ Failure::Refused(..)) => refused = Some(no),
                moved => drop(moved?),
            }
        }
    }

    /// Does all that is due at the tenant's present.
    async fn settle(&self, tenant: TenantId) -> Result<(), Failure> {
        self.chores(tenant).await?;
        match self.wait_for(tenant, chrono::NaiveDate::MAX, PATIENCE).await? {
            None => Ok(()),
            Some(day) => {
                let failed = day.steps.iter().find(|run| run.failure.is_some()).map_or("", |run| run.name.as_str());
                let message = format!("the step {failed} of {} has failed: the clock stands there", day.day);
                Err(Refused::new(INVALID_STATE, message).into())
            }
        }
    }
}
