//! The rules of leases, respites and terminations, as tables and properties.

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::alter::{LeaseInstalmentRef, require_unpaid};
use super::books::to_ask;
use super::model::{
    LeaseInstalment, LeaseInstalmentState, LeaseParts, LeaseService, Termination, TerminationStatus, deferred,
};
use super::terms::LeasePlanTerms;
use crate::accounts::AccountRef;
use crate::ledger::Component;
use crate::primitives::calendar::{BankCalendar, Calendar};
use crate::primitives::{AccountId, Amount, Currency, LeaseInstalmentId, LeasePlanId, Minor, TerminationId};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn euro() -> Currency {
    "EUR".parse().expect("a currency")
}

fn parts(principal: i64, interest: i64, fee: i64, vat: i64) -> LeaseParts {
    LeaseParts { principal: Minor(principal), interest: Minor(interest), fee: Minor(fee), vat: Minor(vat) }
}

/// An instalment of 125.00 that is due on 15 May, and billed on 1 May.
fn instalment() -> LeaseInstalment {
    LeaseInstalment {
        id: LeaseInstalmentId(Uuid::nil()),
        ordinal: 1,
        plan: LeasePlanId(Uuid::nil()),
        account: AccountId(Uuid::nil()),
        number: 3,
        due_on: day("2026-05-15"),
        billing_on: Some(day("2026-05-01")),
        letter_at: Some(0),
        reminder_at: None,
        parts: parts(9_000, 1_000, 500, 2_000),
        currency: euro(),
        service: LeaseService::None,
        residual: false,
        billed_on: None,
        entries: Vec::new(),
        cancelled_on: None,
        created_at: 0,
    }
}

#[test]
fn a_state_follows_from_what_is_open_and_the_day() {
    use LeaseInstalmentState::{Billed, Cancelled, Overdue, Paid, PartlyPaid, Planned};
    let planned = instalment();
    let billed = LeaseInstalment { billed_on: Some(day("2026-05-01")), ..planned.clone() };
    let cancelled = LeaseInstalment { cancelled_on: Some(day("2026-05-01")), ..planned.clone() };
    for (row, open, today, expected, can_change) in [
        (&planned, 0, "2026-06-01", Planned, true),
        (&billed, 12_500, "2026-05-15", Billed, true),
        (&billed, 12_499, "2026-05-15", PartlyPaid, false),
        (&billed, 12_500, "2026-05-16", Overdue, true),
        (&billed, 1, "2026-05-16", Overdue, false),
        (&billed, 0, "2026-05-16", Paid, false),
        (&cancelled, 0, "2026-05-01", Cancelled, false),
    ] {
        assert_eq!(row.state(Minor(open), Some(day("2026-05-15")), day(today)), expected, "{open} {today}");
        assert_eq!(require_unpaid(row, Minor(open)).is_ok(), can_change, "{open} {today}");
    }
}

#[test]
fn a_termination_leads_where_it_says_and_nowhere_else() {
    use TerminationStatus::{Normal, PreTerminated, Terminated};
    for (from, to, refused) in [
        (Normal, Normal, Some("INVALID_STATE")),
        (Normal, PreTerminated, None),
        (Normal, Terminated, None),
        (PreTerminated, Normal, None),
        (PreTerminated, PreTerminated, Some("ALREADY_PRE_TERMINATED")),
        (PreTerminated, Terminated, None),
        (Terminated, Normal, Some("CREDIT_TERMINATED")),
        (Terminated, PreTerminated, Some("CREDIT_TERMINATED")),
        (Terminated, Terminated, Some("CREDIT_TERMINATED")),
    ] {
        let code = from.may_become(to).err().map(|refused| refused.code.word());
        assert_eq!(code, refused, "{from:?} {to:?}");
    }
}

