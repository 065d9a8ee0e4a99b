//! Plans and instalments, respites and terminations, and what decides about them.

use chrono::{Days, NaiveDate};

use super::refusals::{ALREADY_PRE_TERMINATED, CREDIT_TERMINATED};
use crate::accounts::Family;
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::primitives::calendar::{Calendar, RollRule};
use crate::primitives::clock::Micros;
use crate::primitives::{
    AccountId, Currency, EntryId, LeaseInstalmentId, LeasePlanId, Minor, RespiteId, TerminationId,
};
use crate::refused::{Facts, INVALID_STATE, Refused};

/// Plans of an account, at most.
pub const MOST_PLANS: usize = 20;
/// Instalments of an account, at most.
pub const MOST_INSTALMENTS: usize = 1_000;
/// Days of a respite, at most.
pub const MOST_DAYS: u16 = 366;
/// How far ahead an instalment may be due, in days: fifty years.
pub const DAYS_AHEAD: u64 = 18_300;
/// A day, in microseconds.
const DAY: Micros = 86_400_000_000;

crate::words! {
    /// When the account comes to owe the principal of a plan.
    LeasePrincipal {
        /// With each instalment, when it is billed: the leased thing is the house's until then.
        WithInstalments = "WITH_INSTALMENTS",
        /// It owes it already: it was paid out, bought or brought along before. An instalment only says by when what of it
        /// is to be paid.
        OwedBefore = "OWED_BEFORE",
    }

    /// What comes with an instalment besides the use of the thing. For the tenant to know: nothing hangs on it.
    LeaseService {
        /// Nothing.
        None = "NONE",
        /// Its maintenance.
        Maintenance = "MAINTENANCE",
        /// Its insurance.
        Insurance = "INSURANCE",
    }

    /// Where an instalment is in its life. It follows from what of it is open, and from the day.
    LeaseInstalmentState {
        /// It is still to be billed.
        Planned = "PLANNED",
        /// It is asked for, and nothing of it is paid.
        Billed = "BILLED",
        /// A part of it is paid.
        PartlyPaid = "PARTLY_PAID",
        /// All of it is paid.
        Paid = "PAID",
        /// Its due date is over, and something of it is open.
        Overdue = "OVERDUE",
        /// It will not be billed: the lease was terminated, or its account closed.
        Cancelled = "CANCELLED",
    }

    /// How far a credit is on its way to its termination.
    TerminationStatus {
        /// It is not: it was never, or the way back was paid for, or somebody took it back.
        Normal = "NORMAL",
        /// It will be terminated, unless enough is paid before.
        PreTerminated = "PRE_TERMINATED",
        /// It is terminated: all of it is due.
        Terminated = "TERMINATED",
    }
}

impl TerminationStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Normal => &[Self::PreTerminated, Self::Terminated],
            Self::PreTerminated => &[Self::Normal, Self::Terminated],
            Self::Terminated => &[],
        }
    }

    /// That it may become another.
    ///
    /// # Errors
    /// `CREDIT_TERMINATED`, `ALREADY_PRE_TERMINATED`, `INVALID_STATE` for what is normal already.
    pub fn may_become(self, other: Self) -> Result<(), Refused> {
        if self.next().contains(&other) {
            return Ok(());
        }
        let (code, message) = match self {
            Self::Terminated => (CREDIT_TERMINATED, "the credit is terminated"),
            Self::PreTerminated => (ALREADY_PRE_TERMINATED, "the credit is on its way to its termination already"),
            Self::Normal => (INVALID_STATE, "the credit is not on its way to its termination"),
        };
        let facts = Box::new(Facts { status: Some(self.word()), ..Facts::default() });
        Err(Refused { facts, ..Refused::of_field(code, "account", message) })
    }
}

/// Whether accounts of a family are given respites and terminated.
#[must_use]
pub fn is_credit(family: Family) -> bool {
    matches!(family, Family::Leasing | Family::RevolvingCredit)
}

/// What an instalment, or a plan, is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaseParts {
    /// What repays.
    pub principal: Minor,
    /// Interest.
    pub interest: Minor,
    /// A fee.
    pub fee: Minor,
    /// Value added tax.
    pub vat: Minor,
}

