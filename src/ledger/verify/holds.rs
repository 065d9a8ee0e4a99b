//! Holds: what they reserve, and what entries took from them.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::{Replay, VerifyError};
use crate::ledger::hold::{Hold, HoldStatus};
use crate::primitives::AccountId;
use crate::work::row::Row as _;

/// What entries took from a hold.
#[derive(Default)]
pub(super) struct Captures {
    /// By account: what was taken from it.
    pub taken: BTreeMap<AccountId, i128>,
    /// The first of the entries.
    pub first: Option<i64>,
}

impl<C: ConnectionTrait> Replay<'_, C> {
    /// The reserved amounts against the open holds, then each hold against its captures.
    pub(super) async fn holds(&mut self) -> Result<(), VerifyError> {
        for row in self.rows("SELECT * FROM hold WHERE tenant_id = $1 ORDER BY account_id, id", &[]).await? {
            self.reading = (Some(AccountId(row.try_get("", "account_id")?)), None);
            self.holds.push(Hold::of_result(&row)?);
        }
        self.reading = (None, None);
        self.reserved()?;
        for hold in &self.holds {
            let captures = self.captures.remove(&hold.id).unwrap_or_default();
            let taken = captures.taken.get(&hold.account).copied().unwrap_or(0);
            if let Some(what) = misfit(hold, taken) {
                return Err(self.differs(Some(hold.account), None, what));
            }
        }
        match self.captures.first_key_value() {
            None => Ok(()),
            Some((id, captures)) => {
                let from = captures.taken.iter().find(|(_, taken)| **taken > 0).map(|(account, _)| *account);
                let what = format!("the entry captures hold {id}, which does not exist");
                Err(self.differs(from, captures.first, what))
            }
        }
    }

    fn reserved(&self) -> Result<(), VerifyError> {
        let mut open: BTreeMap<AccountId, i128> = BTreeMap::new();
        for hold in &self.holds {
            let sum = open.entry(hold.account).or_default();
            if hold.status == HoldStatus::Open {
                *sum += i128::from(hold.amount.0) - i128::from(hold.captured.0);
            }
        }
        for (account, position) in &self.positions {
            let (reserved, sum) = (position.reserved.0, open.remove(account).unwrap_or(0));
            if i128::from(reserved) != sum {
                let what = format!("{reserved} is reserved, the open holds sum to {sum}");
                return Err(self.differs(Some(*account), None, what));
            }
        }
        match open.keys().next() {
            None => Ok(()),
            Some(account) => Err(self.differs(Some(*account), None, "a hold on an account that does not exist")),
        }
    }

    /// The holds against what the event log tells of them.
    pub(super) fn holds_as_told(&mut self) -> Result<(), VerifyError> {
        for hold in &self.holds {
            let (id, status) = (hold.id, hold.status.word());
            let amount = hold.amount.in_currency(hold.currency).to_string();
            let what = match self.told_holds.remove(&id) {
                None => format!("the event log does not tell of hold {id}"),
                Some(told) if told.account != hold.account => {
                    format!("hold {id} is on another account than the event log says")
                }
                Some(told) if told.amount != amount => {
                    format!("hold {id} is of {amount}, the event log says {}", told.amount)
                }
                Some(told) if told.status != status => {
                    format!("hold {id} is {status}, the event log says {}", told.status)
                }
                Some(told) if (told.placed_at, told.closed_at) != (hold.placed_at, hold.closed_at) => {
                    format!("hold {id} was placed or closed at another time than the event log says")
                }
                Some(_) => continue,
            };
            return Err(self.differs(Some(hold.account), None, what));
        }
        match self.told_holds.first_key_value() {
            None => Ok(()),
            Some((id, told)) => {
                let what = format!("the event log tells of hold {id}, which does not exist");
                Err(self.differs(Some(told.account), None, what))
            }
        }
    }
}

/// What is wrong with a hold from which entries took so much.
fn misfit(hold: &Hold, taken: i128) -> Option<String> {
    let Hold { id, status, .. } = hold;
    let (amount, captured, word) = (hold.amount.0, hold.captured.0, status.word());
    if i128::from(captured) != taken {
        Some(format!("{captured} of hold {id} is captured, its captures sum to {taken}"))
    } else if captured < 0 || captured > amount || (*status == HoldStatus::Captured) != (captured == amount) {
        Some(format!("hold {id} is {word}, with {captured} of {amount} captured"))
    } else if (*status == HoldStatus::Open) != hold.closed_at.is_none() {
        let time = if hold.closed_at.is_some() { "a" } else { "no" };
        Some(format!("hold {id} is {word}, with {time} closing time"))
    } else if hold.card.is_none() != hold.point_of_sale.is_none()
        || hold.network_reference.is_some() && hold.card.is_none()
    {
        Some(format!("hold {id} is of a card and has no point of sale, or of none and has what only a card's has"))
    } else if hold.card.is_some()
        && hold.counted.total().0 != if *status == HoldStatus::Open { amount } else { captured }
    {
        Some(format!("hold {id} is {word} and counts {} against its card's limits", hold.counted.total().0))
    } else if hold.card.is_none() && hold.counted.total().0 != 0 {
        Some(format!("hold {id} counts against the limits of no card"))
    } else {
        None
    }
}
