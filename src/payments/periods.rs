//! Closing the books through a day.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

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

    /// Refused as: `VALUE_DATE_OUT_OF_RANGE`, when it is closed already or not over.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ClosedThrough>> {
        work.close_period(self.through).of_field("through")?;
        Ok(Arc::new(ClosedThrough(self.through)))
    }

    fn weight(&self) -> usize {
        2
    }
}
