//! Tests of commands and the unit of work: in memory where a rule is all that is at stake, on both engines where a
//! database is. This file has the vocabulary that they share.

mod balances;
mod books;
mod cache;
mod closing;
mod commit;
pub(crate) mod domain;
mod feed;
pub(crate) mod harness;
mod keys;
mod lanes;
mod loading;
mod memory;
mod modes;
pub(crate) mod note;
mod plans;
mod precedence;
mod properties;
mod races;
mod rules;
mod servers;
mod sets;
mod undo;

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::command::{Made, in_the_words_of};
use super::decide::{Answered, Run};
use super::memory::{Logged, Memory};
use super::unit::Record;
use super::{Command, Decision, Failure, Idempotency, NewHold, Receipt, Reversal, Wants, Work};
use crate::ledger::chart::{Component, InternalRole};
use crate::ledger::entry::{Draft, Entry, ExternalReference, Side, Spread, TransactionKind};
use crate::ledger::hold::{Hold, HoldStatus};
use crate::ledger::position::{AccountStatus, DebtRule, Position, RepaymentOrder};
use crate::ledger::refusal::{
    ACCOUNT_NOT_OPEN, ALREADY_REVERSED, AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH, HOLD_NOT_OPEN, INSUFFICIENT_FUNDS,
    LIMIT_EXCEEDED, SAME_ACCOUNT, VALUE_DATE_OUT_OF_RANGE,
};
use crate::ledger::{Refusal, rows::Reversed};
use crate::primitives::{AccountId, Clock, Currency, EntryId, HoldId, Minor, Origin, TenantId};
use crate::refused::{
    BATCH_REFUSED, DUPLICATE_REFERENCE, IDEMPOTENCY_KEY_REUSED, INVALID_STATE, NOT_FOUND, RefusalCode, Refused,
};

/// Where money comes from and goes to.
pub(crate) const BANK: InternalRole = InternalRole::SettlementBank;

pub(crate) fn sek() -> Currency {
    "SEK".parse().expect("a currency")
}

pub(crate) fn eur() -> Currency {
    "EUR".parse().expect("a currency")
}

/// The moment at which the tests begin.
pub(crate) fn start() -> DateTime<Utc> {
    today().and_hms_opt(12, 0, 0).expect("noon").and_utc()
}

pub(crate) fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day")
}

pub(crate) fn ago(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

pub(crate) fn ahead(days: u64) -> NaiveDate {
    today() + Days::new(days)
}

pub(crate) fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(0x7e))
}

pub(crate) fn origin() -> Origin {
    Origin { tenant: tenant(), client: "client".into(), customer: None, request_id: "request".into() }
}

/// An id of ours: its version tells it from the rows of its components.
pub(crate) fn account(number: u128) -> AccountId {
    AccountId(Uuid::from_u128((7 << 76) | number))
}

/// An open account in SEK without money, debts or limits.
pub(crate) fn position(number: u128, rule: DebtRule) -> Position {
    Position {
        account: account(number),
        currency: sek(),
        balances: [Minor::ZERO; Component::COUNT],
        status: AccountStatus::Open,
        closed_on: None,
        debt_rule: rule,
        repayment_order: RepaymentOrder::DEFAULT,
        credit_limit: Minor::ZERO,
        maximum_balance: None,
        reserved: Minor::ZERO,
        party: None,
        arriving: Default::default(),
        restrictions: Default::default(),
        charity: None,
        itemised: false,
        items: None,
        ties: Default::default(),
    }
}

/// The same with principal.
pub(crate) fn holding(number: u128, rule: DebtRule, principal: i64) -> Position {
    Position { balances: minors([principal, 0, 0]), ..position(number, rule) }
}

/// Principal, interest and fee; no shortfall.
pub(crate) fn minors([principal, interest, fee]: [i64; 3]) -> [Minor; Component::COUNT] {
    [principal, interest, fee, 0].map(Minor)
}

/// The same backwards.
pub(crate) fn without_shortfall(balances: &[Minor; Component::COUNT]) -> [i64; 3] {
    let [principal, interest, fee, shortfall] = balances.map(|balance| balance.0);
    assert_eq!(shortfall, 0);
    [principal, interest, fee]
}

