//! Balances in the past, and the trial balance.

use chrono::TimeDelta;

use super::harness::{World, on_both};
use super::*;
use crate::ledger::balances::{Class, balance_as_of, trial_balance};

async fn as_of(world: &World, number: u128, date: NaiveDate, known: Option<DateTime<Utc>>) -> i64 {
    let known = known.map(|known| known.timestamp_micros());
    balance_as_of(world.db().reader(), tenant(), account(number), date, known).await.expect("the database").0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_balance_follows_the_value_dates_and_what_was_known() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let booked = |hours| start() + TimeDelta::hours(hours);
        for (hours, amount, date) in [(0, 100, ago(10)), (1, 50, today()), (2, 30, ago(20)), (3, 7, ahead(5))] {
            world.clock.set(booked(hours));
            world.done(dated(payment(account(1), amount), date)).await;
        }
        world.clock.set(booked(4));
        world.done(dated(withdrawal(account(1), 20), ago(15))).await;
        for (date, known, balance) in [
            (ago(21), None, 0),
            (ago(20), None, 30),
            (ago(15), None, 10),
            (ago(10), None, 110),
            (ago(1), None, 110),
            (today(), None, 160),
            (ahead(4), None, 160),
            (ahead(5), None, 167),
            (today(), Some(booked(-1)), 0),
            (today(), Some(booked(0)), 100),
            (today(), Some(booked(1)), 150),
            (today(), Some(booked(2)), 180),
            (today(), Some(booked(4)), 160),
            (ago(15), Some(booked(3)), 30),
            (ago(15), Some(booked(4) - TimeDelta::microseconds(1)), 30),
            (ago(15), Some(booked(4)), 10),
            (ahead(9), Some(booked(9)), 167),
        ] {
            assert_eq!(as_of(world, 1, date, known).await, balance, "on {date}, known at {known:?}");
        }
        assert_eq!((world.balance(1).await, as_of(world, 2, today(), None).await), (167, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_balance_has_all_components_of_the_account() {
    on_both(async |world| {
        world.open(position(1, DebtRule::Unlimited)).await;
        world.done(debit(account(1), Spread::On(Component::Principal), 100)).await;
        world.done(debit(account(1), Spread::Charge(Component::Interest), 20)).await;
        world.done(debit(account(1), Spread::Charge(Component::Fee), 5)).await;
        let repayment = world.booked(payment(account(1), 50)).await;
        assert_eq!(repayment.postings.len(), 4, "the bank, and three components");
        assert_eq!(as_of(world, 1, today(), None).await, -75);
        world.done(reversal(&repayment)).await;
        assert_eq!((as_of(world, 1, today(), None).await, world.balance(1).await), (-125, -125));
        world.verify_clean(5).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn debits_and_credits_are_equal_in_each_currency_on_every_day() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 500)).await;
        world.open(position(2, DebtRule::Unlimited)).await;
        world.open(Position { currency: eur(), ..position(3, DebtRule::None) }).await;
        world.done(dated(debit(account(2), Spread::Charge(Component::Fee), 40), ago(30))).await;
        world.done(dated(transfer(account(1), account(2), 60), ago(7))).await;
        world.done(debit(account(2), Spread::Charge(Component::Interest), 3)).await;
        let in_eur = Draft::new(TransactionKind::Load, eur(), "cash".into());
        let cash = Side::Internal(InternalRole::SettlementCash);
        world.done(order(Action::Post(in_eur.moving(cash, Side::account(account(3)), Minor(900))))).await;
        for (date, lines) in [(Some(ago(31)), 0), (Some(ago(30)), 2), (Some(ago(7)), 3), (Some(today()), 5), (None, 5)]
        {
            let found = trial_balance(world.db().reader(), tenant(), date).await.expect("the database");
            assert_eq!(found.len(), lines, "{date:?}: {found:?}");
            for currency in [sek(), eur()] {
                let of = found.iter().filter(|line| line.currency == currency);
                let (debit, credit) =
                    of.fold((0, 0), |(debit, credit), line| (debit + line.debit, credit + line.credit));
                assert_eq!(debit, credit, "{currency} on {date:?}");
            }
        }
        let found = trial_balance(world.db().reader(), tenant(), None).await.expect("the database");
        let lines: Vec<_> =
            found.iter().map(|line| (line.currency.code(), line.class, line.debit, line.credit)).collect();
        let customers = Class::Customers;
        assert_eq!(
            lines,
            [
                ("EUR", customers(Component::Principal), 0, 900),
                ("EUR", Class::Internal(InternalRole::SettlementCash), 900, 0),
                ("SEK", customers(Component::Principal), 60, 520),
                ("SEK", customers(Component::Interest), 3, 0),
                ("SEK", customers(Component::Fee), 40, 40),
                ("SEK", Class::Internal(BANK), 500, 43),
            ]
        );
        world.verify_clean(5).await;
    })
    .await;
}
