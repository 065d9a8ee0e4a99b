//! Tables over a position: what it has available, what it takes, and how its life goes.

use super::*;

const LARGEST: i64 = Minor::LARGEST;

fn refused(result: Result<super::super::position::Split, Refusal>) -> Result<[i64; 3], RefusalCode> {
    result.map(|split| without_shortfall(&split)).map_err(|refusal| refusal.code())
}

/// 100.00 of principal, 30.00 of it reserved; under [`DebtRule::Limit`] a limit of 50.00.
fn sample(rule: DebtRule, status: AccountStatus) -> Position {
    let credit_limit = Minor(if rule == DebtRule::Limit { 50 } else { 0 });
    Position { status, credit_limit, reserved: Minor(30), ..holding(1, rule, 100) }
}

const COLUMNS: [(DebtRule, AccountStatus); 6] = [
    (DebtRule::None, AccountStatus::Open),
    (DebtRule::None, AccountStatus::PendingClose),
    (DebtRule::Limit, AccountStatus::Open),
    (DebtRule::Limit, AccountStatus::PendingClose),
    (DebtRule::Unlimited, AccountStatus::Open),
    (DebtRule::Unlimited, AccountStatus::PendingClose),
];

#[test]
fn available_is_what_the_rule_and_the_status_leave() {
    let open = |rule| sample(rule, AccountStatus::Open);
    for (position, available) in [
        (open(DebtRule::None), 70),
        (open(DebtRule::Limit), 120),
        (open(DebtRule::Unlimited), LARGEST),
        (sample(DebtRule::None, AccountStatus::PendingClose), 70),
        (sample(DebtRule::Limit, AccountStatus::PendingClose), 70),
        (sample(DebtRule::Unlimited, AccountStatus::PendingClose), 70),
        (sample(DebtRule::Limit, AccountStatus::Closed), 0),
        (sample(DebtRule::Unlimited, AccountStatus::Closed), 0),
        (Position { balances: minors([-50, 0, 0]), reserved: Minor(0), ..open(DebtRule::Limit) }, 0),
        (Position { balances: minors([-51, 0, 0]), reserved: Minor(0), ..open(DebtRule::Limit) }, 0),
        (Position { balances: minors([-20, -500, -500]), reserved: Minor(0), ..open(DebtRule::Limit) }, 30),
        (Position { balances: minors([100, 40, 40]), ..open(DebtRule::None) }, 70),
    ] {
        assert_eq!(position.available(today()), Minor(available), "{position:?}");
    }
}

#[test]
fn every_spread_is_admitted_or_refused_by_rule_and_status() {
    const LACKS: Result<[i64; 3], RefusalCode> = Err(INSUFFICIENT_FUNDS);
    let on = Spread::On;
    let charge = Spread::Charge;
    let (principal, interest, fee) = (Component::Principal, Component::Interest, Component::Fee);
    let covered = |split: [i64; 3]| [Ok(split); 6];
    let within_limit = |split: [i64; 3]| [LACKS, LACKS, Ok(split), LACKS, Ok(split), LACKS];
    let unlimited = |split: [i64; 3]| [LACKS, LACKS, LACKS, LACKS, Ok(split), LACKS];
    let may_owe = |without: Result<[i64; 3], RefusalCode>, split: [i64; 3]| {
        [without, without, Ok(split), Ok(split), Ok(split), Ok(split)]
    };
    let table = [
        (Spread::Flow, -70, covered([-70, 0, 0])),
        (Spread::Flow, -71, within_limit([-71, 0, 0])),
        (Spread::Flow, -120, within_limit([-120, 0, 0])),
        (Spread::Flow, -121, unlimited([-121, 0, 0])),
        (Spread::Flow, 10, covered([10, 0, 0])),
        (on(principal), -70, covered([-70, 0, 0])),
        (on(principal), -71, within_limit([-71, 0, 0])),
        (on(principal), -121, unlimited([-121, 0, 0])),
        (on(principal), 10, covered([10, 0, 0])),
        (on(interest), -1, covered([-1, 0, 0])),
        (on(interest), 10, covered([10, 0, 0])),
        (on(fee), -1_000, may_owe(LACKS, [-70, 0, -930])),
        (on(fee), 10, covered([10, 0, 0])),
        (charge(interest), -70, covered([-70, 0, 0])),
        (charge(interest), -71, may_owe(LACKS, [-70, -1, 0])),
        (charge(fee), -500, may_owe(LACKS, [-70, 0, -430])),
        (charge(fee), 10, covered([10, 0, 0])),
        (charge(principal), -71, within_limit([-71, 0, 0])),
        (charge(principal), -121, unlimited([-121, 0, 0])),
        (Spread::Reserved, -30, covered([-30, 0, 0])),
        (Spread::Reserved, -500, covered([-500, 0, 0])),
    ];
    for (spread, amount, expected) in table {
        for ((rule, status), expected) in COLUMNS.into_iter().zip(expected) {
            let split = sample(rule, status).spread(Minor(amount), spread, today(), today());
            assert_eq!(refused(split), expected, "{spread:?} of {amount} on {rule:?}, {status:?}");
        }
        for rule in DebtRule::ALL {
            let split = sample(*rule, AccountStatus::Closed).spread(Minor(amount), spread, today(), today());
            assert_eq!(refused(split), Err(ACCOUNT_NOT_OPEN), "{spread:?} of {amount} on closed {rule:?}");
        }
    }
}

