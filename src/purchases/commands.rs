//! Registering purchases, and what is done with the invoices that they make.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::books::{ask, book, month, owed};
use super::events::{self, INVOICE_POSTPONED, INVOICE_PRODUCED};
use super::model::{
    MOST_LINES, MOST_ORDERS, Purchase, PurchaseAccount, PurchaseAction, PurchaseContent, PurchaseKind, PurchaseLine,
    PurchaseState, PurchaseTerms, check_due,
};
use super::refusals::{CUSTOMER_IS_NO_COMPANY, NO_PURCHASE_TERMS};
use super::store::{REFERENCE, of_account};
use crate::accounts::commands::NewOwner;
use crate::accounts::{Account, AccountBy, OpenAccount, Product, ProductBy};
use crate::customers::{Customer, CustomerBy, CustomerType};
use crate::debits::store::ON_THE_WAY;
use crate::dues::{self, Due};
use crate::ledger::Position;
use crate::ledger::amounts::{positive, to_minor};
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::primitives::{Currency, Minor, Money, ProductId};
use crate::refused::{Refused, check_reference, noted};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// A line of a purchase, as an input gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewLine {
    /// What was bought.
    pub description: String,
    /// Remarks.
    pub notes: Option<String>,
    /// How much, with tax.
    pub amount: Money,
    /// The tax in it.
    pub tax: Option<Money>,
    /// The tax's code.
    pub tax_code: Option<String>,
    /// What kind of transaction it was.
    pub type_: Option<String>,
    /// When it took place; today when absent.
    pub on: Option<NaiveDate>,
    /// The order that it is of.
    pub order: Option<String>,
}

/// Registers a purchase: it is owed on an account, and owed to the merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RegisterPurchase {
    /// What the merchant calls it.
    pub purchase_id: String,
    /// The account, where it is put on one that is there.
    pub account: Option<AccountBy>,
    /// The customer for whom one is opened otherwise.
    pub customer: Option<CustomerBy>,
    /// What that is an instance of.
    pub product: Option<ProductBy>,
    /// The merchant's order references.
    pub orders: Vec<String>,
    /// The lines.
    pub lines: Vec<NewLine>,
    /// By when it is to be paid; not produced yet when absent.
    pub due_on: Option<NaiveDate>,
    /// What of it is to be paid by then at least.
    pub minimum: Option<Money>,
}

