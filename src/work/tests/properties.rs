//! Random orders on random accounts, decided in memory: what always holds, holds after every submission.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::ledger::entry::Leg;
use crate::ledger::rows::Internal;
use crate::primitives::LedgerAccountId;

const CASES: u32 = 300;

/// One of these accounts: every rule, a maximum, and one in another currency.
fn accounts() -> Vec<Position> {
    vec![
        position(0, DebtRule::None),
        Position { maximum_balance: Some(Minor(300)), ..position(1, DebtRule::None) },
        Position { credit_limit: Minor(200), ..position(2, DebtRule::Limit) },
        Position {
            credit_limit: Minor(100),
            repayment_order: RepaymentOrder([Component::Principal, Component::Interest, Component::Fee]),
            ..position(3, DebtRule::Limit)
        },
        position(4, DebtRule::Unlimited),
        Position { currency: eur(), ..position(5, DebtRule::None) },
    ]
}

/// What a caller may ask for; `usize`s choose among the entries and holds that there are.
#[derive(Clone, Debug)]
enum Step {
    PayIn(u128, i64),
    PayOut(u128, i64),
    Transfer(u128, u128, i64),
    Charge(u128, Component, i64),
    Correct(u128, Component, i64),
    Settle(u128),
    Net(u128),
    Hold(u128, i64),
    Capture(usize, Option<i64>),
    Release(usize),
    Reverse(usize, Option<i64>),
    LowerLimit(u128, i64),
    RequestClosure(u128),
    Close(u128),
    Open(u128),
    ClosePeriod(u64),
}

fn step() -> impl Strategy<Value = Step> {
    // Account 6 does not exist before it is opened.
    let who = || 0..7_u128;
    let amount = || 0..160_i64;
    let component = || prop::sample::select(&Component::ALL[..3]);
    prop_oneof![
        6 => (who(), amount()).prop_map(|(to, amount)| Step::PayIn(to, amount * 2)),
        4 => (who(), amount()).prop_map(|(from, amount)| Step::PayOut(from, amount)),
        6 => (who(), who(), amount()).prop_map(|(from, to, amount)| Step::Transfer(from, to, amount)),
        3 => (who(), component(), amount()).prop_map(|(account, component, amount)| Step::Charge(account, component, amount)),
        3 => (who(), component(), -80..80_i64).prop_map(|(account, component, amount)| Step::Correct(account, component, amount)),
        1 => who().prop_map(Step::Settle),
        1 => who().prop_map(Step::Net),
        4 => (who(), amount()).prop_map(|(account, amount)| Step::Hold(account, amount)),
        3 => (any::<usize>(), prop::option::of(amount())).prop_map(|(hold, amount)| Step::Capture(hold, amount)),
        2 => any::<usize>().prop_map(Step::Release),
        3 => (any::<usize>(), prop::option::weighted(0.3, amount())).prop_map(|(entry, amount)| Step::Reverse(entry, amount)),
        1 => (who(), amount()).prop_map(|(account, to)| Step::LowerLimit(account, to)),
        1 => who().prop_map(Step::RequestClosure),
        1 => who().prop_map(Step::Close),
        1 => (6..8_u128).prop_map(Step::Open),
        1 => (1..50_u64).prop_map(Step::ClosePeriod),
    ]
}

/// Submissions of a few orders each, some of them atomic, some orders with one of a few keys.
type Script = Vec<(bool, Vec<(Step, Option<u8>)>)>;

fn script() -> impl Strategy<Value = Script> {
    let order = (step(), prop::option::weighted(0.3, 0..6_u8));
    prop::collection::vec((any::<bool>(), prop::collection::vec(order, 1..5)), 1..25)
}

