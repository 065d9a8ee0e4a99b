//! Purchases, the accounts that they are on, and the states of these.

use chrono::{Days, Months, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::cost::Credit;
use crate::accounts::Family;
use crate::primitives::clock::Micros;
use crate::primitives::{
    AccountId, Currency, EntryId, Minor, ProductId, PurchaseAccountId, PurchaseId, PurchaseTermsId,
};
use crate::refused::{Facts, INVALID_STATE, Refused};

/// Lines of a purchase, at most.
pub const MOST_LINES: usize = 200;
/// Order references of a purchase, at most.
pub const MOST_ORDERS: usize = 50;
/// How far ahead a due date may lie, in days.
pub const DAYS_AHEAD: u64 = 1_098;

crate::words! {
    /// What purchases on a product's accounts are.
    PurchaseKind {
        /// An invoice. Whoever pays its minimum and not all of it goes on with a loan, where the terms name one.
        Invoice = "INVOICE",
        /// A loan.
        Loan = "LOAN",
        /// A loan of a large amount.
        LargeAmountLoan = "LARGE_AMOUNT_LOAN",
        /// An invoice to a company: all of it is to be paid.
        B2bInvoice = "B2B_INVOICE",
        /// An invoice that is to be paid at once, all of it.
        DirectInvoice = "DIRECT_INVOICE",
    }

    /// How the payment of purchases stands.
    PurchaseState {
        /// There are purchases, and no due date yet.
        NotProduced = "NOT_PRODUCED",
        /// It is to be paid by its due date.
        Unpaid = "UNPAID",
        /// A direct debit is to collect it.
        PaymentScheduled = "PAYMENT_SCHEDULED",
        /// A payment is under way.
        ProcessingPayment = "PROCESSING_PAYMENT",
        /// Its due date was put off.
        Postponed = "POSTPONED",
        /// Nothing is owed.
        Paid = "PAID",
        /// Its due date is over.
        Overdue = "OVERDUE",
        /// A loan carries what was left of it.
        Transferred = "TRANSFERRED",
    }

    /// What can be done with the purchases on an account.
    PurchaseAction {
        /// `registerPurchase`: another one.
        Register = "REGISTER",
        /// `produceInvoice`.
        Produce = "PRODUCE",
        /// `postponeInvoice`.
        Postpone = "POSTPONE",
    }
}

impl PurchaseKind {
    /// Whether it is lent by the month.
    #[must_use]
    pub fn is_loan(self) -> bool {
        matches!(self, Self::Loan | Self::LargeAmountLoan)
    }

    /// Whether less than all of it may be paid.
    #[must_use]
    pub fn has_minimum(self) -> bool {
        !matches!(self, Self::B2bInvoice | Self::DirectInvoice)
    }

    /// The family of its accounts.
    #[must_use]
    pub fn family(self) -> Family {
        if self.is_loan() { Family::Loan } else { Family::Invoice }
    }
}

impl PurchaseState {
    /// What it may become, by a command, a payment or a day that has passed. What was paid is open again once the payment is
    /// reversed, or something is bought besides.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        use PurchaseState as S;
        match self {
            S::NotProduced => &[S::Unpaid, S::PaymentScheduled, S::ProcessingPayment, S::Paid],
            S::Unpaid | S::Postponed => {
                &[S::PaymentScheduled, S::ProcessingPayment, S::Postponed, S::Paid, S::Overdue, S::Transferred]
            }
            S::PaymentScheduled => {
                &[S::Unpaid, S::Postponed, S::ProcessingPayment, S::Paid, S::Overdue, S::Transferred]
            }
            S::ProcessingPayment => {
                &[S::Unpaid, S::Postponed, S::PaymentScheduled, S::Paid, S::Overdue, S::Transferred]
            }
            S::Overdue => &[S::Unpaid, S::PaymentScheduled, S::ProcessingPayment, S::Postponed, S::Paid],
            S::Paid => {
                &[S::NotProduced, S::Unpaid, S::PaymentScheduled, S::ProcessingPayment, S::Postponed, S::Overdue]
            }
            S::Transferred => &[],
        }
    }

    /// What stands in the way of an action, if anything.
    #[must_use]
    pub fn obstacle(self, action: PurchaseAction, kind: PurchaseKind) -> Option<String> {
        use PurchaseState as S;
        let may = match action {
            PurchaseAction::Register => !matches!(self, S::Overdue | S::ProcessingPayment | S::Transferred),
            PurchaseAction::Produce => self == S::NotProduced,
            PurchaseAction::Postpone => matches!(self, S::Unpaid | S::Postponed | S::Overdue),
        };
        match (action, kind.is_loan()) {
            (PurchaseAction::Postpone, true) => Some("a loan is no invoice that could be put off".to_owned()),
            _ => (!may).then(|| format!("what was bought is {}", self.word())),
        }
    }

    /// Checks that something can be done.
    ///
    /// # Errors
    /// `INVALID_STATE` for the account.
    pub fn require(self, action: PurchaseAction, kind: PurchaseKind) -> Result<(), Refused> {
        let Some(message) = self.obstacle(action, kind) else { return Ok(()) };
        let facts = Box::new(Facts { status: Some(self.word()), ..Facts::default() });
        Err(Refused { facts, ..Refused::of_field(INVALID_STATE, "account", message) })
    }
}

