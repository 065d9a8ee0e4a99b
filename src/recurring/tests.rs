//! What is drawn, and where an order may go.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::model::{PaymentOrder, PaymentOrderStatus, PaymentScope, RecurringMethod, RecurringPayment, RecurringState};
use crate::accounts::recurring::{PaymentFrequency, RecurringTerms};
use crate::primitives::{AccountId, Minor};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn settings(scope: PaymentScope, fixed: Option<i64>) -> RecurringPayment {
    RecurringPayment {
        account: AccountId(uuid::Uuid::from_u128(1)),
        state: RecurringState::Active,
        method: RecurringMethod::Autogiro,
        scope,
        fixed: fixed.map(Minor),
        currency: "EUR".parse().expect("a currency"),
        terms: RecurringTerms::of(PaymentFrequency::Monthly),
        next_on: day("2026-04-28"),
        schedule_on: day("2026-04-18"),
        set_up_at: 0,
        changed_at: 0,
    }
}

#[test]
fn a_scope_says_what_is_drawn_and_never_more_than_is_owed() {
    let dues = [("2026-04-20", 30), ("2026-04-28", 20), ("2026-04-29", 100)];
    let open = || dues.map(|(date, open)| (day(date), Minor(open)));
    for (scope, fixed, debt, amount) in [
        (PaymentScope::Fixed, Some(100), 500, 100),
        (PaymentScope::Fixed, Some(100), 60, 60),
        (PaymentScope::Fixed, Some(100), 0, 0),
        (PaymentScope::TotalDebt, None, 500, 500),
        (PaymentScope::TotalDebt, None, 0, 0),
        (PaymentScope::BilledAmount, None, 500, 50),
        (PaymentScope::BilledAmount, None, 40, 40),
        (PaymentScope::BilledAmount, None, 0, 0),
    ] {
        let found = settings(scope, fixed).amount(Minor(debt), open(), day("2026-04-28"));
        assert_eq!(found, Minor(amount), "{scope:?} {debt}");
    }
}

fn order(status: PaymentOrderStatus) -> PaymentOrder {
    let settings = settings(PaymentScope::TotalDebt, None);
    PaymentOrder {
        id: PaymentOrder::id_of(settings.account, settings.next_on),
        ordinal: 0,
        account: settings.account,
        period: settings.next_on,
        method: settings.method,
        scope: settings.scope,
        currency: settings.currency,
        planned: Minor(1),
        collected: None,
        execution_on: settings.next_on,
        act_on: Some(settings.next_on),
        status,
        reason: None,
        attempts: 0,
        entry: None,
        bounces: false,
        scheduled_at: 0,
        ended_at: None,
    }
}

#[test]
fn a_state_leads_where_it_says_and_nowhere_else() {
    for from in PaymentOrderStatus::ALL {
        for to in PaymentOrderStatus::ALL {
            let (before, mut after) = (order(*from), order(*from));
            let ended = after.end(*to, None, 1);
            assert_eq!(ended.is_ok(), from.next().contains(to), "{from:?} {to:?}");
            assert!(ended.is_ok() || after == before);
        }
    }
}

#[test]
fn a_period_has_one_order_and_a_try_one_entry() {
    let (one, other) = (AccountId(uuid::Uuid::from_u128(1)), AccountId(uuid::Uuid::from_u128(2)));
    let (april, may) = (day("2026-04-28"), day("2026-05-28"));
    assert_eq!(PaymentOrder::id_of(one, april), PaymentOrder::id_of(one, april));
    assert_ne!(PaymentOrder::id_of(one, april), PaymentOrder::id_of(one, may));
    assert_ne!(PaymentOrder::id_of(one, april), PaymentOrder::id_of(other, april));
    let order = order(PaymentOrderStatus::Scheduled);
    assert_eq!(order.entry_of(1), order.entry_of(1));
    assert_ne!(order.entry_of(1), order.entry_of(2));
}

proptest! {
    #[test]
    fn what_is_drawn_is_owed(fixed in 1..10_000_i64, debt in 0..10_000_i64, open in prop::collection::vec((0..60_u64, 0..5_000_i64), 0..8), scope in 0..3_usize) {
        let scope = PaymentScope::ALL[scope];
        let settings = settings(scope, (scope == PaymentScope::Fixed).then_some(fixed));
        let start = day("2026-04-01");
        let dues = open.iter().map(|(days, open)| (start + chrono::Days::new(*days), Minor(*open)));
        let amount = settings.amount(Minor(debt), dues, day("2026-04-28"));
        prop_assert!(amount.0 >= 0 && amount.0 <= debt);
    }

    /// The next day always lies ahead, in the next period, and an order is made before its day.
    #[test]
    fn days_go_on(frequency in 0..3_usize, execution_day in 1..8_u8, days in 0..3_000_u64) {
        let terms = RecurringTerms::of(PaymentFrequency::ALL[frequency]).on(Some(execution_day));
        let after = day("2026-01-01") + chrono::Days::new(days);
        let mut settings = RecurringPayment { terms, ..settings(PaymentScope::TotalDebt, None) };
        settings.go_on_after(after);
        prop_assert!(settings.next_on > after && (settings.next_on - after).num_days() <= 31);
        prop_assert!(settings.schedule_on <= settings.next_on);
    }
}
