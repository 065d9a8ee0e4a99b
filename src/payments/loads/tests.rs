//! Loads and unloads, over a tenant in memory: once with every row at hand, once decided from nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::usage::PrepaidUsage;
use super::{Flow, LoadAccount, Prepaid, UnloadAccount, fee_of};
use crate::accounts::prepaid::{NewFlowTerms, NewPrepaidTerms};
use crate::accounts::{Account, CreateProduct, Family, UpdateProduct, WorkingMode};
use crate::ledger::rows::Internal;
use crate::ledger::{Component, DebtRule, Entry, InternalRole, PaymentChannel, Position, TransactionKind};
use crate::payments::{Details, ReverseEntry};
use crate::primitives::{Amount, Clock};
use crate::refused::Refused;
use crate::work::memory::Memory;
use crate::work::tests::domain::{customer, money, moving, named, opening, paying, product, taking_back};
use crate::work::tests::{origin, start, tenant};
use crate::work::{Change, Command};

/// A tenant with a prepaid account A, whose product charges 1.00 and 1 percent of a load and 0.50 of an unload, allows 100.00
/// a load, 150.00 a day and 200.00 a month, and at most 300.00 on the account; and a current account B.
struct World(Memory);

fn amount(text: &str) -> Option<Amount> {
    Some(Amount(text.parse().expect("a decimal")))
}

fn terms(fees_go_back: bool) -> NewPrepaidTerms {
    NewPrepaidTerms {
        load: NewFlowTerms {
            fee: amount("1"),
            fee_percent: amount("1"),
            per_operation: amount("100"),
            per_day: amount("150"),
            per_month: amount("200"),
        },
        unload: NewFlowTerms { fee: amount("0.50"), per_day: amount("120"), ..NewFlowTerms::default() },
        fees_go_back,
    }
}

impl World {
    fn of(memory: Memory) -> Self {
        let mut world = Self(memory);
        world.done(&CreateProduct {
            family: Family::Card,
            working_mode: Some(WorkingMode::PayBefore),
            maximum_balance: amount("300"),
            prepaid: Some(terms(false)),
            ..product("prepaid", DebtRule::None)
        });
        world.done(&product("plain", DebtRule::None));
        world.done(&customer(Some("C")));
        world.done(&opening("prepaid", "C", Some("A")));
        world.done(&opening("plain", "C", Some("B")));
        world
    }

    fn run<C: Command + Clone>(&mut self, command: &C) -> Result<Arc<C::Made>, Refused> {
        self.0.run(&origin(), None, command).map(|done| done.value)
    }

    fn done<C: Command + Clone>(&mut self, command: &C) -> Arc<C::Made> {
        self.run(command).unwrap_or_else(|refused| panic!("{command:?}: {refused:?}"))
    }

    /// The code and the field at fault.
    fn refused<C: Command + Clone>(&mut self, command: &C) -> (&'static str, String) {
        let refused = self.run(command).expect_err("a refusal");
        (refused.code.word(), refused.fields.first().map(|field| field.path.join(".")).unwrap_or_default())
    }

    fn balance(&self) -> i64 {
        let account = self.0.rows::<Account>().into_iter().find(|it| it.number == "A").expect("the account");
        let position = self.0.get::<Position>(account.id).expect("its position");
        assert_eq!(position.balance(), position.balances[Component::Principal.index()]);
        position.balance().0
    }

    fn internal(&self, role: InternalRole) -> i64 {
        self.0.rows::<Internal>().iter().filter(|row| row.role == role).map(|row| row.balance).sum()
    }

    /// What counts, of loads and of unloads.
    fn counted(&self) -> [i64; 2] {
        let rows = self.0.rows::<PrepaidUsage>();
        [Flow::Load, Flow::Unload].map(|flow| {
            let parts = rows.iter().flat_map(|row| &row.moved).filter(|((_, way), _)| *way == flow);
            parts.map(|(_, amount)| amount.0).sum()
        })
    }

