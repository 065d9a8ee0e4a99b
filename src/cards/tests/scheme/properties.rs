//! Whatever a scheme says, in whatever order: what is held, what counts and the books agree.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::super::super::refunds::Refunds;
use super::*;

#[derive(Clone, Debug)]
enum Step {
    PayIn(usize, i64),
    PayOut(usize, i64),
    Authorise(usize, i64),
    Increase(usize, i64),
    Reverse(usize, Option<i64>),
    Clear(usize, i64, bool),
    ClearWithout(usize, i64),
    Purchase(usize, i64),
    Refund(usize, i64),
    ReverseRefund(usize, Option<i64>),
    Dispute(usize, bool),
    Resolve(usize, bool),
    Release(usize),
    Expire(usize),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let (who, place) = (|| 0..2_usize, || 0..64_usize);
    let amount = || 1..60_i64;
    prop_oneof![
        3 => (who(), amount()).prop_map(|(who, amount)| Step::PayIn(who, amount * 2)),
        1 => (who(), amount()).prop_map(|(who, amount)| Step::PayOut(who, amount)),
        6 => (who(), amount()).prop_map(|(who, amount)| Step::Authorise(who, amount)),
        3 => (place(), amount()).prop_map(|(hold, amount)| Step::Increase(hold, amount)),
        3 => (place(), prop::option::of(amount())).prop_map(|(hold, amount)| Step::Reverse(hold, amount)),
        6 => (place(), amount(), any::<bool>()).prop_map(|(hold, amount, last)| Step::Clear(hold, amount, last)),
        2 => (who(), amount()).prop_map(|(who, amount)| Step::ClearWithout(who, amount)),
        2 => (who(), amount()).prop_map(|(who, amount)| Step::Purchase(who, amount)),
        3 => (place(), amount()).prop_map(|(entry, amount)| Step::Refund(entry, amount)),
        1 => (place(), prop::option::of(amount())).prop_map(|(entry, amount)| Step::ReverseRefund(entry, amount)),
        2 => (place(), any::<bool>()).prop_map(|(entry, credited)| Step::Dispute(entry, credited)),
        2 => (place(), any::<bool>()).prop_map(|(chargeback, won)| Step::Resolve(chargeback, won)),
        1 => place().prop_map(Step::Release),
        1 => place().prop_map(Step::Expire),
        2 => (1..80_i64).prop_map(Step::Wait),
    ]
}

const TOKENS: [&str; 2] = ["A", "B"];

fn cents(amount: i64) -> String {
    format!("{amount}")
}

/// What the test itself counts: of each hold, by the days on which it counts; and what counts besides.
#[derive(Default)]
struct Counted {
    holds: BTreeMap<crate::primitives::HoldId, Vec<(NaiveDate, i64)>>,
    besides: BTreeMap<(usize, NaiveDate), i64>,
}

impl Counted {
    fn take_back(&mut self, hold: crate::primitives::HoldId, mut amount: i64) {
        for (_, sum) in self.holds.entry(hold).or_default().iter_mut().rev() {
            let part = (*sum).min(amount);
            (*sum, amount) = (*sum - part, amount - part);
        }
        assert_eq!(amount, 0);
    }
}