/// What the books are asked for, without a domain around it.
#[expect(clippy::large_enum_variant, reason = "a handful at a time, and shorter to write so")]
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Post(Draft),
    Reverse(EntryId, Reversal),
    PlaceHold(NewHold),
    CaptureHold { hold: HoldId, amount: Option<Minor>, to: Side },
    EndHold(HoldId, HoldStatus),
    Open(Box<Position>),
    LowerCreditLimit(AccountId, Minor),
    RequestClosure(AccountId),
    Close(AccountId),
    ClosePeriod(NaiveDate),
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied {
    pub entry: Option<Arc<Entry>>,
    pub hold: Option<Arc<Hold>>,
    pub result: String,
    pub replayed: bool,
}

impl Applied {
    fn of_entry(entry: Arc<Entry>, hold: Option<Arc<Hold>>) -> Self {
        Self { result: entry.id.to_string(), entry: Some(entry), hold, replayed: false }
    }

    fn of_hold(hold: Arc<Hold>) -> Self {
        Self { result: hold.id.to_string(), hold: Some(hold), ..Self::default() }
    }

    fn of(result: impl ToString) -> Self {
        Self { result: result.to_string(), ..Self::default() }
    }
}

impl Made for Applied {
    fn result(&self) -> String {
        self.result.clone()
    }

    fn again(work: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let mut applied = Self::of(result);
        if let Ok(id) = result.parse() {
            applied.entry = work.entry(id)?;
        }
        if let Ok(id) = result.parse() {
            applied.hold = work.get::<Hold>(id)?;
        }
        Ok(Arc::new(applied))
    }
}

impl Command for Action {
    const OPERATION: &'static str = "test";
    type Made = Applied;

    fn looks_at(&self, wants: &mut Wants) {
        if let Self::Post(draft) = self {
            draft.accounts().for_each(|account| wants.row::<Position>(account));
        }
    }

    fn decide(&self, work: &mut Work) -> Decision<Arc<Applied>> {
        let applied = match self {
            Self::Post(draft) => Applied::of_entry(work.post(draft)?, None),
            Self::Reverse(original, reversal) => {
                let original = work.entry(*original)?.ok_or_else(|| Refused::not_found("entry", "entry"))?;
                Applied::of_entry(work.reverse(&original, reversal)?, None)
            }
            Self::PlaceHold(new) => Applied::of_hold(work.place_hold(new)?),
            Self::CaptureHold { hold, amount, to } => {
                let (entry, hold) = work.capture_hold(*hold, *amount, to)?;
                Applied::of_entry(entry, Some(hold))
            }
            Self::EndHold(hold, status) => Applied::of_hold(work.end_hold(*hold, *status)?),
            Self::Open(position) => Applied::of(work.open((**position).clone())?.account),
            Self::LowerCreditLimit(account, to) => {
                work.lower_credit_limit(*account, *to)?;
                Applied::of(account)
            }
            Self::RequestClosure(account) => {
                work.request_closure(*account)?;
                Applied::of(account)
            }
            Self::Close(account) => {
                work.close(*account)?;
                Applied::of(account)
            }
            Self::ClosePeriod(through) => {
                work.close_period(*through)?;
                Applied::of(through)
            }
        };
        Ok(Arc::new(applied))
    }
}

/// Written, it is what it looks like: a key's digest is of that.
impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{self:?}"))
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("nobody reads it"))
    }
}

type Decides = dyn Fn(&mut Work) -> Decision<Applied> + Send + Sync;

/// A command of a function: whatever a test wants to be decided.
#[derive(Clone)]
pub(crate) struct Do {
    decide: Arc<Decides>,
    hints: Arc<dyn Fn(&mut Wants) + Send + Sync>,
    weight: usize,
}

impl Do {
    pub fn new(decide: impl Fn(&mut Work) -> Decision<Applied> + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), hints: Arc::new(|_| {}), weight: 8 }
    }

    /// Another command, so that commands of many kinds can be asked for together.
    pub fn of<C: Command>(command: C) -> Self {
        let command = Arc::new(command);
        let (hinting, weight) = (command.clone(), command.weight());
        let of_it = Self::new(move |work| Ok(Applied::of(command.decide(work)?.result())));
        Self { hints: Arc::new(move |wants| hinting.looks_at(wants)), weight, ..of_it }
    }

    /// The same, of which nobody knows beforehand what it looks at.
    pub fn without_hints(self) -> Self {
        Self { hints: Arc::new(|_| {}), ..self }
    }
}

impl std::fmt::Debug for Do {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Do")
    }
}

impl Serialize for Do {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("Do")
    }
}

impl<'de> Deserialize<'de> for Do {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("nobody reads it"))
    }
}

impl Command for Do {
    const OPERATION: &'static str = "do";
    type Made = Applied;