    fn advance(&mut self, hours: i64) {
        let clock = self.0.clock().clone();
        clock.set(clock.now() + TimeDelta::hours(hours));
    }

    fn entry(&self, id: crate::primitives::EntryId) -> Option<Arc<Entry>> {
        self.0.entries().iter().find(|entry| entry.id == id).cloned()
    }
}

fn both(test: impl Fn(&mut World)) {
    for memory in [Memory::new, Memory::from_nothing] {
        test(&mut World::of(memory(tenant(), Clock::manual(start()))));
    }
}

fn prepaid(account: &str, amount: &str) -> Prepaid {
    Prepaid {
        account: named(account),
        amount: money(amount),
        channel: PaymentChannel::Cash,
        at: None,
        details: Details::default(),
    }
}

fn load(amount: &str) -> LoadAccount {
    LoadAccount(prepaid("A", amount))
}

fn unload(amount: &str) -> UnloadAccount {
    UnloadAccount(prepaid("A", amount))
}

fn reversing(entry: &Entry, amount: Option<&str>, fee: Option<bool>) -> ReverseEntry {
    ReverseEntry { fee, ..taking_back(entry, amount) }
}

#[test]
fn a_load_and_an_unload_have_fees_of_their_own() {
    both(|world| {
        let loaded = world.done(&load("50"));
        let fee = world.entry(fee_of(loaded.id)).expect("a fee");
        assert_eq!(
            (loaded.kind, fee.kind, fee.noted().fee_of),
            (TransactionKind::Load, TransactionKind::AdministrationFee, Some(loaded.id))
        );
        assert_eq!((world.balance(), world.internal(InternalRole::FeeIncome)), (4_850, 150));
        assert_eq!(world.internal(InternalRole::SettlementCash), -5_000);
        let unloaded = world.done(&unload("20"));
        assert_eq!(unloaded.kind, TransactionKind::Unload);
        assert_eq!((world.balance(), world.internal(InternalRole::FeeIncome)), (2_800, 200));
        // The fee is part of what is asked for: without it nothing is booked.
        assert_eq!(world.refused(&unload("28")), ("INSUFFICIENT_FUNDS", "amount".into()));
        assert_eq!((world.balance(), world.counted()), (2_800, [5_000, 2_000]));
        world.done(&unload("27.50"));
        assert_eq!(world.balance(), 0);
        // A load whose fee is more than itself.
        assert_eq!(world.refused(&load("0.50")), ("INSUFFICIENT_FUNDS", "amount".into()));
        assert_eq!(world.counted(), [5_000, 4_750]);
        world.done(&UpdateProduct {
            product: crate::accounts::ProductBy::Code("prepaid".into()),
            alias: None,
            default_credit_limit: None,
            maximum_credit_limit: Change::Keep,
            maximum_balance: Change::Keep,
            charity: Change::Keep,
            prepaid: Change::Clear,
            authorisation_days: Change::Keep,
            recurring: Change::Keep,
            reference: Change::Keep,
            payee: Change::Keep,
            retired: None,
            metadata: Change::Keep,
        });
        let free = world.done(&load("0.50"));
        assert_eq!((world.entry(fee_of(free.id)), world.balance()), (None, 50));
    });
}

