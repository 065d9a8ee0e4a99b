//! Why the books refuse an order: business answers, each with its name.
//!
//! When several apply, the first of this order is given: existence, state of the hold or
//! entry, duplicate reference, amount, value date, same account, currency, status, blocks, funds, limits.

use chrono::NaiveDate;

use super::hold::HoldStatus;
use super::position::AccountStatus;
use super::restrictions::BlockKind;
use crate::primitives::{AccountId, Currency, EntryId, Minor, Money};
use crate::refused::{self, Facts, RefusalCode};

/// A business refusal. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
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
    AmountOutOfRange {
        /// The largest that is possible, where it is the size that is wrong.
        limit: Option<Money>,
    },
    /// A period that is not over.
    #[error("a period is closed once it is over: its last day must lie between {earliest} and {latest}")]
    PeriodNotOver {
        /// The first day that is accepted.
        earliest: NaiveDate,
        /// The last day that is accepted.
        latest: NaiveDate,
    },
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
    /// An entry that touches no account, such as a remittance, is in another currency.
    #[error("the entry is in another currency")]
    OtherCurrency,
    /// The account's status does not allow it.
    #[error("the account is not open")]
    AccountNotOpen {
        /// Which.
        account: AccountId,
        /// What it is instead.
        status: AccountStatus,
    },
    /// A block on the account or its owner.
    #[error("the account is blocked")]
    AccountBlocked {
        /// Which account.
        account: AccountId,
        /// What is blocked.
        kind: BlockKind,
        /// The last day of it.
        until: Option<NaiveDate>,
    },
    /// What is owed on the account is kept item by item: it is moved there, and not on the account as a whole.
    #[error("what the account owes is kept item by item: it is moved by its claims")]
    Itemised {
        /// Which account.
        account: AccountId,
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
    /// Contracts hang on the account.
    #[error("instalment contracts hang on the account")]
    ContractsRemain(AccountId),
    /// The account's money is a contract's.
    #[error("the account is an instalment contract's, which alone moves its money")]
    OfContract(AccountId),
    /// What a contract has booked is not taken back by itself.
    #[error("an instalment contract has booked it: end the contract, or correct the account instead")]
    BookedByContract,
    /// The hold was captured, released or has expired.
    #[error("the hold is not open")]
    HoldNotOpen {
        /// What it is instead; OPEN where its time should have run out, and has not.
        status: HoldStatus,
    },
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
    /// More than is left of the entry.
    #[error("less than that is left of the entry to reverse")]
    ReversalTooLarge {
        /// What is left of it.
        remaining: Money,
    },
    /// A part of an entry that does more than move one amount from one side to another.
    #[error("this entry can only be reversed as a whole")]
    OnlyAsAWhole,
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
        /// Which account.
        account: AccountId,
        /// The present limit.
        current: Money,
    },
    /// The one side is the other.
    #[error("the account is on both sides")]
    SameAccount,
    /// A defect: an entry that does not balance reached the writer.
    #[error("the entry does not balance")]
    Unbalanced,
}

crate::open_words! { RefusalCode:
    /// What the books refuse.
    CODES {
        /// The account's status does not allow it.
        ACCOUNT_NOT_OPEN,
        /// What the account owes is kept item by item, by its claims: nothing is booked on it past them.
        ACCOUNT_ITEMISED,
        /// A block on the account, its owner or the card stops it; `facts.blockKind` and `facts.blockedUntil` tell which.
        ACCOUNT_BLOCKED,
        /// The available funds do not cover it; `facts.available` tells what is there.
        INSUFFICIENT_FUNDS,
        /// The account is kept in another currency.
        CURRENCY_MISMATCH,
        /// The amount is zero, negative or too large; `facts.limit` has the largest that is possible.
        AMOUNT_OUT_OF_RANGE,
        /// Over a limit of the account, the product or a batch; `facts.limit` or `facts.maximumCount` has it.
        LIMIT_EXCEEDED,
        /// The entry has been reversed.
        ALREADY_REVERSED,
        /// The hold was captured, released or has expired; `facts.status` tells which.
        HOLD_NOT_OPEN,
        /// The value date is in a closed period or too far away.
        VALUE_DATE_OUT_OF_RANGE,
        /// The account still has a balance.
        BALANCE_REMAINS,
        /// The account still has open holds.
        HOLDS_REMAIN,
        /// Instalment contracts are paid from the account, or it is one's: they have to end first.
        CONTRACTS_REMAIN,
        /// The account is that of an instalment contract: nothing else moves its money.
        ACCOUNT_OF_CONTRACT,
        /// Raising a credit limit takes an application.
        CREDIT_LIMIT_INCREASE_NOT_ALLOWED,
        /// The same account on both sides.
        SAME_ACCOUNT,
    }
}

