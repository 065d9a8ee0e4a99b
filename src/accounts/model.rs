//! Products and accounts. What decides a posting (status, limit, balances) lives in the books.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::bank::{BankAccount, BankAccountClass};
use super::prepaid::PrepaidTerms;
use super::recurring::RecurringTerms;
use crate::ledger::DebtRule;
use crate::ledger::charity::CharityRule;
use crate::ledger::position::{ItemOrder, RepaymentOrder};
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::primitives::clock::Micros;
use crate::primitives::references::{ReferenceRule, ReferenceScheme};
use crate::primitives::{AccountId, Currency, CustomerId, LimitApplicationId, Minor, PartyId, ProductId, text};
use crate::refused::{Facts, Refused, check_reference};

crate::words! {
    /// The nine families of accounts.
    Family {
        /// Funds of the customer: savings, current accounts.
        Deposit = "DEPOSIT",
        /// Money that waits for or comes back from investments.
        Investment = "INVESTMENT",
        /// A leasing contract.
        Leasing = "LEASING",
        /// Credit that is drawn and repaid again and again.
        RevolvingCredit = "REVOLVING_CREDIT",
        /// A sub-account without a bank account of its own.
        Virtual = "VIRTUAL",
        /// What cards are used on; see the working mode.
        Card = "CARD",
        /// Purchases on invoice.
        Invoice = "INVOICE",
        /// A loan with a term.
        Loan = "LOAN",
        /// A debt that is mirrored for a creditor: collections.
        Receivable = "RECEIVABLE",
    }

    /// When a card's owner pays.
    WorkingMode {
        /// By a bill: charge and credit cards.
        PayLater = "PAY_LATER",
        /// At once, from a current account: debit cards.
        PayNow = "PAY_NOW",
        /// Beforehand: prepaid cards. Never below zero.
        PayBefore = "PAY_BEFORE",
    }
}

/// To whom incoming payments are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    /// The bank account.
    pub account: BankAccount,
    /// The bank, as a BIC.
    pub bic: Option<String>,
    /// Whose account it is.
    pub name: Option<String>,
}

impl Payee {
    /// Checks what is not checked with the bank account.
    ///
    /// # Errors
    /// `INVALID_INPUT` for `payee.bic` and `payee.name`.
    pub fn checked(self) -> Result<Self, Refused> {
        let is_bic = |bic: &str| {
            let (bank, place) = bic.split_at_checked(6).unwrap_or_default();
            matches!(bic.len(), 8 | 11)
                && bank.bytes().all(|b| b.is_ascii_uppercase())
                && place.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        if self.bic.as_deref().is_some_and(|bic| !is_bic(bic)) {
            return Err(Refused::invalid("payee.bic", "is no BIC: six letters, and two or five letters and digits"));
        }
        if let Some(name) = &self.name {
            text::required(name, 200).map_err(|problem| Refused::invalid("payee.name", problem.to_string()))?;
        }
        Ok(self)
    }
}

/// What an account is an instance of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub code: String,
    /// What customers call it.
    pub alias: String,
    /// Its family.
    pub family: Family,
    /// Of cards only, and of all of them.
    pub working_mode: Option<WorkingMode>,
    /// Of all its accounts.
    pub currency: Currency,
    /// How far below zero its accounts may go.
    pub debt_rule: DebtRule,
    /// What a credit repays first.
    pub repayment_order: RepaymentOrder,
    /// In which order what comes is spread over open items.
    pub item_order: ItemOrder,
    /// The limit of an account that is opened without one.
    pub default_credit_limit: Minor,
    /// The largest limit that an account may be opened with.
    pub maximum_credit_limit: Option<Minor>,
    /// The most funds that an account may hold.
    pub maximum_balance: Option<Minor>,
    /// What accounts give to charity that switch it on.
    pub charity: Option<CharityRule>,
    /// What is charged and allowed for loads and unloads, of a prepaid product.
    pub prepaid: Option<PrepaidTerms>,
    /// After how many days an authorisation of a card lapses, where the message does not say when; a week when absent.
    pub authorisation_days: Option<i32>,
    /// How accounts get the reference that payments to them carry.
    pub reference: Option<ReferenceScheme>,
    /// To whom such payments are made.
    pub payee: Option<Payee>,
    /// When something is drawn for accounts again and again, where that is set up.
    pub recurring: Option<RecurringTerms>,
    /// Whether new accounts can no longer be opened.
    pub retired: bool,
    /// A JSON object, as text.
    pub metadata: String,
    /// When it was created.
    pub created_at: Micros,
}

