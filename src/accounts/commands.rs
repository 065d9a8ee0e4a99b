//! What changes accounts: open, update, ask for closure. Closing is in [`super::close`].

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events;
use super::lookup::AccountRef;
use super::model::{Account, Product};
use super::references::made_reference;
use super::store::{EXTERNAL_REFERENCE, NUMBER, ProductBy};
use crate::customers::{CreateCustomer, Customer, CustomerBy};
use crate::ledger::amounts::to_minor;
use crate::ledger::position::Split;
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::ledger::{AccountStatus, Component, Draft, Position, Refusal, Restrictions};
use crate::parties::PartyBy;
use crate::primitives::{AccountId, Amount, Minor, Money};
use crate::refused::{INVALID_STATE, Refused, check_reference};
use crate::work::numbers::insert_made;
use crate::work::{Change, Command, Decision, Named as _, Stop, Wants, Work};

/// Whose an account is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum NewOwner {
    /// A customer who is there.
    Existing(CustomerBy),
    /// A customer who is created with it.
    Created(Box<CreateCustomer>),
}

/// What a former system had on an account: signed, positive is in the customer's favour.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MigratedBalance {
    /// Funds, or what of it was bought or borrowed.
    pub principal: Option<Amount>,
    /// Interest that is owed: zero or negative.
    pub interest: Option<Amount>,
    /// Fees that are owed: zero or negative.
    pub fee: Option<Amount>,
    /// When it counts; the business date when absent.
    pub value_date: Option<NaiveDate>,
}

/// Opens an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenAccount {
    /// What it is an instance of.
    pub product: ProductBy,
    /// Whose it is.
    pub owner: NewOwner,
    /// Whom its debt is owed to, where that is not the tenant.
    pub creditor: Option<PartyBy>,
    /// Made when absent.
    pub number: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Option<String>,
    /// The product's default when absent.
    pub credit_limit: Option<Amount>,
    /// What it brings along from a former system.
    pub migrated_balance: Option<MigratedBalance>,
    /// A JSON object, as text.
    pub metadata: String,
}

impl Command for OpenAccount {
    const OPERATION: &'static str = "openAccount";
    type Made = Account;

    fn looks_at(&self, wants: &mut Wants) {
        self.product.hint(wants);
        match &self.owner {
            NewOwner::Existing(by) => by.hint(wants),
            NewOwner::Created(new) => new.hints(wants),
        }
        if let Some(creditor) = &self.creditor {
            creditor.hint(wants);
        }
        if let Some(number) = &self.number {
            wants.unique::<Account>(&NUMBER, number);
        }
        if let Some(reference) = &self.external_reference {
            wants.unique::<Account>(&EXTERNAL_REFERENCE, reference);
        }
    }

    /// Refused as: `NOT_FOUND` (product, then owner, then creditor), `INVALID_STATE` for a retired product,
    /// `INVALID_INPUT`, `LIMIT_EXCEEDED`, `DUPLICATE_REFERENCE`, in this order; then the books' of a migrated balance.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Account>> {
        let product = self.product.locate(work, "product")?;
        let owner = self.owner(work)?;
        let creditor = match &self.creditor {
            Some(by) => Some(by.locate(work, "creditor")?.id),
            None => None,
        };
        if product.retired {
            return Err(Refused::of_field(INVALID_STATE, "product", "the product is retired").into());
        }
        check_reference("number", self.number.as_deref())?;
        check_reference("externalReference", self.external_reference.as_deref())?;
        let credit_limit = match self.credit_limit {
            None => product.default_credit_limit,
            Some(limit) => to_minor("creditLimit", Money { amount: limit.0, currency: product.currency })?,
        };
        product.check_limit("creditLimit", credit_limit)?;
        let migrated = self.migrated_balance.map(|migrated| migrated.parts(&product)).transpose()?;
        let id = work.id::<AccountId>();
        let account = Account {
            id,
            ordinal: work.ordinal(),
            number: self.number.clone().unwrap_or_else(|| made_number(id.0, 0)),
            external_reference: self.external_reference.clone(),
            product: product.id,
            owner: owner.id,
            creditor,
            family: product.family,
            currency: product.currency,
            opened_on: work.today(),
            closure_code: None,
            payment_reference: None,
            application: None,
            metadata: self.metadata.clone(),
            created_at: work.now(),
        };
        // What is made gives way to what is there; a number that was given does not.
        let made: &[&str] = if self.number.is_some() { &["paymentReference"] } else { &["paymentReference", "number"] };
        let account = insert_made(work, made, |work, attempt| {
            let mut account = account.clone();
            if self.number.is_none() {
                account.number = made_number(id.0, attempt);
            }
            account.payment_reference = product.reference.and_then(|scheme| made_reference(scheme, id.0, attempt));
            work.insert(account)
        })?;
        let restrictions = Restrictions::default().with(true, &owner.restrictions, work.today());
        work.open(Position { restrictions, ..position(&account, &product, credit_limit) })?;
        if let Some(parts) = migrated {
            let mut draft = Draft::carrying(id, parts, creditor, account.currency);
            draft.value_date = self.migrated_balance.and_then(|migrated| migrated.value_date);
            work.post(&draft).map_err(of_migrated_balance)?;
        }
        Ok(account)
    }

    fn weight(&self) -> usize {
        let migrated = if self.migrated_balance.is_some() { 5 } else { 0 };
        migrated
            + match &self.owner {
                NewOwner::Existing(_) => 4,
                NewOwner::Created(new) => 3 + new.rows(),
            }
    }
}

