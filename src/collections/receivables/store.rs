//! Receivable rows.

use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::model::{Receivable, ReceivableDebtor};
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::known_currency;
use crate::primitives::{AccountId, CustomerId, PartyId, ReceivableDebtorId, ReceivableId, TenantId};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{receivable, receivable_debtor};

/// What the creditor calls a receivable.
pub static REFERENCE: Index =
    Index { table: Table::Receivable, column: "reference", field: "accountReference", what: "the account reference" };
/// A receivable and a debtor.
pub static LINK: Index = Index { table: Table::ReceivableDebtor, column: "link", field: "debtors", what: "the debtor" };

/// Who owes on a receivable.
pub static DEBTORS: &Set<ReceivableDebtor> = &SETS[0];
/// What a customer owes on. Loaded only where two records are merged.
pub static OF_CUSTOMER: &Set<ReceivableDebtor> = &SETS[1];

static SETS: [Set<ReceivableDebtor>; 2] = [
    Set {
        name: "debtors",
        owner: "receivable_id",
        condition: "TRUE",
        owner_of: |debtor| Some(debtor.receivable.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 2 * super::model::MOST_DEBTORS,
    },
    Set {
        name: "of_customer",
        owner: "customer_id",
        condition: "TRUE",
        owner_of: |debtor| Some(debtor.customer.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
];

/// Plain data as it is stored.
pub(in crate::collections) fn json(value: &impl Serialize) -> String {
    // Lists of plain texts and numbers: nothing in them can fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// The same, read.
pub(in crate::collections) fn of_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, LedgerFault> {
    serde_json::from_str(text).map_err(|_| LedgerFault::Inconsistent(what))
}

impl Row for Receivable {
    type Id = ReceivableId;
    type Entity = receivable::Entity;

    const TABLE: Table = Table::Receivable;
    const WHAT: &'static str = "receivable";

    fn id(&self) -> ReceivableId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> receivable::Model {
        receivable::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            reference: self.reference.clone(),
            currency: self.currency.code().into(),
            account_id: self.account.map(|account| account.0),
            party_id: self.creditor.map(|party| party.0),
            payment_reference: self.payment_reference.clone(),
            portfolio_reference: self.portfolio_reference.clone(),
            products: json(&self.products),
            scores: json(&self.scores),
            metadata: self.metadata.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: receivable::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: ReceivableId(row.id),
            ordinal: row.ordinal,
            reference: row.reference,
            currency: known_currency(&row.currency)?,
            account: row.account_id.map(AccountId),
            creditor: row.party_id.map(PartyId),
            payment_reference: row.payment_reference,
            portfolio_reference: row.portfolio_reference,
            products: of_json(&row.products, "products of a receivable")?,
            scores: of_json(&row.scores, "scores of a receivable")?,
            metadata: row.metadata,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&REFERENCE, &self.reference)]
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "reference" | "currency" | "created_at_us")
    }
}

impl Owned for Receivable {
    /// Receivables are the tenant's business: a token that is bound to a customer sees its own claims, and not these.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for ReceivableDebtor {
    type Id = ReceivableDebtorId;
    type Entity = receivable_debtor::Entity;

    const TABLE: Table = Table::ReceivableDebtor;
    const WHAT: &'static str = "debtor";

    fn id(&self) -> ReceivableDebtorId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> receivable_debtor::Model {
        receivable_debtor::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            receivable_id: self.receivable.0,
            customer_id: self.customer.0,
            link: self.link.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: receivable_debtor::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: ReceivableDebtorId(row.id),
            ordinal: row.ordinal,
            receivable: ReceivableId(row.receivable_id),
            customer: CustomerId(row.customer_id),
            link: row.link,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&LINK, &self.link)]
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }
}

/// Which receivables to list.
#[derive(Clone, Debug, Default)]
pub struct ReceivableFilter {
    /// Only those that a customer with this reference owes on.
    pub debtor_reference: Option<String>,
    /// Only those of this portfolio.
    pub portfolio_reference: Option<String>,
}

/// Only rows whose column is one of a customer's with a reference.
pub(in crate::collections) fn of_debtor(query: &mut Query, before: &str, reference: &str, behind: &str) {
    let reference = query.bind(reference.into());
    query.and_raw(&format!(
        "{before} (SELECT id FROM customer WHERE tenant_id = $1 AND external_reference = ${reference}){behind}"
    ));
}

/// Receivables, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &ReceivableFilter,
    page: Page<i64>,
) -> Result<Vec<Receivable>, LedgerFault> {
    let mut query = read::select::<Receivable>(tenant);
    if let Some(reference) = &filter.debtor_reference {
        let links = "id IN (SELECT receivable_id FROM receivable_debtor WHERE tenant_id = $1 AND customer_id IN";
        of_debtor(&mut query, links, reference, ")");
    }
    if let Some(reference) = &filter.portfolio_reference {
        query.and("portfolio_reference = ", reference.as_str().into());
    }
    read::page(db, query, false, page).await
}

/// A receivable by what the creditor calls it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    reference: &str,
) -> Result<Option<Receivable>, LedgerFault> {
    Ok(read::by_unique(db, tenant, &REFERENCE, &[reference]).await?.into_iter().next())
}

/// Who owes on a receivable, in the order in which they came to.
///
/// # Errors
/// [`LedgerFault`].
pub async fn debtors(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    receivable: ReceivableId,
) -> Result<Vec<ReceivableDebtor>, LedgerFault> {
    let mut rows = read::of_owners::<ReceivableDebtor>(db, tenant, "receivable_id", &[receivable.0]).await?;
    rows.sort_by_key(|row| row.ordinal);
    Ok(rows)
}
