//! Closing an account, with the postings that bring it to zero, as one unit.
//!
//! Closing transactions are taken in order. One without an amount takes the whole rest, all components at
//! once; after the last one nothing may be left, or the whole closure is refused and nothing was done.
//!
//! Postings: a transfer moves funds to another account; a payout moves them to SETTLEMENT_BANK; a write-off
//! books a debt (or a small remainder) against WRITE_OFF.

use std::collections::BTreeSet;

use serde_json::json;

use super::model::Account;
use super::store::{self, AccountBy};
use super::{again, require, to_minor};
use crate::customers;
use crate::denial::{Answer, Denial, Done, Failure};
use crate::engine::Engine;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::order::{Action, Idempotency, NewEvent, Order, Submission};
use crate::ledger::{AccountStatus, Draft, InternalRole, Position, Refusal, Session, TransactionKind};
use crate::primitives::{AccountId, Minor, Money, Origin, text};

/// The field that names the account of a closing transfer.
const TARGET: &str = "target.transferTo";

/// What brings the account to zero.
#[derive(Clone, Debug)]
pub enum ClosingKind {
    /// Funds go to another account of the tenant.
    Transfer(AccountBy),
    /// Funds go to a bank account, given as checked metadata.
    Payout(serde_json::Value),
    /// A debt is given up, or a remainder taken over.
    WriteOff,
}

/// One closing transaction.
#[derive(Clone, Debug)]
pub struct ClosingTransaction {
    /// What it is.
    pub kind: ClosingKind,
    /// A part; the whole rest when absent.
    pub amount: Option<Money>,
    /// For people.
    pub description: Option<String>,
}

/// Closes an account.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE` when it is closed, `HOLDS_REMAIN`,
/// what the closing transactions are refused for, `BALANCE_REMAINS`, in this order.
pub async fn close(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    by: &AccountBy,
    closure_code: String,
    transactions: Vec<ClosingTransaction>,
) -> Answer<Account> {
    if let Some(first) = customers::replay(engine, origin, &key).await? {
        return again(engine, origin, &first, super::ACCOUNT).await;
    }
    text::required(&closure_code, 64).map_err(|problem| Denial::invalid("closureCode", problem.to_string()))?;
    let account = require(engine, origin, "account", by).await?;
    let targets = targets(engine, origin, &transactions).await?;
    let mut locked: BTreeSet<AccountId> = targets.iter().flatten().copied().collect();
    locked.insert(account.id);

    let tx = engine.db.begin().await?;
    // The account's own row before its ledger accounts: the order that every use case takes.
    let found = store::lock(&tx, origin.tenant, origin.customer, &AccountBy::Id(account.id)).await?;
    let mut account = found.ok_or_else(|| Denial::not_found("account", "account"))?;
    let session = Session::open(&tx, &engine.surroundings, origin.tenant, locked).await?;
    let position = session.position(account.id).cloned().ok_or_else(|| Denial::not_found("account", "account"))?;
    if position.status == AccountStatus::Closed {
        let refusal = Refusal::InvalidStatus { account: account.id, status: position.status };
        return Err(unaudited(&refusal, &account, None).into());
    }
    if position.reserved != Minor::ZERO {
        return Err(held_back(&position, &account, transactions.is_empty()).into());
    }
    let (drafts, left) = drafts(&account, position, &transactions, &targets)?;
    // An account that waits to be closed is closed by the very posting that empties it.
    let action = if left.can_close_itself() { Action::Record } else { Action::Close(account.id) };
    account.closure_code = Some(closure_code.clone());
    store::update(&tx, origin.tenant, &account).await?;

    let mut orders: Vec<Order> =
        drafts.into_iter().map(|draft| Order::new(origin, "closeAccount", Action::Post(draft))).collect();
    let mut close = Order::new(origin, "closeAccount", action);
    close.idempotency = Some(key);
    close.result = Some(account.id.to_string());
    let payload = json!({ "closureCode": closure_code });
    close.events.push(NewEvent {
        type_: "account.closure_recorded",
        account: Some(account.id),
        customer: None,
        payload,
    });
    orders.push(close);
    let finished = session.finish(&[Submission { orders, atomic: true }]).await?;
    let event_sequence = finished.event_sequence;
    let outcomes = finished.outcomes.into_iter().flatten().collect::<Vec<_>>();
    let refused = outcomes.iter().enumerate().find_map(|(index, outcome)| match outcome {
        Err(Refusal::BatchRefused) | Ok(_) => None,
        Err(refusal) => Some((index, refusal)),
    });
    if let Some((index, refusal)) = refused {
        let denial = unaudited(refusal, &account, targets.get(index).copied().flatten());
        let about_the_account = denial.fields.iter().any(|field| field.path == ["account"]);
        let own = index < transactions.len() && !about_the_account;
        return Err(if own { denial.at("transactions", index) } else { denial }.into());
    }
    tx.commit().await.inspect_err(|_| engine.committer.metrics().failed())?;
    engine.feed.wake(origin.tenant, event_sequence);
    Ok(Done { value: account, replayed: false })
}