impl Product {
    /// Checks that it makes sense as a whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        check_reference("code", Some(&self.code))?;
        text::required(&self.alias, 200).map_err(|problem| Refused::invalid("alias", problem.to_string()))?;
        if (self.family == Family::Card) != self.working_mode.is_some() {
            return Err(Refused::invalid("workingMode", "cards have one, other families have none"));
        }
        if self.working_mode == Some(WorkingMode::PayBefore) && self.debt_rule != DebtRule::None {
            return Err(Refused::invalid("debtRule", "a prepaid account never goes below zero: NONE"));
        }
        if self.authorisation_days.is_some_and(|days| !(1..=90).contains(&days)) {
            return Err(Refused::invalid("authorisationDays", "is 1 to 90"));
        }
        if self.prepaid.is_some() && self.working_mode != Some(WorkingMode::PayBefore) {
            return Err(Refused::invalid("prepaid", "only what is paid beforehand is loaded: PAY_BEFORE"));
        }
        if self.family == Family::Virtual && self.debt_rule != DebtRule::None {
            return Err(Refused::invalid("debtRule", "a virtual account never goes below zero: NONE"));
        }
        if self.maximum_credit_limit.is_some_and(|maximum| maximum.0 < 0) {
            return Err(Refused::invalid("maximumCreditLimit", "must not be negative"));
        }
        if self.maximum_credit_limit.is_some_and(|maximum| maximum.0 > 0) && self.debt_rule != DebtRule::Limit {
            return Err(Refused::invalid("maximumCreditLimit", "the product has no credit limit"));
        }
        if self.maximum_balance.is_some_and(|maximum| maximum.0 <= 0) {
            return Err(Refused::invalid("maximumBalance", "must be positive"));
        }
        self.check_limit("defaultCreditLimit", self.default_credit_limit)?;
        self.check_references()?;
        Ok(self)
    }

    fn check_references(&self) -> Result<(), Refused> {
        use ReferenceRule::{FikDk71, FikDk73, FikDk75};
        let Some(scheme) = self.reference else { return Ok(()) };
        let Some(payee) = &self.payee else {
            return Err(Refused::invalid("paymentReference", "there is no bank account to pay to: give a payee"));
        };
        let is_slip = matches!(scheme.rule, FikDk71 | FikDk73 | FikDk75);
        let takes_slips = matches!(payee.account, BankAccount::Domestic(BankAccountClass::BankgiroDk, _));
        if is_slip && !takes_slips {
            let message = "a Danish payment slip is paid to a creditor number: a bank account of the class BANKGIRO_DK";
            return Err(Refused::invalid("paymentReference", message));
        }
        Ok(())
    }

    /// Checks a credit limit for a new account.
    ///
    /// # Errors
    /// `INVALID_INPUT` when the product gives no credit or the limit is negative, `LIMIT_EXCEEDED` above the
    /// product's maximum.
    pub fn check_limit(&self, field: &str, limit: Minor) -> Result<(), Refused> {
        if limit.0 < 0 {
            return Err(Refused::invalid(field, "must not be negative"));
        }
        if limit.0 > 0 && self.debt_rule != DebtRule::Limit {
            return Err(Refused::invalid(field, "the product has no credit limit"));
        }
        if let Some(maximum) = self.maximum_credit_limit.filter(|maximum| limit > *maximum) {
            let maximum = maximum.in_currency(self.currency);
            let refused = Refused::of_field(LIMIT_EXCEEDED, field, format!("the product allows at most {maximum}"));
            let facts = Box::new(Facts { limit: Some(maximum), ..Facts::default() });
            return Err(Refused { facts, ..refused });
        }
        Ok(())
    }
}

/// A customer's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub number: String,
    /// The tenant's own reference; unique.
    pub external_reference: Option<String>,
    /// What it is an instance of.
    pub product: ProductId,
    /// Its one owner.
    pub owner: CustomerId,
    /// Whom its debt is owed to, where that is not the tenant.
    pub creditor: Option<PartyId>,
    /// Its product's family.
    pub family: Family,
    /// Its product's currency.
    pub currency: Currency,
    /// The business date on which it was opened.
    pub opened_on: NaiveDate,
    /// Why it was closed.
    pub closure_code: Option<String>,
    /// What payments to it carry; unique, and its own for life.
    pub payment_reference: Option<String>,
    /// Its application for a higher limit that is not decided yet.
    pub application: Option<LimitApplicationId>,
    /// A JSON object, as text.
    pub metadata: String,
    /// When it was opened.
    pub created_at: Micros,
}
