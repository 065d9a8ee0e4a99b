//! Two or more at once on the same thing: one wins. Each race is run through the committer (which may put
//! both into one batch), through use cases with transactions of their own, and through one of each.

use futures_util::future::{join, join_all};

use super::super::journal;
use super::harness::{World, on_both};
use super::*;

#[derive(Clone, Copy, Debug)]
enum Way {
    Committer,
    UseCase,
}

const WAYS: [(Way, Way); 4] = [
    (Way::Committer, Way::Committer),
    (Way::Committer, Way::UseCase),
    (Way::UseCase, Way::Committer),
    (Way::UseCase, Way::UseCase),
];

async fn go(world: &World, way: Way, order: Order) -> Outcome {
    let engine = world.engine.clone();
    let task = match way {
        Way::Committer => tokio::spawn(async move { engine.submit(order).await.expect("the database") }),
        Way::UseCase => tokio::spawn(async move {
            let tx = engine.db.begin().await.expect("a transaction");
            engine.finish(tx, order).await.expect("the database")
        }),
    };
    task.await.expect("no panic")
}

/// Runs both at once and gives the refusal of the one that lost.
async fn loser(world: &World, (first, second): (Way, Way), orders: [Order; 2]) -> Refusal {
    let [one, other] = orders;
    match join(go(world, first, one), go(world, second, other)).await {
        (Ok(_), Err(refusal)) | (Err(refusal), Ok(_)) => refusal,
        both => panic!("one of the two should win: {both:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_captures_that_exceed_the_hold_together_one_wins() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 1_000)).await;
        for (round, ways) in (1..).zip(WAYS) {
            let hold = world.held(placing(account(1), 100)).await;
            let capture = || capturing(hold, account(1), Some(60));
            let refusal = loser(world, ways, [capture(), capture()]).await;
            assert_eq!(refusal, Refusal::HoldTooSmall { remaining: Minor(40).in_currency(sek()) }, "{ways:?}");
            let position = world.position(1).await;
            assert_eq!((position.reserved, position.balance()), (Minor(40 * round), Minor(1_000 - 60 * round)));
        }
        world.verify_clean(5).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_capture_and_a_release_one_wins() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 1_000)).await;
        for ways in WAYS {
            let hold = world.held(placing(account(1), 100)).await;
            let orders = [capturing(hold, account(1), None), releasing(hold, account(1))];
            assert_eq!(loser(world, ways, orders).await, Refusal::HoldNotOpen, "{ways:?}");
            assert_eq!(world.position(1).await.reserved, Minor::ZERO);
        }
        world.verify().await.expect("clean books");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_reversals_of_one_entry_one_wins() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        for ways in WAYS {
            let entry = world.booked(payment(account(1), 100)).await;
            let refusal = loser(world, ways, [reversal(&entry), reversal(&entry)]).await;
            let mirrors =
                journal::reversals_of(world.db().reader(), tenant(), &[entry.id]).await.expect("the database");
            assert_eq!(refusal, Refusal::AlreadyReversed { by: mirrors[0].id }, "{ways:?}");
            assert_eq!((mirrors.len(), world.balance(1).await), (1, 0));
        }
        world.verify_clean(8).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_money_is_spent_once() {
    on_both(async |world| {
        for number in 1..=3 {
            world.open(position(number, DebtRule::None)).await;
        }
        for ways in WAYS {
            world.done(payment(account(1), 100)).await;
            let orders = [transfer(account(1), account(2), 100), transfer(account(1), account(3), 100)];
            let refusal = loser(world, ways, orders).await;
            let available = Minor::ZERO.in_currency(sek());
            assert_eq!(refusal, Refusal::InsufficientFunds { account: account(1), available }, "{ways:?}");
        }
        assert_eq!(world.balance(1).await, 0);
        assert_eq!(world.balance(2).await + world.balance(3).await, 400);
        world.verify_clean(8).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_taken_once() {
    on_both(async |world| {
        world.open(position(1, DebtRule::None)).await;
        for (round, ways) in WAYS.into_iter().enumerate() {
            let mut draft = payment_draft(account(1), 10);
            let reference = format!("INV-{round}");
            draft.external = Some(super::super::ExternalReference { reference, date: None, poster: None, code: None });
            let pay = || order(Action::Post(draft.clone()));
            assert_eq!(loser(world, ways, [pay(), pay()]).await, Refusal::DuplicateExternalReference, "{ways:?}");
        }
        world.verify_clean(4).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_from_many_at_once_has_one_effect_and_one_answer() {
    on_both(async |world| {
        world.open(holding(1, DebtRule::None, 1_000)).await;
        world.open(position(2, DebtRule::None)).await;
        let order = || keyed(transfer(account(1), account(2), 10), "key", "10");
        let ways = [Way::Committer, Way::Committer, Way::UseCase];
        let outcomes = join_all((0..36).map(|n| go(world, ways[n % 3], order()))).await;
        let applied: Vec<Applied> = outcomes.into_iter().map(|outcome| outcome.expect("it is not refused")).collect();
        assert_eq!(applied.iter().filter(|applied| !applied.replayed).count(), 1);
        assert_eq!(applied.iter().map(|applied| &applied.result).collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(world.balance(2).await, 10);
        let other = go(world, Way::UseCase, keyed(transfer(account(1), account(2), 11), "key", "11")).await;
        assert_eq!(other.unwrap_err(), Refusal::KeyReused);
        world.verify_clean(2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opposite_directions_on_the_same_accounts_do_not_block_each_other() {
    on_both(async |world| {
        let accounts = 1..=4_u128;
        for number in accounts.clone() {
            world.open(holding(number, DebtRule::None, 10_000)).await;
        }
        let ring: Vec<Order> = (0..96_u128)
            .map(|n| {
                let (from, to) = (n % 4 + 1, (n + 1 + n / 4 % 3) % 4 + 1);
                let (from, to) = if n % 2 == 0 { (from, to) } else { (to, from) };
                transfer(account(from), account(to), 1)
            })
            .collect();
        let ways = [Way::UseCase, Way::Committer, Way::Committer, Way::UseCase, Way::UseCase];
        let outcomes = join_all(ring.into_iter().enumerate().map(|(n, order)| go(world, ways[n % 5], order))).await;
        assert!(outcomes.iter().all(Result::is_ok), "{:?}", codes(&outcomes));
        let mut total = 0;
        for number in accounts {
            total += world.balance(number).await;
        }
        assert_eq!(total, 40_000);
        world.verify_clean(100).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closure_and_a_payment_at_once_never_leave_money_on_a_closed_account() {
    on_both(async |world| {
        for (number, ways) in (1..).zip(WAYS) {
            world.open(position(number, DebtRule::None)).await;
            let orders = [order(Action::RequestClosure(account(number))), payment(account(number), 5)];
            let [close, pay] = orders;
            let (closed, paid) = join(go(world, ways.0, close), go(world, ways.1, pay)).await;
            assert!(closed.is_ok(), "{ways:?}");
            let position = world.position(number).await;
            match paid {
                Ok(_) => assert_eq!((position.status, position.balance()), (AccountStatus::PendingClose, Minor(5))),
                Err(refusal) => {
                    assert_eq!(refusal.code(), RefusalCode::AccountNotOpen);
                    assert_eq!((position.status, position.balance()), (AccountStatus::Closed, Minor::ZERO));
                }
            }
        }
        world.verify().await.expect("clean books");
    })
    .await;
}
