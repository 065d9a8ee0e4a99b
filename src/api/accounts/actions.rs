//! What is offered on an account, in the API: each with the reason for what is not, the token's own rights counted.

use async_graphql::{Context, SimpleObject};

use crate::access::Scope;
use crate::accounts::actions::{Possible, actions, raise};
use crate::api::accounts::AccountFields;
use crate::api::call::{Reach, Right};
use crate::api::context::caller;
use crate::api::enums::AccountAction;
use crate::api::fault::Fault;
use crate::ledger::AccountStatus;
use crate::ledger::journal::Standing;

/// Something that can be done with an account.
#[derive(Clone, Debug, SimpleObject)]
pub struct Action {
    /// Which.
    action: AccountAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it is not allowed.
    reason: Option<String>,
}

/// What a token needs for it: what the mutation itself asks for.
fn right_to(action: AccountAction) -> Right {
    match action {
        AccountAction::Transfer | AccountAction::Disburse | AccountAction::ApplyForRaisedLimit => {
            Right(Scope::Money, Reach::Own)
        }
        AccountAction::PostPayment | AccountAction::PlaceHold => Right(Scope::Money, Reach::Tenant),
        AccountAction::UpdateAccount | AccountAction::LowerCreditLimit | AccountAction::RequestAccountClosure => {
            Right(Scope::Admin, Reach::Own)
        }
        AccountAction::CloseAccount => Right(Scope::Admin, Reach::Tenant),
    }
}

/// What can be done with an account by who asks.
pub(super) async fn offered(
    ctx: &Context<'_>,
    account: &AccountFields,
    standing: &Standing,
) -> Result<Vec<Action>, Fault> {
    let caller = caller(ctx)?;
    let raise = raise(&account.0, &account.product_row(ctx).await?, &standing.position);
    // What is left of an erased owner is not written down again.
    let owner = match standing.position.status {
        AccountStatus::Closed => crate::api::customers::by_id(caller, account.0.owner).await?,
        AccountStatus::Open | AccountStatus::PendingClose => None,
    };
    let gone = owner.and_then(|owner| owner.absence()).map(|refused| refused.message);
    let mut possible = actions(&standing.position, standing.today);
    for update in possible.iter_mut().filter(|possible| possible.action == AccountAction::UpdateAccount) {
        update.obstacle.clone_from(&gone);
    }
    let show = |Possible { action, obstacle }| {
        let reason = right_to(action).missing(caller).or(obstacle);
        Action { action, allowed: reason.is_none(), reason }
    };
    Ok(possible.into_iter().chain([raise]).map(show).collect())
}
