//! What commands do in the books: keys, references, dates, reversals, and how refusals are undone.

use super::super::unit::Ended;
use super::*;
use crate::ledger::rows::Internal;

fn atomic(orders: Vec<Order>) -> Submission {
    Submission { orders, atomic: true }
}

#[test]
fn an_entry_names_each_account_once_with_its_amount_and_its_balance_afterwards() {
    let owing = Position { balances: minors([-50, -20, -5]), ..position(2, DebtRule::Unlimited) };
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), owing]);
    let entry = desk.booked(transfer(account(1), account(2), 40));
    let lines: Vec<_> = entry.postings.iter().map(|line| (line.account, line.amount.0)).collect();
    let two = Some(account(2));
    assert_eq!(lines, [(Some(account(1)), -40), (two, 15), (two, 20), (two, 5)]);
    let totals: Vec<_> = entry.postings.iter().filter_map(|line| line.total).collect();
    assert_eq!(
        totals.iter().map(|total| (total.amount.0, total.balance_after.0)).collect::<Vec<_>>(),
        [(-40, 60), (40, -35)]
    );
    assert_eq!((entry.sequence, entry.value_date, entry.booked_at), (1, today(), desk.memory.clock().micros()));
}

#[test]
fn a_key_is_answered_with_what_it_did_the_first_time() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    let order = || keyed(transfer(account(1), account(2), 60), "key", "60");
    let first = desk.done(order());
    assert!(!first.replayed && first.entry.is_some());
    let before = desk.known();
    for outcome in desk.several(vec![order(), order()]) {
        let again = outcome.expect("a replay");
        assert!(again.replayed);
        assert_eq!((again.entry, &again.result), (first.entry.clone(), &first.result));
    }
    assert_eq!(desk.known(), before, "a replay changes nothing");
}

#[test]
fn a_key_works_within_one_batch_too() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    let order = || keyed(transfer(account(1), account(2), 60), "key", "60");
    let outcomes = desk.several(vec![order(), order(), keyed(transfer(account(1), account(2), 1), "key", "1")]);
    let results: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().map(|applied| applied.replayed)).collect();
    assert_eq!(results[..2], [Ok(false), Ok(true)]);
    assert_eq!(code(&outcomes[2]), Err(IDEMPOTENCY_KEY_REUSED));
    assert_eq!(desk.balances(2), [60, 0, 0]);
}

#[test]
fn a_key_belongs_to_its_client_and_to_its_request() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    desk.done(keyed(transfer(account(1), account(2), 10), "key", "10"));
    let other_client = Origin { client: "other".into(), ..origin() };
    let order = keyed(transfer(account(1), account(2), 10), "key", "10");
    assert!(
        !desk.done(Order { origin: other_client, ..order.clone() }).replayed,
        "another client's key is another key"
    );
    assert_eq!(code(&desk.one(keyed(order, "key", "11"))), Err(IDEMPOTENCY_KEY_REUSED));
}

#[test]
fn a_refused_order_leaves_its_key_unused() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    let order = keyed(transfer(account(1), account(2), 150), "key", "150");
    assert_eq!(code(&desk.one(order.clone())), Err(INSUFFICIENT_FUNDS));
    desk.done(payment(account(1), 50));
    assert!(!desk.done(order).replayed);
}

#[test]
fn reference_date_and_poster_together_are_unique_in_the_books_and_in_the_batch() {
    let pay = || payment(account(1), 1);
    let mut desk = Desk::new([position(1, DebtRule::None)]);
    let (first, second) = (Some(today()), Some(ago(1)));
    desk.done(referring(pay(), "INV-1", first, Some("erp")));
    let taken = Err(DUPLICATE_REFERENCE);
    for (reference, date, poster, expected) in [
        ("INV-1", first, Some("erp"), taken),
        ("INV-1", second, Some("erp"), Ok(())),
        ("INV-1", second, Some("erp"), taken),
        ("INV-1", None, Some("erp"), Ok(())),
        ("INV-1", first, Some("shop"), Ok(())),
        ("INV-1", first, None, Ok(())),
        ("INV-1", None, None, Ok(())),
        ("INV-2", first, Some("erp"), Ok(())),
        ("INV-2", first, Some("erp"), taken),
    ] {
        assert_eq!(
            code(&desk.one(referring(pay(), reference, date, poster))),
            expected,
            "{reference} {date:?} {poster:?}"
        );
    }
    let twice = || referring(pay(), "INV-3", None, None);
    assert_eq!(codes(&desk.several(vec![twice(), twice(), twice()])), [Ok(()), taken, taken]);
    let broke = referring(withdrawal(account(1), 500), "INV-4", None, None);
    let outcomes = desk.several(vec![broke, referring(pay(), "INV-4", None, None)]);
    assert_eq!(codes(&outcomes), [Err(INSUFFICIENT_FUNDS), Ok(())], "a refused order takes no reference");
}

