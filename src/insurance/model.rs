//! Packages and contracts, and what decides about them.

use chrono::{Datelike as _, Months, NaiveDate};
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::refusals::{INSURANCE_EVENT_NOT_AUTHORISED, INSURED_AGE_OUT_OF_RANGE, INSURED_AGE_UNKNOWN};
use crate::ledger::amounts::positive;
use crate::ledger::{Component, InternalRole, Position};
use crate::primitives::clock::Micros;
use crate::primitives::{
    AccountId, Amount, Currency, EntryId, InsuranceContractId, InsuranceEventId, InsurancePackageId,
    InsurancePremiumId, Minor, Money, ProductId, text,
};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};

/// Events of a package, at most.
pub const MOST_EVENTS: usize = 50;
/// Products that a package is offered with, at most.
pub const MOST_PRODUCTS: usize = 100;
/// Insurances on one account that are not closed, at most.
pub const MOST_CONTRACTS: usize = 20;
/// The oldest age that a package can name.
const OLDEST: u16 = 150;

crate::words! {
    /// Where an insurance is in its life.
    InsuranceStatus {
        /// It covers, and its premium is charged.
        Active = "ACTIVE",
        /// Its premium is not charged for the time being; whether it covers, the event that interrupted it says.
        Interrupted = "INTERRUPTED",
        /// It does not cover: it was switched off, or its first day is yet to come.
        Disabled = "DISABLED",
        /// It is over, for good.
        Closed = "CLOSED",
    }

    /// What an event does to an insurance.
    InsuranceAction {
        /// Switches the cover on.
        Activate = "ACTIVATE",
        /// Switches the cover off.
        Deactivate = "DEACTIVATE",
        /// Stops charging the premium; the cover stays as it is.
        StopPremium = "STOP_PREMIUM",
    }

    /// What a premium is reckoned from.
    PremiumBasis {
        /// The same amount for each period.
        Fixed = "FIXED",
        /// A percentage of what the account owes when it is charged, of all components.
        PercentOfDebt = "PERCENT_OF_DEBT",
        /// A percentage of the account's credit limit when it is charged.
        PercentOfLimit = "PERCENT_OF_LIMIT",
    }

    /// How a percentage becomes whole minor units.
    PremiumRounding {
        /// To the nearest one, a half upwards.
        HalfUp = "HALF_UP",
        /// To the nearest one, a half to the even one.
        HalfEven = "HALF_EVEN",
        /// Up.
        Up = "UP",
        /// Down.
        Down = "DOWN",
    }

    /// For how long a premium is.
    PremiumPeriod {
        /// A month.
        Month = "MONTH",
        /// Three months.
        Quarter = "QUARTER",
        /// A year.
        Year = "YEAR",
    }

    /// What can be done with an insurance.
    InsurancePossibleAction {
        /// `recordInsuranceEvent` with the event.
        RecordEvent = "RECORD_EVENT",
        /// `endInsurance`.
        End = "END",
    }
}

impl InsuranceStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Active => &[Self::Interrupted, Self::Disabled, Self::Closed],
            Self::Interrupted => &[Self::Active, Self::Disabled, Self::Closed],
            Self::Disabled => &[Self::Active, Self::Closed],
            Self::Closed => &[],
        }
    }

    /// That it may become another, or may be recorded once more as what it is.
    ///
    /// # Errors
    /// `INVALID_STATE` for the field.
    pub fn may_become(self, other: Self, field: &str) -> Result<(), Refused> {
        if self.next().contains(&other) || (self == other && self != Self::Closed) {
            return Ok(());
        }
        let message = format!("the insurance is {}, and does not become {} from there", self.word(), other.word());
        let facts = Box::new(Facts { status: Some(self.word()), ..Facts::default() });
        Err(Refused { facts, ..Refused::of_field(INVALID_STATE, field, message) })
    }
}

impl InsuranceAction {
    /// What states may come of it.
    #[must_use]
    pub fn results(self) -> &'static [InsuranceStatus] {
        match self {
            Self::Activate => &[InsuranceStatus::Active],
            Self::Deactivate => &[InsuranceStatus::Interrupted, InsuranceStatus::Disabled, InsuranceStatus::Closed],
            Self::StopPremium => &[InsuranceStatus::Interrupted],
        }
    }
}

