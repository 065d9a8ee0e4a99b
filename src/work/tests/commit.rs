//! The worker and what it writes: what stands in the database after a batch, and what does not.

use futures_util::future::join_all;

use super::super::Mode;
use super::harness::{World, on_both, submit_to};
use super::*;
use crate::ledger::LedgerFault;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_transfers_at_once_are_booked_without_a_gap() {
    on_both(async |world| {
        for number in 1..=8 {
            world.open(holding(number, DebtRule::None, 1_000)).await;
        }
        let transfers = (0..64_u128).map(|n| world.submit(transfer(account(n % 8 + 1), account((n + 3) % 8 + 1), 10)));
        let mut sequences: Vec<i64> = join_all(transfers)
            .await
            .into_iter()
            .map(|outcome| outcome.expect("it is not refused").entry.expect("an entry").sequence)
            .collect();
        sequences.sort_unstable();
        assert_eq!(sequences, (9..=72).collect::<Vec<_>>());
        for number in 1..=8 {
            assert_eq!(world.balance(number).await, 1_000, "each gave eight times and was given to eight times");
        }
        world.verify_clean(72).await;
        let events = world.number("SELECT event_sequence FROM ledger_head").await;
        assert_eq!(events, 80, "eight accounts opened, and 72 entries");
        let batches = world.number("SELECT COUNT(*) FROM batch").await;
        assert!((9..72).contains(&batches), "{batches} batches: what waits is committed together");
    })
    .await;
}

