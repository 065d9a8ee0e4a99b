//! Commands of all kinds at random: decided with everything loaded and decided from nothing, one thing at a time, they come
//! to the same. And how many are decided in a second.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::super::decide::{Job, Run};
use super::super::memory::runs;
use super::super::row::{AnyRow, Row};
use super::super::unit::Ended;
use super::super::{Change, Mode};
use super::domain::{charging, customer, money, moving, named, opening, party, paying, product, taking_back};
use super::*;
use crate::accounts::catalogue::InstallCatalogue;
use crate::accounts::close::{ClosingKind, ClosingTransaction};
use crate::accounts::commands::NewOwner;
use crate::accounts::{
    Account, AccountBy, CloseAccount, OpenAccount, Product, ProductBy, RequestAccountClosure, UpdateAccount,
    UpdateProduct,
};
use crate::customers::{Customer, CustomerBy, UpdateCustomer};
use crate::ledger::facts::Counterparty;
use crate::ledger::rows::Internal;
use crate::parties::{Party, PartyBy, UpdateParty};
use crate::payments::{
    BankAccount, CaptureHold, ChargeKind, ClosePeriod, Details, Disburse, ExpireHold, PlaceHold, PostAdjustment,
    ReleaseHold,
};
use crate::primitives::{Amount, CustomerId, LedgerAccountId};

/// What a caller may ask for. Small numbers name parties, customers, products and accounts; `usize`s choose among what
/// there is.
#[derive(Clone, Debug)]
enum Step {
    CreateParty(Option<u8>, Option<u8>),
    UpdateParty(u8, Option<u8>),
    CreateCustomer(Option<u8>),
    UpdateCustomer(u8, Option<u8>, bool),
    CreateProduct(u8, usize),
    UpdateProduct(u8, bool),
    CreateCatalogue,
    OpenAccount { product: u8, owner: Option<u8>, creditor: Option<u8>, number: Option<u8>, limit: Option<i64> },
    UpdateAccount(u8, Option<i64>, Option<u8>, Option<u8>),
    RequestClosure(u8),
    CloseAccount(u8, Vec<(usize, u8, Option<i64>)>),
    Pay(u8, i64, i64, Option<u8>),
    Disburse(u8, i64),
    Transfer(u8, u8, i64, i64),
    Adjust(u8, i64, usize),
    Charge(u8, i64, usize),
    Reverse(usize, Option<i64>, Option<i64>),
    PlaceHold(u8, i64, Option<i64>),
    Capture(usize, Option<i64>, Option<u8>),
    Release(usize),
    Expire(usize),
    ClosePeriod(i64),
    Attempt(u8, u8, i64),
}

/// Who asks, under which key, for what.
#[derive(Clone, Debug)]
struct Asked {
    step: Step,
    key: Option<u8>,
    bound: bool,
}

/// What happens: commands in one batch, or time.
#[derive(Clone, Debug)]
enum Act {
    Batch(bool, Vec<Asked>),
    Hours(i64),
    Day(Option<i64>),
}