impl LeaseParts {
    /// All of it.
    #[must_use]
    pub fn total(self) -> Minor {
        Minor(self.principal.0 + self.interest.0 + self.fee.0 + self.vat.0)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            principal: Minor(self.principal.0 + other.principal.0),
            interest: Minor(self.interest.0 + other.interest.0),
            fee: Minor(self.fee.0 + other.fee.0),
            vat: Minor(self.vat.0 + other.vat.0),
        }
    }

    /// Without the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            principal: Minor(self.principal.0 - other.principal.0),
            interest: Minor(self.interest.0 - other.interest.0),
            fee: Minor(self.fee.0 - other.fee.0),
            vat: Minor(self.vat.0 - other.vat.0),
        }
    }

    /// That each part is at least zero, and all of it more.
    ///
    /// # Errors
    /// `AMOUNT_OUT_OF_RANGE` for the field at fault, below a path that ends with a point or is empty.
    pub fn checked(self, path: &str) -> Result<Self, Refused> {
        let parts = [("principal", self.principal), ("interest", self.interest), ("fee", self.fee), ("vat", self.vat)];
        if let Some((field, _)) = parts.into_iter().find(|(_, part)| part.0 < 0) {
            let message = "must not be below zero";
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, &format!("{path}{field}"), message));
        }
        if self.total() <= Minor::ZERO || self.total().0 > Minor::LARGEST {
            let message = "an instalment comes to more than zero, and to no more than the books can say";
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, &format!("{path}principal"), message));
        }
        Ok(self)
    }
}

/// A plan of a leasing account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasePlan {
    /// Its id.
    pub id: LeasePlanId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which account.
    pub account: AccountId,
    /// What the tenant calls it.
    pub reference: Option<String>,
    /// When the account comes to owe the principal.
    pub principal: LeasePrincipal,
    /// The account's.
    pub currency: Currency,
    /// The number of its last instalment.
    pub last_number: u32,
    /// The sums of its instalments that are not cancelled.
    pub parts: LeaseParts,
    /// When it was made.
    pub created_at: Micros,
}

/// An instalment of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseInstalment {
    /// Its id.
    pub id: LeaseInstalmentId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which plan.
    pub plan: LeasePlanId,
    /// Of which account.
    pub account: AccountId,
    /// Its number in the plan, from 1.
    pub number: u32,
    /// The day by which it is to be paid; with the next business day where it is none.
    pub due_on: NaiveDate,
    /// The day on which it is billed; its due date when absent.
    pub billing_on: Option<NaiveDate>,
    /// When the letter about it goes out, as the tenant says.
    pub letter_at: Option<Micros>,
    /// When it is reminded of, as the tenant says.
    pub reminder_at: Option<Micros>,
    /// What it is made of.
    pub parts: LeaseParts,
    /// The account's.
    pub currency: Currency,
    /// What comes with it.
    pub service: LeaseService,
    /// Whether it is the residual value.
    pub residual: bool,
    /// The business date on which it was billed.
    pub billed_on: Option<NaiveDate>,
    /// What it was billed with.
    pub entries: Vec<EntryId>,
    /// The business date on which it was cancelled.
    pub cancelled_on: Option<NaiveDate>,
    /// When it was made.
    pub created_at: Micros,
}

impl LeaseInstalment {
    /// The day on which it is billed.
    #[must_use]
    pub fn bill_on(&self) -> NaiveDate {
        self.billing_on.unwrap_or(self.due_on)
    }