/// What purchases on the accounts of a product go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseTerms {
    /// The product's, as an id of its own.
    pub id: PurchaseTermsId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What they are.
    pub kind: PurchaseKind,
    /// The rest.
    pub terms: TermsContent,
    /// When they were set first.
    pub created_at: Micros,
}

/// What of terms nobody looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsContent {
    /// Of an invoice: the product of the loan that carries what is left of it.
    pub loan: Option<ProductId>,
    /// Of a loan: what it costs.
    pub credit: Option<Credit>,
    /// The address of a customer's own page, with `{account}` and `{signature}` in it.
    pub page: Option<String>,
}

impl PurchaseTerms {
    /// The id of a product's terms.
    #[must_use]
    pub fn id_of(product: ProductId) -> PurchaseTermsId {
        PurchaseTermsId(product.0)
    }

    /// Of which product.
    #[must_use]
    pub fn product(&self) -> ProductId {
        ProductId(self.id.0)
    }
}

/// A line of a purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseLine {
    /// What was bought. Absent once it is erased.
    pub description: Option<String>,
    /// Remarks.
    pub notes: Option<String>,
    /// How much, with tax; below zero for what is taken off.
    pub amount: i64,
    /// The tax in it.
    pub tax: Option<i64>,
    /// The tax's code, of the merchant's own.
    pub tax_code: Option<String>,
    /// What kind of transaction it was, in the merchant's own words.
    pub type_: Option<String>,
    /// When it took place.
    pub on: NaiveDate,
    /// The merchant's order that it is of.
    pub order: Option<String>,
}

/// What of a purchase nobody looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseContent {
    /// The merchant's order references.
    pub orders: Vec<String>,
    /// The lines.
    pub lines: Vec<PurchaseLine>,
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Its id.
    pub id: PurchaseId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What the merchant calls it; unique in the tenant.
    pub reference: String,
    /// The account that it was put on.
    pub account: AccountId,
    /// All of it.
    pub amount: Minor,
    /// The account's.
    pub currency: Currency,
    /// Its orders and lines.
    pub content: PurchaseContent,
    /// What it was booked with.
    pub entry: EntryId,
    /// The business date on which it was registered.
    pub registered_on: NaiveDate,
    /// When it was.
    pub created_at: Micros,
}

/// An account that purchases are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseAccount {
    /// The account's, as an id of its own.
    pub id: PurchaseAccountId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What the purchases are.
    pub kind: PurchaseKind,
    /// The account's.
    pub currency: Currency,
    /// The sum of all purchases, or what a loan has taken over: payments do not change it.
    pub original: Minor,
    /// What is to be paid by the due date at least.
    pub minimum: Minor,
    /// Of a loan: what was owed when the month began.
    pub carried: Minor,
    /// The business date of the first purchase, or of the roll-over.
    pub opened_on: NaiveDate,
    /// By when it is to be paid.
    pub due_on: Option<NaiveDate>,
    /// The due date, as long as it has not been dealt with.
    pub turns_on: Option<NaiveDate>,
    /// Whether the due date was put off.
    pub postponed: bool,
    /// The due date that was missed last.
    pub overdue_on: Option<NaiveDate>,
    /// The loan that carries what was left.
    pub transferred_to: Option<AccountId>,
    /// The invoice of which it carries what was left.
    pub transferred_from: Option<AccountId>,
    /// Of a loan: what it costs, by the terms as they were.
    pub credit: Option<Credit>,
    /// When it was made.
    pub created_at: Micros,
}

