//! Rows of receivables' entries.

use sea_orm::ConnectionTrait;

use super::model::{EntryKind, ReceivableEntry};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{AccountId, ClaimId, EntryId, Minor, ReceivableEntryId, ReceivableId, TenantId};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::receivable_entry::{Entity, Model};

/// What an entry is called on its receivable.
pub static NAME: Index = Index {
    table: Table::ReceivableEntry,
    column: "name",
    field: "ledgerEntryReference",
    what: "the ledger entry reference",
};

/// The payments that were for an invoice or a fee, in the order in which they were booked.
pub static PAYMENTS: &Set<ReceivableEntry> = &SETS[0];
/// What of a receivable is open, or waits, in the order in which it was booked.
pub static OPEN: &Set<ReceivableEntry> = &SETS[1];

static SETS: [Set<ReceivableEntry>; 2] = [
    Set {
        name: "payments",
        owner: "target_id",
        condition: "found.kind = 'PAYMENT'",
        owner_of: |entry| entry.target.filter(|_| entry.kind == EntryKind::Payment).map(|target| target.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 10_000,
    },
    Set {
        name: "open",
        owner: "receivable_id",
        condition: "found.open_minor > 0",
        owner_of: |entry| (entry.open.0 > 0).then_some(entry.receivable.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 10_000,
    },
];

impl Row for ReceivableEntry {
    type Id = ReceivableEntryId;
    type Entity = Entity;

    const TABLE: Table = Table::ReceivableEntry;
    const WHAT: &'static str = "entry of a receivable";

    fn id(&self) -> ReceivableEntryId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            receivable_id: self.receivable.0,
            account_id: self.account.0,
            reference: self.reference.clone(),
            name: self.name.clone(),
            kind: self.kind.word().into(),
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            open_minor: self.open.0,
            undone_minor: self.undone.0,
            target_id: self.target.map(|target| target.0),
            claim_id: self.claim.map(|claim| claim.0),
            entry_id: self.entry.map(|entry| entry.0),
            label: self.label.clone(),
            due_date: self.due_date,
            product_reference: self.product_reference.clone(),
            payment_reference: self.payment_reference.clone(),
            provider: self.provider.clone(),
            happened_at_us: self.happened_at,
            metadata: self.metadata.clone(),
            source_id: self.source.map(|source| source.0),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: ReceivableEntryId(row.id),
            ordinal: row.ordinal,
            receivable: ReceivableId(row.receivable_id),
            account: AccountId(row.account_id),
            reference: row.reference,
            name: row.name,
            kind: known(EntryKind::from_word(&row.kind), "kind of an entry of a receivable")?,
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            open: Minor(row.open_minor),
            undone: Minor(row.undone_minor),
            target: row.target_id.map(ReceivableEntryId),
            claim: row.claim_id.map(ClaimId),
            entry: row.entry_id.map(EntryId),
            label: row.label,
            due_date: row.due_date,
            product_reference: row.product_reference,
            payment_reference: row.payment_reference,
            provider: row.provider,
            happened_at: row.happened_at_us,
            metadata: row.metadata,
            source: row.source_id.map(ReceivableEntryId),
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&NAME, &self.name)]
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }

    /// What was booked stays as it was told; what is open of it moves.
    fn changes(column: &str) -> bool {
        matches!(column, "open_minor" | "undone_minor")
    }
}

impl Owned for ReceivableEntry {
    /// As the receivables that they are on.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// The entries of a receivable, in the order in which they were booked.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    receivable: ReceivableId,
    page: Page<i64>,
) -> Result<Vec<ReceivableEntry>, LedgerFault> {
    let mut query = read::select::<ReceivableEntry>(tenant);
    query.and("receivable_id = ", receivable.0.into());
    read::page(db, query, false, page).await
}