#[test]
fn amounts_of_nothing_or_too_much_are_refused() {
    let mut desk = Desk::new([position(1, DebtRule::Unlimited), position(2, DebtRule::Unlimited)]);
    let range = Err(AMOUNT_OUT_OF_RANGE);
    for (amount, expected) in [
        (0, range),
        (Minor::LARGEST + 1, range),
        (i64::MAX, range),
        (-Minor::LARGEST - 1, range),
        (Minor::LARGEST, Ok(())),
        (1, range),
    ] {
        assert_eq!(code(&desk.one(transfer(account(1), account(2), amount))), expected, "{amount}");
    }
    for amount in [0, -1] {
        assert_eq!(code(&desk.one(placing(account(1), amount))), range, "a hold of {amount}");
    }
}

#[test]
fn the_tenants_own_accounts_do_not_overflow() {
    let mut desk = Desk::new((0..100).map(|number| position(number, DebtRule::None)));
    let outcomes = desk.several((0..100).map(|number| payment(account(number), Minor::LARGEST)).collect());
    let booked = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(booked, 92, "as many as fit");
    assert!(outcomes[booked..].iter().all(|outcome| code(outcome) == Err(AMOUNT_OUT_OF_RANGE)));
    assert_eq!(desk.balances(99), [0, 0, 0]);
}

#[test]
fn an_account_cannot_be_on_both_sides() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100)]);
    assert_eq!(desk.one(transfer(account(1), account(1), 1)).unwrap_err(), says(&Refusal::SameAccount));
    let hold = desk.held(placing(account(1), 10));
    let to = Side::account(account(1));
    let capture = capturing_to(hold, None, to);
    assert_eq!(desk.one(capture).unwrap_err(), says(&Refusal::SameAccount));
    assert_eq!(desk.position(1).reserved, Minor(10));
}

#[test]
fn every_account_of_an_entry_is_kept_in_its_currency() {
    let in_eur = Position { currency: eur(), ..holding(2, DebtRule::None, 100) };
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), in_eur]);
    let mismatch = |number| says(&Refusal::CurrencyMismatch(account(number)));
    assert_eq!(desk.one(transfer(account(1), account(2), 1)).unwrap_err(), mismatch(2));
    assert_eq!(desk.one(transfer(account(2), account(1), 1)).unwrap_err(), mismatch(2));
    assert_eq!(desk.one(placing(account(2), 1)).unwrap_err(), mismatch(2));
    let hold = desk.held(placing(account(1), 10));
    let to = Side::account(account(2));
    let capture = capturing_to(hold, None, to);
    assert_eq!(desk.one(capture).unwrap_err(), mismatch(2));
    assert_eq!(desk.position(1).reserved, Minor(10));
}

