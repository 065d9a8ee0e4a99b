//! Opening an account with its first card, in one decision.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::commands::NewCard;
use crate::accounts::{self, Account};
use crate::primitives::Money;
use crate::work::{Command, Decision, Wants, Work};

/// Opens an account, with its first card where one is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenAccount {
    /// The account.
    pub account: accounts::OpenAccount,
    /// Its first card.
    pub card: Option<NewCard>,
}

impl Command for OpenAccount {
    const OPERATION: &'static str = accounts::OpenAccount::OPERATION;
    type Made = Account;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.looks_at(wants);
        if let Some(card) = &self.card {
            card.hints(wants);
        }
    }

    /// Refused as: what the account is refused for, then what the card is ([`NewCard::add`]).
    fn decide(&self, work: &mut Work) -> Decision<Arc<Account>> {
        let account = self.account.decide(work)?;
        if let Some(card) = &self.card {
            card.add(work, &account)?;
        }
        Ok(account)
    }

    fn weight(&self) -> usize {
        self.account.weight() + self.card.as_ref().map_or(0, NewCard::weight)
    }

    fn amount(&self, made: &Account) -> Option<Money> {
        self.account.amount(made)
    }
}