/// Every reason that keeps the account from closing: the holds, and a balance that nothing was to settle.
fn held_back(position: &Position, account: &Account, unsettled: bool) -> Denial {
    let reserved = position.reserved.in_currency(position.currency);
    let mut denial = unaudited(&Refusal::HoldsRemain { account: account.id, reserved }, account, None);
    if unsettled && position.balance() != Minor::ZERO {
        let balance = position.balance().in_currency(position.currency);
        let second = unaudited(&Refusal::BalanceRemains { account: account.id, balance }, account, None);
        denial.message = format!("{}, and {}", denial.message, second.message);
        denial.fields.extend(second.fields);
        if let (Some(serde_json::Value::Object(facts)), Some(serde_json::Value::Object(more))) =
            (&mut denial.facts, second.facts)
        {
            facts.extend(more);
        }
    }
    denial
}

/// The transaction is dropped with its audit records: the caller leaves one instead. `target` is the other
/// account of the closing transaction that was refused.
fn unaudited(refusal: &Refusal, account: &Account, target: Option<AccountId>) -> Denial {
    let mut names = vec![(account.id, "account")];
    names.extend(target.map(|target| (target, TARGET)));
    let denial = match refusal {
        Refusal::SameAccount | Refusal::CurrencyMismatch(_) => {
            Denial::of_field(refusal.code(), TARGET, refusal.to_string())
        }
        _ => Denial::of_refusal(refusal, &names),
    };
    Denial { audited: false, ..denial }
}

async fn targets(
    engine: &Engine,
    origin: &Origin,
    transactions: &[ClosingTransaction],
) -> Result<Vec<Option<AccountId>>, Failure> {
    let mut targets = Vec::with_capacity(transactions.len());
    for (index, transaction) in transactions.iter().enumerate() {
        targets.push(match &transaction.kind {
            ClosingKind::Transfer(to) => {
                let field = format!("transactions.{index}.{TARGET}");
                Some(require(engine, origin, &field, to).await?.id)
            }
            ClosingKind::Payout(_) | ClosingKind::WriteOff => None,
        });
    }
    Ok(targets)
}

/// The postings, worked out on the locked position: each on what the one before left. And what they leave.
fn drafts(
    account: &Account,
    mut position: Position,
    transactions: &[ClosingTransaction],
    targets: &[Option<AccountId>],
) -> Result<(Vec<Draft>, Position), Denial> {
    let mut drafts = Vec::with_capacity(transactions.len());
    for (index, (transaction, target)) in transactions.iter().zip(targets).enumerate() {
        let draft = draft(account, &mut position, transaction, *target);
        drafts.push(draft.map_err(|denial| denial.at("transactions", index))?);
    }
    if position.balance() == Minor::ZERO && position.balances.iter().any(|balance| *balance != Minor::ZERO) {
        drafts.push(Draft::netting(account.id, position.currency));
        position.balances = Default::default();
    }
    Ok((drafts, position))
}

fn draft(
    account: &Account,
    position: &mut Position,
    transaction: &ClosingTransaction,
    target: Option<AccountId>,
) -> Result<Draft, Denial> {
    let balance = position.balance();
    let is_write_off = matches!(transaction.kind, ClosingKind::WriteOff);
    if balance == Minor::ZERO {
        return Err(Denial::invalid("amount", "nothing is left to close with this"));
    }
    if balance.0 < 0 && !is_write_off {
        return Err(Denial::invalid("target", "the account owes: a debt can only be written off"));
    }
    let amount = match transaction.amount {
        None => Minor(balance.0.abs()),
        Some(money) if money.currency != account.currency => {
            return Err(Denial::invalid("amount.currency", "the account is kept in another currency"));
        }
        Some(money) => to_minor("amount", money)?,
    };
    if amount.0 <= 0 || amount.0 > balance.0.abs() {
        return Err(Denial::invalid("amount", "must be positive and at most what is left"));
    }
    let whole = amount.0 == balance.0.abs();
    let signed = if balance.0 < 0 { amount } else { amount.negated() };
    let spread = if whole { Spread::Settle } else { Spread::Flow };
    let names = [(account.id, "account")];
    let split = position.spread(signed, spread).map_err(|refusal| Denial::of_refusal(&refusal, &names))?;
    position.apply(&split);

    let own = Side::Account(account.id, spread, None);
    let (kind, other, title) = match (&transaction.kind, target) {
        (ClosingKind::Transfer(_), Some(to)) => (TransactionKind::Transfer, Side::account(to), "Closing transfer"),
        (ClosingKind::WriteOff, _) => {
            (TransactionKind::WriteOff, Side::Internal(InternalRole::WriteOff), "Closing write-off")
        }
        _ => (TransactionKind::Disbursement, Side::Internal(InternalRole::SettlementBank), "Closing payout"),
    };
    let description = transaction.description.clone().unwrap_or_else(|| title.into());
    let mut draft = Draft::new(kind, account.currency, description);
    if let ClosingKind::Payout(bank_account) = &transaction.kind {
        draft.metadata = bank_account.to_string();
    }
    Ok(if signed.0 < 0 { draft.moving(own, other, amount) } else { draft.moving(other, own, amount) })
}