impl OpenAccount {
    fn owner(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        match &self.owner {
            NewOwner::Existing(by) => by.locate(work, "owner"),
            NewOwner::Created(new) => new.decide(work).map_err(|stop| match stop {
                Stop::Refused(refused) => refused.under("owner.create").into(),
                stop => stop,
            }),
        }
    }
}

/// How a new account stands in the books.
#[must_use]
pub fn position(account: &Account, product: &Product, credit_limit: Minor) -> Position {
    Position {
        account: account.id,
        currency: product.currency,
        balances: [Minor::ZERO; Component::COUNT],
        status: AccountStatus::Open,
        closed_on: None,
        debt_rule: product.debt_rule,
        repayment_order: product.repayment_order,
        credit_limit,
        maximum_balance: product.maximum_balance,
        reserved: Minor::ZERO,
        party: account.creditor,
        arriving: Default::default(),
        restrictions: Default::default(),
        charity: None,
        itemised: false,
        items: None,
        ties: Default::default(),
    }
}

impl MigratedBalance {
    /// What is on each component.
    fn parts(self, product: &Product) -> Result<Split, Refused> {
        let mut parts = [Minor::ZERO; Component::COUNT];
        let given = [
            ("migratedBalance.principal", Component::Principal, self.principal),
            ("migratedBalance.interest", Component::Interest, self.interest),
            ("migratedBalance.fee", Component::Fee, self.fee),
        ];
        for (field, component, amount) in given {
            let Some(amount) = amount else { continue };
            let part = to_minor(field, Money { amount: amount.0, currency: product.currency })?;
            if component != Component::Principal && part.0 > 0 {
                return Err(Refused::invalid(
                    field,
                    "can be owed, and not be in the customer's favour: that is principal",
                ));
            }
            parts[component.index()] = part;
        }
        // What cancels out settles itself, and leaves nothing to book.
        if parts.iter().map(|part| part.0).sum::<i64>() == 0 {
            let message = "must come to something other than zero";
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "migratedBalance", message));
        }
        Ok(parts)
    }
}

/// A refusal of the books in the words of the input: all of it is about the balance.
fn of_migrated_balance(stop: Stop) -> Stop {
    match stop {
        Stop::Books(refusal) => {
            let field = match refusal {
                Refusal::PeriodClosed { .. } | Refusal::ValueDateOutOfRange { .. } => "migratedBalance.valueDate",
                _ => "migratedBalance",
            };
            let facts = refusal.facts();
            Refused { facts, ..Refused::of_field(refusal.code(), field, refusal.to_string()) }.into()
        }
        stop => stop,
    }
}

/// Twelve digits, from the random bits of the account's id.
fn made_number(id: Uuid, attempt: u128) -> String {
    format!("{:012}", (id.as_u128() + attempt * 7_919) % 1_000_000_000_000)
}

/// Checks that an account's owner is there: of one that was erased, nothing is written down again.
///
/// # Errors
/// `CUSTOMER_ERASED` for the field that names the account.
pub fn require_owner(work: &mut Work, account: &Account, field: &str) -> Decision<()> {
    match work.get::<Customer>(account.owner)? {
        Some(owner) => Ok(owner.require_present(field)?),
        None => Err(Stop::damaged("an account without its owner")),
    }
}

/// Changes an account's references and metadata, lowers its credit limit, and switches its donations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateAccount {
    /// Which.
    pub account: AccountRef,
    /// The tenant's own reference.
    pub external_reference: Change<String>,
    /// Whom its debt is owed to; emptied, that is the tenant.
    pub creditor: Change<PartyBy>,
    /// Downwards only.
    pub credit_limit: Option<Amount>,
    /// Whether it gives to charity with what it spends.
    pub charity_donation: Option<bool>,
    /// A JSON object, as text; emptied, it is the empty object.
    pub metadata: Change<String>,
}