fn step() -> impl Strategy<Value = Step> {
    let few = || 0..4_u8;
    let who = || 0..6_u8;
    let amount = || 0..200_i64;
    let perhaps = || prop::option::of(0..4_u8);
    let some = || prop::option::of(0..200_i64);
    let any = any::<usize>;
    let making = prop_oneof![
        1 => (perhaps(), perhaps()).prop_map(|(number, reference)| Step::CreateParty(number, reference)),
        1 => (few(), perhaps()).prop_map(|(party, reference)| Step::UpdateParty(party, reference)),
        2 => perhaps().prop_map(Step::CreateCustomer),
        1 => (few(), perhaps(), proptest::bool::ANY).prop_map(|(customer, number, name)| Step::UpdateCustomer(customer, number, name)),
        2 => (few(), any()).prop_map(|(code, rule)| Step::CreateProduct(code, rule)),
        1 => (few(), prop::bool::weighted(0.2)).prop_map(|(code, retired)| Step::UpdateProduct(code, retired)),
        1 => Just(Step::CreateCatalogue),
        8 => (few(), prop::option::weighted(0.8, few()), perhaps(), prop::option::weighted(0.8, who()), some())
            .prop_map(|(product, owner, creditor, number, limit)| Step::OpenAccount { product, owner, creditor, number, limit }),
        2 => (who(), some(), perhaps(), perhaps()).prop_map(|(account, limit, reference, creditor)| Step::UpdateAccount(account, limit, reference, creditor)),
        1 => who().prop_map(Step::RequestClosure),
        2 => (who(), prop::collection::vec((any(), who(), some()), 0..3))
            .prop_map(|(account, transactions)| Step::CloseAccount(account, transactions)),
    ];
    let booking = prop_oneof![
        8 => (who(), amount(), -4..4_i64, perhaps()).prop_map(|(to, amount, day, reference)| Step::Pay(to, amount * 2, day, reference)),
        2 => (who(), amount()).prop_map(|(from, amount)| Step::Disburse(from, amount)),
        5 => (who(), who(), amount(), -4..4_i64).prop_map(|(from, to, amount, day)| Step::Transfer(from, to, amount, day)),
        2 => (who(), -80..80_i64, any()).prop_map(|(account, amount, component)| Step::Adjust(account, amount, component)),
        3 => (who(), amount(), any()).prop_map(|(account, amount, kind)| Step::Charge(account, amount, kind)),
        4 => (any(), some(), prop::option::weighted(0.3, -4..4_i64)).prop_map(|(entry, amount, day)| Step::Reverse(entry, amount, day)),
        3 => (who(), amount(), prop::option::of(0..30_i64)).prop_map(|(account, amount, hours)| Step::PlaceHold(account, amount, hours)),
        3 => (any(), some(), prop::option::of(who())).prop_map(|(hold, amount, to)| Step::Capture(hold, amount, to)),
        2 => any().prop_map(Step::Release),
        1 => any().prop_map(Step::Expire),
        1 => (-1..9_i64).prop_map(Step::ClosePeriod),
        2 => (who(), who(), amount()).prop_map(|(from, to, amount)| Step::Attempt(from, to, amount)),
    ];
    prop_oneof![2 => making, 3 => booking]
}

fn script() -> impl Strategy<Value = Vec<Act>> {
    let asked = (step(), prop::option::weighted(0.2, 0..6_u8), prop::bool::weighted(0.2))
        .prop_map(|(step, key, bound)| Asked { step, key, bound });
    let act = prop_oneof![
        8 => (prop::bool::weighted(0.3), prop::collection::vec(asked, 1..6)).prop_map(|(atomic, batch)| Act::Batch(atomic, batch)),
        1 => (-5..40_i64).prop_map(Act::Hours),
        1 => prop::option::of(0..20_i64).prop_map(Act::Day),
    ];
    prop::collection::vec(act, 4..30)
}

fn text(name: char, number: u8) -> String {
    format!("{name}{number}")
}

fn amount_of(units: i64) -> String {
    units.to_string()
}

fn day_of(days: i64) -> NaiveDate {
    today() + TimeDelta::days(days)
}

/// How an account is named: differently from step to step.
fn by(number: u8) -> AccountBy {
    match number % 3 {
        0 => AccountBy::ExternalReference(text('R', number)),
        _ => named(&text('A', number)),
    }
}

