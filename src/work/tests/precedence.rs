//! Which refusal is given when several apply: the order that `refusal.rs` documents. Each ladder begins with
//! an order that breaks every rule, and mends the one that was named until nothing is left to refuse.

use super::*;

/// Everything that can be wrong with a posting, rung by rung.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Rung {
    Key,
    Existence,
    Reference,
    Amount,
    ClosedPeriod,
    SameAccount,
    Currency,
    Status,
    Funds,
    Maximum,
    Nothing,
}

fn books() -> Desk {
    let shut = Position { status: AccountStatus::Closed, ..holding(4, DebtRule::None, 100) };
    let full = Position { maximum_balance: Some(Minor(10)), ..position(5, DebtRule::None) };
    let in_eur = Position { currency: eur(), ..position(3, DebtRule::None) };
    let payers = [position(1, DebtRule::None), holding(2, DebtRule::None, 100)];
    let mut desk = Desk::new(payers.into_iter().chain([in_eur, shut, full, position(6, DebtRule::None)]));
    desk.done(keyed(referring(payment(account(2), 1), "TAKEN", None, None), "used", "before"));
    desk.done(withdrawal(account(2), 1));
    desk.set_closed_through(Some(ago(1)));
    desk
}

fn reference() -> ExternalReference {
    ExternalReference { reference: "TAKEN".into(), date: None, poster: None, code: None }
}

/// A transfer of which everything above `mended` is in order and everything else is wrong. Payer 1 has no
/// money, payer 2 has; receiver 3 is in euro, 4 is closed, 5 has a maximum.
fn broken_from(mended: Rung) -> Order {
    let wrong = |rung| mended <= rung;
    let from = if wrong(Rung::Funds) { 1 } else { 2 };
    let to = match mended {
        Rung::Key | Rung::Existence => 99,
        Rung::Reference | Rung::Amount | Rung::ClosedPeriod | Rung::SameAccount => from,
        Rung::Currency => 3,
        Rung::Status => 4,
        Rung::Funds | Rung::Maximum => 5,
        Rung::Nothing => 6,
    };
    let mut draft = transfer_draft(account(from), account(to), if wrong(Rung::Amount) { 0 } else { 11 });
    draft.external = wrong(Rung::Reference).then(reference);
    draft.value_date = wrong(Rung::ClosedPeriod).then(|| ago(4_000));
    let order = order(Action::Post(draft));
    keyed(order, if wrong(Rung::Key) { "used" } else { "fresh" }, "now")
}

#[test]
fn a_posting_is_refused_for_the_first_reason_in_the_documented_order() {
    let outcomes = [
        (Rung::Key, Err(IDEMPOTENCY_KEY_REUSED)),
        (Rung::Existence, Err(NOT_FOUND)),
        (Rung::Reference, Err(DUPLICATE_REFERENCE)),
        (Rung::Amount, Err(AMOUNT_OUT_OF_RANGE)),
        (Rung::ClosedPeriod, Err(VALUE_DATE_OUT_OF_RANGE)),
        (Rung::SameAccount, Err(SAME_ACCOUNT)),
        (Rung::Currency, Err(CURRENCY_MISMATCH)),
        (Rung::Status, Err(ACCOUNT_NOT_OPEN)),
        (Rung::Funds, Err(INSUFFICIENT_FUNDS)),
        (Rung::Maximum, Err(LIMIT_EXCEEDED)),
        (Rung::Nothing, Ok(())),
    ];
    for (rung, expected) in outcomes {
        let mut desk = books();
        assert_eq!(code(&desk.one(broken_from(rung))), expected);
    }
}

#[test]
fn a_closed_period_comes_before_a_date_that_is_too_far_away() {
    let mut desk = books();
    let outcome = desk.one(broken_from(Rung::ClosedPeriod));
    assert_eq!(outcome.unwrap_err(), says(&Refusal::PeriodClosed { closed_through: ago(1) }));
}

#[test]
fn a_hold_is_refused_for_the_first_reason_in_the_documented_order() {
    let shut = Position { status: AccountStatus::Closed, ..position(4, DebtRule::None) };
    let shut_in_eur = Position { currency: eur(), ..shut.clone() };
    let shut_in_eur = Position { account: account(3), ..shut_in_eur };
    for (number, amount, expected) in [
        (99, 0, Err(NOT_FOUND)),
        (3, 0, Err(AMOUNT_OUT_OF_RANGE)),
        (3, 500, Err(CURRENCY_MISMATCH)),
        (4, 500, Err(ACCOUNT_NOT_OPEN)),
        (1, 500, Err(INSUFFICIENT_FUNDS)),
        (1, 100, Ok(())),
    ] {
        let mut desk = Desk::new([holding(1, DebtRule::None, 100), shut.clone(), shut_in_eur.clone()]);
        assert_eq!(code(&desk.one(placing(account(number), amount))), expected, "{amount} on {number}");
    }
}

