//! Rows of purchases.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::model::{Purchase, PurchaseAccount, PurchaseKind, PurchaseTerms};
use crate::accounts::store::is_seen;
use crate::debits::{DirectDebit, store as debits};
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{
    AccountId, CustomerId, EntryId, Minor, ProductId, PurchaseAccountId, PurchaseId, PurchaseTermsId, TenantId,
};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{purchase, purchase_account, purchase_terms};

/// What the merchant calls a purchase.
pub static REFERENCE: Index =
    Index { table: Table::Purchase, column: "reference", field: "purchaseId", what: "the purchase id" };

/// The purchases of an account. Loaded only where a customer is erased.
pub static OF_ACCOUNT: Set<Purchase> = Set {
    name: "of_account",
    owner: "account_id",
    condition: "TRUE",
    owner_of: |purchase| Some(purchase.account.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 100_000,
};

impl Row for PurchaseTerms {
    type Id = PurchaseTermsId;
    type Entity = purchase_terms::Entity;

    const TABLE: Table = Table::PurchaseTerms;
    const WHAT: &'static str = "terms of purchases";

    fn id(&self) -> PurchaseTermsId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> purchase_terms::Model {
        purchase_terms::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            kind: self.kind.word().into(),
            // Plain data: the only failure would be the writer's, and a text has none.
            terms: serde_json::to_string(&self.terms).unwrap_or_default(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: purchase_terms::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: PurchaseTermsId(row.id),
            ordinal: row.ordinal,
            kind: known(PurchaseKind::from_word(&row.kind), "kind of purchases")?,
            terms: known(serde_json::from_str(&row.terms).ok(), "terms of purchases")?,
            created_at: row.created_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        column == "terms"
    }
}

impl Owned for PurchaseTerms {
    /// What is offered is nobody's secret.
    fn is_visible(&self, _work: &mut Work) -> Decision<bool> {
        Ok(true)
    }
}

impl Row for PurchaseAccount {
    type Id = PurchaseAccountId;
    type Entity = purchase_account::Entity;

    const TABLE: Table = Table::PurchaseAccount;
    const WHAT: &'static str = "account of purchases";

    fn id(&self) -> PurchaseAccountId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> purchase_account::Model {
        purchase_account::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            kind: self.kind.word().into(),
            currency: self.currency.code().into(),
            original_minor: self.original.0,
            minimum_minor: self.minimum.0,
            carried_minor: self.carried.0,
            opened_on: self.opened_on,
            due_on: self.due_on,
            turns_on: self.turns_on,
            postponed: self.postponed,
            overdue_on: self.overdue_on,
            transferred_to_id: self.transferred_to.map(|account| account.0),
            transferred_from_id: self.transferred_from.map(|account| account.0),
            credit: self.credit.map(|credit| serde_json::to_string(&credit).unwrap_or_default()),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: purchase_account::Model) -> Result<Self, LedgerFault> {
        let credit = row.credit.as_deref().map(|text| known(serde_json::from_str(text).ok(), "credit of a loan"));
        Ok(Self {
            id: PurchaseAccountId(row.id),
            ordinal: row.ordinal,
            kind: known(PurchaseKind::from_word(&row.kind), "kind of purchases")?,
            currency: known_currency(&row.currency)?,
            original: Minor(row.original_minor),
            minimum: Minor(row.minimum_minor),
            carried: Minor(row.carried_minor),
            opened_on: row.opened_on,
            due_on: row.due_on,
            turns_on: row.turns_on,
            postponed: row.postponed,
            overdue_on: row.overdue_on,
            transferred_to: row.transferred_to_id.map(AccountId),
            transferred_from: row.transferred_from_id.map(AccountId),
            credit: credit.transpose()?,
            created_at: row.created_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        matches!(
            column,
            "original_minor"
                | "minimum_minor"
                | "carried_minor"
                | "due_on"
                | "turns_on"
                | "postponed"
                | "overdue_on"
                | "transferred_to_id"
        )
    }
}

impl Owned for PurchaseAccount {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account())
    }
}

impl Row for Purchase {
    type Id = PurchaseId;
    type Entity = purchase::Entity;

    const TABLE: Table = Table::Purchase;
    const WHAT: &'static str = "purchase";

    fn id(&self) -> PurchaseId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> purchase::Model {
        purchase::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            reference: self.reference.clone(),
            account_id: self.account.0,
            amount_minor: self.amount.0,
            currency: self.currency.code().into(),
            content: serde_json::to_string(&self.content).unwrap_or_default(),
            entry_id: self.entry.0,
            registered_on: self.registered_on,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: purchase::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: PurchaseId(row.id),
            ordinal: row.ordinal,
            reference: row.reference,
            account: AccountId(row.account_id),
            amount: Minor(row.amount_minor),
            currency: known_currency(&row.currency)?,
            content: known(serde_json::from_str(&row.content).ok(), "content of a purchase")?,
            entry: EntryId(row.entry_id),
            registered_on: row.registered_on,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&REFERENCE, &self.reference)]
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OF_ACCOUNT)
    }

    fn changes(column: &str) -> bool {
        column == "content"
    }
}

