//! Closing the books through a day.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::jobs::day::DAY_NOT_DONE;
use crate::refused::Refused;
use crate::work::{Command, Decision, Made, Named as _, Stop, Work};

/// Closes the books through a day: nothing can be posted with a value date up to there any more. Forward only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClosePeriod {
    /// The last day of the period.
    pub through: NaiveDate,
}

/// The books are closed through a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedThrough(pub NaiveDate);

impl Made for ClosedThrough {
    fn result(&self) -> String {
        self.0.to_string()
    }

    fn again(_work: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let day = result.parse().map_err(|_| Stop::damaged("the result of a key is no day"))?;
        Ok(Arc::new(Self(day)))
    }
}

impl Command for ClosePeriod {
    const OPERATION: &'static str = "closePeriod";
    type Made = ClosedThrough;

    /// Refused as: `DAY_NOT_DONE` while the work of a day up to there is not, for it is still to be booked there; then
    /// `VALUE_DATE_OUT_OF_RANGE`, when it is closed already or not over.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ClosedThrough>> {
        let done = work.head().day_done;
        if let Some(done) = done.filter(|done| *done < self.through && self.through < work.today()) {
            let message = format!("the work of the days after {done} is not done yet");
            let mut refused = Refused::of_field(DAY_NOT_DONE, "through", message);
            refused.facts.latest = Some(done);
            return Err(refused.into());
        }
        work.close_period(self.through).of_field("through")?;
        Ok(Arc::new(ClosedThrough(self.through)))
    }

    fn weight(&self) -> usize {
        2
    }
}
