//! Document rows, and those of their kinds.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

use super::model::{Content, Document, DocumentKind, DocumentStatus};
use super::subject::Subject;
use crate::database::{Kind, Listed, listed};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::known;
use crate::primitives::{AccountId, CustomerId, DocumentId, DocumentKindId, TenantId};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{document, document_kind};

/// A kind's word.
pub static CODE: Index = Index { table: Table::DocumentKind, column: "code", field: "kind", what: "the kind" };
/// The one place for a document that an item of the history has.
pub static HISTORY_ITEM: Index = Index {
    table: Table::Document,
    column: "history_item",
    field: "historyItem",
    what: "the place for a document of this item",
};

/// What is kept of a customer's: of the customer, and of its accounts. Loaded only where two records are merged, or one
/// is erased.
pub static OF_CUSTOMER: Set<Document> = Set {
    name: "of_customer",
    owner: "customer_id",
    condition: "found.status <> 'REMOVED'",
    owner_of: |document| {
        document.customer.filter(|_| document.status != DocumentStatus::Removed).map(|customer| customer.0)
    },
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 100_000,
};

impl Row for DocumentKind {
    type Id = DocumentKindId;
    type Entity = document_kind::Entity;

    const TABLE: Table = Table::DocumentKind;
    const WHAT: &'static str = "document kind";

    fn id(&self) -> DocumentKindId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> document_kind::Model {
        document_kind::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            code: self.code.clone(),
            retention_days: self.retention_days,
            legal_hold: self.legal_hold,
        }
    }

    fn from_model(row: document_kind::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: DocumentKindId(row.id),
            ordinal: row.ordinal,
            code: row.code,
            retention_days: row.retention_days,
            legal_hold: row.legal_hold,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&CODE, &self.code)]
    }
}

impl Owned for DocumentKind {
    /// What holds for kinds is the tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for Document {
    type Id = DocumentId;
    type Entity = document::Entity;

    const TABLE: Table = Table::Document;
    const WHAT: &'static str = "document";

    fn id(&self) -> DocumentId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> document::Model {
        let content = self.content.as_ref();
        document::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            status: self.status.word().into(),
            name: self.name.clone(),
            media_type: content.map(|content| content.media_type.clone()),
            size_bytes: content.map(|content| content.size),
            sha256: content.map(|content| content.sha256.clone()),
            place: content.map(|content| content.place),
            kind: self.kind.clone(),
            product_reference: self.product.clone(),
            subject: self.subject.to_string(),
            account_id: self.account.map(|account| account.0),
            customer_id: self.customer.map(|customer| customer.0),
            history_item: self.history_item.clone(),
            history_sequence: Some(self.history_sequence),
            client: self.client.clone(),
            retain_until: self.retain_until,
            legal_hold: self.legal_hold,
            created_at_us: self.created_at,
            removed_at_us: self.removed_at,
        }
    }

    fn from_model(row: document::Model) -> Result<Self, LedgerFault> {
        let content = match (row.media_type, row.size_bytes, row.sha256, row.place) {
            (Some(media_type), Some(size), Some(sha256), Some(place)) => {
                Some(Content { media_type, size, sha256, place })
            }
            (None, None, None, None) => None,
            _ => return Err(LedgerFault::Inconsistent("content of a document")),
        };
        Ok(Self {
            id: DocumentId(row.id),
            ordinal: row.ordinal,
            status: known(DocumentStatus::from_word(&row.status), "status of a document")?,
            name: row.name,
            content,
            kind: row.kind,
            product: row.product_reference,
            subject: known(row.subject.parse().ok(), "subject of a document")?,
            account: row.account_id.map(AccountId),
            customer: row.customer_id.map(CustomerId),
            history_item: row.history_item,
            history_sequence: known(row.history_sequence, "history item of a document")?,
            client: row.client,
            retain_until: row.retain_until,
            legal_hold: row.legal_hold,
            created_at: row.created_at_us,
            removed_at: row.removed_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.history_item.as_deref().map(|item| (&HISTORY_ITEM, item)).into_iter().collect()
    }

    // Merging two records of a person moves what belongs to the one; erasing one takes the names of files.
    fn changes(column: &str) -> bool {
        !matches!(column, "ordinal" | "kind" | "product_reference" | "account_id" | "client")
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OF_CUSTOMER)
    }
}

impl Owned for Document {
    /// Whoever sees what it belongs to sees it.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(self.subject.located(work)?.is_some())
    }
}

/// Which documents to list.
#[derive(Clone, Debug, Default)]
pub struct DocumentFilter {
    /// Only those of this thing.
    pub subject: Option<Subject>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only in this state.
    pub status: Option<DocumentStatus>,
    /// Only this customer's: what a customer-bound token sees in a list of all.
    pub only: Option<CustomerId>,
}

/// Documents, in the order in which they were added.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &DocumentFilter,
    page: Page<i64>,
) -> Result<Vec<Document>, LedgerFault> {
    let mut query = read::select::<Document>(tenant);
    if let Some(subject) = &filter.subject {
        query.and("subject = ", subject.to_string().into());
    }
    if let Some(kind) = &filter.kind {
        query.and("kind = ", kind.as_str().into());
    }
    if let Some(status) = filter.status {
        query.and("status = ", status.word().into());
    }
    if let Some(only) = filter.only {
        query.and("customer_id = ", only.0.into());
    }
    read::page(db, query, false, page).await
}

/// What holds for the kinds that something holds for, in the order in which they were first set.
///
/// # Errors
/// [`LedgerFault`].
pub async fn kinds(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    page: Page<i64>,
) -> Result<Vec<DocumentKind>, LedgerFault> {
    read::page(db, read::select::<DocumentKind>(tenant), false, page).await
}

/// The documents of items of the history, by the items' commands.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_items(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    commands: &[i64],
) -> Result<Vec<Document>, LedgerFault> {
    let backend = db.get_database_backend();
    let values = commands.iter().map(|command| (*command).into()).collect();
    let (Listed { from, condition }, values) =
        listed(backend, ("document", "found"), "history_sequence", 2, Kind::BigInt, values);
    let sql = format!("SELECT found.* FROM {from} WHERE {condition} ORDER BY found.ordinal");
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, [tenant.0.into(), values])).await?;
    rows.iter().map(Document::of_result).collect()
}

/// Of the places of a tenant's documents, those whose bytes have to be in the store.
///
/// # Errors
/// [`LedgerFault`].
pub async fn kept(db: &impl ConnectionTrait, tenant: TenantId) -> Result<HashSet<(String, Uuid)>, LedgerFault> {
    let filter = DocumentFilter { status: Some(DocumentStatus::Kept), ..DocumentFilter::default() };
    let (mut kept, mut after) = (HashSet::new(), None);
    loop {
        let page = list(db, tenant, &filter, Page { after, before: None, limit: 10_000, backward: false }).await?;
        let Some(last) = page.last() else { return Ok(kept) };
        after = Some(last.ordinal);
        kept.extend(
            page.into_iter().filter_map(|document| document.content.map(|content| (content.sha256, content.place))),
        );
    }
}