/// The command that a step asks for, where there is something that it is about.
fn command(memory: &Memory, step: &Step) -> Option<Do> {
    let pick = |index: usize| memory.rows::<Hold>().get(index % memory.rows::<Hold>().len().max(1)).map(|hold| hold.id);
    let details = |day: i64, reference: Option<u8>| Details {
        value_date: (day != 0).then(|| day_of(day)),
        external: reference.map(|number| ExternalReference {
            reference: text('E', number),
            date: None,
            poster: None,
            code: None,
        }),
        ..Details::default()
    };
    Some(match step {
        Step::CreateParty(number, reference) => Do::of(crate::parties::CreateParty {
            external_reference: reference.map(|number| text('Q', number)),
            ..party(number.map(|number| text('P', number)).as_deref())
        }),
        Step::UpdateParty(number, reference) => Do::of(UpdateParty {
            party: PartyBy::Number(text('P', *number)),
            external_reference: reference.map_or(Change::Clear, |number| Change::Set(text('Q', number))),
            name: None,
            metadata: Change::Keep,
        }),
        Step::CreateCustomer(number) => Do::of(customer(number.map(|number| text('C', number)).as_deref())),
        Step::UpdateCustomer(number, to, name) => Do::of(UpdateCustomer {
            customer: CustomerBy::Number(text('C', *number)),
            number: to.map(|number| text('C', number)),
            external_reference: Change::Keep,
            first_name: Change::Keep,
            last_name: if *name { Change::Clear } else { Change::Keep },
            company_name: Change::Keep,
            metadata: Change::Keep,
            profile: Default::default(),
        }),
        Step::CreateProduct(code, rule) => {
            Do::of(product(&text('p', *code), DebtRule::ALL[rule % DebtRule::ALL.len()]))
        }
        Step::UpdateProduct(code, retired) => Do::of(UpdateProduct {
            product: ProductBy::Code(text('p', *code)),
            alias: None,
            default_credit_limit: None,
            maximum_credit_limit: Change::Keep,
            maximum_balance: Change::Set(Amount(300.into())),
            retired: Some(*retired),
            charity: Change::Keep,
            prepaid: Change::Keep,
            authorisation_days: Change::Keep,
            reference: Change::Keep,
            payee: Change::Keep,
            recurring: Change::Keep,
            metadata: Change::Keep,
        }),
        Step::CreateCatalogue => Do::of(InstallCatalogue { currency: sek() }),
        Step::OpenAccount { product, owner, creditor, number, limit } => Do::of(OpenAccount {
            owner: match owner {
                Some(owner) => NewOwner::Existing(CustomerBy::Number(text('C', *owner))),
                None => NewOwner::Created(Box::new(customer(None))),
            },
            creditor: creditor.filter(|creditor| *creditor < 2).map(|number| PartyBy::Number(text('P', number))),
            external_reference: number.map(|number| text('R', number)),
            credit_limit: limit.map(|limit| Amount(limit.into())),
            ..opening(&text('p', *product), "", number.map(|number| text('A', number)).as_deref())
        }),
        Step::UpdateAccount(account, limit, reference, creditor) => Do::of(UpdateAccount {
            account: by(*account).into(),
            creditor: creditor.map_or(Change::Clear, |number| Change::Set(PartyBy::Number(text('P', number)))),
            external_reference: reference.map_or(Change::Keep, |number| Change::Set(text('R', number))),
            credit_limit: limit.map(|limit| Amount(limit.into())),
            charity_donation: None,
            metadata: Change::Clear,
        }),
        Step::RequestClosure(account) => Do::of(RequestAccountClosure { account: by(*account).into() }),
        Step::CloseAccount(account, transactions) => Do::of(CloseAccount {
            account: by(*account).into(),
            closure_code: Some("LEFT".into()),
            transactions: transactions.iter().map(closing).collect(),
        }),
        Step::Pay(to, amount, day, reference) => Do::of(crate::payments::PostPayment {
            account: by(*to),
            details: details(*day, *reference),
            counterparty: Some(Counterparty { name: Some("Payer".into()), ..Counterparty::default() }),
            ..paying("", &amount_of(*amount))
        }),
        Step::Disburse(from, amount) => Do::of(Disburse {
            account: by(*from),
            amount: money(&amount_of(*amount)),
            bank_account: BankAccount::Iban("SE3550000000054910000003".into()),
            receiver_name: Some("Ada".into()),
            message_to_receiver: None,
            own_message: Some("rent".into()),
            details: details(0, None),
        }),
        Step::Transfer(from, to, amount, day) => Do::of(crate::payments::Transfer {
            from: by(*from),
            to: by(*to),
            details: details(*day, None),
            ..moving("", "", &amount_of(*amount))
        }),
        Step::Adjust(account, amount, component) => Do::of(PostAdjustment {
            account: by(*account),
            amount: money(&amount_of(*amount)),
            component: Component::ALL[component % Component::COUNT],
            reason: "a mistake".into(),
            details: details(0, None),
        }),
        Step::Charge(account, amount, kind) => {
            let kind = ChargeKind::ALL[kind % ChargeKind::ALL.len()];
            Do::of(crate::payments::PostCharge { account: by(*account), ..charging("", kind, &amount_of(*amount)) })
        }
        Step::Reverse(entry, amount, day) => {
            let entry = memory.entries().get(entry % memory.entries().len().max(1))?;
            let reversal = taking_back(entry, amount.map(amount_of).as_deref());
            Do::of(crate::payments::ReverseEntry { value_date: day.map(day_of), ..reversal })
        }
        Step::PlaceHold(account, amount, hours) => Do::of(PlaceHold {
            account: by(*account),
            amount: money(&amount_of(*amount)),
            expires_at: hours.map(|hours| (start() + TimeDelta::hours(hours)).timestamp_micros()),
            description: None,
            reference: None,
        }),
        Step::Capture(hold, amount, to) => Do::of(CaptureHold {
            hold: pick(*hold)?,
            amount: amount.map(|amount| money(&amount_of(amount))),
            to: to.map(by),
        }),
        Step::Release(hold) => Do::of(ReleaseHold { hold: pick(*hold)? }),
        Step::Expire(hold) => Do::of(ExpireHold { hold: pick(*hold)? }),
        Step::ClosePeriod(days) => Do::of(ClosePeriod { through: ago(10) + TimeDelta::days(*days) }),
        Step::Attempt(from, to, amount) => attempting(*from, *to, *amount),
    })
}

