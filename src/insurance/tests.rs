//! The rules of insurance: states, ages, periods, premiums.

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::model::{
    InsuranceAction, InsuranceContract, InsuranceStatus, PackageEvent, PremiumBasis, PremiumPeriod, PremiumRounding,
    PremiumRule, born_by,
};
use crate::ledger::position::RepaymentOrder;
use crate::ledger::{AccountStatus, Component, DebtRule, InternalRole, Position};
use crate::primitives::{AccountId, Amount, InsuranceContractId, InsurancePackageId, Minor};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn contract(status: InsuranceStatus) -> InsuranceContract {
    InsuranceContract {
        id: InsuranceContractId(Uuid::nil()),
        ordinal: 0,
        package: InsurancePackageId(Uuid::nil()),
        account: AccountId(Uuid::nil()),
        standing: Some("x".into()),
        status,
        covered: status == InsuranceStatus::Active,
        starts_on: day("2026-01-31"),
        activates_on: None,
        ends_on: None,
        end_reason: None,
        closed_on: None,
        periods: 1,
        premium_due_on: (status == InsuranceStatus::Active).then(|| day("2026-02-28")),
        last_event: None,
        created_at: 0,
    }
}

fn event(action: InsuranceAction, status: InsuranceStatus) -> PackageEvent {
    PackageEvent { code: "E".into(), name: "E".into(), action, status }
}

#[test]
fn a_state_leads_where_it_says_and_nowhere_else() {
    use InsuranceStatus::{Active, Closed, Disabled, Interrupted};
    for (from, to) in [
        (Active, vec![Active, Interrupted, Disabled, Closed]),
        (Interrupted, vec![Active, Interrupted, Disabled, Closed]),
        (Disabled, vec![Active, Disabled, Closed]),
        (Closed, vec![]),
    ] {
        for action in InsuranceAction::ALL {
            for status in action.results() {
                let mut after = contract(from);
                let applied = after.apply(&event(*action, *status), PremiumPeriod::Month, day("2026-06-15"));
                assert_eq!(applied.is_ok(), to.contains(status), "{from:?} {action:?} {status:?}");
                if applied.is_err() {
                    assert_eq!(after, contract(from));
                    continue;
                }
                assert_eq!(after.status, *status);
                assert_eq!(after.premium_due_on.is_some(), *status == Active, "only what is active is charged");
                assert_eq!(after.standing.is_none(), *status == Closed);
                match action {
                    InsuranceAction::Activate => assert!(after.covered),
                    InsuranceAction::Deactivate => assert!(!after.covered),
                    InsuranceAction::StopPremium => assert_eq!(after.covered, contract(from).covered),
                }
            }
        }
    }
    // What began while it was not active is free.
    let mut after = contract(Interrupted);
    let on = event(InsuranceAction::Activate, Active);
    after.apply(&on, PremiumPeriod::Month, day("2026-06-15")).expect("it is active again");
    assert_eq!((after.periods, after.premium_due_on), (5, Some(day("2026-06-30"))));
}

#[test]
fn who_is_too_old_on_a_day_was_born_by_another() {
    for (on, maximum, born) in [
        ("2026-04-18", 65, "1960-04-18"),
        ("2026-03-01", 17, "2008-03-01"),
        ("2026-02-28", 17, "2008-02-28"),
        ("2024-02-29", 18, "2005-02-28"),
    ] {
        let last = born_by(day(on), maximum).expect("a day");
        assert_eq!(last, day(born), "{on} {maximum}");
        let older = |born: NaiveDate| day(on).years_since(born).is_some_and(|age| age > u32::from(maximum));
        assert!(older(last) && !older(last.succ_opt().expect("a day")), "{on} {maximum}");
    }
}

fn position(debt: i64, limit: i64) -> Position {
    let mut balances = [Minor::ZERO; Component::COUNT];
    balances[Component::Principal.index()] = Minor(-debt);
    Position {
        account: AccountId(Uuid::nil()),
        currency: "EUR".parse().expect("a currency"),
        balances,
        status: AccountStatus::Open,
        closed_on: None,
        debt_rule: DebtRule::Limit,
        repayment_order: RepaymentOrder::DEFAULT,
        credit_limit: Minor(limit),
        maximum_balance: None,
        reserved: Minor::ZERO,
        party: None,
        arriving: Default::default(),
        restrictions: Default::default(),
        charity: None,
        itemised: false,
        items: None,
        ties: Default::default(),
    }
}

fn rule(basis: PremiumBasis, rate: &str, rounding: PremiumRounding) -> PremiumRule {
    PremiumRule {
        basis,
        amount: None,
        rate: Some(Amount(rate.parse().expect("a decimal"))),
        rounding,
        period: PremiumPeriod::Month,
        component: Component::Fee,
        ledger_account: InternalRole::InsurancePremium,
    }
}

#[test]
fn a_percentage_is_rounded_as_the_rule_names_it() {
    use PremiumBasis::{PercentOfDebt, PercentOfLimit};
    use PremiumRounding::{Down, HalfEven, HalfUp, Up};
    for (basis, rate, rounding, debt, limit, premium) in [
        (PercentOfDebt, "1", HalfUp, 250, 0, 3),
        (PercentOfDebt, "1", HalfEven, 250, 0, 2),
        (PercentOfDebt, "1", HalfEven, 350, 0, 4),
        (PercentOfDebt, "1", Up, 201, 0, 3),
        (PercentOfDebt, "1", Down, 299, 0, 2),
        (PercentOfDebt, "0.75", HalfUp, 100_000, 0, 750),
        (PercentOfDebt, "100", HalfUp, Minor::LARGEST, 0, Minor::LARGEST),
        (PercentOfLimit, "0.25", HalfUp, 999, 200_000, 500),
        (PercentOfDebt, "1", Up, -500, 0, 0),
        (PercentOfLimit, "1", Up, 500, 0, 0),
    ] {
        let rule = rule(basis, rate, rounding);
        assert_eq!(rule.premium(&position(debt, limit)), Minor(premium), "{rule:?} {debt} {limit}");
    }
}

proptest! {
    /// The periods of a contract follow each other without a gap, whatever its first day.
    #[test]
    fn periods_follow_each_other(first in 0_i32..40_000, months in 0_usize..3, number in 0_u32..400) {
        let period = [PremiumPeriod::Month, PremiumPeriod::Quarter, PremiumPeriod::Year][months];
        let first = NaiveDate::from_num_days_from_ce_opt(715_000 + first).expect("a day");
        let mut contract = InsuranceContract { starts_on: first, periods: number, ..contract(InsuranceStatus::Active) };
        let (from, through) = contract.period(period).expect("a period");
        contract.charged(period);
        let (next, _) = contract.period(period).expect("a period");
        prop_assert_eq!(through.succ_opt(), Some(next));
        prop_assert_eq!(contract.premium_due_on, Some(next));
        prop_assert!(from <= through && from >= first);
    }
}