impl Command for UpdateAccount {
    const OPERATION: &'static str = "updateAccount";
    type Made = Account;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        if let Change::Set(creditor) = &self.creditor {
            creditor.hint(wants);
        }
        if let Change::Set(reference) = &self.external_reference {
            wants.unique::<Account>(&EXTERNAL_REFERENCE, reference);
        }
    }

    /// Refused as: what the account is not found for, `CUSTOMER_ERASED` of its owner, `NOT_FOUND` for the creditor, `INVALID_STATE` for another creditor
    /// while it owes principal, `INVALID_INPUT`, `DUPLICATE_REFERENCE`, `ACCOUNT_NOT_OPEN`, `AMOUNT_OUT_OF_RANGE`,
    /// `CREDIT_LIMIT_INCREASE_NOT_ALLOWED`, `ACCOUNT_NOT_OPEN` and `INVALID_STATE` for donations, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Account>> {
        let found = self.account.locate(work)?;
        require_owner(work, &found, "account")?;
        let creditor = match &self.creditor {
            Change::Keep => found.creditor,
            // Whom its debt is owed to is hidden from the customer's own token: there is nothing for it to take away.
            Change::Clear if work.origin().customer.is_some() => {
                return Err(Refused::not_found("creditor", "party").into());
            }
            Change::Clear => None,
            Change::Set(by) => Some(by.locate(work, "creditor")?.id),
        };
        if creditor != found.creditor {
            // What is owed already is the former creditor's, who would have to be paid for it.
            if work.position(found.id)?.principal_debt() != Minor::ZERO {
                let message = "the account owes: what it owes is its present creditor's";
                return Err(Refused::of_field(INVALID_STATE, "creditor", message).into());
            }
            work.change::<Position, Refused>(found.id, |position| {
                position.party = creditor;
                Ok(())
            })?;
        }
        let limit = match self.credit_limit {
            None => None,
            Some(limit) => Some(to_minor("creditLimit", Money { amount: limit.0, currency: found.currency })?),
        };
        let account = work.change::<Account, Refused>(found.id, |account| {
            self.external_reference.apply(&mut account.external_reference);
            self.metadata.apply_or(&mut account.metadata, "{}".into());
            account.creditor = creditor;
            check_reference("externalReference", account.external_reference.as_deref())
        })?;
        if let Some(limit) = limit {
            let lowered = work.lower_credit_limit(account.id, limit);
            match lowered {
                Err(Stop::Books(Refusal::AmountOutOfRange { .. })) => lowered.of_field("creditLimit")?,
                lowered => lowered.named(&[(account.id, "account")])?,
            }
        }
        if let Some(donates) = self.charity_donation {
            switch_donations(work, &account, donates)?;
        }
        work.tell(events::updated(&account));
        Ok(account)
    }

    fn weight(&self) -> usize {
        5
    }

    /// The new limit.
    fn amount(&self, account: &Account) -> Option<Money> {
        self.credit_limit.map(|limit| Money { amount: limit.0, currency: account.currency })
    }
}

/// Switches an account's donations on, by its product's rule as it is now, or off. Where they are so already, nothing
/// changes, the rule neither.
fn switch_donations(work: &mut Work, account: &Account, donates: bool) -> Decision<()> {
    let position = work.position(account.id)?;
    if position.charity.is_some() == donates {
        return Ok(());
    }
    position.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
    let product =
        work.get::<Product>(account.product)?.ok_or_else(|| Stop::damaged("an account without its product"))?;
    let charity = product.charity.filter(|_| donates);
    if donates && charity.is_none() {
        let message = "the product says nothing of donations";
        return Err(Refused::of_field(INVALID_STATE, "charityDonation", message).into());
    }
    work.change::<Position, Refused>(account.id, |position| {
        position.charity = charity;
        Ok(())
    })?;
    Ok(())
}

/// Asks for an account to be closed: it closes by itself as soon as nothing holds it back, at once if so.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestAccountClosure {
    /// Which.
    pub account: AccountRef,
}

impl Command for RequestAccountClosure {
    const OPERATION: &'static str = "requestAccountClosure";
    type Made = Account;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: what the account is not found for, `INVALID_STATE` unless it is OPEN.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Account>> {
        let account = self.account.locate(work)?;
        work.request_closure(account.id).named(&[(account.id, "account")])?;
        Ok(account)
    }

    fn weight(&self) -> usize {
        4
    }
}