fn play(world: &mut World, steps: &[Step]) {
    let mut counted = Counted::default();
    for step in steps {
        let holds: Vec<Arc<Hold>> = world.memory.rows::<Hold>();
        let hold = |place: usize| (!holds.is_empty()).then(|| holds[place % holds.len()].clone());
        let first = world.position("A").account;
        let of = |hold: &Hold| usize::from(hold.account != first);
        let entries = world.memory.entries().to_vec();
        let purchases: Vec<_> = entries.iter().filter(|entry| entry.kind == TransactionKind::Purchase).collect();
        let purchase = |place: usize| (!purchases.is_empty()).then(|| purchases[place % purchases.len()].clone());
        let (today, now) = (world.memory.today(), world.memory.clock().micros());
        let before: Vec<Arc<Position>> = TOKENS.map(|number| world.position(number)).to_vec();
        match step {
            Step::PayIn(who, amount) => _ = world.run(&paying(TOKENS[*who], &cents(*amount))),
            Step::PayOut(who, amount) => _ = world.run(&moving(TOKENS[*who], TOKENS[1 - *who], &cents(*amount))),
            Step::Authorise(who, amount) => {
                if let Ok(hold) = world.run(&authorising(TOKENS[*who], &cents(*amount))) {
                    counted.holds.insert(hold.id, vec![(today, amount * 100)]);
                    assert!(before[*who].available(today).0 >= amount * 100, "only what is there is reserved");
                }
            }
            Step::Increase(place, amount) => {
                let Some(hold) = hold(*place) else { continue };
                let command = IncreaseAuthorisation { authorisation: hold.id, amount: money(&cents(*amount)) };
                if world.run(&command).is_ok() {
                    counted.holds.entry(hold.id).or_default().push((today, amount * 100));
                }
            }
            Step::Reverse(place, amount) => {
                let Some(hold) = hold(*place) else { continue };
                if world.run(&reversing(&hold, amount.map(cents).as_deref())).is_ok() {
                    counted.take_back(hold.id, amount.map_or(hold.remaining().0, |amount| amount * 100));
                }
            }
            Step::Clear(place, amount, last) => {
                let Some(hold) = hold(*place) else { continue };
                let minor = amount * 100;
                world.done(&clearing(&hold, &cents(*amount), *last));
                let remaining = hold.remaining().0;
                if !hold.is_open(now) {
                    // One whose time has run out is ended by it.
                    counted.take_back(hold.id, remaining);
                    *counted.besides.entry((of(&hold), today)).or_default() += minor;
                } else if minor > remaining {
                    counted.holds.entry(hold.id).or_default().push((today, minor - remaining));
                } else if *last {
                    counted.take_back(hold.id, remaining - minor);
                }
            }
            Step::ClearWithout(who, amount) => {
                world.done(&clearing_without(TOKENS[*who], &cents(*amount)));
                *counted.besides.entry((*who, today)).or_default() += amount * 100;
            }
            Step::Purchase(who, amount) => {
                let message = Message { at: at_shop(), ..message(&cents(*amount)) };
                if world.run(&PurchaseByCard { card: card(TOKENS[*who]), message }).is_ok() {
                    *counted.besides.entry((*who, today)).or_default() += amount * 100;
                    assert!(before[*who].available(today).0 >= amount * 100);
                }
            }
            Step::Refund(place, amount) => {
                let Some(purchase) = purchase(*place) else { continue };
                world.done(&RefundCard { of: Refunded::Purchase(purchase.id), message: message(&cents(*amount)) });
            }
            Step::ReverseRefund(place, amount) => {
                let refunds: Vec<_> = entries.iter().filter(|entry| entry.kind == TransactionKind::Credit).collect();
                let Some(refund) = refunds.get(place % refunds.len().max(1)) else { continue };
                _ = world.run(&taking_back(refund, amount.map(cents).as_deref()));
            }
            Step::Dispute(place, credited) => {
                let Some(purchase) = purchase(*place) else { continue };
                _ = world.run(&disputing(&purchase, *credited));
            }
            Step::Resolve(place, won) => {
                let open = world.memory.rows::<Chargeback>();
                if let Some(chargeback) = open.get(place % open.len().max(1)) {
                    let outcome = if *won { ChargebackOutcome::Won } else { ChargebackOutcome::Lost };
                    _ = world.run(&resolving(chargeback, outcome));
                }
            }
            Step::Release(place) => {
                let Some(hold) = hold(*place) else { continue };
                if world.run(&ReleaseHold { hold: hold.id }).is_ok() {
                    counted.take_back(hold.id, hold.remaining().0);
                }
            }
            Step::Expire(place) => {
                let Some(hold) = hold(*place) else { continue };
                if world.run(&ExpireHold { hold: hold.id }).is_ok() {
                    counted.take_back(hold.id, hold.remaining().0);
                }
            }
            Step::Wait(hours) => world.advance(*hours),
        }
        assert_all(world, &counted);
    }
}

/// What the entries of a kind did to accounts, by the purchase that they are about. What reverses them counts too.
fn given(world: &World, kind: TransactionKind) -> BTreeMap<crate::primitives::EntryId, i64> {
    let mut sums = BTreeMap::new();
    let entries = world.memory.entries();
    let about: BTreeMap<_, _> = entries
        .iter()
        .filter(|entry| entry.kind == kind)
        .filter_map(|entry| Some((entry.id, entry.noted().point_of_sale?.purchase?)))
        .collect();
    for entry in entries {
        let Some(purchase) = about.get(&entry.reverses.unwrap_or(entry.id)) else { continue };
        let own = entry.postings.iter().filter(|line| line.account.is_some()).map(|line| line.amount.0).sum::<i64>();
        *sums.entry(*purchase).or_default() += own;
    }
    sums
}