fn closing((kind, to, amount): &(usize, u8, Option<i64>)) -> ClosingTransaction {
    let kind = match kind % 3 {
        0 => ClosingKind::Transfer(by(*to)),
        1 => ClosingKind::Payout(BankAccount::Iban("SE3550000000054910000003".into()).to_counterparty()),
        _ => ClosingKind::WriteOff("small".into()),
    };
    ClosingTransaction { kind, amount: amount.map(|amount| money(&amount_of(amount))), description: None }
}

/// Tries a transfer one way, then the other, and tells which went.
fn attempting(from: u8, to: u8, amount: i64) -> Do {
    let transfer = move |from: u8, to: u8| crate::payments::Transfer {
        from: by(from),
        to: by(to),
        ..moving("", "", &amount_of(amount))
    };
    Do::new(move |work| {
        let there = work.attempt(|work| transfer(from, to).decide(work))?;
        let back = work.attempt(|work| transfer(to, from).decide(work))?;
        let said = |part: Result<Arc<Entry>, Refused>| {
            part.map_or_else(|refused| refused.code.word().into(), |entry| entry.id.to_string())
        };
        Ok(Applied::of(format!("{} {}", said(there), said(back))))
    })
}

/// Both, step by step.
struct Twins {
    loaded: Memory,
    nothing: Memory,
}

type Said = Result<(String, bool), Refused>;

impl Twins {
    fn new() -> Self {
        let clock = || Clock::manual(start());
        Self { loaded: Memory::new(tenant(), clock()), nothing: Memory::from_nothing(tenant(), clock()) }
    }