#[test]
fn settling_brings_every_component_to_zero_and_leaves_what_is_reserved_alone() {
    for (balances, reserved, split) in [
        ([0, 0, 0], 0, Ok([0, 0, 0])),
        ([100, 0, 0], 0, Ok([-100, 0, 0])),
        ([-100, -20, -5], 0, Ok([100, 20, 5])),
        ([-100, 20, -5], 0, Ok([100, -20, 5])),
        ([100, 0, 0], 50, Ok([-100, 0, 0])),
        ([100, 0, 0], 51, Err(INSUFFICIENT_FUNDS)),
    ] {
        let position = Position { balances: minors(balances), reserved: Minor(reserved), ..sample_limit() };
        assert_eq!(
            refused(position.spread(Minor::ZERO, Spread::Settle, today(), today())),
            split,
            "{balances:?}, {reserved} reserved"
        );
    }
    let prepaid = Position { reserved: Minor(1), ..holding(1, DebtRule::None, 100) };
    assert_eq!(refused(prepaid.spread(Minor(-100), Spread::Settle, today(), today())), Err(INSUFFICIENT_FUNDS));
}

fn sample_limit() -> Position {
    sample(DebtRule::Limit, AccountStatus::Open)
}

#[test]
fn a_credit_repays_in_the_order_of_the_product() {
    for (text, balances, amount, split) in [
        ("FEE,INTEREST,PRINCIPAL", [-100, -20, -5], 3, [0, 0, 3]),
        ("FEE,INTEREST,PRINCIPAL", [-100, -20, -5], 5, [0, 0, 5]),
        ("FEE,INTEREST,PRINCIPAL", [-100, -20, -5], 25, [0, 20, 5]),
        ("FEE,INTEREST,PRINCIPAL", [-100, -20, -5], 50, [25, 20, 5]),
        ("FEE,INTEREST,PRINCIPAL", [-100, -20, -5], 125, [100, 20, 5]),
        ("FEE,INTEREST,PRINCIPAL", [-100, -20, -5], 126, [101, 20, 5]),
        ("INTEREST,FEE,PRINCIPAL", [-100, -20, -5], 22, [0, 20, 2]),
        ("PRINCIPAL,FEE,INTEREST", [-100, -20, -5], 103, [100, 0, 3]),
        ("PRINCIPAL,INTEREST,FEE", [-100, -20, -5], 103, [100, 3, 0]),
        ("PRINCIPAL,INTEREST,FEE", [-100, -20, -5], 200, [175, 20, 5]),
        ("FEE,INTEREST,PRINCIPAL", [50, -20, 0], 30, [10, 20, 0]),
        ("PRINCIPAL,INTEREST,FEE", [50, -20, 0], 30, [10, 20, 0]),
        ("FEE,INTEREST,PRINCIPAL", [-10, 5, 7], 20, [20, 0, 0]),
        ("FEE,INTEREST,PRINCIPAL", [0, 0, 0], 7, [7, 0, 0]),
        ("FEE,INTEREST,PRINCIPAL", [-1, -1, -1], 0, [0, 0, 0]),
    ] {
        let repayment_order = RepaymentOrder::from_text(text).expect("an order");
        assert_eq!(repayment_order.to_text(), text);
        let position = Position { balances: minors(balances), repayment_order, ..position(1, DebtRule::Unlimited) };
        assert_eq!(
            refused(position.spread(Minor(amount), Spread::Flow, today(), today())),
            Ok(split),
            "{amount} on {balances:?}, {text}"
        );
    }
    for text in ["", "FEE", "FEE,INTEREST", "FEE,FEE,PRINCIPAL", "fee,interest,principal", "FEE,INTEREST,PRINCIPAL,FEE"]
    {
        assert_eq!(RepaymentOrder::from_text(text), None, "{text}");
    }
}

