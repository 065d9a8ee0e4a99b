//! Schedules against a calculator that others wrote, by the calendar, and their sums whatever they are made of.

use proptest::prelude::*;

use super::*;

fn terms(credit: i64, rate: &str, count: u32, method: RepaymentMethod) -> Terms {
    Terms {
        credit: Minor(credit),
        rate_annual_pct: rate.parse().expect("a rate"),
        count,
        method,
        balloon: Minor::ZERO,
        grace: 0,
        fee: Minor::ZERO,
        fee_timing: FeeTiming::First,
        first: day("2026-01-31"),
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[test]
fn annuities_are_those_of_a_calculator_that_others_wrote() {
    let mut count = 0;
    for line in include_str!("vectors.txt").lines().filter(|line| !line.starts_with('#')) {
        let texts: Vec<&str> = line.split(' ').collect();
        let parts: Vec<Decimal> = texts.iter().map(|part| part.parse().expect(line)).collect();
        let number = |place: usize| texts[place].parse::<i64>().expect(line);
        let count_of = u32::try_from(number(2)).expect(line);
        let terms = Terms {
            rate_annual_pct: parts[1],
            balloon: Minor(number(3)),
            ..terms(number(0), "0", count_of, RepaymentMethod::Annuity)
        };
        let schedule = schedule(&terms).expect(line);
        let half = Decimal::new(500_001, 6);
        assert!((Decimal::from(schedule.level.0) - parts[4]).abs() <= half, "{line}: {:?}", schedule.level);
        for (place, at) in [(5, 1), (6, count_of.div_ceil(2)), (7, count_of)] {
            // What is rounded before leaves its trace in what is owed, and so in the interest: at most half a unit a
            // period, and the interest on that.
            let planned = schedule.lines[at as usize - 1].interest;
            let growth = Decimal::ONE + parts[1] / Decimal::from(MONTHLY_PERCENT);
            let owed = (1..at).fold(Decimal::ZERO, |owed, _| owed * growth + Decimal::ONE);
            let within = owed * (growth - Decimal::ONE) + Decimal::ONE;
            assert!((Decimal::from(planned.0) - parts[place]).abs() <= within, "{line}: {planned:?} at {at}");
        }
        count += 1;
    }
    assert!(count >= 60, "{count}");
}

#[test]
fn a_month_ends_when_it_ends() {
    for (first, number, expected) in [
        ("2026-01-31", 2, "2026-02-28"),
        ("2026-01-31", 3, "2026-03-31"),
        ("2026-01-31", 4, "2026-04-30"),
        ("2028-01-30", 2, "2028-02-29"),
        ("2028-02-29", 13, "2029-02-28"),
        ("2028-02-29", 49, "2032-02-29"),
        ("2026-12-15", 2, "2027-01-15"),
    ] {
        assert_eq!(due(day(first), number), Some(day(expected)), "{first} {number}");
    }
}

#[test]
fn each_method_spreads_a_credit_its_own_way() {
    let parts = |terms: &Terms| {
        let lines = schedule(terms).expect("a schedule").lines;
        lines.iter().map(|line| (line.principal.0, line.interest.0, line.fee.0)).collect::<Vec<_>>()
    };
    let of = |method| terms(10_000, "12", 3, method);
    assert_eq!(parts(&of(RepaymentMethod::Annuity)), [(3300, 100, 0), (3333, 67, 0), (3367, 34, 0)]);
    assert_eq!(parts(&of(RepaymentMethod::Straight)), [(3333, 100, 0), (3333, 67, 0), (3334, 33, 0)]);
    assert_eq!(parts(&of(RepaymentMethod::Flat)), [(3333, 100, 0), (3333, 100, 0), (3334, 100, 0)]);
    let free = Terms { fee: Minor(1000), ..terms(10_000, "0", 3, RepaymentMethod::Annuity) };
    assert_eq!(parts(&free), [(3333, 0, 1000), (3333, 0, 0), (3334, 0, 0)]);
    let each = Terms { fee_timing: FeeTiming::Each, ..free };
    assert_eq!(parts(&each), [(3333, 0, 333), (3333, 0, 333), (3334, 0, 334)]);
    let grace = Terms { grace: 1, ..of(RepaymentMethod::Straight) };
    assert_eq!(parts(&grace), [(0, 100, 0), (5000, 100, 0), (5000, 50, 0)]);
    let balloon = Terms { balloon: Minor(4000), ..of(RepaymentMethod::Straight) };
    assert_eq!(parts(&balloon), [(2000, 100, 0), (2000, 80, 0), (6000, 60, 0)]);
}

#[test]
fn what_comes_to_nothing_is_no_schedule() {
    for (credit, rate, count, grace, expected) in [
        (100, "0", 360, 0, NoSchedule::TooSmall),
        (10, "0", 12, 0, NoSchedule::TooSmall),
        (10_000, "0", 12, 3, NoSchedule::TooSmall),
        (10_000, "5", 3, 3, NoSchedule::OutOfRange),
        (Minor::LARGEST, "100", 360, 0, NoSchedule::OutOfRange),
    ] {
        let terms = Terms { grace, ..terms(credit, rate, count, RepaymentMethod::Annuity) };
        assert_eq!(schedule(&terms), Err(expected), "{credit} {rate} {count} {grace}");
    }
}

#[test]
fn what_is_lent_every_day_has_a_schedule() {
    for method in RepaymentMethod::ALL {
        for rate in ["0", "3.95", "19.9", "30"] {
            for count in 1..=120 {
                let terms = terms(100_000, rate, count, *method);
                let plan = schedule(&terms).unwrap_or_else(|no| panic!("{method:?} {rate} {count}: {no}"));
                let last = plan.lines[plan.lines.len() - 1].total().0;
                let before = plan.lines[plan.lines.len().saturating_sub(2)].total().0;
                // Equal parts bear less and less interest; the others are of one size but for the rest.
                let differs = if *method == RepaymentMethod::Straight { last - before } else { (last - before).abs() };
                assert!(differs <= 50 * i64::from(count), "{method:?} {rate} {count}: {before} {last}");
            }
        }
    }
}

fn shortening(terms: &Terms, schedule: &Schedule, paid: usize, extra: i64, today: NaiveDate) -> Shortening {
    let owed: i64 = schedule.lines[paid..].iter().map(|line| line.principal.0).sum();
    Shortening {
        owed: Minor(owed),
        extra: Minor(extra),
        rate_annual_pct: terms.rate_annual_pct,
        method: terms.method,
        level: schedule.level,
        balloon: terms.balloon,
        grace: terms.grace,
        since: if paid == 0 { day("2026-01-01") } else { schedule.lines[paid - 1].due },
        today,
    }
}

#[test]
fn an_extra_payment_leaves_fewer_instalments_of_the_same_size() {
    let terms = terms(120_000, "12", 12, RepaymentMethod::Annuity);
    let plan = schedule(&terms).expect("a schedule");
    assert_eq!(plan.level, Minor(10_662));
    let by = shortening(&terms, &plan, 2, 30_000, day("2026-03-14"));
    let left = shortened(&plan.lines[2..], &by).expect("a plan");
    assert_eq!((left.len(), left[0].number, left[0].due), (7, 3, day("2026-03-31")));
    // 28 February to 31 March: fourteen days on what was owed, seventeen on what is.
    assert_eq!((plan.lines[2].interest, left[0].interest), (Minor(1_010), Minor(845)));
    assert!(left[..6].iter().all(|line| line.total() == plan.level), "{left:?}");
    assert_eq!(left.iter().map(|line| line.principal.0).sum::<i64>(), by.owed.0 - 30_000);
}

#[test]
fn interest_comes_about_by_the_days_of_the_period() {
    for (today, expected) in [("2026-01-01", 0), ("2026-01-16", 48), ("2026-02-01", 100), ("2026-05-01", 100)] {
        let by_then = accrued(Minor(100), day("2026-01-01"), day("2026-02-01"), day(today));
        assert_eq!(by_then, Ok(Minor(expected)), "{today}");
    }
    assert_eq!(accrued(Minor(100), day("2026-02-01"), day("2026-02-01"), day("2026-01-01")), Ok(Minor(100)));
}

proptest! {
    #[test]
    fn the_parts_of_a_schedule_sum_to_its_whole(
        credit in 1..=Minor::LARGEST / 1_000,
        rate in 0_u32..=1_000_000,
        count in 1_u32..=MOST_TERMS,
        method in 0..RepaymentMethod::ALL.len(),
        balloon_pct in 0_i64..100,
        grace in 0_u32..MOST_TERMS,
        fee in 0_i64..1_000_000,
        each in any::<bool>(),
        start in 0_i32..40_000,
        paid in 0_usize..MOST_TERMS as usize,
        share in 1_i64..100,
    ) {
        let terms = Terms {
            credit: Minor(credit),
            rate_annual_pct: Decimal::new(rate.into(), 4),
            count,
            method: RepaymentMethod::ALL[method],
            balloon: Minor(credit / 100 * balloon_pct),
            grace: grace % count,
            fee: Minor(fee),
            fee_timing: if each { FeeTiming::Each } else { FeeTiming::First },
            first: NaiveDate::from_epoch_days(start).expect("a day"),
        };
        // Which have none, the tables above tell.
        let Ok(plan) = schedule(&terms) else { return Ok(()) };
        prop_assert_eq!(plan.lines.len(), count as usize);
        prop_assert_eq!(plan.lines.iter().map(|line| line.principal.0).sum::<i64>(), credit);
        prop_assert_eq!(plan.fee().0, fee);
        prop_assert_eq!(plan.total().0, credit + plan.interest().0 + fee);
        prop_assert!(plan.lines.iter().all(|line| line.principal.0 >= 0 && line.interest.0 >= 0 && line.fee.0 >= 0));
        prop_assert!(plan.lines.windows(2).all(|pair| pair[0].due < pair[1].due));

        let open = &plan.lines[paid % plan.lines.len()..];
        let owed: i64 = open.iter().map(|line| line.principal.0).sum();
        let extra = owed / 100 * share;
        let by = shortening(&terms, &plan, paid % plan.lines.len(), extra, open[0].due);
        let left = shortened(open, &by).expect("a plan");
        prop_assert!(left.len() <= open.len());
        prop_assert_eq!(left.iter().map(|line| line.principal.0).sum::<i64>(), owed - extra);
        prop_assert!(left.iter().all(|line| line.principal.0 >= 0 && line.interest.0 >= 0));
    }
}
