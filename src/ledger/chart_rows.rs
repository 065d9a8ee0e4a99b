//! The rows of the chart, as they are shown: the customers' accounts by component, and the tenant's own.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;

use super::chart::{Component, InternalRole};
use super::fault::LedgerFault;
use super::position::Position;
use super::query::Query;
use super::rows::Internal;
use crate::primitives::{AccountId, Currency, LedgerAccountId, PartyId, TenantId};
use crate::work::read;
use crate::work::row::Row as _;

/// A row of the chart, for showing: its code, name and owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRow {
    /// Its id.
    pub id: LedgerAccountId,
    /// The customer's account that owns it, and as which component.
    pub of: Result<(AccountId, Component), InternalRole>,
    /// In which currency.
    pub currency: Currency,
    /// Its balance.
    pub balance: i64,
    /// Whose money it holds, where that is not the tenant's.
    pub party: Option<PartyId>,
}

/// Rows of the chart by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn chart_rows(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    ids: &[LedgerAccountId],
) -> Result<Vec<ChartRow>, LedgerFault> {
    let components: Vec<(AccountId, usize)> = ids.iter().filter_map(|id| id.component()).collect();
    let accounts: BTreeSet<AccountId> = components.iter().map(|(account, _)| *account).collect();
    let accounts: Vec<AccountId> = accounts.into_iter().collect();
    let positions = read::by_ids::<Position>(db, tenant, &accounts).await?;
    let rows = positions.iter().flat_map(component_rows).filter(|row| ids.contains(&row.id));
    let own: Vec<LedgerAccountId> = ids.iter().copied().filter(|id| id.component().is_none()).collect();
    let own = read::by_ids::<Internal>(db, tenant, &own).await?;
    Ok(rows.chain(own.into_iter().map(ChartRow::from)).collect())
}

/// The rows of the chart that an account owns: one per component.
pub fn component_rows(position: &Position) -> impl Iterator<Item = ChartRow> + '_ {
    Component::ALL.iter().map(|component| ChartRow {
        id: position.row(*component),
        of: Ok((position.account, *component)),
        currency: position.currency,
        balance: position.balances[component.index()].0,
        party: None,
    })
}

/// The tenant's own rows of the chart, as far as they were ever used, by role and currency.
///
/// # Errors
/// [`LedgerFault`].
pub async fn internal_rows(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<ChartRow>, LedgerFault> {
    let mut query = read::select::<Internal>(tenant);
    query.and_raw("party_id IS NULL");
    internals(db, query).await
}

/// The rows that hold something for a party, or say what is owed to it, by role and currency.
///
/// # Errors
/// [`LedgerFault`].
pub async fn party_rows(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    party: PartyId,
) -> Result<Vec<ChartRow>, LedgerFault> {
    let mut query = read::select::<Internal>(tenant);
    query.and("party_id =", party.0.into());
    internals(db, query).await
}

async fn internals(db: &impl ConnectionTrait, query: Query) -> Result<Vec<ChartRow>, LedgerFault> {
    let rows = query.all(db).await?;
    let mut rows =
        rows.iter().map(|row| Ok(Internal::of_result(row)?.into())).collect::<Result<Vec<ChartRow>, LedgerFault>>()?;
    rows.sort_unstable_by_key(|row| (row.of.err(), row.currency));
    Ok(rows)
}

impl From<Internal> for ChartRow {
    fn from(row: Internal) -> Self {
        Self { id: row.id, of: Err(row.role), currency: row.currency, balance: row.balance, party: row.party }
    }
}
