//! The ledger's tests: tables over the pure parts, properties over random orders, and the posting path on
//! both engines. This file has the vocabulary that they share.

mod balances;
mod closing;
mod commit;
mod decide;
mod feed;
mod harness;
mod hold;
mod plans;
mod position;
mod precedence;
mod properties;
mod races;
mod servers;
mod standing;
mod verify;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use super::books::{Books, Changes, Head, Loaded};
use super::chart::{Component, InternalRole};
use super::decide::Decider;
use super::entry::{Draft, Entry, Side, Spread, TransactionKind};
use super::order::{Action, Applied, Idempotency, NewHold, Order, Outcome, Submission};
use super::position::{AccountStatus, DebtRule, Position, RepaymentOrder};
use super::refusal::{Refusal, RefusalCode};
use crate::primitives::{AccountId, Clock, Currency, HoldId, IdSource, LedgerAccountId, Minor, Origin, TenantId};

/// Where money comes from and goes to.
const BANK: InternalRole = InternalRole::SettlementBank;

fn sek() -> Currency {
    "SEK".parse().expect("a currency")
}

fn eur() -> Currency {
    "EUR".parse().expect("a currency")
}

/// The moment at which the tests begin.
fn start() -> DateTime<Utc> {
    today().and_hms_opt(12, 0, 0).expect("noon").and_utc()
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day")
}

fn ago(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

fn ahead(days: u64) -> NaiveDate {
    today() + Days::new(days)
}

fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(0x7e))
}

fn origin() -> Origin {
    Origin { tenant: tenant(), client: "client".into(), customer: None, request_id: "request".into() }
}

fn account(number: u128) -> AccountId {
    AccountId(Uuid::from_u128(number))
}

/// An open account in SEK without money, debts or limits.
pub(super) fn position(number: u128, rule: DebtRule) -> Position {
    let row = |index: u128| LedgerAccountId(Uuid::from_u128(number * 0x100 + index));
    Position {
        account: account(number),
        currency: sek(),
        rows: [row(1), row(2), row(3)],
        balances: [Minor::ZERO; Component::COUNT],
        status: AccountStatus::Open,
        closed_on: None,
        debt_rule: rule,
        repayment_order: RepaymentOrder::DEFAULT,
        credit_limit: Minor::ZERO,
        maximum_balance: None,
        reserved: Minor::ZERO,
    }
}

/// The same with principal.
fn holding(number: u128, rule: DebtRule, principal: i64) -> Position {
    Position { balances: minors([principal, 0, 0]), ..position(number, rule) }
}

fn minors(amounts: [i64; Component::COUNT]) -> [Minor; Component::COUNT] {
    amounts.map(Minor)
}

fn order(action: Action) -> Order {
    Order::new(&origin(), "test", action)
}

fn keyed(order: Order, key: &str, input: &str) -> Order {
    Order { idempotency: Some(Idempotency::new(key.into(), order.operation, input)), ..order }
}

fn transfer_draft(from: AccountId, to: AccountId, amount: i64) -> Draft {
    Draft::new(TransactionKind::Transfer, sek(), "rent".into()).moving(
        Side::account(from),
        Side::account(to),
        Minor(amount),
    )
}

fn transfer(from: AccountId, to: AccountId, amount: i64) -> Order {
    order(Action::Post(transfer_draft(from, to, amount)))
}

fn payment_draft(to: AccountId, amount: i64) -> Draft {
    Draft::new(TransactionKind::Payment, sek(), "salary".into()).moving(
        Side::Internal(BANK),
        Side::account(to),
        Minor(amount),
    )
}

fn payment(to: AccountId, amount: i64) -> Order {
    order(Action::Post(payment_draft(to, amount)))
}

/// A debit against the bank, spread as wanted.
fn debit(from: AccountId, spread: Spread, amount: i64) -> Order {
    let draft = Draft::new(TransactionKind::Adjustment, sek(), "correction".into());
    order(Action::Post(draft.moving(Side::Account(from, spread, None), Side::Internal(BANK), Minor(amount))))
}