/// How many rows each table has, and the head.
async fn footprint(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in
        ["entry", "posting", "batch", "hold", "event", "internal_account", "account_position", "reversed_entry"]
    {
        counts.push(world.number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    for column in ["entry_sequence", "event_sequence", "batch_number"] {
        counts.push(world.number(&format!("SELECT {column} FROM ledger_head")).await);
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_leaves_an_command_and_nothing_else() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        let before = footprint(world).await;
        let records = world.number("SELECT COUNT(*) FROM command").await;
        let loading = Draft::new(TransactionKind::Load, sek(), "cash".into());
        let opening = order(Action::Open(Box::new(position(3, DebtRule::None))));
        let refused = vec![
            keyed(transfer(account(1), account(2), 101), "key", "101"),
            order(Action::Post(loading.moving(
                Side::account(account(1)),
                Side::Internal(InternalRole::SettlementCash),
                Minor(101),
            ))),
            placing(account(1), 101),
            order(Action::Close(account(1))),
        ];
        for order in refused {
            assert!(world.submit(order).await.is_err());
        }
        world.engine.audit_refusal(&origin(), "test", &[NOT_FOUND]).await.expect("the database");
        let atomic = vec![opening, payment(account(2), 5), placing(account(2), 5), withdrawal(account(1), 101)];
        let outcomes = world.together(atomic, Mode::AllOrNothing).await;
        assert!(outcomes.iter().all(Result::is_err));
        assert_eq!(footprint(world).await, before);
        assert_eq!(world.number("SELECT COUNT(*) FROM command").await, records + 9);
        let named = "SELECT COUNT(*) FROM command WHERE outcome = 'REFUSED' AND code IS NOT NULL AND target IS NULL";
        assert_eq!(world.number(named).await, 9);
        world.verify_clean(1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_submission_is_booked_whole_and_its_orders_build_on_each_other() {
    on_both(async |world| {
        let orders = vec![
            order(Action::Open(Box::new(position(1, DebtRule::None)))),
            order(Action::Open(Box::new(position(2, DebtRule::None)))),
            payment(account(1), 100),
            transfer(account(1), account(2), 60),
            placing(account(2), 50),
            order(Action::RequestClosure(account(1))),
            transfer(account(1), account(2), 40),
        ];
        let outcomes = world.together(orders, Mode::AllOrNothing).await;
        assert!(outcomes.iter().all(Result::is_ok), "{:?}", codes(&outcomes));
        assert_eq!(world.number("SELECT COUNT(*) FROM batch").await, 1);
        let (first, second) = (world.position(1).await, world.position(2).await);
        assert_eq!((first.status, first.closed_on), (AccountStatus::Closed, Some(today())));
        assert_eq!((second.balance(), second.reserved, second.available(today())), (Minor(100), Minor(50), Minor(50)));
        world.verify_clean(3).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_comes_back_from_the_database_as_it_was() {
    on_both(async |world| {
        let order = RepaymentOrder::from_text("PRINCIPAL,INTEREST,FEE").expect("an order");
        let full = Position {
            currency: eur(),
            repayment_order: order,
            credit_limit: Minor(500),
            maximum_balance: Some(Minor(9_000)),
            ..position(1, DebtRule::Limit)
        };
        let bare = Position { maximum_balance: Some(Minor::ZERO), ..position(2, DebtRule::Unlimited) };
        for wanted in [full, bare, position(3, DebtRule::None)] {
            world.open(wanted.clone()).await;
            let number = wanted.account.0.as_u128() & 0xff;
            assert_eq!(world.position(number).await, wanted);
        }
        world.done(super::order(Action::LowerCreditLimit(account(1), Minor(20)))).await;
        assert_eq!(world.position(1).await.credit_limit, Minor(20));
    })
    .await;
}

/// Texts and dates at the edge of what a caller may send.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_comes_back_from_the_database_byte_for_byte() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let external = |text: &str, date| {
            let text = || text.to_owned();
            ExternalReference { reference: text(), date, poster: Some(text()), code: Some(text()) }
        };
        let first_day = NaiveDate::from_ymd_opt(1, 1, 1);
        for (text, date) in [("plain", Some(today())), ("", None), ("å∑𝄞\t\n\"'\\{}", first_day), (" ", None)] {
            let to = Side::Account(account(1), Spread::Flow, Some(text.to_owned()));
            let mut draft = Draft::new(TransactionKind::Payment, sek(), text.into());
            draft = draft.moving(Side::Internal(BANK), to, Minor(10));
            draft.external = Some(external(text, date));
            draft.metadata = format!("{{\"text\": {}}}", serde_json::Value::from(text));
            let entry = world.booked(keyed(order(Action::Post(draft)), text, text)).await;
            let read = crate::ledger::journal::entries_by_id(world.db().reader(), tenant(), &[entry.id]).await;
            assert_eq!(read.expect("the database"), [entry], "{text:?}");
        }
        world.verify_clean(4).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_submission_that_the_database_will_not_take_does_not_fail_its_neighbours() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        // Account 1 a second time: whether anybody knows of it or only the database can tell.
        let impossible = order(Action::Open(Box::new(Position { account: account(1), ..position(3, DebtRule::None) })));
        let orders = (0..30).map(|n| if n == 7 { impossible.clone() } else { payment(account(1), 10) });
        let answers = join_all(orders.map(|order| world.try_submit(order))).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(Ok(_)))).count(), 29);
        assert_eq!(world.balance(1).await, 290);
        world.verify_clean(29).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_submission_is_one_batch() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 5_000)).await;
        world.open(position(2, DebtRule::None)).await;
        let orders = (0..3_000).map(|_| transfer(account(1), account(2), 1)).collect();
        let outcomes = world.together(orders, Mode::AllOrNothing).await;
        assert!(outcomes.iter().all(Result::is_ok));
        assert_eq!((world.balance(1).await, world.balance(2).await), (2_000, 3_000));
        assert_eq!(world.number("SELECT COUNT(*) FROM batch").await, 2);
        world.verify_clean(3_001).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_have_journals_of_their_own() {
    on_both(async |world| {
        let other = TenantId(Uuid::from_u128(0x7f));
        world.add_tenant(other, "two").await;
        let of = |tenant, order: Order| Order { origin: Origin { tenant, ..origin() }, ..order };
        world.open(position(1, DebtRule::None)).await;
        world.done(of(other, order(Action::Open(Box::new(position(2, DebtRule::None)))))).await;
        let first = world.booked(keyed(payment(account(1), 10), "key", "a")).await;
        let second = world.booked(of(other, keyed(payment(account(2), 20), "key", "b"))).await;
        assert_eq!((first.sequence, second.sequence), (1, 1));
        let foreign = world.submit(of(other, payment(account(1), 10))).await;
        assert_eq!(foreign.unwrap_err(), says(&Refusal::AccountNotFound(account(1))));
        let mirror = world.submit(of(other, reversal(&first))).await;
        assert_eq!(code(&mirror), Err(NOT_FOUND));
        world.verify_clean(2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_commits_what_waits_and_takes_nothing_more() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let waiting: Vec<_> = (0..40)
            .map(|_| {
                let engine = world.engine.clone();
                tokio::spawn(async move { submit_to(&engine, payment(account(1), 1)).await })
            })
            .collect();
        tokio::task::yield_now().await;
        world.engine.workers.stop().await;
        let mut booked = 0;
        for answer in join_all(waiting).await {
            match answer.expect("no panic") {
                Ok(outcome) => booked += i64::from(outcome.is_ok()),
                Err(fault) => assert!(matches!(*fault, LedgerFault::Stopped), "{fault}"),
            }
        }
        assert_eq!(world.balance(1).await, booked);
        let late = world.try_submit(payment(account(1), 1)).await;
        assert!(matches!(*late.unwrap_err(), LedgerFault::Stopped));
    })
    .await;
}
