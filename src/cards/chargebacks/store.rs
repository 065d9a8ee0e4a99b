//! Rows of chargebacks.

use sea_orm::ConnectionTrait;

use super::{Chargeback, ChargebackState};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{AccountId, CardId, ChargebackId, EntryId, Minor, TenantId};
use crate::work::read;
use crate::work::row::{Index, Row, Table};
use entity::chargeback::{Entity, Model};

/// What is disputed.
pub static PURCHASE: Index =
    Index { table: Table::Chargeback, column: "purchase", field: "purchase", what: "the purchase" };

impl Row for Chargeback {
    type Id = ChargebackId;
    type Entity = Entity;

    const TABLE: Table = Table::Chargeback;
    const WHAT: &'static str = "chargeback";

    fn id(&self) -> ChargebackId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            card_id: self.card.0,
            account_id: self.account.0,
            purchase: self.purchase.clone(),
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            refunded_minor: self.refunded.0,
            state: self.state.word().into(),
            reason: self.reason.clone(),
            reference: self.reference.clone(),
            credit_id: self.credit.map(|entry| entry.0),
            outcome_id: self.outcome.map(|entry| entry.0),
            opened_on: self.opened_on,
            resolved_on: self.resolved_on,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: ChargebackId(row.id),
            ordinal: row.ordinal,
            card: CardId(row.card_id),
            account: AccountId(row.account_id),
            purchase: row.purchase,
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            refunded: Minor(row.refunded_minor),
            state: known(ChargebackState::from_word(&row.state), "state of a chargeback")?,
            reason: row.reason,
            reference: row.reference,
            credit: row.credit_id.map(EntryId),
            outcome: row.outcome_id.map(EntryId),
            opened_on: row.opened_on,
            resolved_on: row.resolved_on,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&PURCHASE, &self.purchase)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "state" | "refunded_minor" | "outcome_id" | "resolved_on")
    }
}

/// Chargebacks, newest first; of some accounts only, where they are given.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    state: Option<ChargebackState>,
    accounts: Option<&[AccountId]>,
    page: Page<i64>,
) -> Result<Vec<Chargeback>, LedgerFault> {
    let mut query = read::select::<Chargeback>(tenant);
    if let Some(state) = state {
        query.and("state = ", state.word().into());
    }
    if let Some(accounts) = accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    read::page(db, query, true, page).await
}
