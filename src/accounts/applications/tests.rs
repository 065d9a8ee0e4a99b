//! The states of applications.

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{LimitApplication, LimitApplicationAction, LimitApplicationStatus};
use crate::primitives::{AccountId, CustomerId, LimitApplicationId, Minor, Origin, TenantId};
use crate::refused::INVALID_STATE;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).expect("a day")
}

fn application(status: LimitApplicationStatus) -> LimitApplication {
    LimitApplication {
        id: LimitApplicationId(Uuid::nil()),
        ordinal: 0,
        account: AccountId(Uuid::nil()),
        customer: CustomerId(Uuid::nil()),
        currency: "EUR".parse().expect("a currency"),
        wanted: Minor(2),
        former: Minor(1),
        granted: None,
        reason: None,
        status,
        maker: "web".into(),
        maker_customer: None,
        valid_through: day(10),
        submitted_at: 0,
        ended_at: None,
        decided_by: None,
        comment: None,
    }
}

#[test]
fn a_state_leads_where_it_says_and_nowhere_else() {
    use LimitApplicationStatus::{Expired, Submitted};
    for from in LimitApplicationStatus::ALL {
        for to in LimitApplicationStatus::ALL {
            for today in [day(10), day(11)] {
                let before = application(*from);
                let mut after = before.clone();
                let ended = after.end(*to, today, 1);
                // In its time it does not expire, and after it it does nothing else.
                let in_time = (*to == Expired) == (today == day(11));
                let may = *from == Submitted && from.next().contains(to) && in_time;
                assert_eq!(ended.is_ok(), may, "{from:?} {to:?} {today}");
                match ended {
                    Ok(()) => assert_eq!((after.status, after.ended_at), (*to, Some(1))),
                    Err(refused) => assert_eq!((refused.code, &after), (INVALID_STATE, &before)),
                }
            }
        }
    }
    for action in LimitApplicationAction::ALL {
        assert!(Submitted.next().contains(&action.leads_to()));
    }
}

#[test]
fn its_maker_is_one_client_and_one_customer() {
    let origin = |client: &str, customer: Option<u128>| Origin {
        client: client.into(),
        customer: customer.map(|id| CustomerId(Uuid::from_u128(id))),
        ..Origin::system(TenantId(Uuid::nil()))
    };
    let of_customer = LimitApplication {
        maker_customer: Some(CustomerId(Uuid::from_u128(1))),
        ..application(LimitApplicationStatus::Submitted)
    };
    for (client, customer, house, own) in [
        ("web", None, true, false),
        ("web", Some(1), false, true),
        ("web", Some(2), false, false),
        ("desk", None, false, false),
    ] {
        let origin = origin(client, customer);
        assert_eq!(application(LimitApplicationStatus::Submitted).is_by(&origin), house, "{client} {customer:?}");
        assert_eq!(of_customer.is_by(&origin), own, "{client} {customer:?}");
    }
}