#[test]
fn value_dates_lie_in_open_periods_and_not_far_from_today() {
    let mut desk = Desk::new([position(1, DebtRule::None)]);
    for (closed_through, date, expected) in [
        (None, today(), Ok(())),
        (None, ago(3_660), Ok(())),
        (None, ago(3_661), Err("range")),
        (None, ahead(366), Ok(())),
        (None, ahead(367), Err("range")),
        (Some(ago(10)), ago(9), Ok(())),
        (Some(ago(10)), ago(10), Err("closed")),
        (Some(ago(10)), ago(11), Err("closed")),
        (Some(ago(10)), ago(5_000), Err("closed")),
        (Some(ago(10)), ahead(367), Err("range")),
        (Some(ahead(1)), today(), Err("closed")),
        (Some(ahead(1)), ahead(2), Ok(())),
    ] {
        desk.set_closed_through(closed_through);
        let kind = |refused: Refused| {
            assert_eq!(refused.code, VALUE_DATE_OUT_OF_RANGE);
            match refused.facts {
                facts if facts.closed_through.is_some() && facts.closed_through == closed_through => "closed",
                facts if (facts.earliest, facts.latest) == (Some(ago(3_660)), Some(ahead(366))) => "range",
                other => panic!("{other:?}"),
            }
        };
        let result = desk.one(dated(payment(account(1), 1), date)).map(|applied| {
            assert_eq!(applied.entry.expect("an entry").value_date, date);
        });
        assert_eq!(result.map_err(kind), expected, "{date}, closed through {closed_through:?}");
    }
}

#[test]
fn what_has_no_value_date_of_its_own_needs_an_open_today() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100)]);
    let entry = desk.booked(dated(payment(account(1), 5), ago(40)));
    let hold = desk.held(placing(account(1), 10));
    let mirror = desk.booked(reversal(&entry));
    assert_eq!(mirror.value_date, today(), "a reversal counts from today");
    let entry = desk.booked(payment(account(1), 5));
    desk.set_closed_through(Some(today()));
    for order in [payment(account(1), 5), reversal(&entry), capturing(hold, None)] {
        assert_eq!(code(&desk.one(order)), Err(VALUE_DATE_OUT_OF_RANGE));
    }
    assert_eq!(desk.position(1).reserved, Minor(10), "the hold is as it was");
}

#[test]
fn a_reversal_mirrors_every_line_once() {
    let owing = Position { balances: minors([-50, -20, -5]), ..position(2, DebtRule::Limit) };
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), owing]);
    let entry = desk.booked(transfer(account(1), account(2), 40));
    let mirror = desk.booked(reversal(&entry));
    assert_eq!((desk.balances(1), desk.balances(2)), ([100, 0, 0], [-50, -20, -5]));
    assert_eq!((mirror.kind, mirror.reverses), (TransactionKind::Reversal, Some(entry.id)));
    assert_eq!(desk.one(reversal(&entry)).unwrap_err(), says(&Refusal::AlreadyReversed { by: mirror.id }));
    assert_eq!(desk.one(reversal(&mirror)).unwrap_err(), says(&Refusal::ReversalOfReversal));
    let entry = desk.booked(payment(account(1), 7));
    let outcomes = desk.several(vec![reversal(&entry), reversal(&entry), reversal(&entry)]);
    let twice = Err(ALREADY_REVERSED);
    assert_eq!(codes(&outcomes), [Ok(()), twice, twice], "also twice within one batch");
    assert_eq!(desk.balances(1), [100, 0, 0]);
    let bank = Internal::id_of(tenant(), BANK, sek(), None);
    let bank = desk.memory.get::<Internal>(bank).expect("the bank");
    assert_eq!(bank.balance, 0, "the tenant's own side is mirrored too");
}

#[test]
fn a_refused_reversal_can_be_tried_again() {
    let mut desk = Desk::new([position(1, DebtRule::None), position(2, DebtRule::None)]);
    let salary = desk.booked(payment(account(1), 50));
    let spent = desk.booked(transfer(account(1), account(2), 50));
    let outcomes = desk.several(vec![reversal(&salary), reversal(&spent), reversal(&salary)]);
    assert_eq!(codes(&outcomes), [Err(INSUFFICIENT_FUNDS), Ok(()), Ok(())]);
    assert_eq!((desk.balances(1), desk.balances(2)), ([0, 0, 0], [0, 0, 0]));
}