    fn looks_at(&self, wants: &mut Wants) {
        (self.hints)(wants);
    }

    fn decide(&self, work: &mut Work) -> Decision<Arc<Applied>> {
        (self.decide)(work).map(Arc::new)
    }

    fn weight(&self) -> usize {
        self.weight
    }
}

/// An action with who asks for it, and under which key.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub origin: Origin,
    pub key: Option<Idempotency>,
    pub action: Action,
}

pub(crate) fn order(action: Action) -> Order {
    Order { origin: origin(), key: None, action }
}

/// Under a key; the input tells requests apart.
pub(crate) fn keyed(order: Order, key: &str, input: &str) -> Order {
    let key = Some(Idempotency { key: key.into(), request_hash: digest_of(input) });
    Order { key, ..order }
}

pub(crate) fn digest_of(input: &str) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(input).into()
}

pub(crate) fn transfer_draft(from: AccountId, to: AccountId, amount: i64) -> Draft {
    Draft::new(TransactionKind::Transfer, sek(), "rent".into()).moving(
        Side::account(from),
        Side::account(to),
        Minor(amount),
    )
}

pub(crate) fn transfer(from: AccountId, to: AccountId, amount: i64) -> Order {
    order(Action::Post(transfer_draft(from, to, amount)))
}

pub(crate) fn payment_draft(to: AccountId, amount: i64) -> Draft {
    Draft::new(TransactionKind::Payment, sek(), "salary".into()).moving(
        Side::Internal(BANK),
        Side::account(to),
        Minor(amount),
    )
}

pub(crate) fn payment(to: AccountId, amount: i64) -> Order {
    order(Action::Post(payment_draft(to, amount)))
}

/// A debit against the bank, spread as wanted.
pub(crate) fn debit(from: AccountId, spread: Spread, amount: i64) -> Order {
    let draft = Draft::new(TransactionKind::Adjustment, sek(), "correction".into());
    order(Action::Post(draft.moving(Side::Account(from, spread, None), Side::Internal(BANK), Minor(amount))))
}

pub(crate) fn withdrawal(from: AccountId, amount: i64) -> Order {
    debit(from, Spread::Flow, amount)
}

/// A posting that counts from a day.
pub(crate) fn dated(order: Order, date: NaiveDate) -> Order {
    let Action::Post(mut draft) = order.action else { unreachable!("a posting") };
    draft.value_date = Some(date);
    Order { action: Action::Post(draft), ..order }
}

/// A posting that the caller has a name for.
pub(crate) fn referring(order: Order, reference: &str, date: Option<NaiveDate>, poster: Option<&str>) -> Order {
    let Action::Post(mut draft) = order.action else { unreachable!("a posting") };
    let poster = poster.map(str::to_owned);
    draft.external = Some(ExternalReference { reference: reference.into(), date, poster, code: None });
    Order { action: Action::Post(draft), ..order }
}

pub(crate) fn reversing(original: &Entry, amount: Option<i64>, value_date: Option<NaiveDate>) -> Order {
    let amount = amount.map(|amount| (Minor(amount), sek()));
    let reversal = Reversal { amount, value_date, description: "taken back".into(), facts: Default::default() };
    order(Action::Reverse(original.id, reversal))
}

pub(crate) fn reversal(original: &Entry) -> Order {
    reversing(original, None, None)
}

pub(crate) fn placing(account: AccountId, amount: i64) -> Order {
    order(Action::PlaceHold(NewHold {
        account,
        amount: Minor(amount),
        currency: sek(),
        expires_at: None,
        description: "a hotel".into(),
        reference: None,
        card: None,
    }))
}

pub(crate) fn capturing(hold: HoldId, amount: Option<i64>) -> Order {
    capturing_to(hold, amount, Side::Internal(InternalRole::SettlementCard))
}

pub(crate) fn capturing_to(hold: HoldId, amount: Option<i64>, to: Side) -> Order {
    order(Action::CaptureHold { hold, amount: amount.map(Minor), to })
}

pub(crate) fn releasing(hold: HoldId) -> Order {
    order(Action::EndHold(hold, HoldStatus::Released))
}

pub(crate) type Outcome = Result<Applied, Refused>;

/// The codes of refusals, which is what callers see.
pub(crate) fn codes(outcomes: &[Outcome]) -> Vec<Result<(), RefusalCode>> {
    outcomes.iter().map(code).collect()
}

