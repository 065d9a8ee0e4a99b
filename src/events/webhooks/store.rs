//! Rows of webhooks and deliveries.

use std::collections::HashSet;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Statement};

use super::model::{Delivery, DeliveryState, DisabledReason, Webhook, WebhookState};
use crate::events::store as log;
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ProductId, TenantId, WebhookDeliveryId, WebhookId};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{webhook, webhook_delivery};

/// A tenant's places for webhooks.
pub static SLOT: Index = Index { table: Table::Webhook, column: "slot", field: "slot", what: "the place" };

impl Row for Webhook {
    type Id = WebhookId;
    type Entity = webhook::Entity;

    const TABLE: Table = Table::Webhook;
    const WHAT: &'static str = "webhook";

    fn id(&self) -> WebhookId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> webhook::Model {
        let (previous_secret, previous_until_us) = self.previous.clone().unzip();
        webhook::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            slot: self.slot.clone(),
            url: self.url.clone(),
            description: self.description.clone(),
            // Plain data: it cannot fail.
            filter: serde_json::to_string(&self.filter).unwrap_or_default(),
            secret: self.secret.clone(),
            previous_secret,
            previous_until_us,
            payload_version: self.version,
            state: self.state.word().to_owned(),
            disabled_reason: self.disabled_reason.map(|reason| reason.word().to_owned()),
            event_sequence: self.cursor,
            generation: self.generation,
            revision: self.revision,
            failing_since_us: self.failing_since,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: webhook::Model) -> Result<Self, LedgerFault> {
        let state = WebhookState::from_word(&row.state);
        let reason = row
            .disabled_reason
            .as_deref()
            .map(|word| DisabledReason::from_word(word).ok_or(LedgerFault::Inconsistent("why a webhook is disabled")));
        Ok(Self {
            id: WebhookId(row.id),
            ordinal: row.ordinal,
            slot: row.slot,
            url: row.url,
            description: row.description,
            filter: serde_json::from_str(&row.filter)
                .map_err(|_| LedgerFault::Inconsistent("the filter of a webhook"))?,
            secret: row.secret,
            previous: row.previous_secret.zip(row.previous_until_us),
            version: row.payload_version,
            state: state.ok_or(LedgerFault::Inconsistent("the state of a webhook"))?,
            disabled_reason: reason.transpose()?,
            cursor: row.event_sequence,
            generation: row.generation,
            revision: row.revision,
            failing_since: row.failing_since_us,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.slot.as_deref().map(|slot| (&SLOT, slot)).into_iter().collect()
    }
}

impl Owned for Webhook {
    /// Webhooks are the tenant's business, and one that is deleted is nobody's.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for Delivery {
    type Id = WebhookDeliveryId;
    type Entity = webhook_delivery::Entity;

    const TABLE: Table = Table::WebhookDelivery;
    const WHAT: &'static str = "delivery";

    fn id(&self) -> WebhookDeliveryId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> webhook_delivery::Model {
        webhook_delivery::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            webhook_id: self.webhook.0,
            event_sequence: self.sequence,
            event_type: self.event_type.clone(),
            subject: self.subject.clone(),
            state: self.state.word().to_owned(),
            attempts: self.attempts,
            next_attempt_us: self.next_attempt,
            last_attempt_us: self.last_attempt,
            last_status: self.last_status,
            last_error: self.last_error.clone(),
            last_millis: self.last_millis,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: webhook_delivery::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: WebhookDeliveryId(row.id),
            ordinal: row.ordinal,
            webhook: WebhookId(row.webhook_id),
            sequence: row.event_sequence,
            event_type: row.event_type,
            subject: row.subject,
            state: DeliveryState::from_word(&row.state).ok_or(LedgerFault::Inconsistent("the state of a delivery"))?,
            attempts: row.attempts,
            next_attempt: row.next_attempt_us,
            last_attempt: row.last_attempt_us,
            last_status: row.last_status,
            last_error: row.last_error,
            last_millis: row.last_millis,
            created_at: row.created_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "id" | "ordinal" | "webhook_id" | "event_sequence" | "event_type" | "subject")
    }
}

/// The webhook that an input field names, if the origin sees it and it is not deleted.
///
/// # Errors
/// `NOT_FOUND` for the field.
pub fn locate(work: &mut Work, id: WebhookId, field: &str) -> Decision<Arc<Webhook>> {
    let found = work.get::<Webhook>(id)?;
    let found = found.filter(|found| work.origin().customer.is_none() && found.state != WebhookState::Deleted);
    found.ok_or_else(|| Refused::not_found(field, "webhook").into())
}

/// A tenant's webhooks, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(db: &impl ConnectionTrait, tenant: TenantId, page: Page<i64>) -> Result<Vec<Webhook>, LedgerFault> {
    let mut query = read::select::<Webhook>(tenant);
    query.and_raw("state <> 'DELETED'");
    read::page(db, query, false, page).await
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Only those that stand like this; all when empty.
    pub states: Vec<DeliveryState>,
    /// Only of these types; all when empty.
    pub types: Vec<String>,
}

/// A webhook's deliveries, newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn deliveries(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    webhook: WebhookId,
    filter: &DeliveryFilter,
    page: Page<i64>,
) -> Result<Vec<Delivery>, LedgerFault> {
    let mut query = read::select::<Delivery>(tenant);
    query.and("webhook_id = ", webhook.0.into());
    if !filter.states.is_empty() {
        query.and_any("state", filter.states.iter().map(|state| state.word().into()).collect());
    }
    if !filter.types.is_empty() {
        query.and_any("event_type", filter.types.iter().map(|type_| type_.as_str().into()).collect());
    }
    read::page(db, query, true, page).await
}

