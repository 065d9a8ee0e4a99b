//! What is offered on a customer, in the API: each with the reason for what is not, the token's own rights counted.

use async_graphql::SimpleObject;

use crate::access::Scope;
use crate::api::call::{Reach, Right};
use crate::api::context::Caller;
use crate::api::enums::CustomerAction;
use crate::customers::Customer;
use crate::customers::actions::actions;

/// Something that can be done with a customer.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustomerActionOffer {
    /// Which.
    action: CustomerAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it is not allowed.
    reason: Option<String>,
}

/// What a token needs for it: what the mutation itself asks for.
fn right_to(action: CustomerAction) -> Right {
    match action {
        CustomerAction::UpdateCustomer | CustomerAction::CreateAddress => Right(Scope::Admin, Reach::Own),
        CustomerAction::OpenAccount | CustomerAction::MergeInto | CustomerAction::EraseCustomer => {
            Right(Scope::Admin, Reach::Tenant)
        }
    }
}

/// What can be done with a customer by who asks.
pub(super) fn offered(caller: &Caller, customer: &Customer) -> Vec<CustomerActionOffer> {
    let show = |(action, obstacle): (CustomerAction, Option<String>)| {
        let reason = right_to(action).missing(caller).or(obstacle);
        CustomerActionOffer { action, allowed: reason.is_none(), reason }
    };
    actions(customer).into_iter().map(show).collect()
}
