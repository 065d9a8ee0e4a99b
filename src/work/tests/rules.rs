//! Rules of the books and of the domains, each as an example.

use super::super::{Mode, Priority};
use super::domain::{charging, customer, money, moving, named, opening, paying, product, taking_back};
use super::harness::{World, on_both};
use super::*;
use crate::accounts::Account;
use crate::ledger::balances::{Class, balance_as_of, trial_balance};
use crate::ledger::chart::Component::Principal;
use crate::payments::{ChargeKind, Details, PlaceHold, PostPayment, ReverseEntry};
use chrono::TimeDelta;

/// A tenant in memory with a customer's two accounts: A may not owe, B has a limit of 100.00.
fn tenant_with_accounts() -> Memory {
    let mut memory = Memory::new(tenant(), Clock::manual(start()));
    let us = origin();
    memory.run(&us, None, &product("plain", DebtRule::None)).expect("done");
    memory.run(&us, None, &product("credit", DebtRule::Limit)).expect("done");
    memory.run(&us, None, &customer(Some("C"))).expect("done");
    memory.run(&us, None, &opening("plain", "C", Some("A"))).expect("done");
    memory.run(&us, None, &opening("credit", "C", Some("B"))).expect("done");
    memory
}

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&origin(), None, command).map(|done| done.value)
}

fn done<C: Command + Clone>(memory: &mut Memory, command: &C) -> Arc<C::Made> {
    run(memory, command).expect("it is not refused")
}

fn standing(memory: &Memory, number: &str) -> Arc<Position> {
    let account = memory.rows::<Account>().into_iter().find(|account| account.number == number).expect("the account");
    memory.get::<Position>(account.id).expect("its position")
}

fn balances(memory: &Memory, number: &str) -> [i64; 3] {
    without_shortfall(&standing(memory, number).balances)
}

/// What is available, and what is on its way.
fn funds(memory: &Memory, number: &str) -> (i64, i64) {
    let position = standing(memory, number);
    (position.available(memory.today()).0, position.pending(memory.today()).0)
}

fn valued(command: PostPayment, day: NaiveDate) -> PostPayment {
    PostPayment { details: Details { value_date: Some(day), ..command.details.clone() }, ..command }
}

#[test]
fn what_counts_later_is_not_available_until_its_day() {
    let mut memory = tenant_with_accounts();
    done(&mut memory, &paying("A", "10"));
    done(&mut memory, &valued(paying("A", "50"), ahead(3)));
    done(&mut memory, &valued(paying("A", "7"), ahead(5)));
    assert_eq!((balances(&memory, "A"), funds(&memory, "A")), ([6_700, 0, 0], (1_000, 5_700)));
    assert_eq!(run(&mut memory, &moving("A", "B", "10.01")).unwrap_err().code, INSUFFICIENT_FUNDS);
    let hold =
        PlaceHold { account: named("A"), amount: money("10.01"), expires_at: None, description: None, reference: None };
    assert_eq!(run(&mut memory, &hold).unwrap_err().code, INSUFFICIENT_FUNDS);
    done(&mut memory, &moving("A", "B", "4"));
    assert_eq!(funds(&memory, "A"), (600, 5_700));
    // It becomes available by itself: nothing is booked, the days pass.
    for (days, available) in [(2, (600, 5_700)), (3, (5_600, 700)), (4, (5_600, 700)), (5, (6_300, 0)), (9, (6_300, 0))]
    {
        memory.clock().set(start() + TimeDelta::days(days));
        assert_eq!(funds(&memory, "A"), available, "after {days} days");
    }
    done(&mut memory, &moving("A", "B", "63"));
    assert_eq!((balances(&memory, "A"), funds(&memory, "A")), ([0, 0, 0], (0, 0)));
    assert_eq!(standing(&memory, "A").arriving, Default::default(), "days that are over are forgotten");
}

#[test]
fn a_payment_of_yesterday_is_available_today() {
    let mut memory = tenant_with_accounts();
    done(&mut memory, &valued(paying("A", "10"), ago(1)));
    done(&mut memory, &valued(paying("A", "10"), today()));
    assert_eq!(funds(&memory, "A"), (2_000, 0));
}

#[test]
fn what_is_reversed_before_its_day_never_arrives() {
    let mut memory = tenant_with_accounts();
    let payment = done(&mut memory, &valued(paying("A", "50"), ahead(3)));
    done(&mut memory, &valued(paying("A", "8"), ahead(3)));
    let part = done(&mut memory, &taking_back(&payment, Some("20")));
    assert_eq!(part.value_date, ahead(3), "not before what it reverses");
    assert_eq!((balances(&memory, "A"), funds(&memory, "A")), ([3_800, 0, 0], (0, 3_800)));
    done(&mut memory, &taking_back(&payment, None));
    assert_eq!((balances(&memory, "A"), funds(&memory, "A")), ([800, 0, 0], (0, 800)));
    memory.clock().set(start() + TimeDelta::days(3));
    assert_eq!(funds(&memory, "A"), (800, 0));
}

