//! Which bids are taken, where offers and bids may go, and that nothing is lost in a distribution.

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::allocation::{Asked, allocate};
use super::model::{InvestmentBid, InvestmentBidStatus, InvestmentOffer, InvestmentOfferStatus, check_rate};
use crate::dues::apportion::pro_rata;
use crate::primitives::{AccountId, InvestmentBidId, InvestmentOfferId, Minor};
use crate::refused::INVALID_INPUT;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn rate(text: &str) -> Decimal {
    text.parse().expect("a rate")
}

fn asked(id: u32, asks: &str, most: Option<&str>, want: i64, least: i64) -> Asked<u32> {
    Asked {
        id,
        rate: rate(asks),
        most_rate: most.map(rate),
        want: Minor(want),
        least: Minor(least),
        placed: i64::from(id),
    }
}

#[test]
fn bids_are_taken_by_rate_then_by_time_and_exact_ones_before_parts() {
    for (what, bids, sought, parts, came_to) in [
        ("none", vec![], 100, vec![], None),
        (
            "all fit",
            vec![asked(1, "5", None, 40, 1), asked(2, "4", None, 50, 1)],
            100,
            vec![(2, 50), (1, 40)],
            Some("5"),
        ),
        (
            "the lowest rate",
            vec![asked(1, "5", None, 100, 1), asked(2, "4", None, 100, 1)],
            100,
            vec![(2, 100)],
            Some("4"),
        ),
        (
            "then the time",
            vec![asked(2, "4", None, 100, 1), asked(1, "4", None, 100, 1)],
            100,
            vec![(1, 100)],
            Some("4"),
        ),
        (
            "a part of the last",
            vec![asked(1, "4", None, 70, 1), asked(2, "5", None, 70, 1)],
            100,
            vec![(1, 70), (2, 30)],
            Some("5"),
        ),
        (
            "what fills it exactly goes before a part",
            vec![asked(1, "4", None, 70, 1), asked(2, "5", None, 70, 1), asked(3, "5", None, 30, 1)],
            100,
            vec![(1, 70), (3, 30)],
            Some("5"),
        ),
        (
            "but not at another rate",
            vec![asked(1, "4", None, 70, 1), asked(2, "5", None, 70, 1), asked(3, "6", None, 30, 1)],
            100,
            vec![(1, 70), (2, 30)],
            Some("5"),
        ),
        (
            "who takes no such part is passed over",
            vec![asked(1, "4", None, 70, 1), asked(2, "5", None, 70, 31), asked(3, "6", None, 20, 20)],
            100,
            vec![(1, 70), (3, 20)],
            Some("6"),
        ),
        (
            "who would be paid more than they have named keeps others out",
            vec![asked(1, "4", Some("4.5"), 70, 1), asked(2, "4.5", None, 10, 1), asked(3, "5", None, 20, 1)],
            100,
            vec![(1, 70), (2, 10)],
            Some("4.5"),
        ),
        ("nothing that fits", vec![asked(1, "4", None, 200, 200)], 100, vec![], None),
    ] {
        let found = allocate(&bids, Minor(sought));
        let expected: Vec<(u32, Minor)> = parts.into_iter().map(|(id, part)| (id, Minor(part))).collect();
        assert_eq!((found.parts, found.rate), (expected, came_to.map(rate)), "{what}");
    }
}