fn withdrawal(from: AccountId, amount: i64) -> Order {
    debit(from, Spread::Flow, amount)
}

/// A posting that counts from a day.
fn dated(order: Order, date: NaiveDate) -> Order {
    let Action::Post(mut draft) = order.action else { unreachable!("a posting") };
    draft.value_date = Some(date);
    Order { action: Action::Post(draft), ..order }
}

fn reversal(original: &Arc<Entry>) -> Order {
    let description = "taken back".into();
    order(Action::Reverse { original: original.clone(), description, metadata: "{}".into() })
}

fn placing(account: AccountId, amount: i64) -> Order {
    order(Action::PlaceHold(NewHold {
        account,
        amount: Minor(amount),
        currency: sek(),
        expires_at: None,
        description: "a hotel".into(),
        reference: None,
    }))
}

fn capturing(hold: HoldId, account: AccountId, amount: Option<i64>) -> Order {
    let to = Side::Internal(InternalRole::SettlementCard);
    order(Action::CaptureHold { hold, account, amount: amount.map(Minor), to })
}

fn releasing(hold: HoldId, account: AccountId) -> Order {
    order(Action::EndHold { hold, account, expired: false })
}

/// The books in memory, and one batch after the other decided on them.
struct Desk {
    books: Books,
    ids: IdSource,
}

impl Desk {
    fn new(positions: impl IntoIterator<Item = Position>) -> Self {
        let positions: BTreeMap<_, _> = positions.into_iter().map(|position| (position.account, position)).collect();
        let clock = Clock::manual(start());
        let books = Books {
            now: clock.micros(),
            head: Head {
                entry_sequence: 0,
                event_sequence: 0,
                batch_number: 0,
                chain_hash: vec![0; 32],
                business_date: today(),
                closed_through: None,
            },
            loaded: Loaded { positions: positions.clone(), ..Loaded::default() },
            positions,
            internals: BTreeMap::new(),
            holds: BTreeMap::new(),
            keys: HashMap::new(),
            externals: BTreeSet::new(),
            reversed: BTreeMap::new(),
        };
        Self { books, ids: IdSource::seeded(clock, 1) }
    }

    /// Decides a batch and moves the head behind it.
    fn batch(&mut self, submissions: &[Submission]) -> (Vec<Vec<Outcome>>, Changes) {
        let mut decider = Decider::new(&mut self.books, &self.ids);
        let outcomes = submissions.iter().map(|submission| decider.submission(submission)).collect();
        let changes = decider.finish();
        self.books.head.entry_sequence += i64::try_from(changes.entries.len()).expect("a length");
        self.books.head.event_sequence += i64::try_from(changes.events.len()).expect("a length");
        (outcomes, changes)
    }

    fn several(&mut self, orders: Vec<Order>) -> Vec<Outcome> {
        self.batch(&[Submission { orders, atomic: false }]).0.remove(0)
    }

    fn one(&mut self, order: Order) -> Outcome {
        self.several(vec![order]).remove(0)
    }

    fn done(&mut self, order: Order) -> Applied {
        self.one(order).expect("it is not refused")
    }

    fn booked(&mut self, order: Order) -> Arc<Entry> {
        self.done(order).entry.expect("an entry")
    }

    fn held(&mut self, order: Order) -> HoldId {
        self.done(order).hold.expect("a hold").id
    }

    fn position(&self, number: u128) -> &Position {
        &self.books.positions[&account(number)]
    }

    fn balances(&self, number: u128) -> [i64; Component::COUNT] {
        self.position(number).balances.map(|balance| balance.0)
    }
}

/// The codes of refusals, which is what callers see.
fn codes(outcomes: &[Outcome]) -> Vec<Result<(), RefusalCode>> {
    outcomes.iter().map(code).collect()
}

fn code(outcome: &Outcome) -> Result<(), RefusalCode> {
    outcome.as_ref().map(|_| ()).map_err(Refusal::code)
}