/// No purchase is given back twice: what is disputed is left of it, and what a chargeback has given is what it disputes.
fn assert_disputes(world: &World) {
    let (refunded, charged_back) = (given(world, TransactionKind::Credit), given(world, TransactionKind::Chargeback));
    for row in world.memory.rows::<Refunds>() {
        assert_eq!(row.refunded.0, refunded.get(&row.purchase).copied().unwrap_or(0), "{row:?}");
    }
    let (mut receivable, mut won) = (0, 0);
    for chargeback in world.memory.rows::<Chargeback>() {
        let purchase = chargeback.purchase.parse().expect("an entry");
        let entry = world.memory.entries().iter().find(|entry| entry.id == purchase).expect("the purchase").clone();
        let billed = entry.noted().point_of_sale.and_then(|at| at.billed).expect("an amount");
        let whole = crate::ledger::amounts::positive("amount", billed).expect("a positive one").0;
        let (back, disputed) = (refunded.get(&purchase).copied().unwrap_or(0), chargeback.disputed().0);
        assert!(chargeback.refunded.0 >= 0 && disputed >= 0, "{chargeback:?}");
        if chargeback.state != ChargebackState::Lost {
            assert!(disputed <= (whole - back).max(0), "{chargeback:?} of {whole}, {back} refunded");
        }
        let gives = match (chargeback.state, chargeback.credit) {
            (ChargebackState::Won, _) | (ChargebackState::Open, Some(_)) => disputed,
            (ChargebackState::Lost, _) | (ChargebackState::Open, None) => 0,
        };
        assert_eq!(charged_back.get(&purchase).copied().unwrap_or(0), gives, "{chargeback:?}");
        match chargeback.state {
            ChargebackState::Open if chargeback.credit.is_some() => receivable += disputed,
            ChargebackState::Won => won += disputed,
            ChargebackState::Open | ChargebackState::Lost => {}
        }
    }
    assert_eq!(world.internal(InternalRole::ChargebackReceivable), -receivable);
    let bought: i64 = world
        .memory
        .entries()
        .iter()
        .filter(|entry| entry.kind == TransactionKind::Purchase)
        .flat_map(|entry| &entry.postings)
        .filter(|line| line.account.is_some())
        .map(|line| -line.amount.0)
        .sum();
    let scheme = bought - refunded.values().sum::<i64>() - won;
    assert_eq!(world.internal(InternalRole::SchemeSettlement), scheme, "the scheme is owed what was bought, less that");
}

/// Held amounts, sums and books agree.
fn assert_all(world: &World, counted: &Counted) {
    let mut sums: BTreeMap<LedgerAccountId, i64> = BTreeMap::new();
    for line in world.memory.entries().iter().flat_map(|entry| &entry.postings) {
        *sums.entry(line.ledger_account).or_default() += line.amount.0;
    }
    assert_eq!(sums.values().sum::<i64>(), 0);
    assert_disputes(world);
    let holds = world.memory.rows::<Hold>();
    let mut captured: BTreeMap<_, i64> = BTreeMap::new();
    for entry in world.memory.entries() {
        let taken = entry.postings.iter().filter(|line| line.account.is_some()).map(|line| -line.amount.0).sum::<i64>();
        if let Some(hold) = entry.hold {
            *captured.entry(hold).or_default() += taken;
        }
    }
    for hold in &holds {
        assert_eq!(hold.captured.0, captured.get(&hold.id).copied().unwrap_or(0), "{hold:?}");
        assert!(hold.captured <= hold.amount, "{hold:?}");
        assert_eq!(hold.status == HoldStatus::Captured, hold.captured == hold.amount, "{hold:?}");
        let own: i64 = counted.holds[&hold.id].iter().map(|(_, amount)| amount).sum();
        assert_eq!(hold.counted.total().0, own, "{hold:?}");
        let reserves = if hold.status == HoldStatus::Open { hold.amount.0 } else { hold.captured.0 };
        assert_eq!(own, reserves, "what counts is what is reserved or taken: {hold:?}");
    }
    for (place, token) in TOKENS.into_iter().enumerate() {
        let position = world.position(token);
        let balances = position.balances.map(|balance| balance.0);
        for component in Component::ALL {
            let sum = sums.get(&position.row(*component)).copied().unwrap_or(0);
            assert_eq!(balances[component.index()], sum, "{position:?}");
        }
        let own = || holds.iter().filter(|hold| hold.account == position.account);
        assert_eq!(position.reserved.0, own().map(|hold| hold.remaining().0).sum::<i64>(), "{position:?}");
        let mut days: BTreeMap<NaiveDate, i64> = BTreeMap::new();
        for (day, amount) in own().flat_map(|hold| &counted.holds[&hold.id]) {
            *days.entry(*day).or_default() += amount;
        }
        for ((_, day), amount) in counted.besides.iter().filter(|((who, _), _)| *who == place) {
            *days.entry(*day).or_default() += amount;
        }
        days.retain(|_, amount| *amount != 0);
        assert_eq!(world.counted(token), days);
        let [principal, _, _, shortfall] = balances;
        if position.may_owe() {
            assert_eq!(shortfall, 0, "{position:?}");
        } else {
            assert!(principal >= position.reserved.0 && shortfall <= 0, "what is held is there: {position:?}");
        }
    }
}

#[test]
fn whatever_a_scheme_says_the_books_the_holds_and_the_sums_agree() {
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let steps = prop::collection::vec(step(), 1..60);
    let outcome = runner.run(&steps, |steps| {
        let mut world = World::of(Memory::new(tenant(), Clock::manual(start())));
        world.done(&limited("A", Some("90"), Some("400")));
        play(&mut world, &steps);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