proptest! {
    #[test]
    fn an_allocation_stays_within_what_is_sought_and_what_each_takes(
        drawn in proptest::collection::vec((0_u32..6, proptest::option::of(0_u32..6), 1_i64..500, 1_i64..500), 0..40),
        sought in 1_i64..5_000,
    ) {
        let bids: Vec<Asked<usize>> = drawn.iter().enumerate().map(|(id, (asks, more, want, least))| Asked {
            id,
            rate: Decimal::from(*asks),
            most_rate: more.map(|more| Decimal::from(asks + more)),
            want: Minor(*want),
            least: Minor(*least.min(want)),
            placed: i64::try_from(id).expect("few"),
        }).collect();
        let found = allocate(&bids, Minor(sought));
        let taken: i64 = found.parts.iter().map(|(_, part)| part.0).sum();
        prop_assert!(taken <= sought);
        let mut in_part = 0;
        for (id, part) in &found.parts {
            let bid = &bids[*id];
            let came_to = found.rate.expect("something was taken");
            prop_assert!(bid.least <= *part && *part <= bid.want);
            prop_assert!(bid.rate <= came_to && bid.most_rate.is_none_or(|most| came_to <= most));
            in_part += i32::from(*part < bid.want);
        }
        prop_assert!(in_part <= 1, "at most one is taken in part");
        let mut ids: Vec<usize> = found.parts.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), found.parts.len(), "none is taken twice");
        // Whoever asks for less than what it came to was taken, or did not fit.
        prop_assert_eq!(found.rate.is_none(), found.parts.is_empty());
    }

    #[test]
    fn shares_of_positions_sum_to_what_is_paid_until_all_is_repaid(
        invested in proptest::collection::vec(1_i64..1_000_000, 1..40),
        cuts in proptest::collection::vec(1_i64..1_000, 1..6),
    ) {
        let mut open: Vec<Minor> = invested.iter().copied().map(Minor).collect();
        let whole = |open: &[Minor]| open.iter().map(|part| part.0).sum::<i64>();
        for cut in cuts {
            let paid = whole(&open) * cut / 1_000;
            let shares = pro_rata(&open, Minor(paid));
            prop_assert_eq!(whole(&shares), paid);
            for (left, share) in open.iter_mut().zip(&shares) {
                prop_assert!(share.0 >= 0 && share <= left);
                left.0 -= share.0;
            }
        }
        let last = Minor(whole(&open));
        prop_assert_eq!(pro_rata(&open, last), open);
    }
}

fn offer(status: InvestmentOfferStatus) -> InvestmentOffer {
    InvestmentOffer {
        id: InvestmentOfferId(Uuid::nil()),
        ordinal: 0,
        code: "SUN".into(),
        name: "Sun".into(),
        issuer: AccountId(Uuid::nil()),
        currency: "EUR".parse().expect("a currency"),
        sought: Minor(100),
        minimum_rate: rate("3"),
        maximum_rate: rate("6"),
        term_months: 12,
        deadline: day("2026-04-30"),
        status,
        rate: None,
        invested: Minor(100),
        repaid: Minor(40),
        interest: Minor::ZERO,
        created_at: 0,
        allocated_on: None,
        closed_on: None,
    }
}

fn bid(status: InvestmentBidStatus) -> InvestmentBid {
    InvestmentBid {
        id: InvestmentBidId(Uuid::nil()),
        ordinal: 7,
        offer: InvestmentOfferId(Uuid::nil()),
        account: AccountId(Uuid::nil()),
        currency: "EUR".parse().expect("a currency"),
        amount: Minor(100),
        accepted: Minor::ZERO,
        valid_until: Some(50),
        expires_on: None,
        minimum_rate: Some(rate("4")),
        maximum_rate: None,
        minimum_amount: None,
        maximum_amount: None,
        note: None,
        message: None,
        additional_data: None,
        status,
        reason: None,
        placed_at: 0,
        ended_at: None,
    }
}

#[test]
fn a_state_leads_where_it_says_and_nowhere_else() {
    for from in InvestmentOfferStatus::ALL {
        for to in InvestmentOfferStatus::ALL {
            assert_eq!(offer(*from).may_become(*to, "offer").is_ok(), from.next().contains(to), "{from:?} {to:?}");
        }
    }
    for from in InvestmentBidStatus::ALL {
        for to in InvestmentBidStatus::ALL {
            let (before, mut after) = (bid(*from), bid(*from));
            let ended = after.end(*to, Some("why".into()), 9);
            assert_eq!(ended.is_ok(), from.next().contains(to), "{from:?} {to:?}");
            match ended {
                Ok(()) => assert_eq!((after.status, after.ended_at), (*to, Some(9))),
                Err(_) => assert_eq!(after, before),
            }
        }
    }
    assert_eq!(offer(InvestmentOfferStatus::Allocated).outstanding(), Minor(60));
    let open = offer(InvestmentOfferStatus::Open);
    assert!(open.takes_bids(day("2026-04-30"), "offer").is_ok());
    assert_eq!(
        open.takes_bids(day("2026-05-01"), "offer").map_err(|refused| refused.code.word()),
        Err("OFFER_DEADLINE_PASSED")
    );
    assert!(bid(InvestmentBidStatus::Open).stands(49) && !bid(InvestmentBidStatus::Open).stands(50));
}