/// The deliveries of a webhook that are still to come, in the order of the log.
///
/// # Errors
/// [`LedgerFault`].
pub async fn waiting(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    webhook: WebhookId,
) -> Result<Vec<Delivery>, LedgerFault> {
    let mut query = read::select::<Delivery>(tenant);
    query.and("webhook_id = ", webhook.0.into());
    query.and_raw("state IN ('PENDING', 'RETRYING')");
    query.end(" ORDER BY event_sequence, ordinal");
    query.all(db).await?.iter().map(Delivery::of_result).collect()
}

/// Deliveries of a webhook that need not be kept any longer: what arrived but for the last so many, and what is done and
/// older than a moment.
///
/// # Errors
/// [`LedgerFault`].
pub async fn outlived(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    webhook: WebhookId,
    (keep, before, limit): (u64, Micros, u64),
) -> Result<Vec<WebhookDeliveryId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM webhook_delivery WHERE tenant_id = ", tenant);
    query.and("webhook_id = ", webhook.0.into());
    query.and_raw("state = 'DELIVERED'");
    // Those beyond the place of the last one that is kept; none where there are not so many.
    query.and(
        "ordinal <= (SELECT ordinal FROM webhook_delivery AS kept WHERE kept.tenant_id = $1 AND kept.webhook_id = ",
        webhook.0.into(),
    );
    query.end(&format!(" AND kept.state = 'DELIVERED' ORDER BY kept.ordinal DESC LIMIT 1 OFFSET {keep})"));
    query.end(&format!(" ORDER BY ordinal LIMIT {limit}"));
    let mut found = ids(query.all(db).await?)?;
    let mut query = Query::new("SELECT id FROM webhook_delivery WHERE tenant_id = ", tenant);
    query.and("webhook_id = ", webhook.0.into());
    query.and_raw("state IN ('DELIVERED', 'DEAD')");
    query.and("created_at_us < ", before.into());
    query.end(&format!(" ORDER BY ordinal LIMIT {limit}"));
    found.extend(ids(query.all(db).await?)?);
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Deliveries of webhooks that are deleted, of any tenant, so many.
///
/// # Errors
/// [`LedgerFault`].
pub async fn orphaned(
    db: &impl ConnectionTrait,
    limit: u64,
) -> Result<Vec<(TenantId, WebhookDeliveryId)>, LedgerFault> {
    let sql = format!(
        "SELECT delivery.tenant_id, delivery.id FROM webhook JOIN webhook_delivery AS delivery \
         ON delivery.tenant_id = webhook.tenant_id AND delivery.webhook_id = webhook.id \
         WHERE webhook.state = 'DELETED' ORDER BY delivery.tenant_id LIMIT {limit}"
    );
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let of = |row: &sea_orm::QueryResult| {
        Ok((TenantId(row.try_get("", "tenant_id")?), WebhookDeliveryId(row.try_get("", "id")?)))
    };
    rows.iter().map(of).collect()
}

/// The webhooks at work, of all tenants, each with what tells whether it has to be read again.
///
/// # Errors
/// [`LedgerFault`].
pub async fn enabled(db: &impl ConnectionTrait) -> Result<Vec<(TenantId, WebhookId, i64)>, LedgerFault> {
    let sql = "SELECT tenant_id, id, revision FROM webhook WHERE state = 'ENABLED'";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let of = |row: &sea_orm::QueryResult| {
        Ok((TenantId(row.try_get("", "tenant_id")?), WebhookId(row.try_get("", "id")?), row.try_get("", "revision")?))
    };
    rows.iter().map(of).collect()
}

fn ids(rows: Vec<sea_orm::QueryResult>) -> Result<Vec<WebhookDeliveryId>, LedgerFault> {
    rows.iter().map(|row| Ok(WebhookDeliveryId(row.try_get("", "id")?))).collect()
}

/// The place of the last event before a moment. Time never goes back in the log, so a few looks find it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn place_before(db: &impl ConnectionTrait, tenant: TenantId, at: Micros) -> Result<i64, LedgerFault> {
    let (mut before, mut beyond) = (0, log::last_sequence(db, tenant).await? + 1);
    while before + 1 < beyond {
        let middle = before + (beyond - before) / 2;
        let page = Page { after: Some(middle - 1), before: None, limit: 1, backward: false };
        let found = log::page(db, tenant, &log::EventFilter::default(), page).await?;
        match found.first() {
            Some(event) if event.occurred_at < at => before = middle,
            _ => beyond = middle,
        }
    }
    Ok(before)
}

/// Of some accounts those of some products.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_products(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    products: &[ProductId],
    accounts: HashSet<AccountId>,
) -> Result<HashSet<AccountId>, LedgerFault> {
    let mut found = HashSet::new();
    let accounts: Vec<AccountId> = accounts.into_iter().collect();
    for some in accounts.chunks(1_000) {
        let mut query = Query::new("SELECT id FROM account WHERE tenant_id = ", tenant);
        query.and_any("id", some.iter().map(|id| id.0.into()).collect());
        query.and_any("product_id", products.iter().map(|id| id.0.into()).collect());
        for row in query.all(db).await? {
            found.insert(AccountId(row.try_get("", "id")?));
        }
    }
    Ok(found)
}