impl PremiumRounding {
    fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
            Self::Up => RoundingStrategy::AwayFromZero,
            Self::Down => RoundingStrategy::ToZero,
        }
    }
}

impl PremiumPeriod {
    /// How many months it has.
    #[must_use]
    pub fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }

    /// The first day of a period, counted from the insurance's first day: of the 31st, the last day of shorter months.
    #[must_use]
    pub fn begins(self, first: NaiveDate, number: u32) -> Option<NaiveDate> {
        first.checked_add_months(Months::new(self.months().checked_mul(number)?))
    }
}

/// An event that a package authorises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageEvent {
    /// Unique in the package.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// What it does.
    pub action: InsuranceAction,
    /// The state that results.
    pub status: InsuranceStatus,
}

/// How a premium comes about, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PremiumRule {
    /// What it is reckoned from.
    pub basis: PremiumBasis,
    /// Of a fixed one.
    pub amount: Option<Money>,
    /// Of the others: in percent, above 0, at most 100, with at most four decimals.
    pub rate: Option<Amount>,
    /// How a percentage is rounded.
    pub rounding: PremiumRounding,
    /// For how long it is.
    pub period: PremiumPeriod,
    /// What of the account it is owed on, as far as free funds do not cover it.
    pub component: Component,
    /// Where it is credited.
    pub ledger_account: InternalRole,
}

impl PremiumRule {
    /// Checks that it makes sense.
    ///
    /// # Errors
    /// `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE`, for the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        let is_rate =
            |rate: Decimal| rate > Decimal::ZERO && rate <= Decimal::ONE_HUNDRED && rate.normalize().scale() <= 4;
        match (self.basis, self.amount, self.rate) {
            (PremiumBasis::Fixed, Some(amount), None) => _ = positive("premium.amount", amount)?,
            (PremiumBasis::Fixed, None, _) => {
                return Err(Refused::invalid("premium.amount", "a fixed premium has an amount"));
            }
            (PremiumBasis::Fixed, ..) => {
                return Err(Refused::invalid("premium.ratePct", "a fixed premium has no rate"));
            }
            (_, Some(_), _) => return Err(Refused::invalid("premium.amount", "is of a fixed premium alone")),
            (_, None, Some(rate)) if is_rate(rate.0) => {}
            (_, None, _) => {
                let message = "a percentage above 0, at most 100, with at most four decimals";
                return Err(Refused::invalid("premium.ratePct", message));
            }
        }
        if !matches!(self.component, Component::Fee | Component::Principal) {
            return Err(Refused::invalid("premium.component", "FEE or PRINCIPAL"));
        }
        if !matches!(self.ledger_account, InternalRole::InsurancePremium | InternalRole::FeeIncome) {
            return Err(Refused::invalid("premium.ledgerAccount", "INSURANCE_PREMIUM or FEE_INCOME"));
        }
        Ok(self)
    }

    /// What a period costs, on an account as it stands: whole minor units, rounded as the rule names it.
    #[must_use]
    pub fn premium(&self, position: &Position) -> Minor {
        let of = match self.basis {
            PremiumBasis::Fixed => {
                return self.amount.and_then(|amount| amount.to_minor().ok()).unwrap_or_default();
            }
            PremiumBasis::PercentOfDebt => position.debt(),
            PremiumBasis::PercentOfLimit => position.credit_limit,
        };
        let rate = self.rate.map_or(Decimal::ZERO, |rate| rate.0);
        let exact = Decimal::from(of.0) * rate / Decimal::ONE_HUNDRED;
        // At most what it is a percentage of, so it fits.
        Minor(exact.round_dp_with_strategy(0, self.rounding.strategy()).to_i64().unwrap_or_default())
    }
}

/// What insurance is sold as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsurancePackage {
    /// Its id.
    pub id: InsurancePackageId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub code: String,
    /// What customers call it.
    pub name: String,
    /// The oldest that the insured may be.
    pub maximum_age: Option<u16>,
    /// The rest.
    pub terms: Terms,
    /// Whether it can no longer be subscribed.
    pub retired: bool,
    /// When it was created.
    pub created_at: Micros,
}