impl Command for RegisterPurchase {
    const OPERATION: &'static str = "registerPurchase";
    type Made = Purchase;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Purchase>(&REFERENCE, &self.purchase_id);
        if let Some(account) = &self.account {
            account.hint(wants);
        }
        if let Some(customer) = &self.customer {
            customer.hint(wants);
        }
        if let Some(product) = &self.product {
            product.hint(wants);
        }
    }

    /// Refused as: `INVALID_INPUT` where neither an account nor a customer with a product is named, or both; `NOT_FOUND`
    /// (account, or customer and product), `NO_PURCHASE_TERMS`, `CUSTOMER_IS_NO_COMPANY`, `INVALID_INPUT`,
    /// `CURRENCY_MISMATCH` and `AMOUNT_OUT_OF_RANGE` for references, lines, due date and minimum, `INVALID_STATE` for an
    /// account that takes no more, `DUPLICATE_REFERENCE`, and as the account is opened and the books have it, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Purchase>> {
        let place = self.place(work)?;
        let (terms, currency) = (place.terms(work)?, place.currency());
        place.require_customer(work, terms.kind)?;
        check_reference("purchaseId", Some(&self.purchase_id))?;
        let today = work.today();
        let content = self.content(currency, today)?;
        let amount = sum(&content)?;
        if let Some(due_on) = self.due_on {
            check_due("dueDate", due_on, today)?;
        }
        let minimum = self.minimum(&terms, amount, currency)?;
        let before = match &place {
            Place::There(account) => work.get::<PurchaseAccount>(PurchaseAccount::id_of(account.id))?,
            Place::New { .. } => None,
        };
        let (due_on, was_paid) = match &before {
            None => (self.due_on, false),
            Some(before) => self.due_beside(work, before)?,
        };
        // Before an account is opened and anything is booked: the reference is what a repetition is told by.
        if work.find::<Purchase>(&REFERENCE, &self.purchase_id)?.is_some() {
            return Err(Refused::duplicate("purchaseId", "the purchase id").into());
        }
        let account = place.account(work)?;
        let entry = book(work, &account, &self.purchase_id, amount)?;
        let on = bought(work, &account, &terms, (before, was_paid), (amount, minimum, due_on))?;
        // What free funds have paid at once is not asked for.
        let asked = amount.min(owed(work, account.id)?);
        if let Some(due_on) = on.due_on.filter(|_| !terms.kind.is_loan() && asked > Minor::ZERO) {
            ask(work, &account, asked, due_on, &self.purchase_id)?;
        }
        let purchase = Purchase {
            id: work.id(),
            ordinal: work.ordinal(),
            reference: self.purchase_id.clone(),
            account: account.id,
            amount,
            currency,
            content,
            entry,
            registered_on: today,
            created_at: work.now(),
        };
        let purchase = work.insert(purchase)?;
        work.tell(events::registered(&purchase, &on));
        Ok(purchase)
    }

    fn weight(&self) -> usize {
        12
    }

    fn amount(&self, purchase: &Purchase) -> Option<Money> {
        Some(purchase.amount.in_currency(purchase.currency))
    }
}

/// Where a purchase is put.
enum Place {
    /// On an account that is there.
    There(Arc<Account>),
    /// On one that is opened for it.
    New { customer: Arc<Customer>, product: Arc<Product> },
}

impl Place {
    fn currency(&self) -> Currency {
        match self {
            Self::There(account) => account.currency,
            Self::New { product, .. } => product.currency,
        }
    }

    fn terms(&self, work: &mut Work) -> Decision<Arc<PurchaseTerms>> {
        let (product, field): (ProductId, _) = match self {
            Self::There(account) => (account.product, "account"),
            Self::New { product, .. } => (product.id, "product"),
        };
        let terms = work.get::<PurchaseTerms>(PurchaseTerms::id_of(product))?;
        let message = "the product says nothing of purchases";
        terms.ok_or_else(|| Refused::of_field(NO_PURCHASE_TERMS, field, message).into())
    }

    fn require_customer(&self, work: &mut Work, kind: PurchaseKind) -> Decision<()> {
        let (customer, field) = match self {
            Self::There(account) => (work.get::<Customer>(account.owner)?, "account"),
            Self::New { customer, .. } => (Some(customer.clone()), "customer"),
        };
        let customer = customer.ok_or_else(|| Stop::damaged("an account without its owner"))?;
        if kind == PurchaseKind::B2bInvoice && customer.type_ != CustomerType::Company {
            let message = "such an invoice is a company's, and the customer is a person";
            return Err(Refused::of_field(CUSTOMER_IS_NO_COMPANY, field, message).into());
        }
        Ok(customer.require_present(field)?)
    }

    fn account(self, work: &mut Work) -> Decision<Arc<Account>> {
        match self {
            Self::There(account) => Ok(account),
            Self::New { customer, product } => opened(work, &customer, product.id, None),
        }
    }
}

/// Opens an account for a customer.
///
/// # Errors
/// As [`OpenAccount`].
pub(super) fn opened(
    work: &mut Work,
    customer: &Customer,
    product: ProductId,
    limit: Option<Money>,
) -> Decision<Arc<Account>> {
    let open = OpenAccount {
        product: ProductBy::Id(product),
        owner: NewOwner::Existing(CustomerBy::Id(customer.id)),
        creditor: None,
        number: None,
        external_reference: None,
        credit_limit: limit.map(|limit| crate::primitives::Amount(limit.amount)),
        migrated_balance: None,
        metadata: "{}".into(),
    };
    open.decide(work)
}