/// A payment that counts later pays no debt before: it could be forgiven, and what has not come paid out.
#[test]
fn what_counts_later_is_on_its_way_as_a_whole_whatever_is_owed() {
    let mut memory = tenant_with_accounts();
    done(&mut memory, &charging("B", ChargeKind::LateFee, "5"));
    done(&mut memory, &valued(paying("B", "12"), ahead(2)));
    assert_eq!((balances(&memory, "B"), funds(&memory, "B")), ([1_200, 0, -500], (10_000, 1_200)));
}

#[test]
fn a_reversal_counts_no_earlier_than_what_it_reverses() {
    let mut memory = tenant_with_accounts();
    done(&mut memory, &paying("A", "100"));
    let past = done(&mut memory, &valued(paying("A", "10"), ago(30)));
    let mirror = done(&mut memory, &taking_back(&past, Some("1")));
    assert_eq!(mirror.value_date, today(), "today, if nobody says a day");
    let on = |day| ReverseEntry { value_date: Some(day), ..taking_back(&past, Some("1")) };
    assert_eq!(run(&mut memory, &on(ago(31))).unwrap_err().code, VALUE_DATE_OUT_OF_RANGE);
    assert_eq!(run(&mut memory, &on(ago(31))).unwrap_err().facts.earliest, Some(ago(30)));
    assert_eq!(done(&mut memory, &on(ago(30))).value_date, ago(30));
    memory.set_closed_through(Some(ago(30)));
    assert_eq!(run(&mut memory, &on(ago(30))).unwrap_err().facts.closed_through, Some(ago(30)));
    assert_eq!(done(&mut memory, &on(ago(29))).value_date, ago(29));
}

#[test]
fn a_payment_is_reversed_in_parts_up_to_what_was_booked() {
    let mut memory = tenant_with_accounts();
    let payment = done(&mut memory, &paying("A", "10"));
    let taking = |amount: &str| taking_back(&payment, Some(amount));
    done(&mut memory, &taking("3"));
    done(&mut memory, &taking("6.99"));
    let refused = run(&mut memory, &taking("0.02")).unwrap_err();
    assert_eq!((refused.code, refused.facts.remaining), (AMOUNT_OUT_OF_RANGE, Some(Minor(1).in_currency(sek()))));
    let last = done(&mut memory, &taking("0.01"));
    for amount in [Some("0.01"), None] {
        let refused = run(&mut memory, &taking_back(&payment, amount)).unwrap_err();
        assert_eq!((refused.code, refused.facts.reversed_by), (ALREADY_REVERSED, Some(last.id)));
    }
    assert_eq!(balances(&memory, "A"), [0, 0, 0]);
    assert!(memory.entries()[1..].iter().all(|entry| entry.reverses == Some(payment.id)));
    for wrong in ["0", "-1"] {
        let other = done(&mut memory, &paying("A", "1"));
        assert_eq!(run(&mut memory, &taking_back(&other, Some(wrong))).unwrap_err().code, AMOUNT_OUT_OF_RANGE);
    }
}

/// A payment settles fees first, then interest, then principal; a part that is taken back opens what it settled last
/// first.
#[test]
fn a_part_opens_what_was_settled_last_first() {
    let mut memory = tenant_with_accounts();
    done(&mut memory, &charging("B", ChargeKind::LateFee, "5"));
    done(&mut memory, &charging("B", ChargeKind::Interest, "20"));
    done(&mut memory, &moving("B", "A", "30"));
    assert_eq!(balances(&memory, "B"), [-3_000, -2_000, -500]);
    let payment = done(&mut memory, &paying("B", "40"));
    assert_eq!(balances(&memory, "B"), [-1_500, 0, 0]);
    for (amount, after) in [
        ("10", [-2_500, 0, 0]),
        ("7", [-3_000, -200, 0]),
        ("18", [-3_000, -2_000, 0]),
        ("4", [-3_000, -2_000, -400]),
        ("1", [-3_000, -2_000, -500]),
    ] {
        done(&mut memory, &taking_back(&payment, Some(amount)));
        assert_eq!(balances(&memory, "B"), after, "after {amount}");
    }
    assert_eq!(run(&mut memory, &taking_back(&payment, None)).unwrap_err().code, ALREADY_REVERSED);
}