#[test]
fn a_captured_purchase_that_is_reversed_does_not_bring_its_hold_back() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100)]);
    let hold = desk.held(placing(account(1), 60));
    let purchase = desk.booked(capturing(hold, None));
    assert_eq!((purchase.kind, purchase.hold), (TransactionKind::Purchase, Some(hold)));
    assert_eq!((desk.balances(1), desk.position(1).reserved), ([40, 0, 0], Minor::ZERO));
    desk.done(reversal(&purchase));
    assert_eq!((desk.balances(1), desk.position(1).reserved), ([100, 0, 0], Minor::ZERO));
    assert_eq!(code(&desk.one(capturing(hold, None))), Err(HOLD_NOT_OPEN));
}

#[test]
fn funds_that_are_held_are_nobody_elses() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    let hold = desk.held(placing(account(1), 80));
    let lacks = Err(INSUFFICIENT_FUNDS);
    assert_eq!(code(&desk.one(transfer(account(1), account(2), 21))), lacks);
    assert_eq!(code(&desk.one(debit(account(1), Spread::Charge(Component::Fee), 21))), lacks);
    assert_eq!(code(&desk.one(debit(account(1), Spread::Settle, 100))), lacks);
    assert_eq!(code(&desk.one(placing(account(1), 21))), lacks);
    let to = Side::account(account(2));
    desk.done(capturing_to(hold, Some(30), to));
    assert_eq!((desk.balances(1), desk.balances(2)), ([70, 0, 0], [30, 0, 0]));
    assert_eq!((desk.position(1).reserved, desk.position(1).available(today())), (Minor(50), Minor(20)));
    desk.done(releasing(hold));
    desk.done(transfer(account(1), account(2), 70));
}

#[test]
fn settling_takes_the_whole_balance_or_nothing() {
    let owing = Position { balances: minors([-50, -20, -5]), ..position(1, DebtRule::Limit) };
    let mut desk = Desk::new([owing]);
    let give_up = |amount| {
        let draft = Draft::new(TransactionKind::WriteOff, sek(), "given up".into());
        let to = Side::Account(account(1), Spread::Settle, None);
        order(Action::Post(draft.moving(Side::Internal(InternalRole::WriteOff), to, Minor(amount))))
    };
    assert_eq!(desk.one(give_up(74)).unwrap_err(), says(&Refusal::Unbalanced));
    desk.done(give_up(75));
    assert_eq!(desk.balances(1), [0, 0, 0]);
}

#[test]
fn a_refused_order_leaves_its_neighbours_alone() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    let orders = vec![
        transfer(account(1), account(2), 30),
        transfer(account(1), account(2), 71),
        transfer(account(1), account(3), 1),
        keyed(payment(account(2), 5), "key", "5"),
        placing(account(2), 36),
        placing(account(2), 35),
    ];
    let submission = Submission { orders, atomic: false };
    let (outcomes, changes) = desk.batch(&[submission]);
    let (done, lacks) = (Ok(()), Err(INSUFFICIENT_FUNDS));
    assert_eq!(codes(&outcomes[0]), [done, lacks, Err(NOT_FOUND), done, lacks, done]);
    assert_eq!(changes.entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2], "without a gap");
    assert_eq!(changes.entries.iter().map(|entry| entry.event_sequence).collect::<Vec<_>>(), [1, 2]);
    let events: Vec<_> = changes.events.iter().map(|logged| (logged.event.type_.word(), logged.sequence)).collect();
    assert_eq!(events, [("HOLD_PLACED", 3)]);
    let ended = changes.records.iter().map(|record| match record.ended {
        Ended::Refused(code) => Err(code),
        _ => Ok(()),
    });
    assert_eq!(ended.collect::<Vec<_>>(), codes(&outcomes[0]), "a record for each");
    assert_eq!((desk.balances(1), desk.balances(2)), ([70, 0, 0], [35, 0, 0]));
    assert!(desk.memory.get::<Position>(account(3)).is_none());
}