impl RegisterPurchase {
    fn place(&self, work: &mut Work) -> Decision<Place> {
        match (&self.account, &self.customer, &self.product) {
            (Some(account), None, None) => Ok(Place::There(account.locate(work, "account")?)),
            (None, Some(customer), Some(product)) => {
                let (customer, product) = (customer.locate(work, "customer"), product.locate(work, "product"));
                Ok(Place::New { customer: customer?, product: product? })
            }
            (Some(_), ..) => Err(Refused::invalid("account", "has its customer and product: leave them out").into()),
            (None, None, _) => Err(Refused::invalid("customer", "give an account, or a customer and a product").into()),
            (None, ..) => Err(Refused::invalid("product", "give an account, or a customer and a product").into()),
        }
    }

    fn content(&self, currency: Currency, today: NaiveDate) -> Result<PurchaseContent, Refused> {
        if self.orders.len() > MOST_ORDERS {
            return Err(Refused::invalid("orderReferences", format!("at most {MOST_ORDERS}")));
        }
        for (place, order) in self.orders.iter().enumerate() {
            check_reference(&format!("orderReferences.{place}"), Some(order))?;
        }
        if self.lines.is_empty() || self.lines.len() > MOST_LINES {
            return Err(Refused::invalid("lines", format!("1 to {MOST_LINES}")));
        }
        let lines = self.lines.iter().enumerate().map(|(place, line)| line.checked(place, currency, today));
        Ok(PurchaseContent { orders: self.orders.clone(), lines: lines.collect::<Result<_, _>>()? })
    }

    /// What of the purchase is to be paid by its due date at least: all of it when absent.
    fn minimum(&self, terms: &PurchaseTerms, amount: Minor, currency: Currency) -> Result<Minor, Refused> {
        let Some(minimum) = self.minimum else { return Ok(amount) };
        if terms.kind != PurchaseKind::Invoice {
            let message = if terms.kind.is_loan() { "follows from the loan's terms" } else { "is all of it" };
            return Err(Refused::invalid("minimumAmount", message));
        }
        of_currency("minimumAmount", minimum, currency)?;
        let minimum = positive("minimumAmount", minimum)?;
        if minimum > amount {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "minimumAmount", "is more than the purchase"));
        }
        Ok(minimum)
    }

    /// When it is due beside what is on the account already: with that, unless that is paid.
    /// And whether that is.
    fn due_beside(&self, work: &mut Work, before: &PurchaseAccount) -> Decision<(Option<NaiveDate>, bool)> {
        let state = before.state(&standing(work, before)?);
        state.require(PurchaseAction::Register, before.kind)?;
        match (state, before.due_on) {
            (PurchaseState::Paid, _) => Ok((self.due_on, true)),
            (_, due_on) if self.due_on.is_none() || self.due_on == due_on => Ok((due_on, false)),
            (_, None) => Err(Refused::invalid("dueDate", "what is on the account is not produced yet").into()),
            (_, Some(due_on)) => Err(Refused::invalid("dueDate", format!("the account is due on {due_on}")).into()),
        }
    }
}

impl NewLine {
    fn checked(&self, place: usize, currency: Currency, today: NaiveDate) -> Result<PurchaseLine, Refused> {
        let field = |name: &str| format!("lines.{place}.{name}");
        let amount = of_line(&field("amount"), self.amount, currency)?;
        let tax = self.tax.map(|tax| of_line(&field("taxAmount"), tax, currency)).transpose()?;
        if tax.is_some_and(|tax| tax.0.abs() > amount.0.abs() || tax.0.signum() * amount.0.signum() < 0) {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, &field("taxAmount"), "is no part of the amount"));
        }
        check_reference(&field("taxCode"), self.tax_code.as_deref())?;
        check_reference(&field("transactionType"), self.type_.as_deref())?;
        check_reference(&field("orderReference"), self.order.as_deref())?;
        let description = noted(&field("description"), Some(&self.description))?;
        let description = description.ok_or_else(|| Refused::invalid(&field("description"), "must not be empty"))?;
        Ok(PurchaseLine {
            description: Some(description),
            notes: noted(&field("notes"), self.notes.as_deref())?,
            amount: amount.0,
            tax: tax.map(|tax| tax.0),
            tax_code: self.tax_code.clone(),
            type_: self.type_.clone(),
            on: self.on.unwrap_or(today),
            order: self.order.clone(),
        })
    }
}

