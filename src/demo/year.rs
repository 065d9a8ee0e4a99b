//! The year: slot by slot, two a day, at the end of which everything is done that was asked for in it.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, Duration, NaiveDate, NaiveTime, Utc};

use super::cast::{self, Household, Kind, Opener};
use super::names::Dice;
use super::slot::{Then, Todo, Undoing};
use super::stage::Stage;
use super::{Loaded, Problem};
use crate::accounts::Product;
use crate::accounts::close::ClosingKind;
use crate::customers::{CustomerBy, UpdateCustomer};
use crate::ledger::PaymentChannel;
use crate::payments::{ChargeKind, ClosePeriod};
use crate::primitives::TenantId;
use crate::work::Change;

/// Two slots a day: a run in the early morning, and the life of the day.
pub(super) const SLOTS_PER_DAY: usize = 2;

/// What the agenda holds besides what follows from orders.
pub(super) enum Due {
    Todo(Todo),
    /// A fee for paying late.
    Fee {
        actor: usize,
        kind: ChargeKind,
        amount: i64,
    },
    /// Somebody pays an invoice.
    Invoice {
        number: usize,
        actor: usize,
        amount: i64,
        reference: String,
    },
}

pub(super) struct Year {
    pub(super) stage: Stage,
    pub(super) dice: Dice,
    pub(super) households: Vec<Household>,
    agenda: BTreeMap<usize, Vec<Due>>,
    slot: usize,
    numbers: u64,
    opener: Opener,
}

/// Plays the days that end just before `now`.
pub(super) async fn play(
    stage: Stage,
    tenant: TenantId,
    products: Vec<Product>,
    now: DateTime<Utc>,
    days: u64,
    seed: u64,
) -> Result<Loaded, Problem> {
    let first_day = first_day(now, days);
    let mut dice = Dice::new(seed);
    let households = cast::households(&mut dice, first_day);
    let agenda = BTreeMap::new();
    let mut year = Year { stage, dice, households, agenda, slot: 0, numbers: 0, opener: Opener::new(products) };
    cast::create_creditors(&mut year.stage);
    for day in 0..=days {
        let date = first_day + Days::new(day);
        let morning = date.and_time(NaiveTime::MIN).and_utc() + Duration::seconds(year.dice.between(17_000, 21_000));
        let afternoon = morning + Duration::seconds(year.dice.between(30_000, 48_000));
        if morning < now {
            year.begin(morning).await?;
            if day >= 30 {
                year.administration(date);
            }
            year.morning(date)?;
            year.end().await?;
        }
        if afternoon < now {
            year.begin(afternoon).await?;
            year.afternoon(date);
            if days - day <= 45 && day % 7 == 0 {
                year.request_closure();
            }
            // So that there is always something that has not arrived yet.
            if days - day == 1 {
                year.announce_refund(date);
            }
            year.end().await?;
        }
    }
    year.stage.stop().await;
    let customers = year.households.iter().filter(|household| household.joins <= now.date_naive()).count();
    let Stage { actors, entries, refused, .. } = year.stage;
    Ok(Loaded { tenant, customers, accounts: actors.len(), entries, refused })
}

/// The day on which the demo begins.
pub(super) fn first_day(now: DateTime<Utc>, days: u64) -> NaiveDate {
    now.date_naive() - Days::new(days)
}