    /// With customers and accounts that have money, so that there is something to do.
    fn populated() -> Self {
        let mut twins = Self::new();
        let asked = |step| Asked { step, key: None, bound: false };
        let mut steps: Vec<Step> = (0..3).map(|n| Step::CreateProduct(n, usize::from(n))).collect();
        steps.extend((0..3).map(|n| Step::CreateCustomer(Some(n))));
        steps.extend((0..5).map(|n| {
            let (product, owner) = (n % 3, Some(n % 2));
            Step::OpenAccount { product, owner, creditor: None, number: Some(n), limit: None }
        }));
        steps.extend((0..5).map(|n| Step::Pay(n, 400, 0, None)));
        let batch = steps.into_iter().map(asked).collect();
        twins.act(&Act::Batch(true, batch));
        assert_eq!(twins.loaded.entries().len(), 5, "{:?}", twins.loaded.records);
        twins
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Hours(hours) => {
                for memory in [&mut self.loaded, &mut self.nothing] {
                    memory.clock().set(memory.clock().now() + TimeDelta::hours(*hours));
                }
            }
            Act::Day(days) => {
                for memory in [&mut self.loaded, &mut self.nothing] {
                    memory.set_today(days.map(day_of));
                }
            }
            Act::Batch(atomic, batch) => {
                let both = [&mut self.loaded, &mut self.nothing].map(|memory| run(memory, *atomic, batch));
                assert_eq!(both[0], both[1], "{batch:?}");
                self.assert_equal();
            }
        }
    }

    fn assert_equal(&self) {
        let (one, other) = (&self.loaded, &self.nothing);
        // Where batches end is their own affair.
        let ends = |memory: &Memory| {
            let head = memory.head();
            let sequences = (head.command_sequence, head.entry_sequence, head.event_sequence);
            (sequences, head.last_booked, head.closed_through, memory.events().len())
        };
        assert_eq!(ends(one), ends(other));
        let digest = |memory: &Memory| memory.entries().last().map(|entry| entry.digest());
        assert_eq!(digest(one), digest(other));
        assert_eq!(one.events().last(), other.events().last());
    }

    fn assert_rows(&self) {
        let (one, other) = (&self.loaded, &self.nothing);
        assert_eq!(one.entries(), other.entries());
        let digests = |memory: &Memory| memory.entries().iter().map(|entry| entry.digest()).collect::<Vec<_>>();
        assert_eq!(digests(one), digests(other));
        assert_eq!(one.events(), other.events());
        assert_eq!(format!("{:?}", one.records), format!("{:?}", other.records));
        same::<Party>(one, other);
        same::<Customer>(one, other);
        same::<Product>(one, other);
        same::<Account>(one, other);
        same::<Position>(one, other);
        same::<Internal>(one, other);
        same::<Hold>(one, other);
        same::<Reversed>(one, other);
    }
}

/// Every balance is the sum of its postings, nothing is lost between them, and nobody has spent what has not come yet.
fn assert_books(memory: &Memory) {
    let mut sums: BTreeMap<LedgerAccountId, i64> = BTreeMap::new();
    for line in memory.entries().iter().flat_map(|entry| &entry.postings) {
        *sums.entry(line.ledger_account).or_default() += line.amount.0;
    }
    assert_eq!(sums.values().sum::<i64>(), 0);
    let holds = memory.rows::<Hold>();
    for position in memory.rows::<Position>() {
        for component in Component::ALL {
            let sum = sums.remove(&position.row(*component)).unwrap_or_default();
            assert_eq!(position.balances[component.index()].0, sum, "{position:?}");
        }
        let open = holds.iter().filter(|hold| hold.account == position.account);
        assert_eq!(position.reserved.0, open.map(|hold| hold.remaining().0).sum::<i64>(), "{position:?}");
        let [principal, interest, fee, shortfall] = position.balances;
        assert_eq!(shortfall, Minor::ZERO, "no scheme clears anything here");
        assert!(interest.0 <= 0 && fee.0 <= 0, "a credit apart from the funds: {position:?}");
        if position.debt_rule == DebtRule::None {
            let there = principal.0 - position.reserved.0 - position.pending(memory.today()).0;
            assert!(there >= 0 && interest.0 == 0 && fee.0 == 0, "{position:?}");
        }
    }
    for internal in memory.rows::<Internal>() {
        assert_eq!(internal.balance, sums.remove(&internal.id).unwrap_or_default());
    }
    assert!(sums.is_empty(), "postings on accounts that there are not");
}