/// Between more than two sides nobody can say what a part of it is.
#[test]
fn what_does_more_than_move_one_amount_is_reversed_as_a_whole() {
    let mut desk =
        Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None), position(3, DebtRule::None)]);
    let three = Draft::new(TransactionKind::Transfer, sek(), "shared".into()).moving(
        Side::account(account(1)),
        Side::account(account(2)),
        Minor(30),
    );
    let three = three.moving(Side::Internal(BANK), Side::account(account(3)), Minor(10));
    let entry = desk.booked(order(Action::Post(three)));
    assert_eq!(desk.one(reversing(&entry, Some(5), None)).unwrap_err(), says(&Refusal::OnlyAsAWhole));
    let refused = desk.one(reversing(&entry, Some(41), None)).unwrap_err();
    assert_eq!(refused.facts.remaining, Some(Minor(40).in_currency(sek())));
    desk.done(reversing(&entry, Some(40), None));
    assert_eq!((desk.balances(1), desk.balances(2), desk.balances(3)), ([100, 0, 0], [0, 0, 0], [0, 0, 0]));
    assert!(reversed_of(&desk, &entry).is_some_and(|reversed| reversed.complete));

    // Components set off against each other: one account, and its lines point both ways.
    let crossed = Position { balances: minors([50, -20, 0]), ..position(4, DebtRule::Unlimited) };
    let mut desk = Desk::new([crossed]);
    let settled = Draft::new(TransactionKind::WriteOff, sek(), "all of it".into());
    let from = Side::Account(account(4), Spread::Settle, None);
    let entry = desk.booked(order(Action::Post(settled.moving(from, Side::Internal(BANK), Minor(30)))));
    assert_eq!(desk.one(reversing(&entry, Some(10), None)).unwrap_err(), says(&Refusal::OnlyAsAWhole));
    desk.done(reversal(&entry));
    assert_eq!(desk.balances(4), [30, 0, 0], "the funds that come back pay the interest that does");
}

#[test]
fn a_fee_that_was_paid_and_is_reversed_is_the_customers_money() {
    let mut memory = tenant_with_accounts();
    let fee = done(&mut memory, &charging("B", ChargeKind::LateFee, "5"));
    done(&mut memory, &paying("B", "5"));
    assert_eq!((balances(&memory, "B"), funds(&memory, "B")), ([0, 0, 0], (10_000, 0)));
    let mirror = done(&mut memory, &taking_back(&fee, None));
    assert_eq!((balances(&memory, "B"), funds(&memory, "B")), ([500, 0, 0], (10_500, 0)), "nothing stands in FEE");
    assert_eq!(mirror.postings.iter().map(|line| line.amount.0).sum::<i64>(), 0);
    done(&mut memory, &moving("B", "A", "105"));
}

#[test]
fn a_fee_that_is_reversed_settles_the_interest_that_came_later() {
    let mut memory = tenant_with_accounts();
    let fee = done(&mut memory, &charging("B", ChargeKind::LateFee, "5"));
    done(&mut memory, &paying("B", "5"));
    done(&mut memory, &charging("B", ChargeKind::Interest, "3"));
    assert_eq!(balances(&memory, "B"), [0, -300, 0]);
    done(&mut memory, &taking_back(&fee, None));
    assert_eq!(balances(&memory, "B"), [200, 0, 0]);
    // And one that settles less than is owed leaves the rest owed.
    let interest = done(&mut memory, &charging("B", ChargeKind::Interest, "4"));
    done(&mut memory, &paying("B", "4"));
    done(&mut memory, &charging("B", ChargeKind::ReminderFee, "9"));
    assert_eq!(balances(&memory, "B"), [0, 0, -700], "the reminder was paid from the funds, as far as they went");
    done(&mut memory, &taking_back(&interest, None));
    assert_eq!(balances(&memory, "B"), [0, 0, -300]);
}

/// No debt stands beside money of the same account: a charge is paid from the funds in its own entry, and so is a debt that
/// a reversal brings back.
#[test]
fn a_charge_is_paid_from_the_funds_that_are_free() {
    let mut memory = tenant_with_accounts();
    done(&mut memory, &paying("B", "100"));
    let fee = done(&mut memory, &charging("B", ChargeKind::LateFee, "7"));
    assert_eq!((balances(&memory, "B"), fee.postings.len()), ([9_300, 0, 0], 2));
    done(&mut memory, &taking_back(&fee, Some("3")));
    done(&mut memory, &taking_back(&fee, None));
    assert_eq!(balances(&memory, "B"), [10_000, 0, 0]);
    // What a hold reserves is not free; given back, it pays with the next entry.
    let hold =
        PlaceHold { account: named("B"), amount: money("98"), expires_at: None, description: None, reference: None };
    let hold = memory.run(&origin(), None, &hold).expect("a hold").value;
    done(&mut memory, &charging("B", ChargeKind::LateFee, "7"));
    assert_eq!(balances(&memory, "B"), [9_800, 0, -500]);
    memory.run(&origin(), None, &crate::payments::ReleaseHold { hold: hold.id }).expect("released");
    assert_eq!(balances(&memory, "B"), [9_800, 0, -500]);
    done(&mut memory, &charging("B", ChargeKind::Interest, "1"));
    assert_eq!(balances(&memory, "B"), [9_200, 0, 0]);
    // A payment that had repaid a fee bounces: the fee is owed again, and there is money for it.
    done(&mut memory, &moving("B", "A", "92"));
    done(&mut memory, &charging("B", ChargeKind::LateFee, "4"));
    let payment = done(&mut memory, &paying("B", "4"));
    done(&mut memory, &paying("B", "10"));
    done(&mut memory, &taking_back(&payment, None));
    assert_eq!(balances(&memory, "B"), [600, 0, 0]);
}