/// What of a package nothing is looked for by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The products whose accounts it is offered with.
    pub products: Vec<ProductId>,
    /// The events that may be recorded.
    pub events: Vec<PackageEvent>,
    /// The event that a subscription is activated by where none is named.
    pub default_event: Option<String>,
    /// The youngest that the insured may be.
    pub minimum_age: Option<u16>,
    /// The event that is recorded when the insured is older than may be.
    pub maximum_age_event: Option<String>,
    /// What it costs.
    pub premium: PremiumRule,
}

impl InsurancePackage {
    /// Checks that it makes sense as a whole, but for its products.
    ///
    /// # Errors
    /// `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE`, for the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        check_reference("code", Some(&self.code))?;
        text::required(&self.name, 200).map_err(|problem| Refused::invalid("name", problem.to_string()))?;
        let terms = &self.terms;
        if terms.products.is_empty() || terms.products.len() > MOST_PRODUCTS {
            return Err(Refused::invalid("products", format!("between 1 and {MOST_PRODUCTS}")));
        }
        for (place, product) in terms.products.iter().enumerate() {
            if terms.products[..place].contains(product) {
                return Err(Refused::invalid(&format!("products.{place}"), "is named twice"));
            }
        }
        if terms.events.len() > MOST_EVENTS {
            return Err(Refused::invalid("events", format!("at most {MOST_EVENTS}")));
        }
        for (place, event) in terms.events.iter().enumerate() {
            let at = |field: &str| format!("events.{place}.{field}");
            check_reference(&at("code"), Some(&event.code))?;
            text::required(&event.name, 200).map_err(|problem| Refused::invalid(&at("name"), problem.to_string()))?;
            if terms.events[..place].iter().any(|other| other.code == event.code) {
                return Err(Refused::invalid(&at("code"), "is the code of another event"));
            }
            if !event.action.results().contains(&event.status) {
                let results: Vec<_> = event.action.results().iter().map(|status| status.word()).collect();
                let message = format!("{} results in {}", event.action.word(), results.join(" or "));
                return Err(Refused::invalid(&at("status"), message));
            }
        }
        if !terms.events.iter().any(|event| event.action == InsuranceAction::Activate) {
            return Err(Refused::invalid("events", "one has to activate the insurance"));
        }
        self.check_ages()?;
        if let Some(code) = &terms.default_event {
            self.activating("defaultEvent", code)
                .map_err(|refused| Refused::invalid("defaultEvent", refused.message))?;
        }
        terms.premium.checked()?;
        Ok(self)
    }

    fn check_ages(&self) -> Result<(), Refused> {
        let (minimum, maximum) = (self.terms.minimum_age, self.maximum_age);
        for (field, age) in [("minimumAge", minimum), ("maximumAge", maximum)] {
            if age.is_some_and(|age| age > OLDEST) {
                return Err(Refused::invalid(field, format!("between 0 and {OLDEST}")));
            }
        }
        if minimum.zip(maximum).is_some_and(|(minimum, maximum)| minimum > maximum) {
            return Err(Refused::invalid("maximumAge", "is less than the minimum age"));
        }
        let Some(code) = &self.terms.maximum_age_event else { return Ok(()) };
        let field = "maximumAgeEvent";
        if maximum.is_none() {
            return Err(Refused::invalid(field, "there is no maximum age"));
        }
        match self.event(code) {
            Some(event) if event.status == InsuranceStatus::Closed => Ok(()),
            Some(_) => Err(Refused::invalid(field, "the event does not close the insurance")),
            None => Err(Refused::invalid(field, "is no event of the package")),
        }
    }

    /// An event that it authorises.
    #[must_use]
    pub fn event(&self, code: &str) -> Option<&PackageEvent> {
        self.terms.events.iter().find(|event| event.code == code)
    }

    /// An event that a field names.
    ///
    /// # Errors
    /// `INSURANCE_EVENT_NOT_AUTHORISED`.
    pub fn authorised(&self, field: &str, code: &str) -> Result<&PackageEvent, Refused> {
        let message = "the package does not authorise the event";
        self.event(code).ok_or_else(|| Refused::of_field(INSURANCE_EVENT_NOT_AUTHORISED, field, message))
    }

    /// The same, of one that activates the insurance.
    ///
    /// # Errors
    /// `INSURANCE_EVENT_NOT_AUTHORISED`.
    pub fn activating(&self, field: &str, code: &str) -> Result<&PackageEvent, Refused> {
        let event = self.authorised(field, code)?;
        if event.action != InsuranceAction::Activate {
            let message = "the event does not activate the insurance";
            return Err(Refused::of_field(INSURANCE_EVENT_NOT_AUTHORISED, field, message));
        }
        Ok(event)
    }

    /// Whether somebody may be insured on a day, by age: both bounds are within.
    ///
    /// # Errors
    /// `INSURED_AGE_UNKNOWN`, `INSURED_AGE_OUT_OF_RANGE`.
    pub fn check_age(&self, born: Option<NaiveDate>, on: NaiveDate) -> Result<(), Refused> {
        let (minimum, maximum) = (self.terms.minimum_age, self.maximum_age);
        if minimum.is_none() && maximum.is_none() {
            return Ok(());
        }
        let Some(age) = born.and_then(|born| age(born, on)) else {
            let message = "the package asks for an age, and the account's owner has no birth date";
            return Err(Refused::of_field(INSURED_AGE_UNKNOWN, "account", message));
        };
        let is_in = minimum.is_none_or(|minimum| age >= u32::from(minimum))
            && maximum.is_none_or(|maximum| age <= u32::from(maximum));
        if is_in {
            return Ok(());
        }
        let bound = |age: Option<u16>, without: &str| age.map_or(without.to_owned(), |age| age.to_string());
        let message = format!(
            "the insured has to be between {} and {} years old",
            bound(minimum, "0"),
            bound(maximum, "any number of")
        );
        Err(Refused::of_field(INSURED_AGE_OUT_OF_RANGE, "account", message))
    }

    /// Whether somebody is older on a day than may be.
    #[must_use]
    pub fn is_too_old(&self, born: Option<NaiveDate>, on: NaiveDate) -> bool {
        let age = born.and_then(|born| age(born, on));
        age.zip(self.maximum_age).is_some_and(|(age, maximum)| age > u32::from(maximum))
    }
}

