//! The year: slot by slot, two a day, each a batch of what happens then.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, Duration, NaiveDate, NaiveTime, Utc};
use serde_json::json;

use super::cast::{self, Household, Opener};
use super::names::Dice;
use super::stage::{End, Move, Stage, Then, Todo};
use super::{Loaded, Problem};
use crate::accounts::Product;
use crate::database::Database;
use crate::ledger::post::Surroundings;
use crate::ledger::{Component, InternalRole, TransactionKind};
use crate::primitives::TenantId;

/// Two slots a day: a run in the early morning, and the life of the day.
pub(super) const SLOTS_PER_DAY: usize = 2;

/// What the agenda holds besides what follows from orders.
pub(super) enum Due {
    Todo(Todo),
    /// A fee for paying late.
    Fee {
        actor: usize,
        kind: TransactionKind,
        amount: i64,
    },
    /// Somebody pays an invoice.
    Invoice {
        actor: usize,
        amount: i64,
        reference: String,
    },
}

pub(super) struct Year<'a> {
    pub(super) stage: Stage<'a>,
    pub(super) dice: Dice,
    pub(super) households: Vec<Household>,
    pub(super) agenda: BTreeMap<usize, Vec<Due>>,
    pub(super) slot: usize,
    pub(super) numbers: u64,
    opener: Opener,
}

/// Plays the days that end just before `now`.
pub(super) async fn play(
    db: &Database,
    surroundings: Surroundings,
    tenant: TenantId,
    products: Vec<Product>,
    now: DateTime<Utc>,
    days: u64,
    seed: u64,
) -> Result<Loaded, Problem> {
    let first_day = first_day(now, days);
    let mut dice = Dice::new(seed);
    let households = cast::households(&mut dice, first_day);
    let mut year = Year {
        stage: Stage::new(db, surroundings, tenant),
        dice,
        households,
        agenda: BTreeMap::new(),
        slot: 0,
        numbers: 0,
        opener: Opener::new(products),
    };
    for day in 0..=days {
        let date = first_day + Days::new(day);
        let morning = date.and_time(NaiveTime::MIN).and_utc() + Duration::seconds(year.dice.between(17_000, 21_000));
        let afternoon = morning + Duration::seconds(year.dice.between(30_000, 48_000));
        if morning < now {
            year.close_accounts(day, morning).await?;
            year.begin(morning);
            year.morning(date)?;
            year.end().await?;
        }
        if afternoon < now {
            year.begin(afternoon);
            year.afternoon(date);
            if days - day <= 45 && day % 7 == 0 {
                year.request_closure();
            }
            year.end().await?;
        }
    }
    let customers = year.households.iter().filter(|household| household.joins <= now.date_naive()).count();
    let Stage { actors, entries, refused, .. } = year.stage;
    Ok(Loaded { tenant, customers, accounts: actors.len(), entries, refused })
}

/// The day on which the demo begins.
pub(super) fn first_day(now: DateTime<Utc>, days: u64) -> NaiveDate {
    now.date_naive() - Days::new(days)
}

impl Year<'_> {
    fn begin(&mut self, moment: DateTime<Utc>) {
        self.stage.surroundings.clock.set(moment);
        for due in self.agenda.remove(&self.slot).unwrap_or_default() {
            match due {
                Due::Todo(todo) => self.stage.act(todo),
                Due::Fee { actor, kind, amount } => self.late(actor, kind, amount),
                Due::Invoice { actor, amount, reference } => {
                    let (from, to) = (End::House(InternalRole::SettlementBank), End::Account(actor));
                    let mut step = Move::new(TransactionKind::Payment, from, to, amount, "Invoice payment");
                    step.metadata = json!({ "channel": "BANK_TRANSFER", "reference": reference });
                    self.stage.plan(step);
                }
            }
        }
    }

    async fn end(&mut self) -> Result<(), Problem> {
        for (slots, todo) in self.stage.flush().await? {
            self.agenda.entry(self.slot + slots).or_default().push(Due::Todo(todo));
        }
        self.slot += 1;
        Ok(())
    }

    /// Lets a household join, and gives whether it had joined before.
    pub(super) fn has_joined(&mut self, number: usize, date: NaiveDate) -> Result<bool, Problem> {
        let household = &mut self.households[number];
        if household.joins == date {
            self.opener.join(&mut self.stage, &mut self.dice, household)?;
        }
        Ok(household.joins < date)
    }

    /// A number that is not used twice.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn later(&mut self, days: i64, due: Due) {
        let slots = usize::try_from(days).unwrap_or(1) * SLOTS_PER_DAY;
        self.agenda.entry(self.slot + slots).or_default().push(due);
    }

    /// Whether an account takes part and has that much.
    pub(super) fn can(&self, actor: usize, amount: i64) -> bool {
        let actor = &self.stage.actors[actor];
        actor.plays && amount > 0 && actor.free >= amount
    }

    pub(super) fn balance(&self, actor: usize) -> i64 {
        self.stage.actors[actor].balance
    }

    fn late(&mut self, actor: usize, kind: TransactionKind, amount: i64) {
        if !self.stage.actors[actor].plays || self.balance(actor) >= 0 {
            return;
        }
        let text = match kind {
            TransactionKind::LateFee => "Late payment fee",
            TransactionKind::ReminderFee => "Reminder fee",
            _ => "Collection fee",
        };
        self.fee(actor, kind, amount, text);
    }

    pub(super) fn fee(&mut self, actor: usize, kind: TransactionKind, amount: i64, text: &str) {
        let (from, to) = (End::Charged(actor, Component::Fee), End::House(InternalRole::FeeIncome));
        let mut step = Move::new(kind, from, to, amount, text);
        if self.dice.chance(40) {
            step.then = Then::Undo { slots: 5 };
        }
        self.stage.plan(step);
    }

    /// An account that somebody closes each month: savings that are no longer needed.
    async fn close_accounts(&mut self, day: u64, moment: DateTime<Utc>) -> Result<(), Problem> {
        if moment.day() != 15 || day < 30 {
            return Ok(());
        }
        let offset = self.dice.index(self.households.len());
        let all = (0..self.households.len()).map(|number| (number + offset) % self.households.len());
        let found = all.filter(|number| *number > 1).find_map(|number| {
            let accounts = &self.households[number].accounts;
            let savings = accounts.savings.filter(|savings| self.stage.actors[*savings].plays)?;
            Some((savings, accounts.current?))
        });
        if let Some((savings, current)) = found {
            self.stage.surroundings.clock.set(moment - Duration::minutes(30));
            let code = *self.dice.pick(&["CUSTOMER_REQUEST", "MOVED_ABROAD", "SWITCHED_BANK"]);
            self.stage.close(savings, current, code).await?;
        }
        Ok(())
    }

    /// Somebody asks to close an account that something holds back: a balance, a debt, or a hold.
    fn request_closure(&mut self) {
        let offset = self.dice.index(self.households.len());
        let all = (0..self.households.len()).map(|number| (number + offset) % self.households.len());
        let found = all.filter(|number| *number > 1).find_map(|number| {
            let accounts = &self.households[number].accounts;
            let candidates = [accounts.prepaid_card, accounts.credit_card, accounts.savings, accounts.revolving];
            candidates.into_iter().flatten().find(|actor| {
                let actor = &self.stage.actors[*actor];
                actor.plays && actor.balance != 0
            })
        });
        if let Some(actor) = found {
            self.stage.request_closure(actor);
        }
    }
}
