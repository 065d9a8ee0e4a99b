//! Why the books refuse an order: business answers, each with its name.
//!
//! When several apply, the first of this order is given: idempotency key, existence, state of the hold or
//! entry, duplicate reference, amount, value date, same account, currency, status, funds, limits.

use chrono::NaiveDate;

use super::position::AccountStatus;
use crate::primitives::{AccountId, EntryId, Money};

/// A business refusal. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key was used before, with another request.
    #[error("the idempotency key was used before with another request")]
    KeyReused,
    /// No such account (or not the caller's).
    #[error("there is no such account")]
    AccountNotFound(AccountId),
    /// No such hold.
    #[error("there is no such hold")]
    HoldNotFound,
    /// An entry of the tenant has this external reference, date and poster.
    #[error("an entry with this external reference, date and poster exists")]
    DuplicateExternalReference,
    /// Zero, negative, or further from zero than a balance may be.
    #[error(
        "the amount is out of range: an amount is positive, and amounts and balances have at most 10^17 minor units"
    )]
    AmountOutOfRange,
    /// In a closed period.
    #[error("the books are closed through {closed_through}")]
    PeriodClosed {
        /// The last closed day.
        closed_through: NaiveDate,
    },
    /// Absurdly far from the business date.
    #[error("the value date must lie between {earliest} and {latest}")]
    ValueDateOutOfRange {
        /// The first day that is accepted.
        earliest: NaiveDate,
        /// The last day that is accepted.
        latest: NaiveDate,
    },
    /// The account is kept in another currency.
    #[error("the account is kept in another currency")]
    CurrencyMismatch(AccountId),
    /// The account's status does not allow it.
    #[error("the account is not open")]
    AccountNotOpen {
        /// Which.
        account: AccountId,
        /// What it is instead.
        status: AccountStatus,
    },
    /// The change is not one of the account's life.
    #[error("the account's status does not allow this")]
    InvalidStatus {
        /// Which.
        account: AccountId,
        /// What it is.
        status: AccountStatus,
    },
    /// A balance is left.
    #[error("the account still has a balance")]
    BalanceRemains {
        /// Which account.
        account: AccountId,
        /// How much is left.
        balance: Money,
    },
    /// Holds are open.
    #[error("the account still has open holds")]
    HoldsRemain {
        /// Which account.
        account: AccountId,
        /// How much is reserved.
        reserved: Money,
    },
    /// The hold was captured, released or has expired.
    #[error("the hold is not open")]
    HoldNotOpen,
    /// More than is left of the hold.
    #[error("the hold has less left than that")]
    HoldTooSmall {
        /// What is left of it.
        remaining: Money,
    },
    /// The entry has been reversed.
    #[error("the entry has been reversed")]
    AlreadyReversed {
        /// By which entry.
        by: EntryId,
    },
    /// A reversal is final.
    #[error("a reversal cannot be reversed: post the movement again instead")]
    ReversalOfReversal,
    /// Not enough available funds.
    #[error("the available funds do not cover the amount")]
    InsufficientFunds {
        /// Which account.
        account: AccountId,
        /// What is available.
        available: Money,
    },
    /// The balance would pass the account's maximum.
    #[error("the balance would exceed the maximum of the account")]
    MaximumBalanceExceeded {
        /// Which account.
        account: AccountId,
        /// The maximum.
        maximum: Money,
    },
    /// Raising a credit limit is an application.
    #[error("a credit limit can only be lowered here; raising it takes an application")]
    CreditLimitRaised {
        /// The present limit.
        current: Money,
    },
    /// The one side is the other.
    #[error("the account is on both sides")]
    SameAccount,
    /// An all-or-nothing batch had a refusal elsewhere.
    #[error("another item of the batch was refused, so nothing of it was done")]
    BatchRefused,
    /// A defect: an entry that does not balance reached the writer.
    #[error("the entry does not balance")]
    Unbalanced,
}

crate::words! {
    /// The closed list of refusal codes that the API shows.
    RefusalCode {
        /// A field of the input is not acceptable; `fields` names it.
        InvalidInput = "INVALID_INPUT",
        /// What the input names does not exist, or is not yours.
        NotFound = "NOT_FOUND",
        /// The key was used before, with another request.
        IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",
        /// The account's status does not allow it.
        AccountNotOpen = "ACCOUNT_NOT_OPEN",
        /// The available funds do not cover it; `facts.available` tells what is there.
        InsufficientFunds = "INSUFFICIENT_FUNDS",
        /// The account is kept in another currency.
        CurrencyMismatch = "CURRENCY_MISMATCH",
        /// The amount is zero, negative or too large.
        AmountOutOfRange = "AMOUNT_OUT_OF_RANGE",
        /// Over a limit of the account or the product; `facts` has it.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// The entry has been reversed.
        AlreadyReversed = "ALREADY_REVERSED",
        /// The hold was captured, released or has expired.
        HoldNotOpen = "HOLD_NOT_OPEN",
        /// The number or reference is taken.
        DuplicateReference = "DUPLICATE_REFERENCE",
        /// The thing's state does not allow it.
        InvalidState = "INVALID_STATE",
        /// The value date is in a closed period or too far away.
        ValueDateOutOfRange = "VALUE_DATE_OUT_OF_RANGE",
        /// The account still has a balance.
        BalanceRemains = "BALANCE_REMAINS",
        /// The account still has open holds.
        HoldsRemain = "HOLDS_REMAIN",
        /// Raising a credit limit takes an application.
        CreditLimitIncreaseNotAllowed = "CREDIT_LIMIT_INCREASE_NOT_ALLOWED",
        /// The same account on both sides.
        SameAccount = "SAME_ACCOUNT",
        /// Another item of an all-or-nothing batch was refused.
        BatchRefused = "BATCH_REFUSED",
    }
}

impl Refusal {
    /// The code that the API shows.
    #[must_use]
    pub fn code(&self) -> RefusalCode {
        match self {
            Self::KeyReused => RefusalCode::IdempotencyKeyReused,
            Self::AccountNotFound(_) | Self::HoldNotFound => RefusalCode::NotFound,
            Self::DuplicateExternalReference => RefusalCode::DuplicateReference,
            Self::AmountOutOfRange | Self::HoldTooSmall { .. } => RefusalCode::AmountOutOfRange,
            Self::PeriodClosed { .. } | Self::ValueDateOutOfRange { .. } => RefusalCode::ValueDateOutOfRange,
            Self::CurrencyMismatch(_) => RefusalCode::CurrencyMismatch,
            Self::AccountNotOpen { .. } => RefusalCode::AccountNotOpen,
            Self::InvalidStatus { .. } | Self::ReversalOfReversal | Self::Unbalanced => RefusalCode::InvalidState,
            Self::BalanceRemains { .. } => RefusalCode::BalanceRemains,
            Self::HoldsRemain { .. } => RefusalCode::HoldsRemain,
            Self::HoldNotOpen => RefusalCode::HoldNotOpen,
            Self::AlreadyReversed { .. } => RefusalCode::AlreadyReversed,
            Self::InsufficientFunds { .. } => RefusalCode::InsufficientFunds,
            Self::MaximumBalanceExceeded { .. } => RefusalCode::LimitExceeded,
            Self::CreditLimitRaised { .. } => RefusalCode::CreditLimitIncreaseNotAllowed,
            Self::SameAccount => RefusalCode::SameAccount,
            Self::BatchRefused => RefusalCode::BatchRefused,
        }
    }
}
