//! How products are billed, and what comes of it: cycles, statements, bills.

use chrono::{Datelike as _, Days, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::interest::{ClosedPeriod, InterestLine, InterestTerms, RateVersion, Timeline};
use crate::ledger::journal::EntrySpan;
use crate::primitives::calendar::{Calendar, RollRule};
use crate::primitives::clock::Micros;
use crate::primitives::{
    AccountId, BillId, BillingAccountId, BillingPlanId, Currency, DocumentId, Minor, ProductId, StatementId,
    StatementReprintId,
};
use crate::refused::{INVALID_STATE, Refused};

crate::words! {
    /// What a bill says.
    BillKind {
        /// What is to be paid of a statement.
        Bill = "BILL",
        /// It was not paid.
        Reminder1 = "REMINDER1",
        /// It was not paid then either.
        Reminder2 = "REMINDER2",
        /// The last one before somebody else collects it.
        Collection = "COLLECTION",
    }

    /// Whether a bill is to be paid.
    BillStatus {
        /// It is the one of its account that is to be paid.
        Open = "OPEN",
        /// It was paid, or another took its place.
        Closed = "CLOSED",
    }

    /// Why a bill is closed.
    BillEnd {
        /// Everything that it asked for is paid.
        Paid = "PAID",
        /// A reminder of it took its place.
        Reminded = "REMINDED",
        /// The bill of the next statement has what was open of it.
        CarriedOver = "CARRIED_OVER",
        /// What it asked for was cancelled.
        Cancelled = "CANCELLED",
    }

    /// Where a statement is.
    StatementState {
        /// Sealed, and not issued yet.
        Closed = "CLOSED",
        /// Issued.
        Issued = "ISSUED",
    }

    /// How long a minimum payment has been overdue.
    DelinquencyBucket {
        /// 1 to 29 days.
        Days1 = "DAYS_1_TO_29",
        /// 30 to 59 days.
        Days30 = "DAYS_30_TO_59",
        /// 60 to 89 days.
        Days60 = "DAYS_60_TO_89",
        /// 90 days or more.
        Days90 = "DAYS_90_OR_MORE",
    }
}

impl DelinquencyBucket {
    /// That of days past due.
    #[must_use]
    pub fn of(days: i64) -> Self {
        match days {
            ..30 => Self::Days1,
            30..60 => Self::Days30,
            60..90 => Self::Days60,
            _ => Self::Days90,
        }
    }
}

impl BillKind {
    /// What follows when it is not paid.
    #[must_use]
    pub fn next(self, terms: &BillingTerms) -> Option<Followed> {
        let reminders = &terms.reminders;
        let collection = || {
            terms.collection_after_days.map(|after_days| Followed {
                kind: Self::Collection,
                after_days,
                fee: terms.collection_fee,
            })
        };
        let reminder = |place: usize, kind| {
            reminders.get(place).map(|step| Followed { kind, after_days: step.after_days, fee: step.fee })
        };
        match self {
            Self::Bill => reminder(0, Self::Reminder1).or_else(collection),
            Self::Reminder1 => reminder(1, Self::Reminder2).or_else(collection),
            Self::Reminder2 => collection(),
            Self::Collection => None,
        }
    }
}

/// What follows a bill that is not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// What it is.
    pub kind: BillKind,
    /// How many days after the due date.
    pub after_days: u16,
    /// What is charged for it.
    pub fee: Minor,
}

/// A reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderStep {
    /// How many days after the due date of what it reminds of: 1 to 90.
    pub after_days: u16,
    /// What is charged for it.
    pub fee: Minor,
}