#[test]
fn no_debt_is_left_beside_funds_that_are_free() {
    let (fee, interest) = (Component::Fee, Component::Interest);
    for (text, balances, reserved, pending, amount, spread, split) in [
        ("FEE,INTEREST,PRINCIPAL", [100, 0, 0], 0, 0, -7, Spread::Charge(fee), [-7, 0, 0]),
        ("FEE,INTEREST,PRINCIPAL", [5, 0, 0], 0, 0, -7, Spread::Charge(fee), [-5, 0, -2]),
        ("FEE,INTEREST,PRINCIPAL", [100, 0, 0], 97, 0, -7, Spread::Charge(fee), [-3, 0, -4]),
        ("FEE,INTEREST,PRINCIPAL", [100, 0, 0], 0, 98, -7, Spread::Charge(fee), [-2, 0, -5]),
        ("FEE,INTEREST,PRINCIPAL", [100, 0, 0], 60, 60, -7, Spread::Charge(fee), [0, 0, -7]),
        ("FEE,INTEREST,PRINCIPAL", [-100, 0, 0], 0, 0, -7, Spread::Charge(fee), [0, 0, -7]),
        ("FEE,INTEREST,PRINCIPAL", [0, 0, 0], 0, 0, -7, Spread::Charge(fee), [0, 0, -7]),
        ("FEE,INTEREST,PRINCIPAL", [100, 0, 0], 0, 0, -7, Spread::On(interest), [-7, 0, 0]),
        // What stood beside funds that a hold had reserved is settled by the next entry, in the product's order.
        ("FEE,INTEREST,PRINCIPAL", [10, -8, -5], 0, 0, -4, Spread::Charge(interest), [-10, 1, 5]),
        ("INTEREST,FEE,PRINCIPAL", [10, -8, -5], 0, 0, -4, Spread::Charge(interest), [-10, 6, 0]),
        ("PRINCIPAL,INTEREST,FEE", [100, -8, -5], 0, 0, -50, Spread::Flow, [-63, 8, 5]),
        ("FEE,INTEREST,PRINCIPAL", [10, -8, -5], 0, 0, -10, Spread::Flow, [-10, 0, 0]),
        ("FEE,INTEREST,PRINCIPAL", [0, 0, -5], 0, 0, 4, Spread::On(Component::Principal), [0, 0, 4]),
    ] {
        let repayment_order = RepaymentOrder::from_text(text).expect("an order");
        let arriving = Arriving::from_text(Some(&format!("2999-01-01:{pending}"))).expect("a day");
        let arriving = if pending > 0 { arriving } else { Arriving::default() };
        let reserved = Minor(reserved);
        let balances_before = minors(balances);
        let position = Position {
            balances: balances_before,
            repayment_order,
            reserved,
            arriving,
            ..position(1, DebtRule::Unlimited)
        };
        let got = refused(position.spread(Minor(amount), spread, today(), today()));
        assert_eq!(got, Ok(split), "{spread:?} of {amount} on {balances:?}, {reserved:?} reserved, {text}");
    }
    // A reversal, too: of a payment that had repaid a fee, and of what had been paid out before a fee came.
    for (balances, back, split) in [
        ([70, 0, 0], [-23, 0, -7], [-30, 0, 0]),
        ([-10, 0, -7], [30, 0, 0], [23, 0, 7]),
        ([0, 0, -7], [5, 0, 0], [0, 0, 5]),
    ] {
        let position = Position { balances: minors(balances), ..position(1, DebtRule::Limit) };
        let settled = refused(position.admit_reversal(minors(back), today(), today()));
        assert_eq!(settled, Ok(split), "{back:?} on {balances:?}");
    }
    // What has not come yet settles nothing, and stays whole until its day.
    let tomorrow = today() + chrono::Days::new(1);
    let position = Position { balances: minors([9, 0, -7]), ..position(1, DebtRule::Limit) };
    assert_eq!(refused(position.spread(Minor(5), Spread::Flow, tomorrow, today())), Ok([5, 0, 0]));
}