impl Owned for Purchase {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

/// What was bought on an account, for the field that names it.
///
/// # Errors
/// `NOT_FOUND` for an account without purchases.
pub fn of_account(work: &mut Work, account: AccountId, field: &str) -> Decision<Arc<PurchaseAccount>> {
    let found = work.get::<PurchaseAccount>(PurchaseAccount::id_of(account))?;
    found.ok_or_else(|| Refused::not_found(field, "account of purchases").into())
}

/// The purchase that the merchant calls so.
///
/// # Errors
/// [`LedgerFault`].
pub async fn called(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    reference: &str,
) -> Result<Option<Purchase>, LedgerFault> {
    Ok(read::by_unique::<Purchase>(db, tenant, &REFERENCE, &[reference]).await?.pop())
}

/// The accounts of a customer's that purchases are on, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_customer(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    customer: CustomerId,
    page: Page<i64>,
) -> Result<Vec<PurchaseAccount>, LedgerFault> {
    let mut query = read::select::<PurchaseAccount>(tenant);
    query.and(
        "id IN (SELECT account.id FROM account WHERE account.tenant_id = purchase_account.tenant_id \
         AND account.customer_id = ",
        customer.0.into(),
    );
    query.close();
    read::page(db, query, true, page).await
}

/// What is beside accounts: their purchases, the oldest first, of a loan those of the invoice whose rest it carries; and the
/// direct debits that are on their way to them.
///
/// # Errors
/// [`LedgerFault`].
pub async fn beside(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    rows: &[PurchaseAccount],
) -> Result<(Vec<Purchase>, Vec<DirectDebit>), LedgerFault> {
    let accounts: Vec<AccountId> = rows.iter().map(PurchaseAccount::account).collect();
    let bought_on = accounts.iter().copied().chain(rows.iter().filter_map(|row| row.transferred_from));
    let bought_on: Vec<_> = bought_on.map(|account| account.0).collect();
    let mut purchases = read::of_owners::<Purchase>(db, tenant, "account_id", &bought_on).await?;
    purchases.sort_unstable_by_key(|purchase| purchase.ordinal);
    let debits = debits::on_the_way(db, tenant, &accounts).await?;
    Ok((purchases, debits))
}

/// The terms of a product.
///
/// # Errors
/// [`LedgerFault`].
pub async fn terms(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    product: ProductId,
) -> Result<Option<PurchaseTerms>, LedgerFault> {
    read::by_id(db, tenant, PurchaseTerms::id_of(product)).await
}

/// The accounts whose due date has ended with a day, by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<PurchaseAccountId>,
    limit: u64,
) -> Result<Vec<PurchaseAccountId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM purchase_account WHERE tenant_id = ", tenant);
    query.and_raw("turns_on IS NOT NULL");
    query.and("turns_on <= ", day.into());
    query.page("id", false, after.map(|id| id.0.into()), None, false, limit);
    let rows = query.all(db).await?;
    rows.iter().map(|row| Ok(PurchaseAccountId(row.try_get("", "id")?))).collect()
}
