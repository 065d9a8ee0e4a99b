//! A position: all that decides an account's postings, as locked. Pure.

use chrono::NaiveDate;

use super::chart::Component;
use super::entry::Spread;
use super::refusal::Refusal;
use crate::primitives::{AccountId, Currency, LedgerAccountId, Minor, Money};

crate::words! {
    /// The life of an account.
    AccountStatus {
        /// Takes everything.
        Open = "OPEN",
        /// Its owner asked to close it: it takes credits, pays out funds, but gives no new credit.
        PendingClose = "PENDING_CLOSE",
        /// Takes nothing, for good.
        Closed = "CLOSED",
    }

    /// How far an account may go below zero.
    DebtRule {
        /// Never: prepaid, virtual, and deposits without an overdraft. Charges are taken from its funds.
        None = "NONE",
        /// Down to its credit limit. Interest and fees are owed apart and do not eat the limit.
        Limit = "LIMIT",
        /// Any debt: claims that are mirrored for a creditor.
        Unlimited = "UNLIMITED",
    }
}

/// The order in which a credit repays what is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepaymentOrder(pub [Component; Component::COUNT]);

impl RepaymentOrder {
    /// Fees, then interest, then principal.
    pub const DEFAULT: Self = Self([Component::Fee, Component::Interest, Component::Principal]);

    /// The stored form: the words, separated by commas.
    #[must_use]
    pub fn to_text(self) -> String {
        self.0.map(Component::word).join(",")
    }

    /// Reads the stored form; every component once.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let parts: Vec<Component> = text.split(',').map(Component::from_word).collect::<Option<_>>()?;
        let order: [Component; Component::COUNT] = parts.try_into().ok()?;
        let complete = Component::ALL.iter().all(|component| order.contains(component));
        complete.then_some(Self(order))
    }
}

/// An account in the books. The caller holds its lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Whose.
    pub account: AccountId,
    /// In which currency, all of it.
    pub currency: Currency,
    /// The rows, by [`Component::index`].
    pub rows: [LedgerAccountId; Component::COUNT],
    /// The balances, by [`Component::index`].
    pub balances: [Minor; Component::COUNT],
    /// Its state.
    pub status: AccountStatus,
    /// The business date on which it was closed.
    pub closed_on: Option<NaiveDate>,
    /// How far below zero.
    pub debt_rule: DebtRule,
    /// What credits repay first.
    pub repayment_order: RepaymentOrder,
    /// Zero or positive; zero under [`DebtRule::None`].
    pub credit_limit: Minor,
    /// The most that its principal may be.
    pub maximum_balance: Option<Minor>,
    /// Open holds.
    pub reserved: Minor,
}

/// What a leg does to the components.
pub type Split = [Minor; Component::COUNT];

impl Position {
    /// The balance: all components.
    #[must_use]
    pub fn balance(&self) -> Minor {
        Minor(self.balances.iter().map(|balance| balance.0).sum())
    }

    /// Funds + credit limit - principal debt - open holds; never shown below zero. Interest and fees do not
    /// count. An account that is closing gives no credit, a closed one has nothing available.
    #[must_use]
    pub fn available(&self) -> Minor {
        Minor(self.headroom().max(0))
    }

    fn headroom(&self) -> i64 {
        let principal = self.balances[Component::Principal.index()].0;
        match self.status {
            AccountStatus::Closed => 0,
            AccountStatus::PendingClose => principal - self.reserved.0,
            AccountStatus::Open => match self.debt_rule {
                DebtRule::Unlimited => Minor::LARGEST,
                DebtRule::None | DebtRule::Limit => principal + self.credit_limit.0 - self.reserved.0,
            },
        }
    }

    /// Whether the account may owe anything at all.
    #[must_use]
    pub fn may_owe(&self) -> bool {
        self.debt_rule != DebtRule::None
    }

    /// Spreads an amount over the components and checks that the account takes it.
    ///
    /// # Errors
    /// [`Refusal::AccountNotOpen`], [`Refusal::InsufficientFunds`], [`Refusal::MaximumBalanceExceeded`],
    /// [`Refusal::AmountOutOfRange`], in this order.
    pub fn spread(&self, amount: Minor, spread: Spread) -> Result<Split, Refusal> {
        self.require_not_closed()?;
        let mut split = [Minor::ZERO; Component::COUNT];
        match spread {
            Spread::On(component) => split[component.index()] = amount,
            Spread::Settle => split = self.balances.map(Minor::negated),
            Spread::Reserved => split[Component::Principal.index()] = amount,
            Spread::Charge(component) if self.may_owe() && amount.0 < 0 => split[component.index()] = amount,
            Spread::Flow | Spread::Charge(_) if amount.0 >= 0 => split = self.repay(amount),
            Spread::Flow | Spread::Charge(_) => split[Component::Principal.index()] = amount,
        }
        // What a hold reserved was covered when it was placed.
        self.admit(&split, spread != Spread::Reserved)?;
        Ok(split)
    }

    /// Checks that the account takes a split that is decided already (the mirror of an earlier one).
    /// Reversing a payment puts a debt back even past the limit, where the account may owe: the money is
    /// gone whatever the limit says. An account that may not owe must cover it.
    ///
    /// # Errors
    /// As [`Position::spread`].
    pub fn admit_reversal(&self, split: &Split) -> Result<(), Refusal> {
        self.require_not_closed()?;
        self.admit(split, !self.may_owe())
    }