#[test]
fn the_maximum_looks_at_the_principal_after_a_credit() {
    const TOO_MUCH: Result<[i64; 3], RefusalCode> = Err(LIMIT_EXCEEDED);
    let fee = Spread::On(Component::Fee);
    for (balances, amount, spread, expected) in [
        ([90, 0, 0], 10, Spread::Flow, Ok([10, 0, 0])),
        ([90, 0, 0], 11, Spread::Flow, TOO_MUCH),
        ([90, 0, -5], 15, Spread::Flow, Ok([10, 0, 5])),
        ([90, 0, -5], 16, Spread::Flow, TOO_MUCH),
        ([90, 0, 0], 11, Spread::On(Component::Principal), TOO_MUCH),
        ([90, 0, 0], 500, fee, TOO_MUCH),
        ([90, 0, -500], 500, fee, Ok([0, 0, 500])),
        ([90, 0, -490], 500, fee, Ok([10, 0, 490])),
        ([150, 0, 0], -1, Spread::Flow, Ok([-1, 0, 0])),
        ([150, 0, 0], 1, Spread::Flow, TOO_MUCH),
        ([-150, 0, 0], 150, Spread::Settle, Ok([150, 0, 0])),
        ([LARGEST, 0, 0], LARGEST, Spread::Flow, TOO_MUCH),
    ] {
        let maximum_balance = Some(Minor(100));
        let position = Position { balances: minors(balances), maximum_balance, ..position(1, DebtRule::Unlimited) };
        assert_eq!(
            refused(position.spread(Minor(amount), spread, today(), today())),
            expected,
            "{amount} on {balances:?}, {spread:?}"
        );
    }
}

#[test]
fn a_balance_never_passes_the_largest_amount() {
    const RANGE: Result<[i64; 3], RefusalCode> = Err(AMOUNT_OUT_OF_RANGE);
    let interest = Spread::Charge(Component::Interest);
    for (balances, amount, spread, expected) in [
        ([LARGEST - 1, 0, 0], 1, Spread::Flow, Ok([1, 0, 0])),
        ([LARGEST, 0, 0], 1, Spread::Flow, RANGE),
        ([LARGEST, 0, 0], LARGEST, Spread::Flow, RANGE),
        ([1 - LARGEST, 0, 0], -1, Spread::Flow, Ok([-1, 0, 0])),
        ([-LARGEST, 0, 0], -1, Spread::Flow, RANGE),
        ([-LARGEST, 0, 0], -LARGEST, Spread::On(Component::Principal), RANGE),
        ([-LARGEST, 0, 0], -1, interest, RANGE),
        ([0, -LARGEST, 0], -1, interest, RANGE),
        ([LARGEST, -LARGEST, 0], -1, interest, Ok([-LARGEST, LARGEST - 1, 0])),
        ([0, 1 - LARGEST, 0], -1, interest, Ok([0, -1, 0])),
        ([-LARGEST, 0, 0], LARGEST, Spread::Flow, Ok([LARGEST, 0, 0])),
    ] {
        let position = Position { balances: minors(balances), ..position(1, DebtRule::Unlimited) };
        assert_eq!(
            refused(position.spread(Minor(amount), spread, today(), today())),
            expected,
            "{amount} on {balances:?}, {spread:?}"
        );
    }
}