#[test]
fn enough_is_what_was_paid_less_what_was_taken_back() {
    let mut row = Termination {
        id: TerminationId(Uuid::nil()),
        ordinal: 1,
        status: TerminationStatus::PreTerminated,
        currency: euro(),
        next_check_on: None,
        minimum: Some(Minor(1_000)),
        paid: Minor::ZERO,
        credit_account: None,
        since: 0,
        pre_terminated_on: None,
        terminated_on: None,
        normal_on: None,
    };
    for (amount, enough) in [(600, false), (-500, false), (-500, false), (999, false), (1, true)] {
        assert_eq!(row.count(Minor(amount)), enough, "{amount}");
    }
    row.minimum = None;
    assert!(!row.count(Minor(1_000_000)), "without a minimum no payment leads back");
}

#[test]
fn what_funds_have_paid_and_others_ask_for_is_not_asked_for() {
    use Component::{Fee, Interest, Principal};
    let of = |values: [i64; 3]| {
        move |component: Component| match component {
            Principal => values[0],
            Interest => values[1],
            _ => values[2],
        }
    };
    let whole = parts(9_000, 1_000, 500, 2_000);
    for (owed, asked, expected) in [
        ([9_000, 1_000, 2_500], [0; 3], vec![(Fee, 2_500), (Interest, 1_000), (Principal, 9_000)]),
        // Funds have paid fees and interest, and a part of the principal.
        ([4_000, 0, 0], [0; 3], vec![(Principal, 4_000)]),
        // Something else is owed as well, and asked for.
        ([50_000, 1_300, 2_500], [45_000, 300, 2_500], vec![(Interest, 1_000), (Principal, 5_000)]),
        ([-700, 0, 0], [0; 3], vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(component, part)| (component, Minor(part))).collect();
        assert_eq!(to_ask(whole, of(owed), of(asked)), expected, "{owed:?} {asked:?}");
    }
}

#[test]
fn an_instalment_is_described_by_all_that_is_said() {
    let said = LeaseInstalmentRef {
        id: None,
        account: AccountRef { account: None, lookup: None },
        plan: None,
        number: None,
        due_on: None,
    };
    let other = LeasePlanId(Uuid::from_u128(7));
    for (asked, differs) in [
        (said.clone(), None),
        (LeaseInstalmentRef { number: Some(3), due_on: Some(day("2026-05-15")), ..said.clone() }, None),
        (LeaseInstalmentRef { number: Some(2), due_on: Some(day("2026-05-15")), ..said.clone() }, Some("number")),
        (LeaseInstalmentRef { due_on: Some(day("2026-05-01")), ..said.clone() }, Some("currentDueDate")),
        (LeaseInstalmentRef { plan: Some(other), number: Some(2), ..said.clone() }, Some("plan")),
    ] {
        assert_eq!(asked.differs_in(&instalment()), differs, "{asked:?}");
    }
}

#[test]
fn parts_and_days_that_make_no_sense_are_refused_by_name() {
    for (given, field) in [
        (parts(0, 0, 0, 1), None),
        (parts(0, 0, 0, 0), Some("principal")),
        (parts(-1, 5, 0, 0), Some("principal")),
        (parts(5, -1, 0, 0), Some("interest")),
        (parts(5, 0, -1, 0), Some("fee")),
        (parts(5, 0, 0, -1), Some("vat")),
        (parts(Minor::LARGEST, 1, 0, 0), Some("principal")),
    ] {
        let found = given.checked("").err().map(|refused| refused.fields[0].path.join("."));
        assert_eq!(found.as_deref(), field, "{given:?}");
    }
    let on = |due_on: &str, billing_on: Option<&str>| LeaseInstalment {
        due_on: day(due_on),
        billing_on: billing_on.map(day),
        ..instalment()
    };
    for (row, field) in [
        (on("2026-04-15", None), None),
        (on("2026-04-14", None), Some("instalment.dueDate")),
        (on("2076-06-01", None), Some("instalment.dueDate")),
        (on("2026-05-15", Some("2026-05-15")), None),
        (on("2026-05-15", Some("2026-01-01")), None),
        (on("2026-05-15", Some("2026-05-16")), Some("instalment.billingDate")),
    ] {
        let found = row.check_days("instalment.", day("2026-04-15")).err();
        assert_eq!(found.map(|refused| refused.fields[0].path.join(".")).as_deref(), field, "{row:?}");
    }
}

