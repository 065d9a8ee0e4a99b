//! Closing an account, with the postings that bring it to zero, as one unit.
//!
//! Closing transactions are taken in order. One without an amount takes the whole rest, all components at
//! once; after the last one nothing may be left, or the whole closure is refused and nothing was done.
//!
//! Postings: a transfer moves funds to another account; a payout moves them to SETTLEMENT_BANK; a write-off
//! books a debt (or a small remainder) against WRITE_OFF; what of it is owed to a party, against the party.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events;
use super::lookup::AccountRef;
use super::model::Account;
use super::store::AccountBy;
use crate::ledger::amounts::to_minor;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::facts::Counterparty;
use crate::ledger::{AccountStatus, Component, Draft, InternalRole, Position, Refusal, TransactionKind};
use crate::primitives::{AccountId, Minor, Money, text};
use crate::refused::Refused;
use crate::work::command::in_the_words_of;
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// The field that names the account of a closing transfer.
const TARGET: &str = "target.transferTo";

/// What brings the account to zero.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ClosingKind {
    /// Funds go to another account of the tenant.
    Transfer(AccountBy),
    /// Funds go to a bank account, which has been checked.
    Payout(Counterparty),
    /// A debt is given up, or a remainder taken over: why.
    WriteOff(String),
}

/// One closing transaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClosingTransaction {
    /// What it is.
    pub kind: ClosingKind,
    /// A part; the whole rest when absent.
    pub amount: Option<Money>,
    /// For people.
    pub description: Option<String>,
}

/// Closes an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CloseAccount {
    /// Which.
    pub account: AccountRef,
    /// Why, as a code of the tenant's own.
    pub closure_code: Option<String>,
    /// What brings it to zero, in this order.
    pub transactions: Vec<ClosingTransaction>,
}

impl Command for CloseAccount {
    const OPERATION: &'static str = "closeAccount";
    type Made = Account;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        for transaction in &self.transactions {
            if let ClosingKind::Transfer(to) = &transaction.kind {
                to.hint(wants);
            }
        }
    }

    /// Refused as: `INVALID_INPUT` for the code, what the account is not found for, `INVALID_STATE` when it is closed, `HOLDS_REMAIN`, what the
    /// closing transactions are refused for, `BALANCE_REMAINS`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Account>> {
        if let Some(code) = &self.closure_code {
            text::required(code, 64).map_err(|problem| Refused::invalid("closureCode", problem.to_string()))?;
        }
        let account = self.account.locate(work)?;
        let targets = self.targets(work)?;
        let position = work.position(account.id)?;
        if position.status == AccountStatus::Closed {
            return Err(
                self.refused(&Refusal::InvalidStatus { account: account.id, status: position.status }, &account)
            );
        }
        if position.reserved != Minor::ZERO {
            return Err(held_back(&position, self.transactions.is_empty()).into());
        }
        for (index, (transaction, target)) in self.transactions.iter().zip(targets).enumerate() {
            settle(work, &account, transaction, target).map_err(|stop| below(stop, &account, target, index))?;
        }
        let position = work.position(account.id)?;
        if position.balance() == Minor::ZERO && position.balances.iter().any(|balance| *balance != Minor::ZERO) {
            // Nothing of the input asked for it: what it is refused for, the account is at fault for.
            work.post(&Draft::netting(account.id, position.currency)).of_field("account")?;
        }
        let account = match self.closure_code.clone() {
            None => account,
            Some(code) => work.change::<Account, Refused>(account.id, |account| {
                account.closure_code = Some(code);
                Ok(())
            })?,
        };
        // One that was waiting to be closed has been closed by the very posting that emptied it.
        if work.position(account.id)?.status != AccountStatus::Closed {
            work.close(account.id).map_err(|stop| match stop {
                Stop::Books(refusal) => self.refused(&refusal, &account),
                stop => stop,
            })?;
        }
        if let Some(code) = &self.closure_code {
            work.tell(events::closure_recorded(account.id, code));
        }
        Ok(account)
    }

    fn weight(&self) -> usize {
        5 + self.transactions.len() * 6
    }
}

impl CloseAccount {
    fn refused(&self, refusal: &Refusal, account: &Account) -> Stop {
        in_the_words_of(refusal, &[(account.id, "account")]).into()
    }

    fn targets(&self, work: &mut Work) -> Decision<Vec<Option<AccountId>>> {
        let mut targets = Vec::with_capacity(self.transactions.len());
        for (index, transaction) in self.transactions.iter().enumerate() {
            targets.push(match &transaction.kind {
                ClosingKind::Transfer(to) => Some(to.locate_id(work, &format!("transactions.{index}.{TARGET}"))?),
                ClosingKind::Payout(_) | ClosingKind::WriteOff(_) => None,
            });
        }
        Ok(targets)
    }
}