/// How the accounts of a product are billed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingTerms {
    /// The day of the month on which cycles are closed, 1 to 31: the last one of a month that has fewer.
    pub closure_day: u8,
    /// Where that goes which is no business day.
    pub roll: RollRule,
    /// How many days after its closure a statement is issued: 0 to 28.
    pub issue_after_days: u16,
    /// How many days after its closure a statement is to be paid: 0 to 60; a day that is no business day is the next one.
    pub payment_days: u16,
    /// What of the debt is to be paid at least, in percent.
    pub minimum_share: Decimal,
    /// And at least this much, or the debt where that is less.
    pub minimum_floor: Minor,
    /// What of the debt a direct debit would draw, in percent; at least the amount due.
    pub direct_debit_share: Decimal,
    /// What a statement costs.
    pub statement_fee: Minor,
    /// At most two.
    pub reminders: Vec<ReminderStep>,
    /// How many days after the due date of the last reminder it is to be collected; never when absent.
    pub collection_after_days: Option<u16>,
    /// What that costs.
    pub collection_fee: Minor,
    /// What bears interest; nothing does when absent.
    pub interest: Option<InterestTerms>,
}

impl BillingTerms {
    /// Checks that they make sense.
    ///
    /// # Errors
    /// `INVALID_INPUT` for the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        let hundred = Decimal::ONE_HUNDRED;
        let is_share = |share: Decimal| share >= Decimal::ZERO && share <= hundred && share.scale() <= 4;
        let bad = |field: &str, message: &str| Err(Refused::invalid(field, message));
        if !(1..=31).contains(&self.closure_day) {
            return bad("closureDay", "is 1 to 31");
        }
        if self.issue_after_days > 28 {
            return bad("issueAfterDays", "is 0 to 28");
        }
        if self.payment_days > 60 {
            return bad("paymentDays", "is 0 to 60");
        }
        if self.payment_days < self.issue_after_days {
            return bad("paymentDays", "a statement is to be paid when it is issued, or later");
        }
        if !is_share(self.minimum_share) {
            return bad("minimumSharePct", "is 0 to 100, with at most four decimals");
        }
        if !is_share(self.direct_debit_share) {
            return bad("directDebitSharePct", "is 0 to 100, with at most four decimals");
        }
        let amounts = [
            ("minimumFloor", self.minimum_floor),
            ("statementFee", self.statement_fee),
            ("collectionFee", self.collection_fee),
        ];
        for (field, amount) in amounts {
            if amount.0 < 0 {
                return bad(field, "must not be negative");
            }
        }
        if self.reminders.len() > 2 {
            return bad("reminders", "are at most two");
        }
        for (place, step) in self.reminders.iter().enumerate() {
            if !(1..=90).contains(&step.after_days) {
                return bad(&format!("reminders.{place}.afterDays"), "is 1 to 90");
            }
            if step.fee.0 < 0 {
                return bad(&format!("reminders.{place}.fee"), "must not be negative");
            }
        }
        if self.collection_after_days.is_some_and(|days| !(1..=180).contains(&days)) {
            return bad("collectionAfterDays", "is 1 to 180");
        }
        if let Some(interest) = &self.interest {
            check_versions("interest.debit", &interest.debit)?;
            check_versions("interest.credit", &interest.credit)?;
        }
        Ok(self)
    }
}

fn check_versions(field: &str, versions: &[RateVersion]) -> Result<(), Refused> {
    if versions.len() > 100 {
        return Err(Refused::invalid(field, "are at most 100"));
    }
    for (place, version) in versions.iter().enumerate() {
        let field = format!("{field}.{place}");
        if place > 0 && versions[place - 1].from >= version.from {
            return Err(Refused::invalid(&format!("{field}.from"), "must lie after the one before"));
        }
        if version.tiers.is_empty() || version.tiers.len() > 10 {
            return Err(Refused::invalid(&format!("{field}.tiers"), "are 1 to 10"));
        }
        for (place, tier) in version.tiers.iter().enumerate() {
            let before = place.checked_sub(1).map(|before| version.tiers[before].above);
            let is_next = before.map_or(tier.above == 0, |before| tier.above > before);
            if !is_next {
                return Err(Refused::invalid(
                    &format!("{field}.tiers.{place}.above"),
                    "begins with zero in the first, and rises",
                ));
            }
            let percent = tier.percent;
            if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED || percent.scale() > 6 {
                return Err(Refused::invalid(
                    &format!("{field}.tiers.{place}.ratePct"),
                    "is 0 to 100, with at most six decimals",
                ));
            }
        }
    }
    Ok(())
}

