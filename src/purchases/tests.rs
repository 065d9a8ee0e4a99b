//! States, due dates and costs of purchases, as tables.

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::cost::{Credit, effective_annual_pct};
use super::model::{
    PurchaseAccount, PurchaseAction, PurchaseKind, PurchaseState, Standing, Turn, Underway, check_due, is_rate,
    month_after,
};
use crate::primitives::{AccountId, Minor, PurchaseAccountId};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// An invoice over 100.00 of which 30.00 are to be paid by 15 May.
fn invoice(kind: PurchaseKind) -> PurchaseAccount {
    PurchaseAccount {
        id: PurchaseAccountId(Uuid::nil()),
        ordinal: 1,
        kind,
        currency: "EUR".parse().expect("a currency"),
        original: Minor(10_000),
        minimum: Minor(3_000),
        carried: Minor(10_000),
        opened_on: day("2026-04-15"),
        due_on: Some(day("2026-05-15")),
        turns_on: Some(day("2026-05-15")),
        postponed: false,
        overdue_on: None,
        transferred_to: None,
        transferred_from: None,
        credit: None,
        created_at: 0,
    }
}

fn owing(debt: i64, payment: Underway, today: &str) -> Standing {
    Standing { debt: Minor(debt), payment, today: day(today) }
}

#[test]
fn a_state_follows_from_what_is_owed_what_is_to_come_and_the_day() {
    use PurchaseState as S;
    use Underway::{Nothing, Processing, Scheduled};
    let plain = invoice(PurchaseKind::Invoice);
    let postponed = PurchaseAccount { postponed: true, ..plain.clone() };
    let unproduced = PurchaseAccount { due_on: None, turns_on: None, ..plain.clone() };
    let transferred = PurchaseAccount { transferred_to: Some(AccountId(Uuid::nil())), ..plain.clone() };
    for (row, debt, payment, today, expected) in [
        (&unproduced, 10_000, Nothing, "2026-05-01", S::NotProduced),
        (&plain, 10_000, Nothing, "2026-05-15", S::Unpaid),
        (&plain, 1, Nothing, "2026-05-15", S::Unpaid),
        (&plain, 10_000, Nothing, "2026-05-16", S::Overdue),
        (&postponed, 10_000, Nothing, "2026-05-15", S::Postponed),
        (&postponed, 10_000, Nothing, "2026-05-16", S::Overdue),
        (&plain, 10_000, Scheduled, "2026-05-01", S::PaymentScheduled),
        (&plain, 10_000, Scheduled, "2026-05-16", S::PaymentScheduled),
        (&plain, 10_000, Processing, "2026-05-16", S::ProcessingPayment),
        (&plain, 0, Nothing, "2026-05-16", S::Paid),
        (&plain, 0, Processing, "2026-05-16", S::Paid),
        (&transferred, 0, Nothing, "2026-05-16", S::Transferred),
    ] {
        assert_eq!(row.state(&owing(debt, payment, today)), expected, "{debt} {payment:?} {today}");
    }
}

#[test]
fn what_happens_leads_from_a_state_to_one_of_its_list() {
    use Underway::{Nothing, Processing, Scheduled};
    let standings: Vec<Standing> = ["2026-05-15", "2026-05-16"]
        .into_iter()
        .flat_map(|today| [Nothing, Scheduled, Processing].map(|payment| (today, payment)))
        .flat_map(|(today, payment)| [0, 10_000].map(|debt| owing(debt, payment, today)))
        .collect();
    for postponed in [false, true] {
        let row = PurchaseAccount { postponed, ..invoice(PurchaseKind::Invoice) };
        for (from, to) in standings.iter().flat_map(|from| standings.iter().map(move |to| (from, to))) {
            let (before, after) = (row.state(from), row.state(to));
            // Days do not go back.
            let is_later = to.today >= from.today;
            assert!(!is_later || before == after || before.next().contains(&after), "{before:?} to {after:?}");
        }
    }
    assert!(PurchaseState::Transferred.next().is_empty());
}

#[test]
fn what_can_be_done_hangs_on_the_state() {
    use PurchaseAction::{Postpone, Produce, Register};
    use PurchaseState as S;
    for (state, may) in [
        (S::NotProduced, vec![Register, Produce]),
        (S::Unpaid, vec![Register, Postpone]),
        (S::PaymentScheduled, vec![Register]),
        (S::ProcessingPayment, vec![]),
        (S::Postponed, vec![Register, Postpone]),
        (S::Paid, vec![Register]),
        (S::Overdue, vec![Postpone]),
        (S::Transferred, vec![]),
    ] {
        for action in PurchaseAction::ALL {
            let obstacle = state.obstacle(*action, PurchaseKind::Invoice);
            assert_eq!(obstacle.is_none(), may.contains(action), "{state:?} {action:?}");
            assert_eq!(state.require(*action, PurchaseKind::Invoice).is_ok(), may.contains(action));
        }
        assert!(state.obstacle(Postpone, PurchaseKind::Loan).is_some());
    }
}