fn check<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, test: impl Fn(T)) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner
        .run(&strategy, |value| {
            test(value);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// The desk, and everything that it said it did.
struct Model {
    desk: Desk,
    entries: Vec<Arc<Entry>>,
    holds: Vec<Hold>,
    sums: BTreeMap<LedgerAccountId, i64>,
}

impl Model {
    fn new() -> Self {
        Self { desk: Desk::new(accounts()), entries: Vec::new(), holds: Vec::new(), sums: BTreeMap::new() }
    }

    fn order(&self, step: &Step) -> Option<Order> {
        let draft = |kind| Draft::new(kind, sek(), "random".into());
        let bank = || Side::Internal(BANK);
        Some(match *step {
            Step::PayIn(to, amount) => payment(account(to), amount),
            Step::PayOut(from, amount) => withdrawal(account(from), amount),
            Step::Transfer(from, to, amount) => transfer(account(from), account(to), amount),
            Step::Charge(number, component, amount) => debit(account(number), Spread::Charge(component), amount),
            Step::Correct(number, component, amount) => debit(account(number), Spread::On(component), amount),
            Step::Settle(number) => {
                let balance = self.desk.memory.get::<Position>(account(number))?.balance();
                let from = Side::Account(account(number), Spread::Settle, None);
                order(Action::Post(draft(TransactionKind::WriteOff).moving(from, bank(), balance)))
            }
            Step::Net(number) => order(Action::Post(Draft::netting(account(number), sek()))),
            Step::Hold(number, amount) => placing(account(number), amount),
            Step::Capture(index, amount) => {
                let hold = self.holds.get(index % self.holds.len().max(1))?;
                capturing(hold.id, amount)
            }
            Step::Release(index) => {
                let hold = self.holds.get(index % self.holds.len().max(1))?;
                releasing(hold.id)
            }
            Step::Reverse(index, amount) => {
                reversing(self.entries.get(index % self.entries.len().max(1))?, amount, None)
            }
            Step::LowerLimit(number, to) => order(Action::LowerCreditLimit(account(number), Minor(to))),
            Step::RequestClosure(number) => order(Action::RequestClosure(account(number))),
            Step::Close(number) => order(Action::Close(account(number))),
            // An account is opened once: its id is new.
            Step::Open(number) if self.desk.memory.get::<Position>(account(number)).is_some() => return None,
            Step::Open(number) => order(Action::Open(Box::new(position(number, DebtRule::None)))),
            Step::ClosePeriod(days) => order(Action::ClosePeriod(ago(days))),
        })
    }

    fn submission(&self, atomic: bool, steps: &[(Step, Option<u8>)]) -> Submission {
        let mut opened = BTreeSet::new();
        let orders = steps.iter().filter_map(|(step, key)| {
            let order = self.order(step)?;
            if let Action::Open(position) = &order.action
                && !opened.insert(position.account)
            {
                return None;
            }
            Some(match key {
                Some(key) => keyed(order, &key.to_string(), &format!("{step:?}")),
                None => order,
            })
        });
        Submission { orders: orders.collect(), atomic }
    }

    fn run(&mut self, atomic: bool, steps: &[(Step, Option<u8>)]) {
        let submission = self.submission(atomic, steps);
        let before = self.desk.known();
        let (mut outcomes, changes) = self.desk.batch(std::slice::from_ref(&submission));
        let outcomes = outcomes.remove(0);
        let changed = outcomes.iter().any(|outcome| outcome.as_ref().is_ok_and(|applied| !applied.replayed));
        assert!(changed || self.desk.known() == before, "refusals and replays change nothing");
        assert!(!atomic || outcomes.iter().all(Result::is_ok) || self.desk.known() == before, "all or nothing");
        self.keep(&submission, &outcomes, &changes);
        self.assert_books();
        if let ([order], [Ok(applied)]) = (submission.orders.as_slice(), outcomes.as_slice())
            && !applied.replayed
        {
            self.assert_floor(order);
        }
    }

    fn keep(&mut self, submission: &Submission, outcomes: &[Outcome], changes: &Changes) {
        let applied = || outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
        let first = applied().filter(|applied| !applied.replayed);
        let booked: Vec<_> = first.filter_map(|applied| applied.entry.clone()).collect();
        assert_eq!(booked, changes.entries, "what was answered is what is written");
        assert_eq!(changes.records.len(), submission.orders.len());
        for entry in booked {
            let next = i64::try_from(self.entries.len()).expect("a length") + 1;
            assert_eq!(entry.sequence, next, "gap-free");
            self.assert_lines(&entry);
            for line in &entry.postings {
                *self.sums.entry(line.ledger_account).or_default() += line.amount.0;
            }
            self.entries.push(entry);
        }
        for hold in applied().filter(|applied| !applied.replayed).filter_map(|applied| applied.hold.clone()) {
            self.holds.retain(|known| known.id != hold.id);
            self.holds.push((*hold).clone());
        }
    }

    /// The lines of an entry sum to zero, and those of each account to its amount.
    fn assert_lines(&self, entry: &Entry) {
        assert_eq!(entry.postings.iter().map(|line| line.amount.0).sum::<i64>(), 0);
        assert!(entry.postings.iter().all(|line| line.amount != Minor::ZERO), "a line that moves nothing");
        let mut sums: BTreeMap<AccountId, i64> = BTreeMap::new();
        let mut totals = BTreeMap::new();
        for line in &entry.postings {
            if let Some(account) = line.account {
                *sums.entry(account).or_default() += line.amount.0;
                totals.extend(line.total.map(|total| (account, total.amount.0)));
            }
        }
        assert_eq!(sums, totals);
    }

    fn assert_books(&self) {
        let mut totals: BTreeMap<Currency, i64> = BTreeMap::new();
        let holds = self.desk.memory.rows::<Hold>();
        for position in self.desk.memory.rows::<Position>() {
            for component in Component::ALL {
                let (row, balance) = (position.row(*component), position.balances[component.index()]);
                assert_eq!(
                    self.sums.get(&row).copied().unwrap_or(0),
                    balance.0,
                    "a balance is the sum of its postings"
                );
                *totals.entry(position.currency).or_default() += balance.0;
            }
            let open = holds.iter().filter(|hold| hold.account == position.account);
            let reserved: i64 = open.map(|hold| hold.remaining().0).sum();
            assert_eq!(position.reserved, Minor(reserved), "what is reserved is what the open holds have left");
            let [principal, interest, fee, shortfall] = position.balances;
            assert_eq!(shortfall, Minor::ZERO, "no scheme clears anything here");
            assert!(interest.0 <= 0 && fee.0 <= 0, "a credit apart from the funds: {position:?}");
            if !position.may_owe() {
                assert!(principal.0 - position.reserved.0 >= 0, "held funds are there: {position:?}");
                assert!(interest.0 >= 0 && fee.0 >= 0, "nothing is owed: {position:?}");
            }
            if position.status == AccountStatus::Closed {
                assert!(position.balances.iter().all(|balance| *balance == Minor::ZERO), "{position:?}");
                assert_eq!((position.reserved, position.closed_on), (Minor::ZERO, Some(today())));
            }
            assert!(position.available(today()).0 >= 0);
        }
        for internal in self.desk.memory.rows::<Internal>() {
            assert_eq!(self.sums.get(&internal.id).copied().unwrap_or(0), internal.balance);
            *totals.entry(internal.currency).or_default() += internal.balance;
        }
        assert!(totals.values().all(|total| *total == 0), "the books sum to zero: {totals:?}");
        for reversed in self.desk.memory.rows::<Reversed>() {
            let original = self.entries.iter().find(|entry| entry.id == reversed.entry).expect("the original");
            for (line, gone) in original.postings.iter().zip(&reversed.lines) {
                assert!(gone * line.amount.0 >= 0 && gone.abs() <= line.amount.0.abs(), "no more than was booked");
            }
            assert_eq!(reversed.lines.iter().sum::<i64>(), 0, "a part balances too");
        }
    }

    /// Whoever was debited by their own doing is left with no less than nothing available.
    fn assert_floor(&self, order: &Order) {
        const PRINCIPAL: [Spread; 3] =
            [Spread::Flow, Spread::On(Component::Principal), Spread::Charge(Component::Principal)];
        let debited = match &order.action {
            Action::Post(draft) => draft.legs().iter().find_map(|leg| match leg {
                Leg::Account { account, amount, spread, .. } if amount.0 < 0 && PRINCIPAL.contains(spread) => {
                    Some(*account)
                }
                _ => None,
            }),
            Action::PlaceHold(hold) => Some(hold.account),
            _ => None,
        };
        let Some(position) = debited.and_then(|account| self.desk.memory.get::<Position>(account)) else { return };
        let credit = match (position.status, position.debt_rule) {
            (AccountStatus::Open, DebtRule::Unlimited) => return,
            (AccountStatus::Open, _) => position.credit_limit.0,
            _ => 0,
        };
        let floor = position.balances[Component::Principal.index()].0 + credit - position.reserved.0;
        assert!(floor >= 0, "{order:?} took {position:?} below its floor");
    }
}

#[test]
fn random_orders_keep_the_books() {
    check(script(), |script| {
        let mut model = Model::new();
        for (atomic, steps) in &script {
            model.run(*atomic, steps);
        }
    });
}

/// A refused submission is decided in the middle of a batch: what comes after it is decided as without it.
#[test]
fn a_submission_that_was_rolled_back_leaves_no_trace_in_its_batch() {
    check((script(), script()), |(before, after)| {
        let run = |with_failure: bool| {
            let mut desk = Desk::new(accounts());
            for number in 0..5 {
                desk.done(payment(account(number), 200));
            }
            let model = Model { desk, ..Model::new() };
            let submission = |(atomic, steps): &(bool, Vec<_>)| model.submission(*atomic, steps);
            let mut failing: Vec<Order> = before.iter().flat_map(|steps| submission(steps).orders).collect();
            failing.retain(|order| !matches!(order.action, Action::Open(_)));
            failing.push(payment(account(99), 1));
            let mut batch: Vec<Submission> = after.iter().take(4).map(submission).collect();
            let place = batch.len() / 2;
            if with_failure {
                batch.insert(place, Submission { orders: failing, atomic: true });
            }
            let mut desk = model.desk;
            let (mut outcomes, changes) = desk.batch(&batch);
            if with_failure {
                let failed = outcomes.remove(place);
                assert!(failed.iter().all(Result::is_err));
            }
            (codes(&outcomes.concat()), changes.entries.len(), changes.events.len(), balances(&desk))
        };
        assert_eq!(run(true), run(false));
    });
}

fn balances(desk: &Desk) -> Vec<(AccountId, Position)> {
    desk.memory.rows::<Position>().iter().map(|position| (position.account, (**position).clone())).collect()
}

#[test]
fn a_credit_is_repaid_to_the_last_unit() {
    let orders = || {
        prop::sample::select(vec![
            RepaymentOrder::DEFAULT,
            RepaymentOrder([Component::Principal, Component::Interest, Component::Fee]),
            RepaymentOrder([Component::Interest, Component::Principal, Component::Fee]),
        ])
    };
    let owed = || -500..200_i64;
    check((owed(), owed(), owed(), 0..2_000_i64, orders()), |(principal, interest, fee, amount, repayment_order)| {
        let balances = minors([principal, interest, fee]);
        let before = Position { balances, repayment_order, ..position(1, DebtRule::Unlimited) };
        let split = before.spread(Minor(amount), Spread::Flow, today(), today()).expect("it is not refused");
        assert_eq!(split.iter().map(|part| part.0).sum::<i64>(), amount, "the parts sum to the whole");
        let mut after = before.clone();
        after.apply(&split, today(), today());
        let mut settled = true;
        for component in repayment_order.0 {
            let index = component.index();
            assert!(split[index].0 >= 0 || component == Component::Principal, "nothing but funds pays");
            assert!(component == Component::Principal || after.balances[index].0 <= balances[index].0.max(0));
            assert!(
                split[index] == Minor::ZERO || settled || component == Component::Principal,
                "in the order of the product"
            );
            settled &= after.balances[index].0 >= 0;
        }
        let owes = after.balances.iter().any(|balance| balance.0 < 0);
        assert!(!owes || after.balances[Component::Principal.index()].0 <= 0, "no debt beside money");
    });
}
