//! What can be done with an account now, and why the rest cannot.

use chrono::NaiveDate;

use crate::ledger::entry::Spread;
use crate::ledger::{Position, Refusal};
use crate::primitives::Minor;

/// An operation on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The mutation's name.
    pub name: &'static str,
    /// Why it would be refused; nothing stands in its way otherwise.
    pub obstacle: Option<String>,
}

/// Asks the position itself, with the smallest amount there is: the rules are those that decide the mutations.
#[must_use]
pub fn offers(position: &Position, today: NaiveDate) -> Vec<Offer> {
    let takes = |amount: i64| position.spread(Minor(amount), Spread::Flow).map(|_| ());
    let tried = |action: fn(&mut Position) -> Result<(), Refusal>| action(&mut position.clone());
    let closes = match position.clone().close(today) {
        // A closure may bring the transactions along that settle the account.
        Err(Refusal::BalanceRemains { .. }) => Ok(()),
        decided => decided,
    };
    let lowers = tried(|position| position.lower_credit_limit(Minor(position.credit_limit.0 - 1)));
    let lowers = match lowers {
        Err(Refusal::AmountOutOfRange) => Err("the account has no credit limit to lower".to_owned()),
        decided => decided.map_err(|refusal| refusal.to_string()),
    };
    let offer = |name, decided: Result<(), Refusal>| Offer { name, obstacle: decided.err().map(|it| it.to_string()) };
    vec![
        offer("transfer", takes(-1)),
        offer("disburse", takes(-1)),
        offer("postPayment", takes(1)),
        offer("placeHold", tried(|position| position.reserve(Minor(1)))),
        offer("updateAccount", Ok(())),
        Offer { name: "lowerCreditLimit", obstacle: lowers.err() },
        offer("requestAccountClosure", tried(Position::request_closure)),
        offer("closeAccount", closes),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::position::RepaymentOrder;
    use crate::ledger::{AccountStatus, Component, DebtRule};
    use crate::primitives::{AccountId, LedgerAccountId};
    use uuid::Uuid;

    fn position(status: AccountStatus, funds: i64, limit: i64, reserved: i64) -> Position {
        let mut balances = [Minor::ZERO; Component::COUNT];
        balances[Component::Principal.index()] = Minor(funds);
        Position {
            account: AccountId(Uuid::nil()),
            currency: "EUR".parse().expect("a currency"),
            rows: [LedgerAccountId(Uuid::nil()); Component::COUNT],
            balances,
            status,
            closed_on: None,
            debt_rule: if limit > 0 { DebtRule::Limit } else { DebtRule::None },
            repayment_order: RepaymentOrder::DEFAULT,
            credit_limit: Minor(limit),
            maximum_balance: None,
            reserved: Minor(reserved),
        }
    }

    #[test]
    fn what_is_offered_follows_the_account() {
        use AccountStatus::{Closed, Open, PendingClose};
        for (account, allowed) in [
            (
                position(Open, 100, 0, 0),
                "transfer disburse postPayment placeHold updateAccount requestAccountClosure closeAccount",
            ),
            (position(Open, 0, 0, 0), "postPayment updateAccount requestAccountClosure closeAccount"),
            (
                position(Open, 0, 5, 1),
                "transfer disburse postPayment placeHold updateAccount lowerCreditLimit requestAccountClosure",
            ),
            (position(PendingClose, 100, 5, 0), "transfer disburse postPayment updateAccount closeAccount"),
            (position(Closed, 0, 0, 0), "updateAccount"),
        ] {
            let offers = offers(&account, NaiveDate::MIN);
            let names: Vec<_> =
                offers.iter().filter(|offer| offer.obstacle.is_none()).map(|offer| offer.name).collect();
            assert_eq!(names.join(" "), allowed, "{account:?}");
        }
    }
}