    /// Whether it is still to be billed.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.billed_on.is_none() && self.cancelled_on.is_none()
    }

    /// Where it is in its life: `open` is what of its dues is open, and `due_on` by when that is to be paid.
    #[must_use]
    pub fn state(&self, open: Minor, due_on: Option<NaiveDate>, today: NaiveDate) -> LeaseInstalmentState {
        match (self.cancelled_on, self.billed_on) {
            (Some(_), _) => LeaseInstalmentState::Cancelled,
            (None, None) => LeaseInstalmentState::Planned,
            _ if open <= Minor::ZERO => LeaseInstalmentState::Paid,
            _ if due_on.is_some_and(|due_on| due_on < today) => LeaseInstalmentState::Overdue,
            _ if open < self.parts.total() => LeaseInstalmentState::PartlyPaid,
            _ => LeaseInstalmentState::Billed,
        }
    }

    /// That its days make sense.
    ///
    /// # Errors
    /// `INVALID_INPUT` for `dueDate` and `billingDate`, below a path that ends with a point or is empty.
    pub fn check_days(&self, path: &str, today: NaiveDate) -> Result<(), Refused> {
        let latest = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
        if self.due_on < today || self.due_on > latest {
            let facts = Box::new(Facts { earliest: Some(today), latest: Some(latest), ..Facts::default() });
            let message = format!("must lie between {today} and {latest}");
            return Err(Refused { facts, ..Refused::invalid(&format!("{path}dueDate"), message) });
        }
        if self.billing_on.is_some_and(|billing_on| billing_on > self.due_on) {
            let message = "an instalment is billed by its due date";
            return Err(Refused::invalid(&format!("{path}billingDate"), message));
        }
        Ok(())
    }

    /// Moves it by days.
    pub fn defer(&mut self, days: u16, calendar: &Calendar) {
        self.due_on = deferred(self.due_on, days, calendar);
        if self.billed_on.is_none() {
            self.billing_on = self.billing_on.map(|on| deferred(on, days, calendar));
        }
        for moment in [&mut self.letter_at, &mut self.reminder_at] {
            *moment = moment.and_then(|at| at.checked_add(DAY * Micros::from(days)));
        }
    }
}

/// A day so many days later, or the business day after where that is none. Keeps the order of days: of two, the later one is
/// never before the other afterwards.
#[must_use]
pub fn deferred(day: NaiveDate, days: u16, calendar: &Calendar) -> NaiveDate {
    let later = day.checked_add_days(Days::new(days.into())).unwrap_or(day);
    rolled(later, calendar)
}

/// A day, or the business day after it where it is none.
#[must_use]
pub fn rolled(day: NaiveDate, calendar: &Calendar) -> NaiveDate {
    calendar.roll(day, RollRule::Following).unwrap_or(day)
}

/// A respite that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Respite {
    /// Its id.
    pub id: RespiteId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which account.
    pub account: AccountId,
    /// How many days.
    pub days: u16,
    /// How many dues it has moved.
    pub dues: u32,
    /// How many instalments that were still to be billed it has moved.
    pub instalments: u32,
    /// The business date on which it was granted.
    pub granted_on: NaiveDate,
    /// Who granted it: the client.
    pub client: String,
    /// When.
    pub created_at: Micros,
}

/// How far a credit is on its way to its termination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Termination {
    /// Its id: the account's.
    pub id: TerminationId,
    /// Its place in lists.
    pub ordinal: i64,
    /// How far.
    pub status: TerminationStatus,
    /// The account's.
    pub currency: Currency,
    /// The day by whose end enough is to be paid.
    pub next_check_on: Option<NaiveDate>,
    /// What is enough.
    pub minimum: Option<Minor>,
    /// What was paid since the pre-termination.
    pub paid: Minor,
    /// The account that the tenant has named for what is credited then.
    pub credit_account: Option<AccountId>,
    /// Since when it is as it is.
    pub since: Micros,
    /// The business date of the last pre-termination.
    pub pre_terminated_on: Option<NaiveDate>,
    /// The business date of the termination.
    pub terminated_on: Option<NaiveDate>,
    /// The business date on which it was normal again last.
    pub normal_on: Option<NaiveDate>,
}

impl Termination {
    /// That of an account.
    #[must_use]
    pub fn id_of(account: AccountId) -> TerminationId {
        TerminationId(account.0)
    }

    /// Of which account.
    #[must_use]
    pub fn account(&self) -> AccountId {
        AccountId(self.id.0)
    }

    /// Counts what was paid, or with a sign what was taken back of that. Whether it is enough.
    pub fn count(&mut self, amount: Minor) -> bool {
        self.paid = Minor((self.paid.0 + amount.0).max(0));
        self.minimum.is_some_and(|minimum| self.paid >= minimum)
    }
}
