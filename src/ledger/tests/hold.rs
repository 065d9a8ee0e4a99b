//! Tables over a hold: what can be taken from it, and how it ends.

use super::super::hold::{Hold, HoldStatus};
use super::*;

const NOW: i64 = 1_000;

fn hold(captured: i64, status: HoldStatus, expires_at: Option<i64>) -> Hold {
    Hold {
        id: HoldId(Uuid::from_u128(9)),
        ordinal: 1,
        account: account(1),
        currency: sek(),
        amount: Minor(100),
        captured: Minor(captured),
        status,
        description: "a hotel".into(),
        reference: None,
        card: None,
        network_reference: None,
        point_of_sale: None,
        counted: Default::default(),
        placed_at: 0,
        expires_at,
        closed_at: None,
    }
}

#[test]
fn a_hold_is_captured_in_parts_until_nothing_is_left() {
    use HoldStatus::{Captured, Expired, Open, Released};
    const SHUT: Result<(i64, HoldStatus), RefusalCode> = Err(HOLD_NOT_OPEN);
    const RANGE: Result<(i64, HoldStatus), RefusalCode> = Err(AMOUNT_OUT_OF_RANGE);
    for (hold, amount, expected) in [
        (hold(0, Open, None), None, Ok((100, Captured))),
        (hold(0, Open, None), Some(100), Ok((100, Captured))),
        (hold(0, Open, None), Some(99), Ok((99, Open))),
        (hold(99, Open, None), None, Ok((1, Captured))),
        (hold(40, Open, None), Some(60), Ok((60, Captured))),
        (hold(40, Open, None), Some(61), RANGE),
        (hold(0, Open, None), Some(0), RANGE),
        (hold(0, Open, None), Some(-1), RANGE),
        (hold(0, Open, None), Some(i64::MAX), RANGE),
        (hold(0, Open, Some(NOW + 1)), None, Ok((100, Captured))),
        (hold(0, Open, Some(NOW)), None, SHUT),
        (hold(100, Captured, None), None, SHUT),
        (hold(0, Released, None), None, SHUT),
        (hold(0, Expired, Some(5)), Some(0), SHUT),
    ] {
        let mut after = hold.clone();
        let result = after.capture(amount.map(Minor), NOW).map(|taken| (taken.0, after.status));
        assert_eq!(result.map_err(|refusal| refusal.code()), expected, "{amount:?} of {hold:?}");
        assert_eq!(after.closed_at, (after.status != hold.status).then_some(NOW));
        let taken = expected.map_or(0, |(taken, _)| taken);
        assert_eq!(after.remaining(), Minor(hold.remaining().0 - taken));
        assert!(expected.is_ok() || after == hold, "a refusal changes nothing");
    }
}

#[test]
fn a_hold_ends_by_hand_before_its_time_and_by_time_after_it() {
    use HoldStatus::{Captured, Expired, Open, Released};
    const SHUT: Result<i64, RefusalCode> = Err(HOLD_NOT_OPEN);
    for (hold, to, expected) in [
        (hold(0, Open, None), Released, Ok(100)),
        (hold(40, Open, None), Released, Ok(60)),
        (hold(0, Open, Some(NOW + 1)), Released, Ok(100)),
        (hold(0, Open, Some(NOW)), Released, SHUT),
        (hold(0, Open, None), Expired, SHUT),
        (hold(0, Open, Some(NOW + 1)), Expired, SHUT),
        (hold(0, Open, Some(NOW)), Expired, Ok(100)),
        (hold(40, Open, Some(1)), Expired, Ok(60)),
        (hold(100, Captured, Some(1)), Expired, SHUT),
        (hold(0, Released, Some(1)), Expired, SHUT),
        (hold(0, Expired, Some(1)), Released, SHUT),
        (hold(0, Released, None), Released, SHUT),
    ] {
        let mut after = hold.clone();
        let result = after.end(to, NOW).map(|freed| freed.0).map_err(|refusal| refusal.code());
        assert_eq!(result, expected, "{to:?} of {hold:?}");
        match expected {
            Ok(_) => assert_eq!((after.status, after.closed_at, after.remaining()), (to, Some(NOW), Minor::ZERO)),
            Err(_) => assert_eq!(after, hold, "a refusal changes nothing"),
        }
    }
}