/// Every reason that keeps the account from closing: the holds, and a balance that nothing was to settle.
fn held_back(position: &Position, unsettled: bool) -> Refused {
    let (account, names) = (position.account, [(position.account, "account")]);
    let reserved = position.reserved.in_currency(position.currency);
    let mut refused = in_the_words_of(&Refusal::HoldsRemain { account, reserved }, &names);
    if unsettled && position.balance() != Minor::ZERO {
        let balance = position.balance().in_currency(position.currency);
        let second = in_the_words_of(&Refusal::BalanceRemains { account, balance }, &names);
        refused.message = format!("{}, and {}", refused.message, second.message);
        refused.fields.extend(second.fields);
        refused.facts.balance = second.facts.balance;
    }
    refused
}

/// A closing transaction's refusal, in the words of the input: what is about the account stands for the whole.
fn below(stop: Stop, account: &Account, target: Option<AccountId>, index: usize) -> Stop {
    let refused = match stop {
        Stop::Books(refusal @ (Refusal::SameAccount | Refusal::CurrencyMismatch(_))) => {
            let facts = refusal.facts();
            Refused { facts, ..Refused::of_field(refusal.code(), TARGET, refusal.to_string()) }
        }
        Stop::Books(refusal) => {
            let mut names = vec![(account.id, "account")];
            names.extend(target.map(|target| (target, TARGET)));
            in_the_words_of(&refusal, &names)
        }
        Stop::Refused(refused) => *refused,
        stop => return stop,
    };
    let about_the_account = refused.fields.iter().any(|field| field.path == ["account"]);
    if about_the_account { refused.into() } else { refused.at("transactions", index).into() }
}

/// Books one closing transaction, on what the one before left.
fn settle(
    work: &mut Work,
    account: &Account,
    transaction: &ClosingTransaction,
    target: Option<AccountId>,
) -> Decision<()> {
    let position = work.position(account.id)?;
    let balance = position.balance();
    if balance == Minor::ZERO {
        return Err(Refused::invalid("amount", "nothing is left to close with this").into());
    }
    if balance.0 < 0 && !matches!(transaction.kind, ClosingKind::WriteOff(_)) {
        return Err(Refused::invalid("target", "the account owes: a debt can only be written off").into());
    }
    let amount = match transaction.amount {
        None => Minor(balance.0.abs()),
        Some(money) if money.currency != account.currency => {
            return Err(Refused::invalid("amount.currency", "the account is kept in another currency").into());
        }
        Some(money) => to_minor("amount", money)?,
    };
    if amount.0 <= 0 || amount.0 > balance.0.abs() {
        return Err(Refused::invalid("amount", "must be positive and at most what is left").into());
    }
    let whole = amount.0 == balance.0.abs();
    let spread = if whole { Spread::Settle } else { Spread::Flow };
    let own = Side::Account(account.id, spread, None);
    let (kind, other, title) = match (&transaction.kind, target) {
        (ClosingKind::Transfer(_), Some(to)) => (TransactionKind::Transfer, Side::account(to), "Closing transfer"),
        (ClosingKind::WriteOff(_), _) => {
            (TransactionKind::WriteOff, Side::Internal(InternalRole::WriteOff), "Closing write-off")
        }
        _ => (TransactionKind::Disbursement, Side::Internal(InternalRole::SettlementBank), "Closing payout"),
    };
    let description = transaction.description.clone().unwrap_or_else(|| title.into());
    let mut draft = Draft::new(kind, account.currency, description);
    match &transaction.kind {
        ClosingKind::Payout(receiver) => draft.personal.counterparty = Some(receiver.clone()),
        ClosingKind::WriteOff(reason) => draft.facts.reason = Some(reason.clone()),
        ClosingKind::Transfer(_) => {}
    }
    let draft = match (balance.0 > 0, position.party) {
        (true, _) => draft.moving(own, other, amount),
        // What is owed to a party is the party's loss: it would have been paid out to it.
        (false, Some(party)) => {
            let split = position.spread(amount, spread, work.today(), work.today()).unwrap_or_default();
            let part = split[Component::Principal.index()].0.min(position.principal_debt().0);
            draft.sharing((Side::Party(InternalRole::ClientMoney, party), Minor(part)), other, own, amount)
        }
        (false, None) => draft.moving(other, own, amount),
    };
    work.post(&draft).map(|_| ())
}