#[test]
fn a_due_date_rolls_over_what_is_left_where_the_minimum_is_paid() {
    use PurchaseKind::{B2bInvoice, DirectInvoice, Invoice, LargeAmountLoan, Loan};
    let at = |debt: i64| owing(debt, Underway::Nothing, "2026-05-15");
    for (kind, debt, lends, expected) in [
        (Invoice, 0, true, Turn::Settled),
        (Invoice, 10_000, true, Turn::Overdue),
        (Invoice, 7_001, true, Turn::Overdue),
        (Invoice, 7_000, true, Turn::RollOver),
        (Invoice, 1, true, Turn::RollOver),
        (Invoice, 7_000, false, Turn::Overdue),
        (B2bInvoice, 1, true, Turn::Overdue),
        (DirectInvoice, 1, true, Turn::Overdue),
        (B2bInvoice, 0, false, Turn::Settled),
        (Loan, 7_000, false, Turn::NextMonth),
        (Loan, 7_001, false, Turn::Overdue),
        (LargeAmountLoan, 7_000, false, Turn::NextMonth),
        (Loan, 0, false, Turn::Settled),
    ] {
        let turned = invoice(kind).turn(&at(debt), Minor(debt), lends);
        assert_eq!(turned, expected, "{kind:?} {debt} {lends}");
    }
    let coming = owing(10_000, Underway::Processing, "2026-05-15");
    assert_eq!(invoice(Invoice).turn(&coming, Minor(10_000), true), Turn::Wait);
    // A fee that came besides is no purchase: what was paid of the purchases counts.
    assert_eq!(invoice(Invoice).turn(&at(7_500), Minor(7_000), true), Turn::RollOver);
}

#[test]
fn what_is_to_be_paid_at_least_falls_with_what_is_paid() {
    let row = invoice(PurchaseKind::Invoice);
    for (debt, expected) in [(10_000, 3_000), (9_000, 2_000), (7_000, 0), (10_500, 3_000), (0, 0)] {
        assert_eq!(row.minimum_to_pay(Minor(debt)), Minor(expected), "{debt}");
    }
}

#[test]
fn days_and_rates_have_bounds() {
    let today = day("2026-04-15");
    for (due, fine) in [("2026-04-14", false), ("2026-04-15", true), ("2029-04-17", true), ("2029-04-18", false)] {
        assert_eq!(check_due("dueDate", day(due), today).is_ok(), fine, "{due}");
    }
    for (rate, fine) in [("0", true), ("-0.0001", false), ("100", true), ("100.0001", false), ("9.99999", false)] {
        assert_eq!(is_rate(decimal(rate)), fine, "{rate}");
    }
    assert_eq!(month_after(day("2026-01-31")), day("2026-02-28"));
}

#[test]
fn a_credit_costs_what_its_terms_come_to() {
    let credit = |months, rate: &str, invoice_fee| Credit { months, rate_annual_pct: decimal(rate), invoice_fee };
    // 12 percent over 12 months: an annuity of 88.85, and 12.68 percent a year; by hand, and by any calculator.
    let cost = credit(12, "12", 0).cost(Minor(100_000)).expect("a cost");
    assert_eq!((cost.months, cost.per_month), (12, Minor(8_885)));
    assert_eq!(cost.percent, Some(decimal("12.68")));
    assert_eq!(cost.total_amount.0, 100_000 + cost.total_credit.0);
    // Nothing costs nothing.
    let cost = credit(4, "0", 0).cost(Minor(1_000)).expect("a cost");
    assert_eq!((cost.per_month, cost.total_credit, cost.percent), (Minor(250), Minor(0), Some(decimal("0"))));
    // A fee is a cost: 2 payments of 505 for 1,000. x = 1/(1+i) of 505x + 505x^2 = 1000, so i is 0.66556 percent a month.
    let cost = credit(2, "0", 5).cost(Minor(1_000)).expect("a cost");
    assert_eq!((cost.per_month, cost.total_credit), (Minor(505), Minor(10)));
    assert_eq!(cost.percent, Some(decimal("8.29")));
    // Too small for as many months.
    let cost = credit(12, "0", 0).cost(Minor(5)).expect("a cost");
    assert_eq!((cost.months, cost.per_month), (5, Minor(1)));
    assert_eq!(credit(12, "10", 0).cost(Minor(0)), None);
    assert_eq!(effective_annual_pct(Minor(1), &[100]), None);
}

proptest! {
    #[test]
    fn what_is_paid_is_what_is_lent_and_what_it_costs(credit in 1..10_000_000_i64, months in 1..=60_u32, rate in 0..=4_000_i64, fee in 0..1_000_i64) {
        let terms = Credit { months, rate_annual_pct: Decimal::new(rate, 2), invoice_fee: fee };
        let cost = terms.cost(Minor(credit)).expect("a cost");
        prop_assert_eq!(cost.total_amount.0, credit + cost.total_credit.0);
        prop_assert!(cost.total_credit.0 >= fee * i64::from(cost.months));
        prop_assert!(cost.months >= 1 && cost.months <= months && cost.per_month.0 > 0);
        // The effective rate is never below zero, and at zero only where nothing is charged.
        if let Some(percent) = cost.percent {
            prop_assert!(percent >= Decimal::ZERO);
            prop_assert!(cost.total_credit.0 > 0 || percent == Decimal::ZERO);
        }
    }
}