impl Year {
    async fn begin(&mut self, moment: DateTime<Utc>) -> Result<(), Problem> {
        self.stage.clock.set(moment);
        self.stage.run_days().await?;
        self.stage.recount();
        for due in self.agenda.remove(&self.slot).unwrap_or_default() {
            match due {
                Due::Todo(todo) => self.stage.act(todo),
                Due::Fee { actor, kind, amount } => self.late(actor, kind, amount),
                Due::Invoice { number, actor, amount, reference } => {
                    let mut payment =
                        self.stage.payment(actor, amount, PaymentChannel::BankTransfer, "Invoice payment");
                    payment.counterparty = Some(self.households[number].elsewhere.counterparty());
                    payment.details.reference = Some(reference);
                    self.stage.ask("bank-files", payment, Then::Nothing);
                }
            }
        }
        Ok(())
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

    fn late(&mut self, actor: usize, kind: ChargeKind, amount: i64) {
        if !self.stage.actors[actor].plays || self.balance(actor) >= 0 {
            return;
        }
        let text = match kind {
            ChargeKind::LateFee => "Late payment fee",
            ChargeKind::ReminderFee => "Reminder fee",
            _ => "Collection fee",
        };
        self.fee(actor, kind, amount, text);
    }

    pub(super) fn fee(&mut self, actor: usize, kind: ChargeKind, amount: i64, text: &str) {
        let charge = self.stage.charge(actor, kind, amount, text);
        let undoing = Undoing { client: "back-office", reason: "Goodwill", part: None, slots: 5 };
        let then = if self.dice.chance(40) { Then::Reverses(undoing) } else { Then::Nothing };
        self.stage.ask("core-batch", charge, then);
    }

    /// What the back office does once a month.
    fn administration(&mut self, date: NaiveDate) {
        match date.day() {
            10 => {
                if let Some(through) = date.with_day(1).and_then(|first| first.pred_opt()) {
                    self.stage.ask("back-office", ClosePeriod { through }, Then::Nothing);
                }
            }
            15 => self.close_savings(),
            20 => self.somebody_moves(),
            _ => {}
        }
    }

    /// Savings that are no longer needed.
    fn close_savings(&mut self) {
        let found = self.any_household(|year, number| {
            let accounts = &year.households[number].accounts;
            let savings = accounts.savings.filter(|savings| year.stage.actors[*savings].plays)?;
            Some((savings, accounts.current?))
        });
        if let Some((savings, current)) = found {
            let code = *self.dice.pick(&["CUSTOMER_REQUEST", "MOVED_ABROAD", "SWITCHED_BANK"]);
            let to = ClosingKind::Transfer(self.stage.by(current));
            self.stage.close("back-office", savings, code, to);
        }
    }

    fn somebody_moves(&mut self) {
        let joined = |year: &Self, number: usize| {
            let household = &year.households[number];
            let customer = || household.customer.clone();
            (household.kind == Kind::Person && household.accounts.current.is_some()).then(customer)
        };
        if let Some(customer) = self.any_household(joined) {
            let command = UpdateCustomer {
                customer: CustomerBy::Number(customer),
                number: None,
                external_reference: Change::Keep,
                first_name: Change::Keep,
                last_name: Change::Keep,
                company_name: Change::Keep,
                metadata: Change::Set(cast::address(&mut self.dice).0),
                profile: Default::default(),
            };
            self.stage.ask("mobile-bank", command, Then::Nothing);
        }
    }

    /// Somebody asks to close an account that something holds back: a balance, a debt, or a hold.
    fn request_closure(&mut self) {
        let found = self.any_household(|year, number| {
            let accounts = &year.households[number].accounts;
            let candidates = [accounts.prepaid_card, accounts.credit_card, accounts.savings, accounts.revolving];
            candidates.into_iter().flatten().find(|actor| {
                let actor = &year.stage.actors[*actor];
                actor.plays && actor.balance != 0
            })
        });
        if let Some(actor) = found {
            self.stage.request_closure("mobile-bank", actor);
        }
    }

    /// A payment to the first example account that is known before it counts.
    fn announce_refund(&mut self, date: NaiveDate) {
        let Some(current) = self.households[0].accounts.current else { return };
        let mut payment = self.stage.payment(current, 41_250, PaymentChannel::BankTransfer, "Tax refund, announced");
        payment.counterparty = Some(self.dice.outside("Skatteverket Norr").counterparty());
        payment.details.value_date = Some(date + Days::new(6));
        payment.details.reference = Some("REFUND-1".into());
        self.stage.ask("bank-files", payment, Then::Nothing);
    }

    /// The first household from a place of chance on, the examples' left out, that gives something.
    fn any_household<T>(&mut self, find: impl Fn(&Self, usize) -> Option<T>) -> Option<T> {
        let offset = self.dice.index(self.households.len());
        let all = (0..self.households.len()).map(|number| (number + offset) % self.households.len());
        all.filter(|number| *number > 1).find_map(|number| find(self, number))
    }
}
