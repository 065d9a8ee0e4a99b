//! The business day: days that have ended, and the steps that are run for each.
//!
//! The business date rolls by itself at the end of the day, in the first batch after it. The days that have ended then
//! are put into a list ([`StartDay`]), and their steps are run one after the other, day by day ([`RunPage`]): each finds
//! what is due in pages and does a page in one decision, with the cursor behind it, so that whoever is killed anywhere
//! and runs it again does nothing twice. What a step books is booked on the day that has ended. A step that fails stops
//! its successors, and no payment; it is tried again.

use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::events::{BUSINESS_DAY_DONE, BUSINESS_DAY_FAILED};
use crate::database::Database;
use crate::ledger::LedgerFault;
use crate::ledger::event::NewEvent;
use crate::primitives::clock::Micros;
use crate::primitives::{BusinessDayId, Origin, TenantId};
use crate::refused::{INVALID_STATE, RefusalCode, Refused};
use crate::work::{Answer, Command, Decision, Mode, Owned, Priority, Stop, Wants, Work, Workers};

crate::open_words! { RefusalCode:
    /// What is refused because of the business day.
    CODES {
        /// The work of a business day that has ended is not done yet.
        DAY_NOT_DONE,
    }
}

crate::words! {
    /// How far a business day's work is that has ended.
    DayState {
        /// Its steps are still to be run.
        Ended = "ENDED",
        /// They are being run.
        Running = "RUNNING",
        /// One has failed, and is tried again.
        Failed = "FAILED",
        /// All are done.
        Done = "DONE",
    }
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRun {
    /// Its name.
    pub name: String,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// What was done.
    pub done: u64,
    /// What was refused.
    pub refused: u64,
    /// The first refusal, for people.
    pub refusal: Option<String>,
    /// Why it failed last, if it has.
    pub failure: Option<String>,
    /// Whether there is nothing left.
    pub complete: bool,
}

/// A business day that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessDay {
    /// Its id.
    pub id: BusinessDayId,
    /// Its place in lists.
    pub ordinal: i64,
    /// The day.
    pub day: NaiveDate,
    /// The business day after it.
    pub next_day: NaiveDate,
    /// How far its work is.
    pub state: DayState,
    /// Its steps, in their order.
    pub steps: Vec<StepRun>,
    /// When it ended, in the tenant's time.
    pub ended_at: Micros,
    /// When its first step was begun.
    pub started_at: Option<Micros>,
    /// When its last step was done.
    pub done_at: Option<Micros>,
}

impl BusinessDay {
    /// The last date that is through with it: days that are no business days belong to the one before.
    #[must_use]
    pub fn through(&self) -> NaiveDate {
        self.next_day.pred_opt().unwrap_or(self.day)
    }
}

impl Owned for BusinessDay {
    /// The tenant's business: a token that is bound to a customer does not see it.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

// ---------------------------------------------------------------------------------------------------------- steps

/// A step of the business day. Each domain has its own; `crate::engine` has the list, in the order in which they run.
pub trait Step: Send + Sync + 'static {
    /// Its name, for people and in the stored state.
    const NAME: &'static str;
    /// How many things a page has.
    const PAGE: u64 = 500;

    /// What is due on a day behind a cursor: keys that rise, at most [`Step::PAGE`] of them.
    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>>;

    /// What the decision about one will look at.
    fn looks_at(_key: &str, _wants: &mut Wants) {}

    /// The day that it books on: the one that has ended. None for the present one.
    fn books_on(day: &BusinessDay) -> Option<NaiveDate> {
        Some(day.day)
    }

    /// Does it for one. Its refusal is counted, and stops nothing.
    ///
    /// # Errors
    /// A refusal, or that something is not loaded yet.
    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()>;
}

/// A step whose type is forgotten.
pub trait AnyStep: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Runs its next page. Gives the day as it is then.
    fn next_page<'a>(
        &'a self,
        workers: &'a Workers,
        tenant: TenantId,
        day: &'a BusinessDay,
    ) -> BoxFuture<'a, Answer<BusinessDay>>;
}

/// A step, as it stands in the list.
#[must_use]
pub fn step<S: Step>() -> Arc<dyn AnyStep> {
    Arc::new(Of::<S>(PhantomData))
}

struct Of<S>(PhantomData<fn() -> S>);

