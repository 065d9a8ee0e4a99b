//! What a use case answers when it does not do what was asked: a denial (a business answer, with its code,
//! the fields at fault and facts) or a fault (nobody's decision).

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::ledger::refusal::{Refusal, RefusalCode};
use crate::ledger::{AccountStatus, LedgerFault};
use crate::primitives::{AccountId, Money};

/// A field of the input, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// From the input object down: `["amount", "currency"]`; list items by their index.
    pub path: Vec<String>,
    /// For people.
    pub message: String,
}

impl FieldProblem {
    /// A problem of the field at a dotted path.
    #[must_use]
    pub fn new(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.split('.').map(str::to_owned).collect(), message: message.into() }
    }
}

/// A business refusal on its way to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// From the closed list.
    pub code: RefusalCode,
    /// For people.
    pub message: String,
    /// The fields at fault; may be empty when it is nobody's field.
    pub fields: Vec<FieldProblem>,
    /// What the caller may want to know, such as the available amount.
    pub facts: Option<Json>,
    /// Whether the audit trail has it already (the posting path writes its own).
    pub audited: bool,
}

impl Denial {
    /// A denial that one field is at fault for.
    #[must_use]
    pub fn of_field(code: RefusalCode, path: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let fields = vec![FieldProblem::new(path, message.clone())];
        Self { code, message, fields, facts: None, audited: false }
    }

    /// `INVALID_INPUT` for one field.
    #[must_use]
    pub fn invalid(path: &str, message: impl Into<String>) -> Self {
        Self::of_field(RefusalCode::InvalidInput, path, message)
    }

    /// `NOT_FOUND` for what one field names.
    #[must_use]
    pub fn not_found(path: &str, what: &str) -> Self {
        Self::of_field(RefusalCode::NotFound, path, format!("there is no such {what}"))
    }

    /// `DUPLICATE_REFERENCE` for one field.
    #[must_use]
    pub fn duplicate(path: &str, what: &str) -> Self {
        Self::of_field(RefusalCode::DuplicateReference, path, format!("{what} is taken"))
    }

    /// The books' refusal in the words of an input: `names` tells which field named which account.
    #[must_use]
    pub fn of_refusal(refusal: &Refusal, names: &[(AccountId, &str)]) -> Self {
        let field_of = |account: &AccountId| {
            names.iter().find(|(id, _)| id == account).map_or("account", |(_, name)| *name).to_owned()
        };
        let path = match refusal {
            Refusal::KeyReused => "idempotencyKey".into(),
            Refusal::DuplicateExternalReference => "externalReference".into(),
            Refusal::AmountOutOfRange | Refusal::HoldTooSmall { .. } => "amount".into(),
            Refusal::PeriodClosed { .. } | Refusal::ValueDateOutOfRange { .. } => "valueDate".into(),
            Refusal::CurrencyMismatch(_) => "amount.currency".into(),
            Refusal::InsufficientFunds { .. } => "amount".into(),
            Refusal::HoldNotFound | Refusal::HoldNotOpen => "hold".into(),
            Refusal::AlreadyReversed { .. } | Refusal::ReversalOfReversal => "entry".into(),
            Refusal::CreditLimitRaised { .. } => "creditLimit".into(),
            Refusal::SameAccount => "to".into(),
            Refusal::AccountNotFound(account)
            | Refusal::AccountNotOpen { account, .. }
            | Refusal::InvalidStatus { account, .. }
            | Refusal::BalanceRemains { account, .. }
            | Refusal::HoldsRemain { account, .. }
            | Refusal::MaximumBalanceExceeded { account, .. } => field_of(account),
            Refusal::BatchRefused | Refusal::Unbalanced => String::new(),
        };
        let message = refusal.to_string();
        let fields = if path.is_empty() { Vec::new() } else { vec![FieldProblem::new(&path, message.clone())] };
        Self { code: refusal.code(), message, fields, facts: facts(refusal), audited: true }
    }

    /// The same denial, its fields below a dotted path.
    #[must_use]
    pub fn under(mut self, path: &str) -> Self {
        for field in &mut self.fields {
            field.path.splice(0..0, path.split('.').map(str::to_owned));
        }
        self
    }

    /// The same denial, its fields below a list item.
    #[must_use]
    pub fn at(mut self, list: &str, index: usize) -> Self {
        for field in &mut self.fields {
            field.path.splice(0..0, [list.to_owned(), index.to_string()]);
        }
        self
    }
}

fn facts(refusal: &Refusal) -> Option<Json> {
    let money = |money: &Money| json!({ "amount": money.amount.to_string(), "currency": money.currency.code() });
    let status = |status: &AccountStatus| json!({ "status": status.word() });
    Some(match refusal {
        Refusal::InsufficientFunds { account, available } => {
            json!({ "account": account.to_string(), "available": money(available) })
        }
        Refusal::BalanceRemains { balance, .. } => json!({ "balance": money(balance) }),
        Refusal::HoldsRemain { reserved, .. } => json!({ "reserved": money(reserved) }),
        Refusal::HoldTooSmall { remaining } => json!({ "remaining": money(remaining) }),
        Refusal::MaximumBalanceExceeded { maximum, .. } => json!({ "maximumBalance": money(maximum) }),
        Refusal::CreditLimitRaised { current } => json!({ "creditLimit": money(current) }),
        Refusal::AccountNotOpen { status: found, .. } | Refusal::InvalidStatus { status: found, .. } => status(found),
        Refusal::PeriodClosed { closed_through } => json!({ "closedThrough": closed_through.to_string() }),
        Refusal::ValueDateOutOfRange { earliest, latest } => {
            json!({ "earliest": earliest.to_string(), "latest": latest.to_string() })
        }
        Refusal::AlreadyReversed { by } => json!({ "reversedBy": by.to_string() }),
        _ => return None,
    })
}

/// Why a use case did not do it.
#[derive(Debug)]
pub enum Failure {
    /// A business answer.
    Denied(Box<Denial>),
    /// Nobody's decision.
    Fault(Arc<LedgerFault>),
}

impl Failure {
    /// Whether it says that a number or reference is taken.
    #[must_use]
    pub fn is_taken(&self, field: &str) -> bool {
        let Self::Denied(denial) = self else { return false };
        denial.code == RefusalCode::DuplicateReference && denial.fields.iter().any(|problem| problem.path == [field])
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::Denied(Box::new(denial))
    }
}

impl From<LedgerFault> for Failure {
    fn from(fault: LedgerFault) -> Self {
        Self::Fault(Arc::new(fault))
    }
}

impl From<Arc<LedgerFault>> for Failure {
    fn from(fault: Arc<LedgerFault>) -> Self {
        Self::Fault(fault)
    }
}

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        LedgerFault::from(error).into()
    }
}

/// What was done, and whether it had been done before under the same key.
#[derive(Clone, Debug)]
pub struct Done<T> {
    /// What was made or changed.
    pub value: T,
    /// Whether this is the first result again.
    pub replayed: bool,
}

/// A use case's answer.
pub type Answer<T> = Result<Done<T>, Failure>;
