//! The books as they stand, against the sums of the journal.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::{Replay, VerifyError};
use crate::ledger::chart::{Component, InternalRole};
use crate::ledger::position::Position;
use crate::ledger::rows::Internal;
use crate::primitives::{AccountId, Currency, LedgerAccountId, PartyId};
use crate::work::row::Row as _;

/// The sum of the postings on a ledger account.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    pub amount: i128,
    /// All of them are in it.
    pub currency: Currency,
}

impl<C: ConnectionTrait> Replay<'_, C> {
    /// Customers' accounts: the balances of their components, and what is on its way.
    pub(super) async fn positions(&mut self) -> Result<(), VerifyError> {
        let sql = "SELECT * FROM account_position WHERE tenant_id = $1 ORDER BY account_id";
        for row in self.rows(sql, &[]).await? {
            let account = AccountId(row.try_get("", "account_id")?);
            self.reading = (Some(account), None);
            let position = Position::of_result(&row)?;
            for component in Component::ALL {
                let stored = position.balances[component.index()].0;
                let name = format!("the account's {}", component.word());
                if let Some(what) = self.is_off(position.row(*component), &name, position.currency, stored) {
                    return Err(self.differs(Some(account), None, what));
                }
            }
            let expected = arriving(self.arriving.remove(&account).unwrap_or_default());
            let stored = position.arriving.to_text();
            if stored != expected {
                let shown = |text: Option<String>| text.unwrap_or_else(|| "nothing".into());
                let what = format!("{} is on its way, the entries say {}", shown(stored), shown(expected));
                return Err(self.differs(Some(account), None, what));
            }
            self.accounts.remove(&account);
            self.positions.insert(account, position);
        }
        self.reading = (None, None);
        match self.accounts.keys().next() {
            None => Ok(()),
            Some(account) => {
                let what = "postings on an account that is not in the books";
                Err(self.differs(Some(*account), None, what))
            }
        }
    }

    /// Whose the ledger accounts are that hold something for a party.
    pub(super) async fn party_rows(&mut self) -> Result<(), VerifyError> {
        let sql = "SELECT * FROM internal_account WHERE tenant_id = $1 AND party_id IS NOT NULL ORDER BY id";
        for row in self.rows(sql, &[]).await? {
            let internal = Internal::of_result(&row)?;
            self.party_rows.extend(internal.party.map(|party| (internal.id, party)));
        }
        Ok(())
    }

    /// Ledger accounts of the tenant's own, and those of parties. What is owed to a party is what its accounts owe.
    pub(super) async fn internal_accounts(&mut self) -> Result<(), VerifyError> {
        let mut owed: BTreeMap<(PartyId, Currency), i128> = BTreeMap::new();
        for position in self.positions.values() {
            if let Some(party) = position.party {
                *owed.entry((party, position.currency)).or_default() += i128::from(position.principal_debt().0);
            }
        }
        for row in self.rows("SELECT * FROM internal_account WHERE tenant_id = $1 ORDER BY id", &[]).await? {
            let internal = Internal::of_result(&row)?;
            let Internal { id, role, currency, party, balance } = internal;
            let name = format!("ledger account {id}");
            if let Some(what) = self.is_off(id, &name, currency, balance) {
                return Err(self.differs(None, None, what));
            }
            if id != Internal::id_of(self.tenant, role, currency, party) {
                let what = format!("{name} has not the id of its role, currency and party");
                return Err(self.differs(None, None, what));
            }
            if let (InternalRole::ClientClaims, Some(party)) = (role, party) {
                let owed = owed.remove(&(party, currency)).unwrap_or(0);
                if i128::from(balance) != owed {
                    let what = format!("{name} says that {balance} is owed to {party}, its accounts owe {owed}");
                    return Err(self.differs(None, None, what));
                }
            }
        }
        if let Some(((party, _), owed)) = owed.into_iter().find(|(_, owed)| *owed != 0) {
            let what = format!("accounts owe {owed} to {party}, which its ledger accounts do not say");
            return Err(self.differs(None, None, what));
        }
        match self.balances.first_key_value() {
            None => Ok(()),
            Some((id, _)) => Err(self.differs(None, None, format!("postings on {id}, which is not in the chart"))),
        }
    }

    /// What is wrong with the balance of a ledger account, whose postings are settled with it.
    fn is_off(&mut self, id: LedgerAccountId, name: &str, currency: Currency, stored: i64) -> Option<String> {
        let sum = self.balances.remove(&id).unwrap_or(Sum { amount: 0, currency });
        if sum.currency != currency {
            Some(format!("{name} is kept in {currency}, its postings are in {}", sum.currency))
        } else if i128::from(stored) != sum.amount {
            Some(format!("{name} has a balance of {stored}, its postings sum to {}", sum.amount))
        } else {
            None
        }
    }
}

/// What is on its way, as it is stored.
fn arriving(days: BTreeMap<NaiveDate, i128>) -> Option<String> {
    let days = days.into_iter().filter(|(_, amount)| *amount > 0);
    let days: Vec<String> = days.map(|(day, amount)| format!("{day}:{amount}")).collect();
    (!days.is_empty()).then(|| days.join(","))
}
