//! A position: all that decides an account's postings, as locked. Pure.

use chrono::NaiveDate;

use super::charity::CharityRule;
use super::chart::Component;
use super::entry::Spread;
pub use super::orders::{ItemOrder, RepaymentOrder};
use super::refusal::Refusal;
use super::restrictions::{Direction, Restrictions};
use super::ties::Ties;
use crate::primitives::{AccountId, Currency, LedgerAccountId, Minor, Money, PartyId};

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

/// An account in the books: all that decides its postings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Whose.
    pub account: AccountId,
    /// In which currency, all of it.
    pub currency: Currency,
    /// Whom its principal debt is owed to, where that is not the tenant.
    pub party: Option<PartyId>,
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
    /// Credits to its principal that are valued after the business date on which they were booked, by their day: what
    /// of it has not come yet is not available. Days that are over are dropped when the position changes.
    pub arriving: Arriving,
    /// The blocks that are on it, and on its owner.
    pub restrictions: Restrictions,
    /// What it gives to charity with what it spends, if that is switched on.
    pub charity: Option<CharityRule>,
    /// Whether somebody keeps what it owes item by item (claims): then nothing is booked on it past them.
    pub itemised: bool,
    /// In which order what comes is spread over its open items; none of an account that never had any.
    pub items: Option<ItemOrder>,
    /// What keeps it from closing besides.
    pub ties: Ties,
}

/// Money on its way, by the day on which it counts: at most a year of days, as value dates lie no further ahead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arriving(Vec<(NaiveDate, Minor)>);

impl Arriving {
    /// What comes after a day.
    #[must_use]
    pub fn after(&self, today: NaiveDate) -> Minor {
        Minor(self.0.iter().filter(|(day, _)| *day > today).map(|(_, amount)| amount.0).sum())
    }

    /// Adds what counts from a day on.
    fn add(&mut self, day: NaiveDate, amount: Minor) {
        match self.0.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(place) => self.0[place].1 = Minor(self.0[place].1.0 + amount.0),
            Err(place) => self.0.insert(place, (day, amount)),
        }
    }

    /// Takes back what was added for a day, as far as it is there.
    fn take_back(&mut self, day: NaiveDate, amount: Minor) {
        if let Ok(place) = self.0.binary_search_by_key(&day, |(day, _)| *day) {
            self.0[place].1 = Minor((self.0[place].1.0 - amount.0).max(0));
            self.0.retain(|(_, amount)| amount.0 > 0);
        }
    }

    fn forget_until(&mut self, today: NaiveDate) {
        self.0.retain(|(day, _)| *day > today);
    }

    /// The stored form: `2026-12-01:1500,2026-12-24:200`; nothing when nothing is on its way.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        let days: Vec<String> = self.0.iter().map(|(day, amount)| format!("{day}:{}", amount.0)).collect();
        (!days.is_empty()).then(|| days.join(","))
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_text(text: Option<&str>) -> Option<Self> {
        let day = |part: &str| {
            let (day, amount) = part.split_once(':')?;
            Some((day.parse().ok()?, Minor(amount.parse().ok()?)))
        };
        text.map_or(Some(Self::default()), |text| text.split(',').map(day).collect::<Option<_>>().map(Self))
    }
}

/// What a leg does to the components.
pub type Split = [Minor; Component::COUNT];

impl Position {
    /// The balance: all components.
    #[must_use]
    pub fn balance(&self) -> Minor {
        Minor(self.balances.iter().map(|balance| balance.0).sum())
    }

    /// What of its principal is owed: zero or positive.
    #[must_use]
    pub fn principal_debt(&self) -> Minor {
        Minor((-self.balances[Component::Principal.index()].0).max(0))
    }

    /// What is owed, of all components: zero or positive.
    #[must_use]
    pub fn debt(&self) -> Minor {
        Minor(self.balances.iter().map(|balance| (-balance.0).max(0)).sum())
    }

    /// The row of a component in the books.
    #[must_use]
    pub fn row(&self, component: Component) -> LedgerAccountId {
        LedgerAccountId::of_component(self.account, component.index())
    }