impl<S: Step> AnyStep for Of<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn next_page<'a>(
        &'a self,
        workers: &'a Workers,
        tenant: TenantId,
        day: &'a BusinessDay,
    ) -> BoxFuture<'a, Answer<BusinessDay>> {
        Box::pin(async move {
            let after = day.steps.iter().find(|run| run.name == S::NAME).and_then(|run| run.cursor.clone());
            let keys = S::due(workers.db(), tenant, day, after.as_deref()).await?;
            let last = (keys.len() as u64) < S::PAGE;
            let page = RunPage::<S> { day: day.id, after, keys, last, of: PhantomData };
            one(workers, tenant, page).await
        })
    }
}

/// Runs a command of the background.
///
/// # Errors
/// As the command's.
pub(super) async fn one<C: Command>(workers: &Workers, tenant: TenantId, command: C) -> Answer<C::Made> {
    let origin = Origin::system(tenant);
    let answers = workers.run_all(&origin, vec![(None, command)], Mode::EachAlone, Priority::Background).await;
    answers.into_iter().next().unwrap_or_else(|| Err(LedgerFault::Inconsistent("no answer").into()))
}

// -------------------------------------------------------------------------------------------------------- commands

/// Puts the days that have ended into the list. Gives the first day that is not done, or none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StartDay {
    /// The names of the steps, in their order.
    pub steps: Vec<String>,
}

/// What was put into the list: how many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started(pub usize);

impl crate::work::Made for Started {
    fn result(&self) -> String {
        self.0.to_string()
    }

    fn again(_: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let days = result.parse().map_err(|_| Stop::damaged("the result of a key is no number"))?;
        Ok(Arc::new(Self(days)))
    }
}

impl Command for StartDay {
    const OPERATION: &'static str = "startDay";
    type Made = Started;

    fn decide(&self, work: &mut Work) -> Decision<Arc<Started>> {
        let (today, settings) = (work.today(), work.settings());
        let Some(open) = work.head().day_open else {
            // The first: what was before it has nothing to be run.
            work.change_head(|head| {
                head.day_open = Some(today);
                head.day_done = today.pred_opt();
            });
            return Ok(Arc::new(Started(0)));
        };
        let mut days = 0;
        let mut day = open;
        while day < today {
            let next_day = settings.day_after(day).min(today);
            let (id, ordinal) = (work.id(), work.ordinal());
            let run = |name: &String| StepRun {
                name: name.clone(),
                cursor: None,
                done: 0,
                refused: 0,
                refusal: None,
                failure: None,
                complete: false,
            };
            let steps: Vec<StepRun> = self.steps.iter().map(run).collect();
            let (ended_at, is_done) = (work.now(), steps.is_empty());
            let state = if is_done { DayState::Done } else { DayState::Ended };
            let done_at = is_done.then_some(ended_at);
            let ended = BusinessDay { id, ordinal, day, next_day, state, steps, ended_at, started_at: None, done_at };
            let ended = work.insert(ended)?;
            if is_done {
                finish(work, &ended);
            }
            days += 1;
            // A calendar that has no business day from here on would never end.
            day = if next_day > day { next_day } else { today };
        }
        if days > 0 {
            work.change_head(|head| head.day_open = Some(today));
        }
        Ok(Arc::new(Started(days)))
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Does a page of a step, and moves its cursor. The last page is the end of the step, and that of the last step the end of
/// the day.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RunPage<S> {
    /// Which day.
    pub day: BusinessDayId,
    /// Where the page before ended.
    pub after: Option<String>,
    /// What is due.
    pub keys: Vec<String>,
    /// Whether nothing is behind it.
    pub last: bool,
    #[serde(skip)]
    of: PhantomData<fn() -> S>,
}

impl<S: Step> std::fmt::Debug for RunPage<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(S::NAME).field("day", &self.day).field("after", &self.after).finish_non_exhaustive()
    }
}

