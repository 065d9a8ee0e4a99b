//! The committer and the writer: what stands in the database after a batch, and what does not.

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Statement};

use super::harness::{World, on_both};
use super::*;
use crate::ledger::LedgerFault;
use crate::ledger::order::Verdict;

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
    for table in ["entry", "posting", "batch", "hold", "event", "idempotency_key", "ledger_account"] {
        counts.push(world.number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    for column in ["entry_sequence", "event_sequence", "batch_number"] {
        counts.push(world.number(&format!("SELECT {column} FROM ledger_head")).await);
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_leaves_an_audit_record_and_nothing_else() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        let before = footprint(world).await;
        let records = world.number("SELECT COUNT(*) FROM audit_record").await;
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
            order(Action::TurnedAway(Verdict::Refused(RefusalCode::NotFound))),
        ];
        for order in refused {
            let _ = world.submit(order).await;
        }
        let atomic = vec![opening, payment(account(2), 5), placing(account(2), 5), withdrawal(account(1), 101)];
        let submission = Submission { orders: atomic, atomic: true };
        let outcomes = world.engine.committer.submit(tenant(), submission).await.expect("the database");
        assert!(outcomes.iter().all(Result::is_err));
        assert_eq!(footprint(world).await, before);
        assert_eq!(world.number("SELECT COUNT(*) FROM audit_record").await, records + 9);
        let named =
            "SELECT COUNT(*) FROM audit_record WHERE outcome = 'REFUSED' AND code IS NOT NULL AND target IS NULL";
        assert_eq!(world.number(named).await, 9);
        world.verify_clean(1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_submission_is_booked_whole_and_its_orders_build_on_each_other() {
    on_both(async |world| {
        let submission = Submission {
            orders: vec![
                order(Action::Open(Box::new(position(1, DebtRule::None)))),
                order(Action::Open(Box::new(position(2, DebtRule::None)))),
                payment(account(1), 100),
                transfer(account(1), account(2), 60),
                placing(account(2), 50),
                order(Action::RequestClosure(account(1))),
                transfer(account(1), account(2), 40),
            ],
            atomic: true,
        };
        let outcomes = world.engine.committer.submit(tenant(), submission).await.expect("the database");
        assert!(outcomes.iter().all(Result::is_ok), "{:?}", codes(&outcomes));
        assert_eq!(world.number("SELECT COUNT(*) FROM batch").await, 1);
        let (first, second) = (world.position(1).await, world.position(2).await);
        assert_eq!((first.status, first.closed_on), (AccountStatus::Closed, Some(today())));
        assert_eq!((second.balance(), second.reserved, second.available()), (Minor(100), Minor(50), Minor(50)));
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
            let number = wanted.account.0.as_u128();
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
            super::super::ExternalReference { reference: text(), date, poster: Some(text()), code: Some(text()) }
        };
        let first_day = NaiveDate::from_ymd_opt(1, 1, 1);
        for (text, date) in [("plain", Some(today())), ("", None), ("å∑𝄞\t\n\"'\\{}", first_day), (" ", None)] {
            let to = Side::Account(account(1), Spread::Flow, Some(text.to_owned()));
            let mut draft = Draft::new(TransactionKind::Payment, sek(), text.into());
            draft = draft.moving(Side::Internal(BANK), to, Minor(10));
            draft.external = Some(external(text, date));
            draft.metadata = format!("{{\"text\": {}}}", serde_json::Value::from(text));
            let entry = world.booked(keyed(order(Action::Post(draft)), text, text)).await;
            let read = super::super::journal::entries_by_id(world.db().reader(), tenant(), &[entry.id]).await;
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
        // Account 1 a second time: only the database can tell.
        let impossible = order(Action::Open(Box::new(Position { account: account(1), ..position(3, DebtRule::None) })));
        let orders = (0..30).map(|n| if n == 7 { impossible.clone() } else { payment(account(1), 10) });
        let answers = join_all(orders.map(|order| world.engine.submit(order))).await;
        let faults = answers
            .iter()
            .filter(|answer| matches!(answer.as_ref().map_err(|fault| &**fault), Err(LedgerFault::Database(_))));
        assert_eq!(faults.count(), 1);
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
        let submission = Submission { orders, atomic: true };
        let outcomes = world.engine.committer.submit(tenant(), submission).await.expect("the database");
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
        assert_eq!(foreign.unwrap_err(), Refusal::AccountNotFound(account(1)));
        let mirror = world.submit(of(other, reversal(&first))).await;
        assert_eq!(mirror.unwrap_err(), Refusal::AccountNotFound(account(1)));
        let checked = world.verify().await.expect("clean books");
        assert_eq!((checked.tenants, checked.entries, checked.postings, checked.events), (2, 2, 4, 4));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_commits_what_waits_and_takes_nothing_more() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        let committer = world.engine.committer.clone();
        let waiting: Vec<_> = (0..40)
            .map(|_| {
                let committer = committer.clone();
                let submission = Submission { orders: vec![payment(account(1), 1)], atomic: false };
                tokio::spawn(async move { committer.submit(tenant(), submission).await })
            })
            .collect();
        tokio::task::yield_now().await;
        committer.stop().await;
        let mut booked = 0;
        for answer in join_all(waiting).await {
            match answer.expect("no panic") {
                Ok(outcomes) => booked += i64::from(outcomes[0].is_ok()),
                Err(fault) => assert!(matches!(*fault, LedgerFault::Stopped), "{fault}"),
            }
        }
        assert_eq!(world.balance(1).await, booked);
        let late = Submission { orders: vec![payment(account(1), 1)], atomic: false };
        assert!(matches!(*committer.submit(tenant(), late).await.unwrap_err(), LedgerFault::Stopped));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_case_commits_its_own_rows_with_its_order_or_not_at_all() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 100)).await;
        world.open(position(2, DebtRule::None)).await;
        let rename = async |order: Order, name: &str| {
            let tx = world.db().begin().await.expect("a transaction");
            let statement =
                Statement::from_sql_and_values(world.db().backend(), "UPDATE tenant SET name = $1", [name.into()]);
            tx.execute_raw(statement).await.expect("the statement");
            world.engine.finish(tx, order).await.expect("the database")
        };
        let name = async || {
            let statement = Statement::from_string(world.db().backend(), "SELECT name FROM tenant");
            let row = world.db().reader().query_one_raw(statement).await.expect("the query").expect("a row");
            row.try_get::<String>("", "name").expect("a text")
        };
        assert!(rename(keyed(transfer(account(1), account(2), 60), "key", "60"), "booked").await.is_ok());
        assert_eq!(name().await, "booked");
        let records = world.number("SELECT COUNT(*) FROM audit_record WHERE outcome = 'REFUSED'").await;
        assert!(rename(transfer(account(1), account(2), 60), "refused").await.is_err());
        let after = world.number("SELECT COUNT(*) FROM audit_record WHERE outcome = 'REFUSED'").await;
        assert_eq!(after, records + 1, "the refusal is on record all the same");
        assert_eq!(name().await, "booked");
        assert!(
            rename(keyed(transfer(account(1), account(2), 60), "key", "60"), "replay")
                .await
                .expect("a replay")
                .replayed
        );
        assert_eq!((name().await.as_str(), world.balance(2).await), ("booked", 60));
        world.verify_clean(2).await;
    })
    .await;
}