    /// Funds + credit limit - principal debt - open holds, of what has arrived by the business date; never shown below
    /// zero. Interest and fees do not count. What is garnished is set aside. An account that is closing gives no credit, a
    /// closed one has nothing available.
    #[must_use]
    pub fn available(&self, today: NaiveDate) -> Minor {
        // What a contract has lent, and was repaid of, is not lent again.
        if self.ties == Ties::Contract { Minor::ZERO } else { Minor(self.headroom(today).max(0)) }
    }

    /// The most that can be paid in: what brings its principal to the most that it may be, once all else that is owed is
    /// paid. Nothing once it is closed; no answer where there is no such ceiling.
    #[must_use]
    pub fn most_payable(&self) -> Option<Minor> {
        if self.status == AccountStatus::Closed {
            return Some(Minor::ZERO);
        }
        self.maximum_balance.map(|maximum| Minor((maximum.0 - self.balance().0).max(0)))
    }

    /// What is booked and valued after the business date: in the balance already, and not available yet.
    #[must_use]
    pub fn pending(&self, today: NaiveDate) -> Minor {
        self.arriving.after(today)
    }

    /// What is set aside for a garnishment: as much as it asks for, whatever is there of it yet.
    #[must_use]
    pub fn garnished(&self, today: NaiveDate) -> Minor {
        self.restrictions.garnished(today)
    }

    /// What of an amount that is set aside there are funds for today, behind what is set aside before it.
    #[must_use]
    pub fn funds_for(&self, set_aside: Minor, before: Minor, today: NaiveDate) -> Minor {
        let funds = self.balances[Component::Principal.index()].0 - self.arriving.after(today).0 - self.reserved.0;
        Minor(set_aside.0.min(funds - before.0).max(0))
    }

    fn headroom(&self, today: NaiveDate) -> i64 {
        self.room(today) - self.garnished(today).0
    }