#[test]
fn a_reversal_puts_a_debt_back_past_the_limit_but_never_owes_what_may_not_be_owed() {
    const LACKS: Result<(), RefusalCode> = Err(INSUFFICIENT_FUNDS);
    let closed = |rule| sample(rule, AccountStatus::Closed);
    let open = |rule| sample(rule, AccountStatus::Open);
    for (position, split, expected) in [
        (open(DebtRule::None), [-70, 0, 0], Ok(())),
        (open(DebtRule::None), [-71, 0, 0], LACKS),
        (open(DebtRule::None), [10, 0, -1], Ok(())),
        (open(DebtRule::None), [10, 0, -81], LACKS),
        (open(DebtRule::Limit), [-5_000, 0, 0], Ok(())),
        (open(DebtRule::Limit), [-5_000, -20, -5], Ok(())),
        (open(DebtRule::Unlimited), [-5_000, -20, -5], Ok(())),
        (sample(DebtRule::Limit, AccountStatus::PendingClose), [-5_000, 0, 0], Ok(())),
        (closed(DebtRule::Limit), [1, 0, 0], Err(ACCOUNT_NOT_OPEN)),
        (open(DebtRule::Unlimited), [-LARGEST - 101, 0, 0], Err(AMOUNT_OUT_OF_RANGE)),
        (Position { maximum_balance: Some(Minor(100)), ..open(DebtRule::Limit) }, [1, 0, 0], Err(LIMIT_EXCEEDED)),
    ] {
        let result =
            position.admit_reversal(minors(split), today(), today()).map(|_| ()).map_err(|refusal| refusal.code());
        assert_eq!(result, expected, "{split:?} on {position:?}");
    }
}

#[test]
fn funds_are_reserved_on_open_accounts_as_far_as_they_are_available() {
    const LACKS: Result<i64, RefusalCode> = Err(INSUFFICIENT_FUNDS);
    const SHUT: Result<i64, RefusalCode> = Err(ACCOUNT_NOT_OPEN);
    let open = |rule| sample(rule, AccountStatus::Open);
    let nearly = Position { reserved: Minor(LARGEST), ..open(DebtRule::Unlimited) };
    for (position, amount, expected) in [
        (open(DebtRule::None), 70, Ok(100)),
        (open(DebtRule::None), 71, LACKS),
        (open(DebtRule::Limit), 120, Ok(150)),
        (open(DebtRule::Limit), 121, LACKS),
        (open(DebtRule::Unlimited), 5_000, Ok(5_030)),
        (nearly, 1, Err(AMOUNT_OUT_OF_RANGE)),
        (sample(DebtRule::Limit, AccountStatus::PendingClose), 1, SHUT),
        (sample(DebtRule::None, AccountStatus::Closed), 1, SHUT),
    ] {
        let mut after = position.clone();
        let result = after.reserve(Minor(amount), today()).map(|()| after.reserved.0).map_err(|refusal| refusal.code());
        assert_eq!(result, expected, "{amount} on {position:?}");
        assert!(result.is_ok() || after == position, "a refusal changes nothing");
    }
}