impl<S: Step> Command for RunPage<S> {
    const OPERATION: &'static str = "runBusinessDayStep";
    type Made = BusinessDay;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<BusinessDay>(self.day);
        self.keys.iter().for_each(|key| S::looks_at(key, wants));
    }

    /// Refused as: `INVALID_STATE`, when somebody else was faster, or a step before it is not complete.
    fn decide(&self, work: &mut Work) -> Decision<Arc<BusinessDay>> {
        let day = work.get::<BusinessDay>(self.day)?.ok_or_else(|| Refused::not_found("day", "business day"))?;
        let place = day.steps.iter().position(|run| !run.complete);
        let run = place.map(|place| &day.steps[place]);
        if run.is_none_or(|run| run.name != S::NAME || run.cursor != self.after) {
            return Err(Refused::new(INVALID_STATE, "another server has come further").into());
        }
        if let Some(day) = S::books_on(&day) {
            work.turn_back_to(day);
        }
        let (mut done, mut refused, mut refusal, mut missing) = (0, 0, None, None);
        for key in &self.keys {
            match work.attempt(|work| S::act(work, &day, key)) {
                Ok(Ok(())) => done += 1,
                Ok(Err(no)) => {
                    refused += 1;
                    refusal.get_or_insert(format!("{}: {}", no.code.word(), no.message));
                }
                // What the others look at is to be loaded with it.
                Err(Stop::Missing(one)) => missing = Some(one),
                Err(stop) => return Err(stop),
            }
        }
        if let Some(missing) = missing {
            return Err(Stop::Missing(missing));
        }
        let now = work.now();
        let day = work.change::<BusinessDay, Refused>(self.day, |day| {
            let Some(run) = day.steps.iter_mut().find(|run| !run.complete) else { return Ok(()) };
            run.done += done;
            run.refused += refused;
            run.refusal = run.refusal.take().or(refusal);
            run.failure = None;
            run.cursor = self.keys.last().cloned().or(run.cursor.take());
            run.complete = self.last;
            day.started_at.get_or_insert(now);
            day.state = DayState::Running;
            if day.steps.iter().all(|run| run.complete) {
                day.state = DayState::Done;
                day.done_at = Some(now);
            }
            Ok(())
        })?;
        if day.state == DayState::Done {
            finish(work, &day);
        }
        Ok(day)
    }

    fn weight(&self) -> usize {
        1 + 6 * self.keys.len()
    }
}

fn finish(work: &mut Work, day: &BusinessDay) {
    let through = day.through();
    work.change_head(|head| head.day_done = head.day_done.max(Some(through)));
    let (done, refused) = day.steps.iter().fold((0, 0), |(done, no), run| (done + run.done, no + run.refused));
    let payload = json!({ "day": day.day.to_string(), "done": done, "refused": refused });
    work.tell(NewEvent::of(BUSINESS_DAY_DONE, day.id, payload));
}

/// Notes that a step could not be run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailStep {
    /// Which day.
    pub day: BusinessDayId,
    /// Which step.
    pub step: String,
    /// Why, for people.
    pub failure: String,
}

impl Command for FailStep {
    const OPERATION: &'static str = "failBusinessDay";
    type Made = BusinessDay;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<BusinessDay>(self.day);
    }

    /// Refused as: `INVALID_STATE`, when the step is complete by now.
    fn decide(&self, work: &mut Work) -> Decision<Arc<BusinessDay>> {
        let before = work.get::<BusinessDay>(self.day)?.ok_or_else(|| Refused::not_found("day", "business day"))?;
        let day = work.change::<BusinessDay, Refused>(self.day, |day| {
            let run = day.steps.iter_mut().find(|run| !run.complete).filter(|run| run.name == self.step);
            let run = run.ok_or_else(|| Refused::new(INVALID_STATE, "the step is complete"))?;
            run.failure = Some(self.failure.clone());
            day.state = DayState::Failed;
            Ok(())
        })?;
        // Once, and not at every try.
        if before.state != DayState::Failed {
            let payload = json!({ "day": day.day.to_string(), "step": self.step });
            work.tell(NewEvent::of(BUSINESS_DAY_FAILED, day.id, payload));
        }
        Ok(day)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Ends the business date now, where it ends by hand: the next business day begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndDay {
    /// The date that is to end: so that asking twice ends one.
    pub day: NaiveDate,
}

/// The business date that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun(pub NaiveDate);

impl crate::work::Made for Begun {
    fn result(&self) -> String {
        self.0.to_string()
    }

    fn again(_: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let day = result.parse().map_err(|_| Stop::damaged("the result of a key is no day"))?;
        Ok(Arc::new(Self(day)))
    }
}

impl Command for EndDay {
    const OPERATION: &'static str = "runBusinessDay";
    type Made = Begun;

    /// Refused as: `INVALID_STATE`, when it is not the business date, or ends by itself.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Begun>> {
        let settings = work.settings();
        if settings.day_end != crate::work::settings::DayEnd::ByHand {
            return Err(Refused::of_field(INVALID_STATE, "endDay", "the day ends by itself").into());
        }
        if work.today() != self.day {
            let message = format!("the business date is {}", work.today());
            return Err(Refused::of_field(INVALID_STATE, "endDay", message).into());
        }
        let next = settings.day_after(self.day);
        if next > self.day + Days::new(40) {
            return Err(Stop::damaged("no business day within forty days"));
        }
        work.turn_to_day(next);
        Ok(Arc::new(Begun(next)))
    }

    fn weight(&self) -> usize {
        1
    }
}