    /// The same, with what is set aside.
    fn room(&self, today: NaiveDate) -> i64 {
        // A shortfall is taken from whatever becomes free.
        let owed = self.balances[Component::Shortfall.index()].0;
        let principal = self.balances[Component::Principal.index()].0 + owed - self.arriving.after(today).0;
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

    /// Spreads an amount over the components and checks that the account takes it today.
    ///
    /// # Errors
    /// [`Refusal::AccountNotOpen`], [`Refusal::InsufficientFunds`], [`Refusal::MaximumBalanceExceeded`],
    /// [`Refusal::AmountOutOfRange`], in this order.
    pub fn spread(
        &self,
        amount: Minor,
        spread: Spread,
        value_date: NaiveDate,
        today: NaiveDate,
    ) -> Result<Split, Refusal> {
        self.require_not_closed()?;
        let mut split = [Minor::ZERO; Component::COUNT];
        let spread = match spread {
            // Money that has not come repays nothing: a debt that it had settled could be forgiven today, and what is
            // still on its way paid out.
            Spread::Flow | Spread::Charge(_) if amount.0 > 0 && value_date > today => Spread::On(Component::Principal),
            spread => spread,
        };
        match spread {
            Spread::On(component) => split[component.index()] = amount,
            Spread::Carried(parts) => split = parts,
            Spread::Settle => split = self.balances.map(Minor::negated),
            Spread::Reserved => split[Component::Principal.index()] = amount,
            Spread::Cleared if amount.0 < 0 => split = self.cleared(amount, today),
            Spread::Charge(component) if self.may_owe() && amount.0 < 0 => split[component.index()] = amount,
            Spread::Flow | Spread::Charge(_) | Spread::Cleared if amount.0 >= 0 => split = self.repay(amount),
            Spread::Flow | Spread::Charge(_) | Spread::Cleared => split[Component::Principal.index()] = amount,
        }
        let split = self.settled(split, value_date, today);
        let room = match spread {
            // Nobody is asked: it has happened.
            Spread::Cleared => {
                self.in_range(&split)?;
                return Ok(split);
            }
            // What a hold reserved was covered when it was placed.
            Spread::Reserved => None,
            // What was owed elsewhere is owed, whatever the limit says.
            Spread::Carried(_) if self.may_owe() => None,
            _ => Some(self.headroom(today)),
        };
        self.admit(&split, room, today)?;
        Ok(split)
    }

    /// Checks that the account takes a split that is decided already (the mirror of an earlier one), and settles what it
    /// leaves; what it credits counts from a day on. Reversing a payment puts a debt back even past the limit, where the account may owe: the money is
    /// gone whatever the limit says. An account that may not owe must cover it, with what is set aside as well.
    ///
    /// # Errors
    /// As [`Position::spread`].
    pub fn admit_reversal(&self, split: Split, counts_from: NaiveDate, today: NaiveDate) -> Result<Split, Refusal> {
        self.require_not_closed()?;
        let split = self.settled(split, counts_from, today);
        self.admit(&split, (!self.may_owe()).then(|| self.room(today)), today)?;
        Ok(split)
    }

    /// The same of what the outside has taken back already, which is never refused for lack of funds: where the account may
    /// owe nothing, what its free funds do not cover is a shortfall.
    ///
    /// # Errors
    /// [`Refusal::AccountNotOpen`], [`Refusal::AmountOutOfRange`].
    pub fn admit_taken_back(&self, split: Split, counts_from: NaiveDate, today: NaiveDate) -> Result<Split, Refusal> {
        self.require_not_closed()?;
        let mut split = self.settled(split, counts_from, today);
        let (principal, shortfall) = (Component::Principal.index(), Component::Shortfall.index());
        if !self.may_owe() && split[principal].0 < 0 {
            let free = (self.balances[principal].0 - self.arriving.after(today).0 - self.reserved.0).max(0);
            let covered = split[principal].0.max(-free);
            split[shortfall].0 += split[principal].0 - covered;
            split[principal] = Minor(covered);
        }
        self.in_range(&split)?;
        Ok(split)
    }

    /// The same split, after which no money stands beside a debt of the same account.
    ///
    /// No component but principal is left with a credit: it settles what the other components owe, in the product's
    /// order, and the rest becomes funds. (A fee that was paid and is reversed is the customer's money again, not a credit
    /// that nothing can ever be taken from.) And interest and fees that are owed then are taken from funds, in the same
    /// order, as far as these have come, no hold reserves them and they are not set aside.
    fn settled(&self, mut split: Split, value_date: NaiveDate, today: NaiveDate) -> Split {
        let principal = Component::Principal.index();
        let mut after = self.clone();
        after.apply_balances(&split);
        let mut credit = 0;
        for component in Component::ALL {
            let balance = after.balances[component.index()].0;
            if *component != Component::Principal && balance > 0 && split[component.index()].0 != 0 {
                credit += balance;
                split[component.index()].0 -= balance;
                after.balances[component.index()] = Minor::ZERO;
            }
        }
        if credit > 0 {
            let more = after.repay(Minor(credit));
            for (part, more) in split.iter_mut().zip(more) {
                part.0 += more.0;
            }
            after.apply_balances(&more);
        }
        if split[principal].0 > 0 && value_date > today {
            // It is on its way, as it is: what is taken of the funds later has to leave it whole.
            return split;
        }
        let mut free = after.balances[principal].0 - self.arriving.after(today).0 - self.reserved.0;
        free -= self.garnished(today).0;
        for component in self.repayment_order.all().filter(|component| *component != Component::Principal) {
            let owed = (-after.balances[component.index()].0).max(0);
            let part = owed.min(free.max(0));
            split[component.index()].0 += part;
            split[principal].0 -= part;
            free -= part;
        }
        split
    }

    /// That it is not closed.
    ///
    /// # Errors
    /// [`Refusal::AccountNotOpen`].
    pub fn require_not_closed(&self) -> Result<(), Refusal> {
        match self.status {
            AccountStatus::Closed => Err(Refusal::AccountNotOpen { account: self.account, status: self.status }),
            AccountStatus::Open | AccountStatus::PendingClose => Ok(()),
        }
    }

    /// That what it owes is not kept item by item, by somebody who would not learn of it.
    ///
    /// # Errors
    /// [`Refusal::Itemised`].
    pub fn require_not_itemised(&self) -> Result<(), Refusal> {
        if self.itemised { Err(Refusal::Itemised { account: self.account }) } else { Ok(()) }
    }

    /// That it is not the account of a contract, which alone moves its money.
    ///
    /// # Errors
    /// [`Refusal::OfContract`].
    pub fn require_no_contract(&self) -> Result<(), Refusal> {
        if self.ties == Ties::Contract { Err(Refusal::OfContract(self.account)) } else { Ok(()) }
    }

    /// That no block stops money that moves this way today.
    ///
    /// # Errors
    /// [`Refusal::AccountBlocked`].
    pub fn require_unblocked(&self, direction: Direction, today: NaiveDate) -> Result<(), Refusal> {
        match self.restrictions.stop(direction, today) {
            None => Ok(()),
            Some(block) => Err(Refusal::AccountBlocked { account: self.account, kind: block.kind, until: block.until }),
        }
    }

    /// `room` is what there is to take from, where it has to cover the split.
    fn admit(&self, split: &Split, room: Option<i64>, today: NaiveDate) -> Result<(), Refusal> {
        let principal = split[Component::Principal.index()];
        let taken = principal.0 + split[Component::Shortfall.index()].0.max(0);
        if taken < 0 && room.is_some_and(|room| room < -taken) {
            let available = self.available(today).in_currency(self.currency);
            return Err(Refusal::InsufficientFunds { account: self.account, available });
        }
        // Components that may not be owed: only a correction aims at them, and what the funds do not cover is a debt.
        let owes_apart =
            split.iter().zip(&self.balances).skip(1).any(|(part, balance)| part.0 < 0 && balance.0 + part.0 < 0);
        if owes_apart && !self.may_owe() {
            let available = self.available(today).in_currency(self.currency);
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
        self.in_range(split)
    }

    /// A debit of what a scheme has cleared: from principal, whatever the limit says; where the account may owe nothing,
    /// from what is free of its funds (what holds reserve stays covered), and the rest is a shortfall.
    fn cleared(&self, amount: Minor, today: NaiveDate) -> Split {
        let mut split = [Minor::ZERO; Component::COUNT];
        let principal = Component::Principal.index();
        let free = self.balances[principal].0 - self.arriving.after(today).0 - self.reserved.0;
        let covered = if self.may_owe() { amount.0 } else { amount.0.max(-free.max(0)) };
        split[principal] = Minor(covered);
        split[Component::Shortfall.index()] = Minor(amount.0 - covered);
        split
    }

    /// That no balance is further from zero than the books can say.
    fn in_range(&self, split: &Split) -> Result<(), Refusal> {
        let mut total = Some(Minor::ZERO);
        for (balance, part) in self.balances.iter().zip(split) {
            total = total.and_then(|sum| sum.plus(balance.plus(*part)?));
        }
        total.map(|_| ()).ok_or_else(|| Refusal::too_large(self.currency))
    }

    /// A credit in the product's order: each debt in turn, what is left becomes funds. Sums to the amount:
    /// nothing is divided, so nothing is rounded.
    fn repay(&self, amount: Minor) -> Split {
        let mut split = [Minor::ZERO; Component::COUNT];
        let mut left = amount.0;
        for component in self.repayment_order.all() {
            let owed = (-self.balances[component.index()].0).max(0);
            let part = owed.min(left);
            split[component.index()] = Minor(part);
            left -= part;
        }
        let principal = &mut split[Component::Principal.index()];
        *principal = Minor(principal.0 + left);
        split
    }

    /// Puts a split that was admitted onto the balances. What comes to principal and counts after today is on its way
    /// until then; what leaves counts at once.
    pub fn apply(&mut self, split: &Split, value_date: NaiveDate, today: NaiveDate) {
        self.apply_balances(split);
        self.arriving.forget_until(today);
        let principal = split[Component::Principal.index()];
        if value_date > today && principal.0 > 0 {
            self.arriving.add(value_date, principal);
        }
    }

    /// Takes a credit to principal off what is on its way: it is being reversed.
    pub fn does_not_arrive(&mut self, value_date: NaiveDate, amount: Minor) {
        self.arriving.take_back(value_date, amount);
    }

    fn apply_balances(&mut self, split: &Split) {
        for (balance, part) in self.balances.iter_mut().zip(split) {
            *balance = Minor(balance.0 + part.0);
        }
    }

    /// Reserves an amount.
    ///
    /// # Errors
    /// [`Refusal::AccountNotOpen`] unless it is OPEN, [`Refusal::Itemised`], [`Refusal::OfContract`], [`Refusal::AccountBlocked`],
    /// [`Refusal::InsufficientFunds`].
    pub fn reserve(&mut self, amount: Minor, today: NaiveDate) -> Result<(), Refusal> {
        if self.status != AccountStatus::Open {
            return Err(Refusal::AccountNotOpen { account: self.account, status: self.status });
        }
        self.require_not_itemised()?;
        self.require_no_contract()?;
        self.require_unblocked(Direction::Debit, today)?;
        if self.headroom(today) < amount.0 {
            let available = self.available(today).in_currency(self.currency);
            return Err(Refusal::InsufficientFunds { account: self.account, available });
        }
        self.reserve_anyway(amount)
    }

    /// Reserves an amount that nobody is asked for any more.
    ///
    /// # Errors
    /// [`Refusal::AmountOutOfRange`].
    pub fn reserve_anyway(&mut self, amount: Minor) -> Result<(), Refusal> {
        self.reserved = self.reserved.plus(amount).ok_or_else(|| Refusal::too_large(self.currency))?;
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
            return Err(Refusal::NOT_POSITIVE);
        }
        if to > self.credit_limit {
            let current = self.money(self.credit_limit);
            return Err(Refusal::CreditLimitRaised { account: self.account, current });
        }
        self.credit_limit = to;
        Ok(())
    }

    /// Raises the credit limit, as somebody has decided.
    ///
    /// # Errors
    /// [`Refusal::AccountNotOpen`].
    pub fn raise_credit_limit(&mut self, to: Minor) -> Result<(), Refusal> {
        if self.status != AccountStatus::Open {
            return Err(Refusal::AccountNotOpen { account: self.account, status: self.status });
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
    /// [`Refusal::InvalidStatus`], [`Refusal::HoldsRemain`], [`Refusal::ContractsRemain`], [`Refusal::BalanceRemains`],
    /// [`Refusal::AccountBlocked`] by a garnishment, which waits for money that would come, in this order.
    pub fn close(&mut self, on: NaiveDate) -> Result<(), Refusal> {
        if self.status == AccountStatus::Closed {
            return Err(Refusal::InvalidStatus { account: self.account, status: self.status });
        }
        if self.reserved != Minor::ZERO {
            return Err(Refusal::HoldsRemain { account: self.account, reserved: self.money(self.reserved) });
        }
        if self.ties != Ties::None {
            return Err(Refusal::ContractsRemain(self.account));
        }
        if !self.is_empty(on) {
            // Where nothing is left but for what is on its way, what is missing until then.
            let left = Minor(self.balance().0 - if self.balance().0 == 0 { self.pending(on).0 } else { 0 });
            return Err(Refusal::BalanceRemains { account: self.account, balance: self.money(left) });
        }
        if self.garnished(on) != Minor::ZERO {
            let kind = super::restrictions::BlockKind::Garnishment;
            return Err(Refusal::AccountBlocked { account: self.account, kind, until: None });
        }
        self.status = AccountStatus::Closed;
        self.closed_on = Some(on);
        Ok(())
    }

    /// Whether nothing holds its closure back any more.
    #[must_use]
    pub fn can_close_itself(&self, today: NaiveDate) -> bool {
        self.status == AccountStatus::PendingClose
            && self.reserved == Minor::ZERO
            && self.ties == Ties::None
            && self.garnished(today) == Minor::ZERO
            && self.is_empty(today)
    }

    /// Whether no component has a balance, and nothing that makes it so is still on its way.
    fn is_empty(&self, today: NaiveDate) -> bool {
        self.balances.iter().all(|balance| *balance == Minor::ZERO) && self.pending(today) == Minor::ZERO
    }

    fn money(&self, minor: Minor) -> Money {
        minor.in_currency(self.currency)
    }
}