#[test]
fn a_respite_moves_the_days_of_an_instalment() {
    let calendar = Calendar::new(BankCalendar::EveryDay);
    let mut moved = instalment();
    moved.defer(30, &calendar);
    assert_eq!((moved.due_on, moved.billing_on), (day("2026-06-14"), Some(day("2026-05-31"))));
    assert_eq!((moved.letter_at, moved.reminder_at), (Some(30 * 86_400_000_000), None));
    // When it was billed is over.
    let mut billed = LeaseInstalment { billed_on: Some(day("2026-05-01")), ..instalment() };
    billed.defer(1, &calendar);
    assert_eq!((billed.due_on, billed.billing_on), (day("2026-05-16"), Some(day("2026-05-01"))));
}

fn terms(amount: i64, residual: i64, rate: i64, count: u32, vat: i64) -> LeasePlanTerms {
    let cents = |cents: i64| Amount(rust_decimal::Decimal::new(cents, 2));
    LeasePlanTerms {
        amount: cents(amount),
        residual: Some(cents(residual)),
        rate_annual_pct: cents(rate),
        count,
        first_due_on: day("2026-05-31"),
        fee: Some(cents(250)),
        vat_pct: Some(cents(vat)),
        service: LeaseService::Maintenance,
    }
}

#[test]
fn a_plan_is_made_of_rents_and_the_residual_value() {
    let lines = terms(1_200_000, 300_000, 0, 9, 2_500).lines(euro()).expect("a plan");
    assert_eq!(lines.len(), 10);
    assert_eq!((lines[0].parts, lines[0].residual), (parts(100_000, 0, 250, 25_000), false));
    let last = lines.last().expect("the residual value");
    assert_eq!((last.parts, last.due_on, last.residual), (parts(300_000, 0, 0, 75_000), day("2027-01-31"), true));
    for (change, field) in [
        (terms(0, 0, 0, 9, 0), "terms.amount"),
        (terms(1_000, 1_000, 0, 9, 0), "terms.residual"),
        (terms(1_000, -1, 0, 9, 0), "terms.residual"),
        (terms(1_000, 0, 10_001, 9, 0), "terms.annualRatePct"),
        (terms(1_000, 0, 0, 9, -1), "terms.vatPct"),
        (terms(1_000, 0, 0, 0, 0), "terms.count"),
        (terms(1_000, 0, 0, 361, 0), "terms.count"),
        (terms(5, 0, 0, 9, 0), "terms.count"),
    ] {
        let refused = change.lines(euro()).expect_err("no plan");
        assert_eq!(refused.fields[0].path.join("."), field, "{change:?}");
    }
}

proptest! {
    #[test]
    fn the_parts_of_a_plan_sum_to_its_whole(
        amount in 100_i64..1_000_000_000,
        residual in 0_i64..100,
        rate in 0_i64..3_000,
        count in 1_u32..=360,
        vat in 0_i64..3_000,
    ) {
        let residual = amount * residual / 100;
        let Ok(lines) = terms(amount, residual, rate, count, vat).lines(euro()) else { return Ok(()) };
        prop_assert_eq!(lines.iter().map(|line| line.parts.principal.0).sum::<i64>(), amount);
        let of_residual: i64 = lines.iter().filter(|line| line.residual).map(|line| line.parts.principal.0).sum();
        prop_assert_eq!(of_residual, residual);
        for line in &lines {
            prop_assert!(line.parts.checked("").is_ok());
        }
        for pair in lines.windows(2) {
            prop_assert!(pair[0].due_on <= pair[1].due_on);
        }
    }

    #[test]
    fn a_respite_keeps_the_order_of_days(one in 0_i32..3_000, other in 0_i32..3_000, days in 1_u16..=366) {
        let day = |number: i32| NaiveDate::from_num_days_from_ce_opt(739_000 + number).expect("a day");
        let weekends = Calendar::new(BankCalendar::Weekdays);
        let (first, second) = (day(one.min(other)), day(one.max(other)));
        let (moved, after) = (deferred(first, days, &weekends), deferred(second, days, &weekends));
        prop_assert!(moved <= after);
        prop_assert!((moved - first).num_days() >= i64::from(days));
    }
}