#[test]
fn a_capture_is_refused_for_the_first_reason_in_the_documented_order() {
    let shut = Position { status: AccountStatus::Closed, ..position(4, DebtRule::None) };
    let in_eur = Position { currency: eur(), ..position(3, DebtRule::None) };
    let full = Position { maximum_balance: Some(Minor(10)), ..position(5, DebtRule::None) };
    let mut desk = Desk::new([holding(1, DebtRule::None, 200), shut, in_eur, full]);
    let hold = desk.held(placing(account(1), 50));
    let gone = desk.held(placing(account(1), 50));
    desk.done(releasing(gone));
    let unknown = HoldId(Uuid::from_u128(77));
    let today_is_closed = Some(today());
    for (hold, amount, to, closed_through, expected) in [
        (unknown, 0, 99, today_is_closed, Err(NOT_FOUND)),
        (gone, 0, 99, today_is_closed, Err(NOT_FOUND)),
        (gone, 0, 1, today_is_closed, Err(HOLD_NOT_OPEN)),
        (hold, 0, 1, today_is_closed, Err(AMOUNT_OUT_OF_RANGE)),
        (hold, 51, 1, today_is_closed, Err(AMOUNT_OUT_OF_RANGE)),
        (hold, 50, 1, today_is_closed, Err(VALUE_DATE_OUT_OF_RANGE)),
        (hold, 50, 1, None, Err(SAME_ACCOUNT)),
        (hold, 50, 3, None, Err(CURRENCY_MISMATCH)),
        (hold, 50, 4, None, Err(ACCOUNT_NOT_OPEN)),
        (hold, 50, 5, None, Err(LIMIT_EXCEEDED)),
    ] {
        desk.set_closed_through(closed_through);
        let to = Side::account(account(to));
        let capture = capturing_to(hold, Some(amount), to);
        assert_eq!(code(&desk.one(capture.clone())), expected, "{capture:?}");
    }
}

#[test]
fn a_reversal_is_refused_for_the_first_reason_in_the_documented_order() {
    let mut desk =
        Desk::new([holding(1, DebtRule::None, 100), position(2, DebtRule::None), position(3, DebtRule::None)]);
    let entry = desk.booked(transfer(account(1), account(2), 60));
    let unknown = Entry { id: EntryId(Uuid::from_u128(77)), ..(*entry).clone() };
    assert_eq!(code(&desk.one(reversal(&unknown))), Err(NOT_FOUND));
    let small = desk.booked(payment(account(3), 1));
    let mirror = desk.booked(reversal(&small));
    assert_eq!(desk.one(reversing(&mirror, Some(0), None)).unwrap_err(), says(&Refusal::ReversalOfReversal));
    let again = Refusal::AlreadyReversed { by: mirror.id };
    assert_eq!(desk.one(reversing(&small, Some(0), None)).unwrap_err(), says(&again));

    // The receiver has spent it, the payer is closed, and today is too.
    desk.several(vec![transfer(account(2), account(3), 60), transfer(account(1), account(3), 40)]);
    desk.done(order(Action::Close(account(1))));
    desk.set_closed_through(Some(today()));
    let in_eur = Action::Reverse(entry.id, Reversal { amount: Some((Minor(0), eur())), ..a_reversal() });
    assert_eq!(code(&desk.one(order(in_eur))), Err(CURRENCY_MISMATCH));
    assert_eq!(code(&desk.one(reversing(&entry, Some(0), None))), Err(AMOUNT_OUT_OF_RANGE));
    let too_large = Refusal::ReversalTooLarge { remaining: Minor(60).in_currency(sek()) };
    assert_eq!(desk.one(reversing(&entry, Some(61), None)).unwrap_err(), says(&too_large));
    assert_eq!(code(&desk.one(reversal(&entry))), Err(VALUE_DATE_OUT_OF_RANGE));
    desk.set_closed_through(None);
    assert_eq!(code(&desk.one(reversing(&entry, None, Some(ago(1))))), Err(VALUE_DATE_OUT_OF_RANGE));
    assert_eq!(code(&desk.one(reversal(&entry))), Err(ACCOUNT_NOT_OPEN));
    let closed = (*desk.position(1)).clone();
    let reopened = Position { status: AccountStatus::Open, maximum_balance: Some(Minor(10)), ..closed };
    desk.memory.place(reopened);
    assert_eq!(code(&desk.one(reversal(&entry))), Err(INSUFFICIENT_FUNDS));
    desk.done(transfer(account(3), account(2), 60));
    assert_eq!(code(&desk.one(reversal(&entry))), Err(LIMIT_EXCEEDED));
}

fn a_reversal() -> Reversal {
    Reversal { amount: None, value_date: None, description: String::new(), facts: Default::default() }
}