#[test]
fn what_is_wrong_is_said_in_order() {
    both(|world| {
        for (command, code, field) in [
            (LoadAccount(prepaid("X", "1")), "NOT_FOUND", "account"),
            (LoadAccount(prepaid("B", "0")), "ACCOUNT_NOT_PREPAID", "account"),
            (load("0"), "AMOUNT_OUT_OF_RANGE", "amount"),
            (load("0.001"), "INVALID_INPUT", "amount"),
            (
                LoadAccount(Prepaid {
                    amount: crate::primitives::Money { currency: crate::work::tests::eur(), ..money("1") },
                    ..prepaid("A", "1")
                }),
                "CURRENCY_MISMATCH",
                "amount.currency",
            ),
            (
                LoadAccount(Prepaid {
                    at: Some(crate::ledger::PointOfSale { terminal: Some(" ".into()), ..Default::default() }),
                    ..prepaid("A", "1")
                }),
                "INVALID_INPUT",
                "pointOfSale.terminal",
            ),
            (load("100.01"), "LIMIT_EXCEEDED", "amount"),
        ] {
            assert_eq!(world.refused(&command), (code, field.into()), "{command:?}");
        }
        assert_eq!(world.refused(&UnloadAccount(prepaid("B", "1"))), ("ACCOUNT_NOT_PREPAID", "account".into()));
        assert_eq!(world.refused(&unload("1")), ("INSUFFICIENT_FUNDS", "amount".into()));
        assert_eq!((world.balance(), world.counted()), (0, [0, 0]));
        // Above the most that the account may hold.
        world.done(&paying("A", "250"));
        assert_eq!(world.refused(&load("50.01")), ("LIMIT_EXCEEDED", "amount".into()));
        world.done(&load("50"));
    });
}

#[test]
fn limits_count_by_day_and_month_and_what_is_reversed_counts_no_more() {
    both(|world| {
        let first = world.done(&load("100"));
        world.done(&load("50"));
        let refused = world.run(&load("0.01")).expect_err("a refusal");
        assert_eq!((refused.code.word(), refused.facts.remaining), ("LIMIT_EXCEEDED", Some(money("0.00"))));
        assert_eq!(refused.facts.limit, Some(money("150.00")));
        world.advance(24);
        assert_eq!(world.refused(&load("50.01")).0, "LIMIT_EXCEEDED");
        world.done(&load("50"));
        assert_eq!(world.refused(&load("1")).0, "LIMIT_EXCEEDED");
        world.done(&reversing(&first, Some("30"), None));
        assert_eq!(world.counted(), [17_000, 0]);
        world.done(&load("30"));
        assert_eq!(world.refused(&load("1")).0, "LIMIT_EXCEEDED");
        world.advance(24 * 31);
        world.done(&unload("110"));
        world.done(&load("100"));
        assert_eq!(world.refused(&unload("10.01")), ("LIMIT_EXCEEDED", "amount".into()));
    });
}

#[test]
fn a_fee_goes_back_when_asked_or_as_the_product_says() {
    for (by_product, asked, goes_back) in
        [(false, None, false), (true, None, true), (false, Some(true), true), (true, Some(false), false)]
    {
        both(|world| {
            world.done(&UpdateProduct {
                product: crate::accounts::ProductBy::Code("prepaid".into()),
                alias: None,
                default_credit_limit: None,
                maximum_credit_limit: Change::Keep,
                maximum_balance: Change::Keep,
                charity: Change::Keep,
                prepaid: Change::Set(terms(by_product)),
                authorisation_days: Change::Keep,
                recurring: Change::Keep,
                reference: Change::Keep,
                payee: Change::Keep,
                retired: None,
                metadata: Change::Keep,
            });
            let loaded = world.done(&load("50"));
            if goes_back {
                // The load is given back with the help of its fee, and only with its last part.
                if asked == Some(true) {
                    let part = reversing(&loaded, Some("20"), asked);
                    assert_eq!(world.refused(&part), ("INVALID_INPUT", "reverseFee".into()));
                }
                world.done(&reversing(&loaded, Some("20"), None));
                assert_eq!(world.balance(), 2_850);
                world.done(&reversing(&loaded, None, asked));
                assert_eq!((world.balance(), world.internal(InternalRole::FeeIncome)), (0, 0));
            } else {
                assert_eq!(world.refused(&reversing(&loaded, None, asked)), ("INSUFFICIENT_FUNDS", "entry".into()));
                world.done(&paying("A", "1.50"));
                world.done(&reversing(&loaded, None, asked));
                assert_eq!((world.balance(), world.internal(InternalRole::FeeIncome)), (0, 150));
            }
            assert_eq!(world.counted(), [0, 0]);
        });
    }
    both(|world| {
        let paid = world.done(&paying("A", "10"));
        assert_eq!(world.refused(&reversing(&paid, None, Some(false))), ("INVALID_INPUT", "reverseFee".into()));
        // A fee that somebody has given back already stays so.
        let loaded = world.done(&load("20"));
        let fee = world.entry(fee_of(loaded.id)).expect("a fee");
        world.done(&reversing(&fee, None, None));
        world.done(&reversing(&loaded, None, Some(true)));
        assert_eq!((world.balance(), world.internal(InternalRole::FeeIncome)), (1_000, 0));
        // One of an unload, with an account that is full meanwhile.
        let unloaded = world.done(&unload("5"));
        world.done(&paying("A", "294"));
        assert_eq!(world.refused(&reversing(&unloaded, None, Some(true))), ("LIMIT_EXCEEDED", "entry".into()));
        world.done(&moving("A", "B", "294"));
        world.done(&reversing(&unloaded, None, Some(true)));
        assert_eq!((world.balance(), world.counted()), (1_000, [0, 0]));
    });
}