/// A payment that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Underway {
    /// There is none.
    Nothing,
    /// A direct debit is to be sent.
    Scheduled,
    /// One was sent, or is paid and not the account's yet.
    Processing,
}

/// How an account stands, as far as its purchases hang on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it owes.
    pub debt: Minor,
    /// What is to come.
    pub payment: Underway,
    /// The business date.
    pub today: NaiveDate,
}

/// What a due date makes of purchases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing is owed.
    Settled,
    /// A payment is under way: the next day tells.
    Wait,
    /// A loan takes over what is owed.
    RollOver,
    /// The next month of a loan begins.
    NextMonth,
    /// The due date was missed.
    Overdue,
}

impl PurchaseAccount {
    /// The id of what is bought on an account.
    #[must_use]
    pub fn id_of(account: AccountId) -> PurchaseAccountId {
        PurchaseAccountId(account.0)
    }

    /// Which account.
    #[must_use]
    pub fn account(&self) -> AccountId {
        AccountId(self.id.0)
    }

    /// Where it is. It follows from what is owed, what is to come and the day: no state is kept that a payment would have to
    /// change.
    #[must_use]
    pub fn state(&self, standing: &Standing) -> PurchaseState {
        use PurchaseState as S;
        let Some(due_on) = self.due_on else { return S::NotProduced };
        match standing.payment {
            _ if self.transferred_to.is_some() => S::Transferred,
            _ if standing.debt == Minor::ZERO => S::Paid,
            Underway::Processing => S::ProcessingPayment,
            Underway::Scheduled => S::PaymentScheduled,
            Underway::Nothing if standing.today > due_on => S::Overdue,
            Underway::Nothing if self.postponed => S::Postponed,
            Underway::Nothing => S::Unpaid,
        }
    }

    /// What becomes of it once its due date has ended: `open` is what of its dues is not settled, `lends` whether the terms
    /// name a loan.
    #[must_use]
    pub fn turn(&self, standing: &Standing, open: Minor, lends: bool) -> Turn {
        if standing.debt == Minor::ZERO {
            return Turn::Settled;
        }
        if standing.payment == Underway::Processing {
            return Turn::Wait;
        }
        if self.kind.is_loan() {
            let paid = self.carried.0 - standing.debt.0;
            return if paid >= self.minimum.0 { Turn::NextMonth } else { Turn::Overdue };
        }
        let paid = self.original.0 - open.0;
        if self.kind == PurchaseKind::Invoice && lends && paid >= self.minimum.0 {
            Turn::RollOver
        } else {
            Turn::Overdue
        }
    }

    /// What is still to be paid by the due date at least: never more than is owed.
    #[must_use]
    pub fn minimum_to_pay(&self, debt: Minor) -> Minor {
        let before = if self.kind.is_loan() { self.carried } else { self.original };
        let paid = (before.0 - debt.0).max(0);
        Minor((self.minimum.0 - paid).clamp(0, debt.0))
    }
}

/// The same day a month later, or the last of a shorter month.
#[must_use]
pub fn month_after(day: NaiveDate) -> NaiveDate {
    day.checked_add_months(Months::new(1)).unwrap_or(day)
}

/// Checks a due date: from today on, up to three years ahead.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn check_due(field: &str, due_on: NaiveDate, today: NaiveDate) -> Result<(), Refused> {
    let latest = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    if due_on < today || due_on > latest {
        let facts = Box::new(Facts { earliest: Some(today), latest: Some(latest), ..Facts::default() });
        return Err(Refused { facts, ..Refused::invalid(field, format!("must lie between {today} and {latest}")) });
    }
    Ok(())
}

/// A percentage that rates are given in: at least 0, at most 100, at most four decimals.
#[must_use]
pub fn is_rate(rate: Decimal) -> bool {
    rate >= Decimal::ZERO && rate <= Decimal::ONE_HUNDRED && rate.normalize().scale() <= 4
}
