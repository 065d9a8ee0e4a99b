//! What a command answers when it says no: a business refusal, with its code, the fields at fault and facts.
//!
//! The codes are an open list: each domain declares those that it gives (`refusals.rs`), and the API puts the list
//! together. A refusal of the books names what it is about, and the command that asked says which of its fields that is.

use chrono::NaiveDate;

use crate::primitives::{AccountId, ApprovalId, BlockId, CustomerId, EntryId, LimitApplicationId, Money, text};

crate::open_list! {
    /// Why something was refused.
    RefusalCode
}

crate::open_words! { RefusalCode:
    /// What any command may be refused for.
    CODES {
        /// A field of the input is not acceptable; `fields` names it.
        INVALID_INPUT,
        /// What the input names does not exist, or is not yours.
        NOT_FOUND,
        /// The key was used before, with another request.
        IDEMPOTENCY_KEY_REUSED,
        /// The number or reference is taken.
        DUPLICATE_REFERENCE,
        /// The thing's state does not allow it.
        INVALID_STATE,
        /// Another item of an all-or-nothing batch was refused.
        BATCH_REFUSED,
    }
}

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

/// What the caller may want to know. Every refusal fills in what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The account that it is about.
    pub account: Option<AccountId>,
    /// What is available there.
    pub available: Option<Money>,
    /// The balance that is left.
    pub balance: Option<Money>,
    /// What is reserved by holds.
    pub reserved: Option<Money>,
    /// What is left to take.
    pub remaining: Option<Money>,
    /// The limit that it would pass.
    pub limit: Option<Money>,
    /// The most of them that there may be.
    pub maximum_count: Option<i32>,
    /// The state that it is in, as its own list of states has it.
    pub status: Option<&'static str>,
    /// What is blocked, as the list of kinds has it.
    pub block_kind: Option<&'static str>,
    /// The block that stops it.
    pub block: Option<BlockId>,
    /// The last day of the block; none where it has no end.
    pub blocked_until: Option<NaiveDate>,
    /// The last closed day.
    pub closed_through: Option<NaiveDate>,
    /// The first day that is accepted.
    pub earliest: Option<NaiveDate>,
    /// The last day that is accepted.
    pub latest: Option<NaiveDate>,
    /// The entry that has reversed it.
    pub reversed_by: Option<EntryId>,
    /// What waits for a second person.
    pub approval: Option<ApprovalId>,
    /// The customer that it is about.
    pub customer: Option<CustomerId>,
    /// The application that is not decided yet.
    pub application: Option<LimitApplicationId>,
}

/// A business refusal on its way to the caller. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// From the open list.
    pub code: RefusalCode,
    /// For people.
    pub message: String,
    /// The fields at fault; may be empty when it is nobody's field.
    pub fields: Vec<FieldProblem>,
    /// What the caller may want to know, such as the available amount.
    pub facts: Box<Facts>,
}

impl Refused {
    /// A refusal that no field is at fault for.
    #[must_use]
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new(), facts: Box::default() }
    }

    /// A refusal that one field is at fault for.
    #[must_use]
    pub fn of_field(code: RefusalCode, path: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let fields = vec![FieldProblem::new(path, message.clone())];
        Self { code, message, fields, facts: Box::default() }
    }

    /// `INVALID_INPUT` for one field.
    #[must_use]
    pub fn invalid(path: &str, message: impl Into<String>) -> Self {
        Self::of_field(INVALID_INPUT, path, message)
    }

    /// `NOT_FOUND` for what one field names.
    #[must_use]
    pub fn not_found(path: &str, what: &str) -> Self {
        Self::of_field(NOT_FOUND, path, format!("there is no such {what}"))
    }

    /// `DUPLICATE_REFERENCE` for one field.
    #[must_use]
    pub fn duplicate(path: &str, what: &str) -> Self {
        Self::of_field(DUPLICATE_REFERENCE, path, format!("{what} is taken"))
    }

    /// `BATCH_REFUSED`: nothing was wrong with this item of an all-or-nothing batch.
    #[must_use]
    pub fn taken_along() -> Self {
        Self::new(BATCH_REFUSED, "another item of the batch was refused, so nothing of it was done")
    }

    /// The same refusal, its fields below a dotted path.
    #[must_use]
    pub fn under(mut self, path: &str) -> Self {
        for field in &mut self.fields {
            field.path.splice(0..0, path.split('.').map(str::to_owned));
        }
        self
    }

    /// The same refusal, its fields below a list item.
    #[must_use]
    pub fn at(mut self, list: &str, index: usize) -> Self {
        for field in &mut self.fields {
            field.path.splice(0..0, [list.to_owned(), index.to_string()]);
        }
        self
    }

    /// Whether it says that a number or reference of this field is taken.
    #[must_use]
    pub fn is_taken(&self, field: &str) -> bool {
        self.code == DUPLICATE_REFERENCE && self.fields.iter().any(|problem| problem.path == [field])
    }
}

// ------------------------------------------------------------------------------- checks that many inputs share

/// Numbers and references: 1 to 64 characters, no spaces at the ends.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn check_reference(field: &str, value: Option<&str>) -> Result<(), Refused> {
    let Some(value) = value else { return Ok(()) };
    text::required(value, 64).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
    if value.trim() != value {
        return Err(Refused::invalid(field, "must not begin or end with a space"));
    }
    Ok(())
}

/// A text for people: at most 500 characters.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn described(field: &str, text: Option<&str>, default: &str) -> Result<String, Refused> {
    let text = text.filter(|text| !text::is_blank(text)).unwrap_or(default);
    text::optional(text, 500).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
    Ok(text.to_owned())
}

/// A text that need not be given. One that says nothing is none: a form's empty field and one that is left out are the
/// same request under the same key, so this is asked of every such text before a command is made of it.
#[must_use]
pub fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text::is_blank(text))
}

/// An optional text; empty counts as absent.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn noted(field: &str, text: Option<&str>) -> Result<Option<String>, Refused> {
    described(field, text, "").map(|text| Some(text).filter(|text| !text.is_empty()))
}

/// A text that must say something, such as why a thing was done by hand.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn reason(field: &str, text: &str) -> Result<String, Refused> {
    noted(field, Some(text))?.ok_or_else(|| Refused::invalid(field, "must not be empty"))
}