pub(crate) fn code(outcome: &Outcome) -> Result<(), RefusalCode> {
    outcome.as_ref().map(|_| ()).map_err(|refused| refused.code)
}

/// A refusal of the books, in the words that no command has put differently.
pub(crate) fn says(refusal: &Refusal) -> Refused {
    in_the_words_of(refusal, &[])
}

/// What came of a command of the vocabulary.
pub(crate) fn outcome_of(answer: super::Answer<Applied>) -> Result<Outcome, Arc<crate::ledger::LedgerFault>> {
    match answer {
        Ok(done) => Ok(Ok(Applied { replayed: done.receipt.replayed, ..(*done.value).clone() })),
        Err(Failure::Refused(refused, _)) => Ok(Err(*refused)),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

/// Orders that are decided together.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub orders: Vec<Order>,
    pub atomic: bool,
}

/// What a batch left behind.
#[derive(Debug)]
pub(super) struct Changes {
    pub entries: Vec<Arc<Entry>>,
    pub events: Vec<Logged>,
    pub records: Vec<Record>,
}

/// The books in memory, and one batch after the other decided on them.
#[derive(Debug)]
pub(crate) struct Desk {
    pub memory: Memory,
}

impl Desk {
    pub fn new(positions: impl IntoIterator<Item = Position>) -> Self {
        let mut memory = Memory::new(tenant(), Clock::manual(start()));
        positions.into_iter().for_each(|position| memory.place(position));
        Self { memory }
    }

    pub(super) fn batch(&mut self, submissions: &[Submission]) -> (Vec<Vec<Outcome>>, Changes) {
        let (entries, events) = (self.memory.entries().len(), self.memory.events().len());
        let records = self.memory.records.len();
        let job = |order: &Order| self.memory.job(&order.origin, order.key.clone(), order.action.clone());
        let run = |submission: &Submission| {
            let jobs: Vec<_> = submission.orders.iter().map(job).collect();
            match submission.atomic {
                true => vec![Run { jobs, atomic: true }],
                false => jobs.into_iter().map(|job| Run { jobs: vec![job], atomic: false }).collect(),
            }
        };
        let runs: Vec<Run> = submissions.iter().flat_map(run).collect();
        let mut answers = self.memory.submit(runs).into_iter().flatten().map(outcome);
        let of = |submission: &Submission| answers.by_ref().take(submission.orders.len()).collect();
        let outcomes = submissions.iter().map(of).collect();
        let changes = Changes {
            entries: self.memory.entries()[entries..].to_vec(),
            events: self.memory.events()[events..].to_vec(),
            records: self.memory.records[records..].to_vec(),
        };
        (outcomes, changes)
    }

    pub fn several(&mut self, orders: Vec<Order>) -> Vec<Outcome> {
        self.batch(&[Submission { orders, atomic: false }]).0.remove(0)
    }

    pub fn one(&mut self, order: Order) -> Outcome {
        self.several(vec![order]).remove(0)
    }

    pub fn done(&mut self, order: Order) -> Applied {
        self.one(order).expect("it is not refused")
    }

    pub fn booked(&mut self, order: Order) -> Arc<Entry> {
        self.done(order).entry.expect("an entry")
    }

    pub fn held(&mut self, order: Order) -> HoldId {
        self.done(order).hold.expect("a hold").id
    }

    pub fn position(&self, number: u128) -> Arc<Position> {
        self.memory.get::<Position>(account(number)).expect("the account")
    }

    pub fn balances(&self, number: u128) -> [i64; 3] {
        without_shortfall(&self.position(number).balances)
    }

    /// Everything that is known, and where the books end; not the journal of commands, which has the refused ones too.
    pub fn known(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let head = self.memory.head();
        let ends = (head.entry_sequence, head.event_sequence, head.batch_number, head.closed_through);
        (self.memory.work.cache.known(), ends)
    }

    pub fn set_closed_through(&mut self, day: Option<NaiveDate>) {
        self.memory.set_closed_through(day);
    }
}

fn outcome(answer: Answered) -> Outcome {
    match answer {
        Ok((outcome, Receipt { replayed, .. })) => {
            let applied = outcome.made.downcast::<Applied>().expect("what the action makes");
            Ok(Applied { replayed, ..(*applied).clone() })
        }
        Err(Failure::Refused(refused, _)) => Err(*refused),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    }
}

/// How much of an entry is reversed.
pub(crate) fn reversed_of(desk: &Desk, entry: &Entry) -> Option<Arc<Reversed>> {
    desk.memory.get::<Reversed>(entry.id)
}