/// How the accounts of a product are billed, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillingPlan {
    /// Of which product: the plan's id is its.
    pub product: ProductId,
    /// How.
    pub terms: BillingTerms,
    /// The first day of the first cycle.
    pub starts_on: NaiveDate,
    /// When it was set last.
    pub changed_at: Micros,
}

impl BillingPlan {
    /// The id of a product's plan.
    #[must_use]
    pub fn id_of(product: ProductId) -> BillingPlanId {
        BillingPlanId(product.0)
    }
}

/// The closure day of a month.
fn closure_of(year: i32, month: u32, terms: &BillingTerms, calendar: &Calendar) -> Option<NaiveDate> {
    let last = NaiveDate::from_ymd_opt(year, month, 1)?.checked_add_months(chrono::Months::new(1))?.pred_opt()?;
    let day = NaiveDate::from_ymd_opt(year, month, u32::from(terms.closure_day).min(last.day()))?;
    // A calendar that ends leaves the day as it is.
    Some(calendar.roll(day, terms.roll).unwrap_or(day))
}

/// The first closure after a day.
#[must_use]
pub fn next_closure(after: NaiveDate, terms: &BillingTerms, calendar: &Calendar) -> NaiveDate {
    let (mut year, mut month) = (after.year(), after.month());
    for _ in 0..4 {
        if let Some(closure) = closure_of(year, month, terms, calendar).filter(|closure| *closure > after) {
            return closure;
        }
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    // There is a closure within two months, unless time ends.
    after.checked_add_days(Days::new(31)).unwrap_or(NaiveDate::MAX)
}

/// What closing a cycle has to know of those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleMemory {
    /// The principal by value date, as far back as closed cycles are computed anew.
    pub principal: Timeline,
    /// The closed cycles, as far back.
    pub periods: Vec<ClosedPeriod>,
}

/// How an account is billed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillingAccount {
    /// Which account: the id is its.
    pub account: AccountId,
    /// The first day of the present cycle.
    pub opened_on: NaiveDate,
    /// When it is closed.
    pub next_closure: NaiveDate,
    /// When the one before was.
    pub last_closure: Option<NaiveDate>,
    /// Up to which entry of the journal that one has.
    pub last_cut: i64,
    /// From where in the journal what it does not have is looked for.
    pub scan_from: i64,
    /// The first and the last entry that its closing has booked; zero where it has none.
    pub own_first: i64,
    /// See there.
    pub own_last: i64,
    /// Its statement.
    pub last_statement: Option<StatementId>,
    /// How many there were.
    pub statements: i32,
    /// Its closing balance.
    pub balance: Minor,
    /// What closing has to know besides.
    pub memory: CycleMemory,
    /// The bill that is to be paid.
    pub open_bill: Option<BillId>,
    /// Since when its minimum payment has been overdue.
    pub delinquent_since: Option<NaiveDate>,
    /// What was due by this day makes no delinquency: it was lifted.
    pub lifted_through: Option<NaiveDate>,
}

impl BillingAccount {
    /// The id of an account's.
    #[must_use]
    pub fn id_of(account: AccountId) -> BillingAccountId {
        BillingAccountId(account.0)
    }
}