fn same<R: Row>(one: &Memory, other: &Memory) {
    assert_eq!(one.rows::<R>(), other.rows::<R>());
    for row in one.rows::<R>() {
        assert_eq!(row.values(tenant()), other.get::<R>(row.id()).expect("it").values(tenant()), "as it is stored");
    }
}

fn jobs(memory: &Memory, batch: &[Asked]) -> Vec<Job> {
    let customers = memory.rows::<Customer>();
    let job = |asked: &Asked| {
        let bound = customers.first().map_or(CustomerId(Uuid::nil()), |customer| customer.id);
        let origin = Origin { customer: asked.bound.then_some(bound), ..origin() };
        let request_hash = digest_of(&format!("{:?}", asked.step));
        let key = asked.key.map(|key| Idempotency { key: key.to_string(), request_hash });
        Some(memory.job(&origin, key, command(memory, &asked.step)?))
    };
    batch.iter().filter_map(job).collect()
}

fn run(memory: &mut Memory, atomic: bool, batch: &[Asked]) -> Vec<Said> {
    let jobs = jobs(memory, batch);
    let runs = match atomic {
        true => vec![Run { jobs, atomic }],
        false => runs(jobs, Mode::EachAlone),
    };
    memory.submit(runs).into_iter().flatten().map(said).collect()
}

fn alone(memory: &mut Memory, batch: &[Asked]) -> Vec<Said> {
    let runs = runs(jobs(memory, batch), Mode::EachAlone);
    runs.into_iter().flat_map(|run| memory.submit(vec![run])).flatten().map(said).collect()
}

fn said(answer: Answered) -> Said {
    match answer {
        Ok((outcome, receipt)) => Ok((outcome.result, receipt.replayed)),
        Err(Failure::Refused(refused, _)) => Err(*refused),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    }
}

#[test]
fn what_is_decided_from_nothing_is_decided_the_same() {
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let told = Cell::new((0, 0, 0));
    runner
        .run(&script(), |script| {
            let mut twins = Twins::populated();
            script.iter().for_each(|act| twins.act(act));
            twins.assert_rows();
            assert_books(&twins.loaded);
            let is_refused = |record: &&Record| matches!(record.ended, Ended::Refused(_));
            let (refused, entries, passes) = told.get();
            told.set((
                refused + twins.loaded.records.iter().filter(is_refused).count(),
                entries + twins.loaded.entries().len(),
                passes + twins.nothing.passes(),
            ));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let (refused, entries, passes) = told.get();
    assert!(refused > 1_000 && entries > 500, "the scripts do something: {refused} refused, {entries} entries");
    assert!(passes > 5_000, "and much of it is decided again and again: {passes}");
}

/// The same commands as a batch and one by one.
#[test]
fn a_batch_comes_to_the_same_as_its_commands_one_by_one() {
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner
        .run(&script(), |script| {
            let mut twins = Twins::populated();
            twins.nothing = Twins::populated().loaded;
            for act in &script {
                match act {
                    Act::Batch(_, batch) => {
                        let whole = run(&mut twins.loaded, false, batch);
                        let single = alone(&mut twins.nothing, batch);
                        assert_eq!(whole, single, "{batch:?}");
                    }
                    other => twins.act(other),
                }
            }
            same::<Position>(&twins.loaded, &twins.nothing);
            same::<Account>(&twins.loaded, &twins.nothing);
            assert_eq!(twins.loaded.entries().len(), twins.nothing.entries().len());
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
