//! What can be done with an account now, and why the rest cannot.

use chrono::NaiveDate;

use super::model::{Account, Product};
use crate::ledger::entry::Spread;
use crate::ledger::restrictions::Direction;
use crate::ledger::{AccountStatus, DebtRule, Position, Refusal};
use crate::primitives::Minor;

crate::words! {
    /// An operation on an account.
    AccountAction {
        /// `transfer` from it.
        Transfer = "TRANSFER",
        /// `disburse` from it.
        Disburse = "DISBURSE",
        /// `postPayment` to it.
        PostPayment = "POST_PAYMENT",
        /// `placeHold` on it.
        PlaceHold = "PLACE_HOLD",
        /// `updateAccount`.
        UpdateAccount = "UPDATE_ACCOUNT",
        /// `updateAccount` with a lower `creditLimit`.
        LowerCreditLimit = "LOWER_CREDIT_LIMIT",
        /// `applyForRaisedCreditLimit`.
        ApplyForRaisedLimit = "APPLY_FOR_RAISED_LIMIT",
        /// `requestAccountClosure`.
        RequestAccountClosure = "REQUEST_ACCOUNT_CLOSURE",
        /// `closeAccount`.
        CloseAccount = "CLOSE_ACCOUNT",
    }
}

/// An operation, and whether it can be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possible {
    /// Which.
    pub action: AccountAction,
    /// Why it would be refused; nothing stands in its way otherwise.
    pub obstacle: Option<String>,
}

/// Asks the position itself, with the smallest amount there is: the rules are those that decide the commands.
#[must_use]
pub fn actions(position: &Position, today: NaiveDate) -> Vec<Possible> {
    let takes = |amount: i64| {
        position.require_not_closed()?;
        position.require_not_itemised()?;
        position.require_no_contract()?;
        position.require_unblocked(Direction::of(Minor(amount)), today)?;
        position.spread(Minor(amount), Spread::Flow, today, today).map(|_| ())
    };
    let tried = |action: &dyn Fn(&mut Position) -> Result<(), Refusal>| action(&mut position.clone());
    let closes = match position.clone().close(today) {
        // A closure may bring the transactions along that settle the account.
        Err(Refusal::BalanceRemains { .. }) => Ok(()),
        decided => decided,
    };
    let lowers = match tried(&|position| position.lower_credit_limit(Minor(position.credit_limit.0 - 1))) {
        Err(Refusal::AmountOutOfRange { .. }) => Some("the account has no credit limit to lower".to_owned()),
        decided => decided.err().map(|refusal| refusal.to_string()),
    };
    let possible = |action, decided: Result<(), Refusal>| Possible {
        action,
        obstacle: decided.err().map(|refusal| refusal.to_string()),
    };
    vec![
        possible(AccountAction::Transfer, takes(-1)),
        possible(AccountAction::Disburse, takes(-1)),
        possible(AccountAction::PostPayment, takes(1)),
        possible(AccountAction::PlaceHold, tried(&|position| position.reserve(Minor(1), today))),
        possible(AccountAction::UpdateAccount, Ok(())),
        Possible { action: AccountAction::LowerCreditLimit, obstacle: lowers },
        possible(AccountAction::RequestAccountClosure, tried(&Position::request_closure)),
        possible(AccountAction::CloseAccount, closes),
    ]
}

/// The same of what the account and its product decide: whether a higher credit limit can be applied for.
#[must_use]
pub fn raise(account: &Account, product: &Product, position: &Position) -> Possible {
    let maximum = product.maximum_credit_limit;
    let obstacle = if position.status != AccountStatus::Open {
        Some("the account is not open")
    } else if position.debt_rule != DebtRule::Limit {
        Some("the product has no credit limit")
    } else if maximum.is_some_and(|maximum| position.credit_limit >= maximum) {
        Some("the limit is the most that the product allows")
    } else if account.application.is_some() {
        Some("the account has an application that is not decided yet")
    } else {
        None
    };
    Possible { action: AccountAction::ApplyForRaisedLimit, obstacle: obstacle.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::position::RepaymentOrder;
    use crate::ledger::{AccountStatus, Component, DebtRule};
    use crate::primitives::AccountId;
    use uuid::Uuid;

    fn position(status: AccountStatus, funds: i64, limit: i64, reserved: i64) -> Position {
        let mut balances = [Minor::ZERO; Component::COUNT];
        balances[Component::Principal.index()] = Minor(funds);
        Position {
            account: AccountId(Uuid::nil()),
            currency: "EUR".parse().expect("a currency"),
            balances,
            status,
            closed_on: None,
            debt_rule: if limit > 0 { DebtRule::Limit } else { DebtRule::None },
            repayment_order: RepaymentOrder::DEFAULT,
            credit_limit: Minor(limit),
            maximum_balance: None,
            reserved: Minor(reserved),
            party: None,
            arriving: Default::default(),
            restrictions: Default::default(),
            charity: None,
            itemised: false,
            items: None,
            ties: Default::default(),
        }
    }

    #[test]
    fn what_can_be_done_follows_the_account() {
        use AccountStatus::{Closed, Open, PendingClose};
        for (account, allowed) in [
            (
                position(Open, 100, 0, 0),
                "TRANSFER DISBURSE POST_PAYMENT PLACE_HOLD UPDATE_ACCOUNT REQUEST_ACCOUNT_CLOSURE CLOSE_ACCOUNT",
            ),
            (position(Open, 0, 0, 0), "POST_PAYMENT UPDATE_ACCOUNT REQUEST_ACCOUNT_CLOSURE CLOSE_ACCOUNT"),
            (
                position(Open, 0, 5, 1),
                "TRANSFER DISBURSE POST_PAYMENT PLACE_HOLD UPDATE_ACCOUNT LOWER_CREDIT_LIMIT REQUEST_ACCOUNT_CLOSURE",
            ),
            (position(PendingClose, 100, 5, 0), "TRANSFER DISBURSE POST_PAYMENT UPDATE_ACCOUNT CLOSE_ACCOUNT"),
            (position(Closed, 0, 0, 0), "UPDATE_ACCOUNT"),
        ] {
            let actions = actions(&account, NaiveDate::MIN);
            let open = actions.iter().filter(|possible| possible.obstacle.is_none());
            let names: Vec<_> = open.map(|possible| possible.action.word()).collect();
            assert_eq!(names.join(" "), allowed, "{account:?}");
        }
    }
}