#[test]
fn a_refused_order_changes_nothing_at_all() {
    let mut desk = Desk::new([
        holding(1, DebtRule::None, 100),
        Position { maximum_balance: Some(Minor(10)), ..position(2, DebtRule::None) },
    ]);
    let hold = desk.held(placing(account(1), 20));
    let before = desk.known();
    let past_the_maximum = Side::account(account(2));
    for refused in [
        referring(keyed(transfer(account(1), account(2), 11), "key", "11"), "REF", None, None),
        keyed(payment(account(2), 11), "key", "11"),
        capturing_to(hold, None, past_the_maximum),
        capturing(hold, Some(21)),
        order(Action::Close(account(1))),
        order(Action::LowerCreditLimit(account(1), Minor(5))),
    ] {
        let submission = Submission { orders: vec![refused], atomic: false };
        let (outcomes, changes) = desk.batch(&[submission]);
        assert!(outcomes[0][0].is_err());
        assert_eq!(desk.known(), before, "{:?}", outcomes[0]);
        let written = changes.entries.len() + changes.events.len();
        assert_eq!((written, changes.records.len()), (0, 1), "nothing but an audit record");
    }
}

#[test]
fn an_atomic_submission_takes_exactly_its_own_orders_with_it() {
    let opening = |number| order(Action::Open(Box::new(position(number, DebtRule::None))));
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    let hold = desk.held(placing(account(1), 10));
    let before = desk.known();
    let failing = atomic(vec![
        keyed(transfer(account(1), account(2), 30), "first", "30"),
        opening(3),
        transfer(account(2), account(3), 10),
        placing(account(3), 5),
        capturing(hold, Some(4)),
        releasing(hold),
        referring(payment(account(2), 3), "REF", None, None),
        order(Action::RequestClosure(account(2))),
        transfer(account(1), account(2), 500),
    ]);
    let (outcomes, changes) = desk.batch(std::slice::from_ref(&failing));
    let mut expected = vec![Err(BATCH_REFUSED); 8];
    expected.push(Err(INSUFFICIENT_FUNDS));
    assert_eq!(codes(&outcomes[0]), expected);
    assert_eq!(desk.known(), before);
    assert!(changes.entries.is_empty() && changes.events.is_empty());

    let before_and_after =
        |amount| atomic(vec![transfer(account(1), account(2), amount), opening(3 + amount.unsigned_abs() as u128)]);
    let (outcomes, changes) = desk.batch(&[before_and_after(1), failing, before_and_after(2)]);
    assert!(outcomes[0].iter().chain(&outcomes[2]).all(Result::is_ok), "the neighbours are booked");
    assert_eq!(codes(&outcomes[1]), expected);
    assert_eq!(changes.entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2]);
    let accounts: Vec<_> = desk.memory.rows::<Position>().iter().map(|position| position.account).collect();
    assert_eq!(accounts, [account(1), account(2), account(4), account(5)]);
    assert_eq!((desk.balances(1), desk.balances(2)), ([97, 0, 0], [3, 0, 0]));
    let held = desk.memory.get::<Hold>(hold).expect("the hold");
    assert_eq!((desk.position(1).reserved, held.captured, held.status), (Minor(10), Minor(0), HoldStatus::Open));
    assert_eq!(changes.records.len(), 13, "every order leaves an audit record");
}

#[test]
fn a_submission_that_is_not_atomic_keeps_what_was_done() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    let outcomes = desk.several(vec![transfer(account(1), account(2), 30), transfer(account(1), account(2), 500)]);
    assert_eq!(codes(&outcomes), [Ok(()), Err(INSUFFICIENT_FUNDS)]);
    assert_eq!(desk.balances(2), [30, 0, 0]);
}

#[test]
fn what_was_turned_away_before_leaves_its_record_only() {
    use super::super::command::TurnedAway;
    use super::super::{Verdict, memory::runs};
    let mut desk = Desk::new([]);
    for verdict in [Verdict::Refused(NOT_FOUND), Verdict::Denied] {
        let job = desk.memory.job(&origin(), None, TurnedAway { operation: "transfer", verdict });
        desk.memory.submit(runs(vec![job], super::super::Mode::EachAlone));
    }
    let records = &desk.memory.records;
    assert!(matches!(records[0].ended, Ended::Refused(code) if code == NOT_FOUND));
    assert!(matches!(records[1].ended, Ended::Denied) && records[1].operation == "transfer");
    assert!(desk.memory.events().is_empty() && desk.memory.entries().is_empty());
}