/// Whole years: who is born on 29 February has the birthday on 1 March in other years.
fn age(born: NaiveDate, on: NaiveDate) -> Option<u32> {
    on.years_since(born)
}

/// The last birth date of those who are older on a day than so many years.
#[must_use]
pub fn born_by(on: NaiveDate, older_than: u16) -> Option<NaiveDate> {
    let year = on.year() - i32::from(older_than) - 1;
    // The 29th of February is no day of most years: then who was born on the 28th is as old.
    on.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 2, 28))
}

/// An insurance on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsuranceContract {
    /// Its id.
    pub id: InsuranceContractId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What was subscribed.
    pub package: InsurancePackageId,
    /// On which account: its owner is the insured.
    pub account: AccountId,
    /// Account and package, while it is not closed; unique.
    pub standing: Option<String>,
    /// Where it is in its life.
    pub status: InsuranceStatus,
    /// Whether it covers.
    pub covered: bool,
    /// Its first day: the first day of its first period.
    pub starts_on: NaiveDate,
    /// Until it has begun: when it does by itself.
    pub activates_on: Option<NaiveDate>,
    /// Its last day, once that is known.
    pub ends_on: Option<NaiveDate>,
    /// Why it ends or has ended, for people.
    pub end_reason: Option<String>,
    /// The business date on which it was closed.
    pub closed_on: Option<NaiveDate>,
    /// The number of the next period to charge.
    pub periods: u32,
    /// The first day of that, while it is active.
    pub premium_due_on: Option<NaiveDate>,
    /// What was recorded of it last.
    pub last_event: Option<InsuranceEventId>,
    /// When it was subscribed.
    pub created_at: Micros,
}

impl InsuranceContract {
    /// What is unique while one is not closed.
    #[must_use]
    pub fn standing_of(account: AccountId, package: InsurancePackageId) -> String {
        format!("{account}:{package}")
    }

