//! Dues and settlements as rows.

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::model::{Due, DueSettlement, DueSource, DueStatus};
use crate::accounts::store::is_seen;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::ledger::{Component, LedgerFault};
use crate::primitives::{AccountId, DueId, DueSettlementId, EntryId, Minor, TenantId};
use crate::work::row::{Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{due, due_settlement};

/// What is open on an account, in the order of booking.
pub static OPEN: Set<Due> = Set {
    name: "open",
    owner: "account_id",
    condition: "found.status IN ('OPEN', 'PARTLY_SETTLED')",
    owner_of: |due| due.status.is_open().then_some(due.account.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    // What is opened again comes on top of what may be added.
    bound: 100 * super::model::MOST,
};

/// What an entry has settled, in the order in which it did.
pub static OF_ENTRY: Set<DueSettlement> = Set {
    name: "of_entry",
    owner: "entry_id",
    condition: "TRUE",
    owner_of: |settlement| Some(settlement.entry.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 200 * super::model::MOST,
};

impl Row for Due {
    type Id = DueId;
    type Entity = due::Entity;

    const TABLE: Table = Table::Due;
    const WHAT: &'static str = "due";

    fn id(&self) -> DueId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> due::Model {
        due::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            component: self.component.word().into(),
            currency: self.currency.code().into(),
            source: self.source.word().into(),
            reference: self.reference.clone(),
            due_on: self.due_on,
            amount_minor: self.amount.0,
            settled_minor: self.settled.0,
            cancelled_minor: self.cancelled.0,
            status: self.status.word().into(),
            cancel_reason: self.cancel_reason.clone(),
            created_at_us: self.created_at,
            ended_at_us: self.ended_at,
        }
    }

    fn from_model(row: due::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: DueId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            component: known(Component::from_word(&row.component), "component of a due")?,
            currency: known_currency(&row.currency)?,
            source: known(DueSource::from_word(&row.source), "source of a due")?,
            reference: row.reference,
            due_on: row.due_on,
            amount: Minor(row.amount_minor),
            settled: Minor(row.settled_minor),
            cancelled: Minor(row.cancelled_minor),
            status: known(DueStatus::from_word(&row.status), "status of a due")?,
            cancel_reason: row.cancel_reason,
            created_at: row.created_at_us,
            ended_at: row.ended_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        matches!(column, "due_on" | "settled_minor" | "cancelled_minor" | "status" | "cancel_reason" | "ended_at_us")
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OPEN)
    }
}

impl Owned for Due {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for DueSettlement {
    type Id = DueSettlementId;
    type Entity = due_settlement::Entity;

    const TABLE: Table = Table::DueSettlement;
    const WHAT: &'static str = "settlement";

    fn id(&self) -> DueSettlementId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> due_settlement::Model {
        due_settlement::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            due_id: self.due.0,
            account_id: self.account.0,
            entry_id: self.entry.0,
            amount_minor: self.amount.0,
            taken_back_minor: self.taken_back.0,
        }
    }

    fn from_model(row: due_settlement::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: DueSettlementId(row.id),
            ordinal: row.ordinal,
            due: DueId(row.due_id),
            account: AccountId(row.account_id),
            entry: EntryId(row.entry_id),
            amount: Minor(row.amount_minor),
            taken_back: Minor(row.taken_back_minor),
        })
    }

    fn changes(column: &str) -> bool {
        column == "taken_back_minor"
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OF_ENTRY)
    }
}

/// The dues of an account, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    status: Option<DueStatus>,
    page: Page<i64>,
) -> Result<Vec<Due>, LedgerFault> {
    let mut query = read::select::<Due>(tenant);
    query.and("account_id = ", account.0.into());
    if let Some(status) = status {
        query.and("status = ", status.word().into());
    }
    read::page(db, query, true, page).await
}

/// What settled a due, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn settlements(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    due: DueId,
    page: Page<i64>,
) -> Result<Vec<DueSettlement>, LedgerFault> {
    let mut query = read::select::<DueSettlement>(tenant);
    query.and("due_id = ", due.0.into());
    read::page(db, query, true, page).await
}

/// What of a source is open on an account.
///
/// # Errors
/// [`LedgerFault`].
pub async fn open_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    source: DueSource,
) -> Result<Vec<Due>, LedgerFault> {
    let mut query = read::select::<Due>(tenant);
    query.and("account_id = ", account.0.into());
    query.and_raw("status IN ('OPEN', 'PARTLY_SETTLED')");
    query.and("source = ", source.word().into());
    query.all(db).await?.iter().map(Due::of_result).collect()
}

/// What is open on an account and due by a day.
///
/// # Errors
/// [`LedgerFault`].
pub async fn open_by(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    through: NaiveDate,
) -> Result<Minor, LedgerFault> {
    let mut query = read::select::<Due>(tenant);
    query.and("account_id = ", account.0.into());
    query.and_raw("status IN ('OPEN', 'PARTLY_SETTLED')");
    query.and("due_on <= ", through.into());
    let rows = query.all(db).await?;
    let dues: Vec<Due> = rows.iter().map(Due::of_result).collect::<Result<_, _>>()?;
    Ok(Minor(dues.iter().map(|due| due.open().0).sum()))
}