impl Refusal {
    /// An amount of zero, or below it where it may not be.
    pub const NOT_POSITIVE: Self = Self::AmountOutOfRange { limit: None };

    /// An amount, or a balance after it, that is further from zero than the books can say.
    #[must_use]
    pub fn too_large(currency: Currency) -> Self {
        Self::AmountOutOfRange { limit: Some(Minor(Minor::LARGEST).in_currency(currency)) }
    }

    /// The code that the API shows.
    #[must_use]
    pub fn code(&self) -> RefusalCode {
        match self {
            Self::AccountNotFound(_) | Self::HoldNotFound => refused::NOT_FOUND,
            Self::DuplicateExternalReference => refused::DUPLICATE_REFERENCE,
            Self::AmountOutOfRange { .. } | Self::HoldTooSmall { .. } | Self::ReversalTooLarge { .. } => {
                AMOUNT_OUT_OF_RANGE
            }
            Self::PeriodNotOver { .. } | Self::PeriodClosed { .. } | Self::ValueDateOutOfRange { .. } => {
                VALUE_DATE_OUT_OF_RANGE
            }
            Self::CurrencyMismatch(_) | Self::OtherCurrency => CURRENCY_MISMATCH,
            Self::AccountNotOpen { .. } => ACCOUNT_NOT_OPEN,
            Self::Itemised { .. } => ACCOUNT_ITEMISED,
            Self::AccountBlocked { .. } => ACCOUNT_BLOCKED,
            Self::InvalidStatus { .. }
            | Self::ReversalOfReversal
            | Self::OnlyAsAWhole
            | Self::BookedByContract
            | Self::Unbalanced => refused::INVALID_STATE,
            Self::ContractsRemain(_) => CONTRACTS_REMAIN,
            Self::OfContract(_) => ACCOUNT_OF_CONTRACT,
            Self::BalanceRemains { .. } => BALANCE_REMAINS,
            Self::HoldsRemain { .. } => HOLDS_REMAIN,
            Self::HoldNotOpen { .. } => HOLD_NOT_OPEN,
            Self::AlreadyReversed { .. } => ALREADY_REVERSED,
            Self::InsufficientFunds { .. } => INSUFFICIENT_FUNDS,
            Self::MaximumBalanceExceeded { .. } => LIMIT_EXCEEDED,
            Self::CreditLimitRaised { .. } => CREDIT_LIMIT_INCREASE_NOT_ALLOWED,
            Self::SameAccount => SAME_ACCOUNT,
        }
    }
}

impl Refusal {
    /// What the caller may want to know.
    #[must_use]
    pub fn facts(&self) -> Box<Facts> {
        let mut facts = Box::new(Facts { account: self.account(), ..Facts::default() });
        match self {
            Self::InsufficientFunds { available, .. } => facts.available = Some(*available),
            Self::BalanceRemains { balance, .. } => facts.balance = Some(*balance),
            Self::HoldsRemain { reserved, .. } => facts.reserved = Some(*reserved),
            Self::HoldTooSmall { remaining } | Self::ReversalTooLarge { remaining } => {
                facts.remaining = Some(*remaining);
            }
            Self::MaximumBalanceExceeded { maximum, .. } => facts.limit = Some(*maximum),
            Self::CreditLimitRaised { current, .. } => facts.limit = Some(*current),
            Self::AmountOutOfRange { limit } => facts.limit = *limit,
            Self::HoldNotOpen { status } => facts.status = Some(status.word()),
            Self::AccountNotOpen { status, .. } | Self::InvalidStatus { status, .. } => {
                facts.status = Some(status.word());
            }
            Self::AccountBlocked { kind, until, .. } => {
                (facts.block_kind, facts.blocked_until) = (Some(kind.word()), *until)
            }
            Self::PeriodClosed { closed_through } => facts.closed_through = Some(*closed_through),
            Self::ValueDateOutOfRange { earliest, latest } | Self::PeriodNotOver { earliest, latest } => {
                (facts.earliest, facts.latest) = (Some(*earliest), Some(*latest));
            }
            Self::AlreadyReversed { by } => facts.reversed_by = Some(*by),
            _ => {}
        }
        facts
    }

    /// The account that it is about, if it is about one.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::AccountNotFound(account)
            | Self::CurrencyMismatch(account)
            | Self::ContractsRemain(account)
            | Self::OfContract(account)
            | Self::AccountNotOpen { account, .. }
            | Self::Itemised { account }
            | Self::AccountBlocked { account, .. }
            | Self::InvalidStatus { account, .. }
            | Self::BalanceRemains { account, .. }
            | Self::HoldsRemain { account, .. }
            | Self::InsufficientFunds { account, .. }
            | Self::CreditLimitRaised { account, .. }
            | Self::MaximumBalanceExceeded { account, .. } => Some(*account),
            _ => None,
        }
    }
}