    pub(super) fn require_not_closed(&self) -> Result<(), Refusal> {
        match self.status {
            AccountStatus::Closed => Err(Refusal::AccountNotOpen { account: self.account, status: self.status }),
            AccountStatus::Open | AccountStatus::PendingClose => Ok(()),
        }
    }

    fn admit(&self, split: &Split, needs_cover: bool) -> Result<(), Refusal> {
        let principal = split[Component::Principal.index()];
        if needs_cover && principal.0 < 0 && self.headroom() < -principal.0 {
            let available = self.available().in_currency(self.currency);
            return Err(Refusal::InsufficientFunds { account: self.account, available });
        }
        // Components that may not be owed: only a correction aims at them, and it may not create a debt.
        let owes_apart =
            split.iter().zip(&self.balances).skip(1).any(|(part, balance)| part.0 < 0 && balance.0 + part.0 < 0);
        if owes_apart && !self.may_owe() {
            let available = Minor::ZERO.in_currency(self.currency);
            return Err(Refusal::InsufficientFunds { account: self.account, available });
        }
        let after = self.balances[Component::Principal.index()].0.saturating_add(principal.0);
        if let Some(maximum) = self.maximum_balance
            && principal.0 > 0
            && after > maximum.0
        {
            let maximum = maximum.in_currency(self.currency);
            return Err(Refusal::MaximumBalanceExceeded { account: self.account, maximum });
        }
        let mut total = Some(Minor::ZERO);
        for (balance, part) in self.balances.iter().zip(split) {
            total = total.and_then(|sum| sum.plus(balance.plus(*part)?));
        }
        total.map(|_| ()).ok_or(Refusal::AmountOutOfRange)
    }

    /// A credit in the product's order: each debt in turn, what is left becomes funds. Sums to the amount:
    /// nothing is divided, so nothing is rounded.
    fn repay(&self, amount: Minor) -> Split {
        let mut split = [Minor::ZERO; Component::COUNT];
        let mut left = amount.0;
        for component in self.repayment_order.0 {
            let owed = (-self.balances[component.index()].0).max(0);
            let part = owed.min(left);
            split[component.index()] = Minor(part);
            left -= part;
        }
        let principal = &mut split[Component::Principal.index()];
        *principal = Minor(principal.0 + left);
        split
    }

    /// Puts a split that was admitted onto the balances.
    pub fn apply(&mut self, split: &Split) {
        for (balance, part) in self.balances.iter_mut().zip(split) {
            *balance = Minor(balance.0 + part.0);
        }
    }

    /// Reserves an amount.
    ///
    /// # Errors
    /// [`Refusal::AccountNotOpen`] unless it is OPEN, [`Refusal::InsufficientFunds`].
    pub fn reserve(&mut self, amount: Minor) -> Result<(), Refusal> {
        if self.status != AccountStatus::Open {
            return Err(Refusal::AccountNotOpen { account: self.account, status: self.status });
        }
        if self.headroom() < amount.0 {
            let available = self.available().in_currency(self.currency);
            return Err(Refusal::InsufficientFunds { account: self.account, available });
        }
        self.reserved = self.reserved.plus(amount).ok_or(Refusal::AmountOutOfRange)?;
        Ok(())
    }

    /// Lowers the credit limit.
    ///
    /// # Errors
    /// [`Refusal::AccountNotOpen`], [`Refusal::AmountOutOfRange`] below zero, [`Refusal::CreditLimitRaised`].
    pub fn lower_credit_limit(&mut self, to: Minor) -> Result<(), Refusal> {
        if self.status != AccountStatus::Open {
            return Err(Refusal::AccountNotOpen { account: self.account, status: self.status });
        }
        if to.0 < 0 {
            return Err(Refusal::AmountOutOfRange);
        }
        if to > self.credit_limit {
            let current = self.money(self.credit_limit);
            return Err(Refusal::CreditLimitRaised { current });
        }
        self.credit_limit = to;
        Ok(())
    }

    /// OPEN -> PENDING_CLOSE.
    ///
    /// # Errors
    /// [`Refusal::InvalidStatus`].
    pub fn request_closure(&mut self) -> Result<(), Refusal> {
        if self.status != AccountStatus::Open {
            return Err(Refusal::InvalidStatus { account: self.account, status: self.status });
        }
        self.status = AccountStatus::PendingClose;
        Ok(())
    }

    /// OPEN or PENDING_CLOSE -> CLOSED.
    ///
    /// # Errors
    /// [`Refusal::InvalidStatus`], [`Refusal::HoldsRemain`], [`Refusal::BalanceRemains`], in this order.
    pub fn close(&mut self, on: NaiveDate) -> Result<(), Refusal> {
        if self.status == AccountStatus::Closed {
            return Err(Refusal::InvalidStatus { account: self.account, status: self.status });
        }
        if self.reserved != Minor::ZERO {
            return Err(Refusal::HoldsRemain { account: self.account, reserved: self.money(self.reserved) });
        }
        if self.balances.iter().any(|balance| *balance != Minor::ZERO) {
            return Err(Refusal::BalanceRemains { account: self.account, balance: self.money(self.balance()) });
        }
        self.status = AccountStatus::Closed;
        self.closed_on = Some(on);
        Ok(())
    }

    /// Whether nothing holds its closure back any more.
    #[must_use]
    pub fn can_close_itself(&self) -> bool {
        self.status == AccountStatus::PendingClose
            && self.reserved == Minor::ZERO
            && self.balances.iter().all(|balance| *balance == Minor::ZERO)
    }

    fn money(&self, minor: Minor) -> Money {
        minor.in_currency(self.currency)
    }
}