/// A token that is bound to a customer reaches that customer's accounts, and no others.
#[test]
fn a_bound_token_reaches_its_own_accounts_only() {
    let mut memory = tenant_with_accounts();
    done(&mut memory, &customer(Some("D")));
    done(&mut memory, &opening("plain", "D", Some("X")));
    done(&mut memory, &paying("A", "10"));
    done(&mut memory, &paying("X", "10"));
    let owner = memory.rows::<Account>()[0].owner;
    let bound = Origin { customer: Some(owner), ..origin() };
    let mut run = |command: &crate::payments::Transfer| {
        memory.run(&bound, None, command).map(|_| ()).map_err(|refused| refused.code)
    };
    assert_eq!(run(&moving("A", "B", "1")), Ok(()));
    assert_eq!(run(&moving("A", "X", "1")), Err(NOT_FOUND));
    assert_eq!(run(&moving("X", "A", "1")), Err(NOT_FOUND));
}

/// Sums of many of the largest amounts pass 64 bits: both engines add them up exactly.
#[tokio::test(flavor = "multi_thread")]
async fn sums_beyond_64_bits_are_exact() {
    const LARGE: i64 = 100_000_000_000_000_000;
    on_both(async |world: &World| {
        for number in 1..=2 {
            world.open(position(number, DebtRule::Unlimited)).await;
        }
        world.done(payment(account(1), LARGE)).await;
        // 10^15 in whole units, to and fro: each side's sum is 93 times 10^17 minor units.
        let there = |n: usize| if n.is_multiple_of(2) { (1, 2) } else { (2, 1) };
        let transfers = (0..2 * 93).map(there).map(|(from, to)| transfer(account(from), account(to), LARGE));
        let items = transfers.map(|order| (order.key, order.action)).collect();
        for answer in world.engine.workers.run_all(&origin(), items, Mode::Sequential, Priority::Front).await {
            answer.expect("done");
        }
        let lines = trial_balance(world.db().reader(), tenant(), None).await.expect("the database");
        let found: Vec<_> = lines.iter().map(|line| (line.class, line.debit, line.credit)).collect();
        let large = i128::from(LARGE);
        let expected = [(Class::Customers(Principal), 186 * large, 187 * large), (Class::Internal(BANK), large, 0)];
        assert_eq!(found, expected);
        assert!(186 * large > i128::from(i64::MAX));
        for (number, balance) in [(1, LARGE), (2, 0)] {
            let sum = balance_as_of(world.db().reader(), tenant(), account(number), today(), None).await;
            assert_eq!(sum.expect("the database"), Minor(balance));
            assert_eq!(world.balance(number).await, balance);
        }
    })
    .await;
}

/// By value date an account may have held more than it ever did at once: the sum is exact as far as a balance goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_past_balance_is_exact_up_to_the_last_unit() {
    const LARGE: i64 = 100_000_000_000_000_000;
    on_both(async |world: &World| {
        for number in 1..=2 {
            world.open(position(number, DebtRule::Unlimited)).await;
        }
        let round = || {
            let there = dated(transfer(account(2), account(1), LARGE), ago(5));
            [there, transfer(account(1), account(2), LARGE)]
        };
        for outcome in world.together((0..92).flat_map(|_| round()).collect(), Mode::Sequential).await {
            outcome.expect("done");
        }
        let as_of = async |number: u128, date| {
            balance_as_of(world.db().reader(), tenant(), account(number), date, None).await.expect("the database").0
        };
        assert_eq!((as_of(1, ago(5)).await, as_of(2, ago(5)).await), (92 * LARGE, -92 * LARGE));
        assert_eq!((as_of(1, today()).await, as_of(1, ago(6)).await), (0, 0));
        let lines = trial_balance(world.db().reader(), tenant(), Some(ago(5))).await.expect("the database");
        let large = i128::from(LARGE);
        assert_eq!((lines.len(), lines[0].debit, lines[0].credit), (1, 92 * large, 92 * large));
    })
    .await;
}