#[test]
fn what_a_bid_asks_for_is_bounded_by_the_offer() {
    let with = |change: fn(&mut InvestmentBid)| {
        let mut bid = bid(InvestmentBidStatus::Open);
        change(&mut bid);
        bid.asked(&offer(InvestmentOfferStatus::Open))
    };
    let plain = with(|_| {});
    assert_eq!((plain.rate, plain.want, plain.least, plain.placed), (rate("4"), Minor(100), Minor(1), 7));
    assert_eq!(with(|bid| bid.minimum_rate = None).rate, rate("3"));
    assert_eq!(with(|bid| bid.minimum_rate = Some(rate("1"))).rate, rate("3"));
    assert_eq!(with(|bid| bid.maximum_amount = Some(Minor(60))).want, Minor(60));
    assert_eq!(with(|bid| bid.maximum_amount = Some(Minor(600))).want, Minor(100));
    assert_eq!(with(|bid| bid.minimum_amount = Some(Minor(30))).least, Minor(30));
}

#[test]
fn a_bid_or_an_offer_that_makes_no_sense_names_the_field() {
    let refused = |change: fn(&mut InvestmentBid)| {
        let mut bid = bid(InvestmentBidStatus::Open);
        change(&mut bid);
        let refused = bid.checked(&offer(InvestmentOfferStatus::Open), 10).err();
        refused.map(|refused| (refused.code, refused.fields[0].path.join(".")))
    };
    assert_eq!(refused(|_| {}), None);
    for (change, field) in [
        ((|bid| bid.valid_until = Some(10)) as fn(&mut InvestmentBid), "validUntil"),
        (|bid| bid.minimum_rate = Some(rate("-1")), "minRate"),
        (|bid| bid.maximum_rate = Some(rate("100.1")), "maxRate"),
        (|bid| bid.maximum_rate = Some(rate("3.5")), "minRate"),
        (|bid| bid.minimum_rate = Some(rate("6.1")), "minRate"),
        (|bid| (bid.minimum_rate, bid.maximum_rate) = (None, Some(rate("2"))), "maxRate"),
        (|bid| (bid.minimum_amount, bid.maximum_amount) = (Some(Minor(3)), Some(Minor(2))), "minAmount"),
        (|bid| bid.minimum_amount = Some(Minor(101)), "minAmount"),
    ] {
        assert_eq!(refused(change), Some((INVALID_INPUT, field.to_owned())));
    }
    let of_offer = |change: fn(&mut InvestmentOffer)| {
        let mut offer = offer(InvestmentOfferStatus::Open);
        change(&mut offer);
        let refused = offer.checked(day("2026-04-30")).err();
        refused.map(|refused| (refused.code, refused.fields[0].path.join(".")))
    };
    assert_eq!(of_offer(|_| {}), None);
    for (change, field) in [
        ((|offer| offer.code = " ".into()) as fn(&mut InvestmentOffer), "code"),
        (|offer| offer.name = String::new(), "name"),
        (|offer| offer.minimum_rate = rate("7"), "minRate"),
        (|offer| offer.maximum_rate = rate("0.0000001"), "maxRate"),
        (|offer| offer.term_months = 0, "termMonths"),
        (|offer| offer.term_months = 601, "termMonths"),
        (|offer| offer.deadline = day("2026-04-29"), "allocationDeadline"),
    ] {
        assert_eq!(of_offer(change), Some((INVALID_INPUT, field.to_owned())));
    }
    assert_eq!(check_rate("minRate", rate("5.500")), Ok(rate("5.5")));
}
