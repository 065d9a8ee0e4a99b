//! How an account is closed: by order, or by itself once nothing holds it back.

use super::*;

fn closing(number: u128) -> Order {
    order(Action::RequestClosure(account(number)))
}

fn events(desk: &mut Desk, order: Order) -> Vec<&'static str> {
    let (outcomes, changes) = desk.batch(&[Submission { orders: vec![order], atomic: false }]);
    assert!(outcomes[0][0].is_ok(), "{:?}", outcomes[0]);
    let entries = changes.entries.iter().map(|entry| (entry.event_sequence, "ENTRY_POSTED"));
    let events = changes.events.iter().map(|logged| (logged.sequence, logged.event.type_.word()));
    let mut all: Vec<_> = entries.chain(events).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, word)| word).collect()
}

#[test]
fn an_empty_account_closes_at_once() {
    let mut desk = Desk::new([position(1, DebtRule::None)]);
    assert_eq!(events(&mut desk, closing(1)), ["ACCOUNT_CLOSURE_REQUESTED", "ACCOUNT_CLOSED"]);
    assert_eq!((desk.position(1).status, desk.position(1).closed_on), (AccountStatus::Closed, Some(today())));
}

#[test]
fn a_pending_account_closes_when_its_last_money_leaves() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    assert_eq!(events(&mut desk, closing(1)), ["ACCOUNT_CLOSURE_REQUESTED"]);
    assert_eq!(events(&mut desk, transfer(account(1), account(2), 99)), ["ENTRY_POSTED"]);
    assert_eq!(desk.position(1).status, AccountStatus::PendingClose);
    assert_eq!(events(&mut desk, transfer(account(1), account(2), 1)), ["ENTRY_POSTED", "ACCOUNT_CLOSED"]);
    assert_eq!(code(&desk.one(payment(account(1), 1))), Err(ACCOUNT_NOT_OPEN));
}

#[test]
fn a_pending_account_closes_when_its_last_debt_is_paid() {
    let owing = Position { balances: minors([-50, -20, -5]), ..position(1, DebtRule::Limit) };
    let mut desk = Desk::new([owing]);
    desk.done(closing(1));
    desk.done(payment(account(1), 74));
    assert_eq!(events(&mut desk, payment(account(1), 1)), ["ENTRY_POSTED", "ACCOUNT_CLOSED"]);
}

#[test]
fn a_pending_account_closes_when_its_last_hold_is_gone() {
    let mut desk = Desk::new([Position { credit_limit: Minor(100), ..position(1, DebtRule::Limit) }]);
    let hold = desk.held(placing(account(1), 100));
    desk.done(closing(1));
    assert_eq!(desk.position(1).status, AccountStatus::PendingClose);
    assert_eq!(events(&mut desk, releasing(hold)), ["HOLD_RELEASED", "ACCOUNT_CLOSED"]);
}

#[test]
fn a_hold_is_captured_from_a_pending_account_too() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100)]);
    let hold = desk.held(placing(account(1), 100));
    desk.done(closing(1));
    assert_eq!(code(&desk.one(placing(account(1), 1))), Err(ACCOUNT_NOT_OPEN));
    let capture = capturing(hold, None);
    assert_eq!(events(&mut desk, capture), ["ENTRY_POSTED", "ACCOUNT_CLOSED", "HOLD_CAPTURED"]);
}

#[test]
fn a_pending_account_pays_out_its_funds_but_no_credit() {
    let drawn = Position { credit_limit: Minor(500), ..holding(1, DebtRule::Limit, 100) };
    let mut desk = Desk::new([drawn]);
    desk.done(closing(1));
    assert_eq!(code(&desk.one(withdrawal(account(1), 101))), Err(INSUFFICIENT_FUNDS));
    desk.done(withdrawal(account(1), 100));
    assert_eq!(desk.position(1).status, AccountStatus::Closed);
}

#[test]
fn both_sides_of_a_transfer_may_close_with_it() {
    let owing = holding(2, DebtRule::Limit, -60);
    let mut desk = Desk::new([holding(1, DebtRule::None, 60), owing]);
    desk.several(vec![closing(1), closing(2)]);
    let closed = ["ENTRY_POSTED", "ACCOUNT_CLOSED", "ACCOUNT_CLOSED"];
    assert_eq!(events(&mut desk, transfer(account(1), account(2), 60)), closed);
    assert!(desk.memory.rows::<Position>().iter().all(|position| position.status == AccountStatus::Closed));
}

#[test]
fn an_open_account_with_nothing_on_it_stays_open() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100)]);
    desk.done(withdrawal(account(1), 100));
    assert_eq!(desk.position(1).status, AccountStatus::Open);
    assert_eq!(events(&mut desk, order(Action::Close(account(1)))), ["ACCOUNT_CLOSED"]);
}

#[test]
fn a_closure_that_is_undone_leaves_the_account_as_it_was() {
    let mut desk = Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None)]);
    desk.done(closing(1));
    let before = desk.known();
    let orders = vec![transfer(account(1), account(2), 100), withdrawal(account(2), 101)];
    let (outcomes, changes) = desk.batch(&[Submission { orders, atomic: true }]);
    assert_eq!(codes(&outcomes[0]), [Err(BATCH_REFUSED), Err(INSUFFICIENT_FUNDS)]);
    assert_eq!((desk.known(), changes.events.len()), (before, 0));
}

#[test]
fn the_books_are_closed_forward_and_never_through_today() {
    let closing = |days| order(Action::ClosePeriod(ago(days)));
    let (taken, range) = (Err("closed"), Err("range"));
    let mut desk = Desk::new([]);
    for (days, expected) in [(0, range), (31, Ok(())), (31, taken), (40, taken), (30, Ok(())), (1, Ok(())), (0, range)]
    {
        let result = desk.one(closing(days)).map(|applied| assert_eq!(applied.result, ago(days).to_string()));
        let kind = |refused: Refused| match refused.facts {
            facts if facts.closed_through.is_some() => "closed",
            facts if facts.latest == Some(ago(1)) => "range",
            other => panic!("{other:?}"),
        };
        assert_eq!(result.map_err(kind), expected, "{days} days ago");
    }
    assert_eq!(desk.memory.head().closed_through, Some(ago(1)));
}

#[test]
fn a_period_that_is_closed_and_undone_is_open_again() {
    let mut desk = Desk::new([position(1, DebtRule::None)]);
    let before = desk.known();
    let orders = vec![order(Action::ClosePeriod(ago(3))), withdrawal(account(1), 5)];
    desk.batch(&[Submission { orders, atomic: true }]);
    assert_eq!(desk.known(), before);
}