/// A statement: sealed when its cycle is closed. Nothing of its figures ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its id.
    pub id: StatementId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which account.
    pub account: AccountId,
    /// In the account's currency.
    pub currency: Currency,
    /// The account's first is 1.
    pub number: i32,
    /// The first day of its cycle.
    pub from: NaiveDate,
    /// The last: the closure, as the tenant's calendar has it.
    pub closed_on: NaiveDate,
    /// The closure before.
    pub previous_closed_on: Option<NaiveDate>,
    /// The closure after.
    pub next_closed_on: NaiveDate,
    /// What its entries lie behind: the cut, the closure and the own entries of the one before.
    pub previous_cut: i64,
    /// From where in the journal its entries are looked for.
    pub scan_from: i64,
    /// See [`BillingAccount::own_first`], of the one before.
    pub previous_own_first: i64,
    /// See there.
    pub previous_own_last: i64,
    /// Up to which entry it has.
    pub cut: i64,
    /// The entries that its closing has booked.
    pub own_first: i64,
    /// See there.
    pub own_last: i64,
    /// The balance of the one before: positive is the customer's.
    pub previous_balance: Minor,
    /// What was paid in, less what of it came back.
    pub payments: Minor,
    /// What its closing has charged, interest: positive is owed.
    pub interest: Minor,
    /// What its closing has charged, fees.
    pub fees: Minor,
    /// Previous balance and all of its operations.
    pub balance: Minor,
    /// The minimum payment.
    pub amount_due: Minor,
    /// What of it was open when it was closed: less where money had come after the closure.
    pub remaining_due: Minor,
    /// What of earlier ones was open and overdue.
    pub past_due: Minor,
    /// What a direct debit would draw.
    pub theoretical_direct_debit: Minor,
    /// What the account's settings draw; none of whoever pays by themselves.
    pub direct_debit: Option<Minor>,
    /// By when the amount due is to be paid.
    pub due_on: NaiveDate,
    /// When it is issued.
    pub issue_on: NaiveDate,
    /// Where it is.
    pub state: StatementState,
    /// Whether debt bore no interest, because the one before was paid in full.
    pub interest_free: bool,
    /// What the interest is made of.
    pub lines: Vec<InterestLine>,
    /// When it was closed.
    pub created_at: Micros,
    /// When it was issued.
    pub issued_at: Option<Micros>,
    /// What was printed of it, once it is.
    pub document: Option<DocumentId>,
}

impl Statement {
    /// Where its entries lie in the journal.
    #[must_use]
    pub fn span(&self) -> EntrySpan {
        EntrySpan {
            above: self.scan_from,
            cut: self.cut,
            through: Some(self.closed_on),
            before: self.previous_closed_on.map(|closure| (self.previous_cut, closure)),
            except: (self.previous_own_first, self.previous_own_last),
            also: (self.own_first, self.own_last),
        }
    }
}

/// What is to be paid, as it was told: a bill, or a reminder of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Its id.
    pub id: BillId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which account.
    pub account: AccountId,
    /// In the account's currency.
    pub currency: Currency,
    /// Of which statement.
    pub statement: StatementId,
    /// What it is called outside: `bill-`, `reminder-` or `collection-`, account, statement.
    pub number: String,
    /// What it says.
    pub kind: BillKind,
    /// Why it is closed, when that is noted.
    pub end: Option<BillEnd>,
    /// What it took the place of.
    pub follows: Option<BillId>,
    /// All that is owed.
    pub amount: Minor,
    /// What is to be paid at least, its fee included.
    pub minimum: Minor,
    /// What it cost.
    pub fee: Minor,
    /// By when.
    pub due_on: NaiveDate,
    /// When it was made.
    pub made_on: NaiveDate,
    /// When another takes its place, if it is not paid.
    pub follow_on: Option<NaiveDate>,
    /// When it was closed.
    pub ended_on: Option<NaiveDate>,
    /// When it was made.
    pub created_at: Micros,
    /// What was printed of it, once it is.
    pub document: Option<DocumentId>,
}

impl Bill {
    /// Closes it.
    ///
    /// # Errors
    /// `INVALID_STATE` for one that is.
    pub fn close(&mut self, end: BillEnd, on: NaiveDate) -> Result<(), Refused> {
        if self.end.is_some() {
            return Err(Refused::of_field(INVALID_STATE, "bill", "the bill is closed"));
        }
        self.end = Some(end);
        self.ended_on = Some(on);
        self.follow_on = None;
        Ok(())
    }
}

/// A statement that was asked for again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementReprint {
    /// Its id.
    pub id: StatementReprintId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Which.
    pub statement: StatementId,
    /// When.
    pub requested_at: Micros,
    /// By which client.
    pub client: String,
    /// What was printed, once it is.
    pub document: Option<DocumentId>,
}