    /// Does what an event does.
    ///
    /// # Errors
    /// `INVALID_STATE` where it cannot become that.
    pub fn apply(&mut self, event: &PackageEvent, period: PremiumPeriod, today: NaiveDate) -> Result<(), Refused> {
        self.status.may_become(event.status, "event")?;
        let was = self.status;
        self.status = event.status;
        match event.action {
            InsuranceAction::Activate => self.covered = true,
            InsuranceAction::Deactivate => self.covered = false,
            InsuranceAction::StopPremium => {}
        }
        // Whatever happens to one that has not begun is instead of its beginning.
        let begins = self.activates_on.take().is_some();
        match event.status {
            InsuranceStatus::Active if begins => {
                self.starts_on = today;
                self.premium_due_on = Some(today);
            }
            InsuranceStatus::Active if was != InsuranceStatus::Active => self.resume(period, today),
            InsuranceStatus::Active => {}
            InsuranceStatus::Interrupted | InsuranceStatus::Disabled => self.premium_due_on = None,
            InsuranceStatus::Closed => self.close(today, None),
        }
        Ok(())
    }

    /// Charges again: from the first period on that begins today or later. Those that began meanwhile are free.
    fn resume(&mut self, period: PremiumPeriod, today: NaiveDate) {
        while period.begins(self.starts_on, self.periods).is_some_and(|begins| begins < today) {
            self.periods += 1;
        }
        self.premium_due_on = period.begins(self.starts_on, self.periods);
    }

    /// The period that is to be charged: its first and its last day.
    #[must_use]
    pub fn period(&self, period: PremiumPeriod) -> Option<(NaiveDate, NaiveDate)> {
        let from = period.begins(self.starts_on, self.periods)?;
        let through = period.begins(self.starts_on, self.periods + 1)?.pred_opt()?;
        Some((from, through))
    }

    /// Goes on to the next period.
    pub fn charged(&mut self, period: PremiumPeriod) {
        self.periods += 1;
        self.premium_due_on = period.begins(self.starts_on, self.periods);
    }

    /// It is over.
    pub fn close(&mut self, on: NaiveDate, reason: Option<String>) {
        self.status = InsuranceStatus::Closed;
        self.covered = false;
        self.standing = None;
        self.activates_on = None;
        self.premium_due_on = None;
        self.ends_on = self.ends_on.filter(|ends_on| *ends_on < on).or(Some(on));
        self.closed_on = Some(on);
        self.end_reason = reason.or(self.end_reason.take());
    }
}

/// What was recorded of an insurance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsuranceEvent {
    /// Its id.
    pub id: InsuranceEventId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which insurance.
    pub contract: InsuranceContractId,
    /// What happened, as the package had it.
    pub event: PackageEvent,
    /// When it happened.
    pub occurred_on: NaiveDate,
    /// For people.
    pub note: Option<String>,
    /// Who recorded it: the client.
    pub client: String,
    /// When it was recorded.
    pub recorded_at: Micros,
}

/// What was charged for a period of an insurance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsurancePremium {
    /// Made of the contract and the period: a period is charged once.
    pub id: InsurancePremiumId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which insurance.
    pub contract: InsuranceContractId,
    /// The period's first day.
    pub from: NaiveDate,
    /// Its last day.
    pub through: NaiveDate,
    /// How much; nothing where that is what it came to.
    pub amount: Minor,
    /// In which currency.
    pub currency: Currency,
    /// What it was booked with, unless it came to nothing.
    pub entry: Option<EntryId>,
    /// The business date on which it was charged.
    pub charged_on: NaiveDate,
}

impl InsurancePremium {
    /// The id of a period's.
    #[must_use]
    pub fn id_of(contract: InsuranceContractId, from: NaiveDate) -> InsurancePremiumId {
        let digest: [u8; 32] = Sha256::new()
            .chain_update("premium")
            .chain_update(contract.0.as_bytes())
            .chain_update(from.to_string())
            .finalize()
            .into();
        InsurancePremiumId(Builder::from_random_bytes(std::array::from_fn(|place| digest[place])).into_uuid())
    }
}