#[derive(Clone, Debug)]
enum Step {
    Load(i64),
    Unload(i64),
    Pay(i64),
    Spend(i64),
    Reverse(usize, Option<i64>, Option<bool>),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || 1..12_000_i64;
    prop_oneof![
        5 => amount().prop_map(Step::Load),
        4 => amount().prop_map(Step::Unload),
        1 => amount().prop_map(Step::Pay),
        1 => amount().prop_map(Step::Spend),
        4 => (0..64_usize, prop::option::of(amount()), prop::option::of(any::<bool>()))
            .prop_map(|(entry, amount, fee)| Step::Reverse(entry, amount, fee)),
        2 => (1..40_i64).prop_map(Step::Wait),
    ]
}

fn cents(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// What counts is what was moved and stands; a fee is the account's whole or nobody's; the books agree.
fn assert_all(world: &World) {
    let entries = world.0.entries();
    let own =
        |entry: &Entry| entry.postings.iter().filter(|it| it.account.is_some()).map(|it| it.amount.0).sum::<i64>();
    let mut moved: BTreeMap<TransactionKind, i64> = BTreeMap::new();
    for entry in entries {
        let of = entry.reverses.and_then(|id| entries.iter().find(|it| it.id == id));
        let kind = of.map_or(entry.kind, |of| of.kind);
        *moved.entry(kind).or_default() += own(entry);
        if let Some(of) = entry.noted().fee_of {
            assert!(entries.iter().any(|it| it.id == of && fee_of(it.id) == entry.id), "{entry:?}");
        }
    }
    let sum = |kind| moved.get(&kind).copied().unwrap_or(0);
    assert_eq!(world.counted(), [sum(TransactionKind::Load), -sum(TransactionKind::Unload)]);
    assert_eq!(world.internal(InternalRole::FeeIncome), -sum(TransactionKind::AdministrationFee));
    let balance = world.balance();
    assert!((0..=30_000).contains(&balance), "{balance}");
}

#[test]
fn whatever_is_loaded_and_given_back_the_sums_agree() {
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&prop::collection::vec(step(), 1..50), |steps| {
        let mut world = World::of(Memory::new(tenant(), Clock::manual(start())));
        for step in &steps {
            match step {
                Step::Load(amount) => _ = world.run(&load(&cents(*amount))),
                Step::Unload(amount) => _ = world.run(&unload(&cents(*amount))),
                Step::Pay(amount) => _ = world.run(&paying("A", &cents(*amount))),
                Step::Spend(amount) => _ = world.run(&moving("A", "B", &cents(*amount))),
                Step::Reverse(place, amount, fee) => {
                    let entries = world.0.entries().to_vec();
                    let Some(entry) = entries.get(place % entries.len().max(1)) else { continue };
                    _ = world.run(&reversing(entry, amount.map(cents).as_deref(), *fee));
                }
                Step::Wait(hours) => world.advance(*hours),
            }
            assert_all(&world);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