fn of_currency(field: &str, money: Money, currency: Currency) -> Result<(), Refused> {
    if money.currency == currency {
        return Ok(());
    }
    let message = format!("the account is in {currency}");
    Err(Refused::of_field(CURRENCY_MISMATCH, &format!("{field}.currency"), message))
}

fn of_line(field: &str, money: Money, currency: Currency) -> Result<Minor, Refused> {
    of_currency(field, money, currency)?;
    to_minor(field, money)
}

/// All lines together: something, and something that the books can have.
fn sum(content: &PurchaseContent) -> Result<Minor, Refused> {
    let whole: i128 = content.lines.iter().map(|line| i128::from(line.amount)).sum();
    let whole = i64::try_from(whole).ok().map(Minor).filter(|whole| whole.0 > 0 && whole.0 <= Minor::LARGEST);
    whole.ok_or_else(|| Refused::of_field(AMOUNT_OUT_OF_RANGE, "lines", "must come to more than zero together"))
}

/// How an account stands.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn standing(work: &mut Work, account: &PurchaseAccount) -> Decision<super::model::Standing> {
    let (debt, debits) = (owed(work, account.account()), work.all::<_, Account>(&ON_THE_WAY, account.account()));
    Ok(super::model::Standing { debt: debt?, payment: super::underway(&debits?), today: work.today() })
}

/// Puts a purchase to what is on its account; a loan's month begins with what it owes now.
fn bought(
    work: &mut Work,
    account: &Account,
    terms: &PurchaseTerms,
    (before, was_paid): (Option<Arc<PurchaseAccount>>, bool),
    (amount, minimum, due_on): (Minor, Minor, Option<NaiveDate>),
) -> Decision<Arc<PurchaseAccount>> {
    let today = work.today();
    let Some(before) = before else {
        let row = PurchaseAccount {
            id: PurchaseAccount::id_of(account.id),
            ordinal: work.ordinal(),
            kind: terms.kind,
            currency: account.currency,
            original: amount,
            minimum,
            carried: Minor::ZERO,
            opened_on: today,
            due_on,
            turns_on: due_on,
            postponed: false,
            overdue_on: None,
            transferred_to: None,
            transferred_from: None,
            credit: terms.terms.credit,
            created_at: work.now(),
        };
        let row = work.insert(row)?;
        return begun(work, account, row);
    };
    // What is bought once all is paid is asked for anew: nothing that was paid before counts for it.
    let row = work.change::<PurchaseAccount, Refused>(before.id, |row| {
        let base = if was_paid { row.original } else { row.minimum };
        row.minimum = added("lines", base, minimum)?;
        row.original = added("lines", row.original, amount)?;
        if row.due_on != due_on {
            row.postponed = false;
        }
        (row.due_on, row.turns_on) = (due_on, due_on);
        Ok(())
    })?;
    begun(work, account, row)
}

/// Begins the month of a loan that is produced; an invoice has none.
fn begun(work: &mut Work, account: &Account, row: Arc<PurchaseAccount>) -> Decision<Arc<PurchaseAccount>> {
    match row.due_on {
        Some(due_on) if row.kind.is_loan() => month(work, account, &row, due_on),
        _ => Ok(row),
    }
}