#[test]
fn a_credit_limit_can_only_be_lowered() {
    let shut = |status| sample(DebtRule::Limit, status);
    for (position, to, expected) in [
        (sample_limit(), 50, Ok(50)),
        (sample_limit(), 0, Ok(0)),
        (sample_limit(), 51, Err(CREDIT_LIMIT_INCREASE_NOT_ALLOWED)),
        (sample_limit(), -1, Err(AMOUNT_OUT_OF_RANGE)),
        (shut(AccountStatus::PendingClose), 10, Err(ACCOUNT_NOT_OPEN)),
        (shut(AccountStatus::Closed), 10, Err(ACCOUNT_NOT_OPEN)),
    ] {
        let mut after = position.clone();
        let result = after.lower_credit_limit(Minor(to)).map(|()| after.credit_limit.0);
        assert_eq!(result.map_err(|refusal| refusal.code()), expected, "to {to} on {position:?}");
    }
    let mut indebted = Position { balances: minors([-40, 0, 0]), reserved: Minor(0), ..sample_limit() };
    assert_eq!(indebted.lower_credit_limit(Minor(10)), Ok(()), "also below what is owed");
    assert_eq!(indebted.available(today()), Minor::ZERO);
}

#[test]
fn an_account_goes_from_open_over_pending_close_to_closed_and_never_back() {
    use AccountStatus::{Closed, Open, PendingClose};
    let empty = |status| Position { status, ..position(1, DebtRule::Limit) };
    for (status, requested, closed) in [
        (Open, Ok(PendingClose), Ok(Closed)),
        (PendingClose, Err(INVALID_STATE), Ok(Closed)),
        (Closed, Err(INVALID_STATE), Err(INVALID_STATE)),
    ] {
        let mut position = empty(status);
        let result = position.request_closure().map(|()| position.status);
        assert_eq!(result.map_err(|refusal| refusal.code()), requested, "closure of {status:?}");
        let mut position = empty(status);
        let result = position.close(today()).map(|()| position.status);
        assert_eq!(result.map_err(|refusal| refusal.code()), closed, "close of {status:?}");
        assert_eq!(position.closed_on, closed.is_ok().then(today));
    }
}

#[test]
fn holds_hold_a_closure_back_before_balances_do() {
    for (balances, reserved, expected) in [
        ([0, 0, 0], 0, Ok(())),
        ([0, 0, 0], 1, Err(HOLDS_REMAIN)),
        ([7, 0, 0], 1, Err(HOLDS_REMAIN)),
        ([7, 0, 0], 0, Err(BALANCE_REMAINS)),
        ([0, -7, 0], 0, Err(BALANCE_REMAINS)),
        ([7, -7, 0], 0, Err(BALANCE_REMAINS)),
    ] {
        let position =
            Position { balances: minors(balances), reserved: Minor(reserved), ..position(1, DebtRule::Limit) };
        let mut closing = position.clone();
        assert_eq!(closing.close(today()).map_err(|refusal| refusal.code()), expected, "{balances:?}, {reserved}");
        let pending = Position { status: AccountStatus::PendingClose, ..position.clone() };
        assert_eq!(pending.can_close_itself(today()), expected.is_ok());
        assert!(!position.can_close_itself(today()), "an open account does not close itself");
    }
}

#[test]
fn what_the_outside_takes_back_is_a_debt_or_a_shortfall_and_never_refused_for_funds() {
    use AccountStatus::{Closed, Open, PendingClose};
    use DebtRule::{Limit, None, Unlimited};
    // 100 of principal, 30 of it reserved: 70 are free.
    for (rule, status, back, expected) in [
        (None, Open, -70, Ok((-70, 0))),
        (None, Open, -100, Ok((-70, -30))),
        (None, PendingClose, -170, Ok((-70, -100))),
        (Limit, Open, -500, Ok((-500, 0))),
        (Limit, PendingClose, -500, Ok((-500, 0))),
        (Unlimited, Open, -500, Ok((-500, 0))),
        (None, Open, 40, Ok((40, 0))),
        (None, Closed, -1, Err(ACCOUNT_NOT_OPEN)),
        (Limit, Closed, -1, Err(ACCOUNT_NOT_OPEN)),
    ] {
        let taken = sample(rule, status).admit_taken_back(minors([back, 0, 0]), today(), today());
        let shown = taken.map(|[principal, interest, fee, shortfall]| {
            assert_eq!((interest, fee), (Minor(0), Minor(0)));
            (principal.0, shortfall.0)
        });
        assert_eq!(shown.map_err(|refusal| refusal.code()), expected, "{rule:?} {status:?} {back}");
    }
}