fn added(field: &str, one: Minor, other: Minor) -> Result<Minor, Refused> {
    let sum = one.0.checked_add(other.0).filter(|sum| *sum <= Minor::LARGEST);
    sum.map(Minor).ok_or_else(|| Refused::of_field(AMOUNT_OUT_OF_RANGE, field, "is too much for one account"))
}

/// Gives what was bought on an account its due date.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProduceInvoice {
    /// Which account.
    pub account: AccountBy,
    /// By when it is to be paid.
    pub due_on: NaiveDate,
}

impl Command for ProduceInvoice {
    const OPERATION: &'static str = "produceInvoice";
    type Made = PurchaseAccount;

    fn looks_at(&self, wants: &mut Wants) {
        looks_at(&self.account, wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `INVALID_INPUT` for the due date, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PurchaseAccount>> {
        let account = self.account.locate(work, "account")?;
        let found = of_account(work, account.id, "account")?;
        let standing = standing(work, &found)?;
        found.state(&standing).require(PurchaseAction::Produce, found.kind)?;
        check_due("dueDate", self.due_on, standing.today)?;
        let row = work.change::<PurchaseAccount, Refused>(found.id, |row| {
            (row.due_on, row.turns_on) = (Some(self.due_on), Some(self.due_on));
            Ok(())
        })?;
        let row = begun(work, &account, row)?;
        if !row.kind.is_loan() && standing.debt > Minor::ZERO {
            let asked = Minor(standing.debt.0.min(row.original.0));
            ask(work, &account, asked, self.due_on, &account.number)?;
        }
        work.tell(events::of_account(INVOICE_PRODUCED, &row, standing.debt));
        Ok(row)
    }

    fn weight(&self) -> usize {
        6
    }

    fn amount(&self, account: &PurchaseAccount) -> Option<Money> {
        Some(account.original.in_currency(account.currency))
    }
}

/// Puts the due date of an invoice off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostponeInvoice {
    /// Which account.
    pub account: AccountBy,
    /// The new due date.
    pub until: NaiveDate,
}

impl Command for PostponeInvoice {
    const OPERATION: &'static str = "postponeInvoice";
    type Made = PurchaseAccount;

    fn looks_at(&self, wants: &mut Wants) {
        looks_at(&self.account, wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for one that is not to be paid or that a payment is to come of, and for a
    /// loan; `INVALID_INPUT` for a day that is not later, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PurchaseAccount>> {
        let account = self.account.locate(work, "account")?;
        let found = of_account(work, account.id, "account")?;
        let standing = standing(work, &found)?;
        found.state(&standing).require(PurchaseAction::Postpone, found.kind)?;
        check_due("until", self.until, standing.today)?;
        if found.due_on.is_some_and(|due_on| self.until <= due_on) {
            return Err(Refused::invalid("until", "must lie after the present due date").into());
        }
        for due in super::books::open(work, account.id)? {
            let (amount, reference) = (due.open(), due.reference.clone().unwrap_or_default());
            dues::cancel(work, due.id, "POSTPONED")?;
            ask(work, &account, amount, self.until, &reference)?;
        }
        let row = work.change::<PurchaseAccount, Refused>(found.id, |row| {
            (row.due_on, row.turns_on, row.postponed) = (Some(self.until), Some(self.until), true);
            Ok(())
        })?;
        work.tell(events::of_account(INVOICE_POSTPONED, &row, standing.debt));
        Ok(row)
    }

    fn weight(&self) -> usize {
        8
    }

    fn amount(&self, account: &PurchaseAccount) -> Option<Money> {
        Some(account.original.in_currency(account.currency))
    }
}

fn looks_at(account: &AccountBy, wants: &mut Wants) {
    account.hint(wants);
    if let AccountBy::Id(id) = account {
        wants.row::<PurchaseAccount>(PurchaseAccount::id_of(*id));
        wants.row::<Position>(*id);
        wants.set::<Due>(&dues::store::OPEN, id.0);
    }
}
