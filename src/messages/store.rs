//! Rows of templates, of settings, of what holds for debtors, and of messages.

use sea_orm::{ConnectionTrait, Statement};

use super::contact::{CeaseReason, DebtorContact};
use super::model::{Message, MessageKind, MessageStatus, MessageTemplate};
use super::settings::MessageSettings;
use crate::customers::visible;
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::known;
use crate::primitives::clock::Micros;
use crate::primitives::{
    ClaimId, CustomerId, DebtorContactId, DocumentId, MessageId, MessageSettingsId, MessageTemplateId, TenantId,
};
use crate::sealing::{self, Place, SealedColumn};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{debtor_contact, message, message_settings, message_template};

/// A template's code and language.
pub static KEY: Index = Index { table: Table::MessageTemplate, column: "key", field: "code", what: "the code" };
/// Where the secrets of sending are sealed.
pub const SEALED: SealedColumn = SealedColumn {
    table: "message_settings",
    column: "secrets",
    field: "message_settings.secrets",
    marked: true,
    lookup: None,
};
/// The messages to a customer. Loaded only where two records are merged, or one is erased.
pub static OF_CUSTOMER: Set<Message> = Set {
    name: "of_customer",
    owner: "customer_id",
    condition: "TRUE",
    owner_of: |message| Some(message.customer.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 100_000,
};

impl Row for MessageTemplate {
    type Id = MessageTemplateId;
    type Entity = message_template::Entity;

    const TABLE: Table = Table::MessageTemplate;
    const WHAT: &'static str = "message template";

    fn id(&self) -> MessageTemplateId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> message_template::Model {
        message_template::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            key: self.key.clone(),
            code: self.code.clone(),
            language: self.language.clone(),
            kind: self.kind.word().into(),
            name: self.name.clone(),
            version: self.version,
            subject: self.subject.clone(),
            body: self.body.clone(),
            created_at_us: self.created_at,
            changed_at_us: self.changed_at,
        }
    }

    fn from_model(row: message_template::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: MessageTemplateId(row.id),
            ordinal: row.ordinal,
            key: row.key,
            code: row.code,
            language: row.language,
            kind: known(MessageKind::from_word(&row.kind), "kind of a template")?,
            name: row.name,
            version: row.version,
            subject: row.subject,
            body: row.body,
            created_at: row.created_at_us,
            changed_at: row.changed_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&KEY, &self.key)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "name" | "version" | "subject" | "body" | "changed_at_us")
    }
}

impl Owned for MessageTemplate {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for MessageSettings {
    type Id = MessageSettingsId;
    type Entity = message_settings::Entity;

    const TABLE: Table = Table::MessageSettings;
    const WHAT: &'static str = "settings of messages";

    fn id(&self) -> MessageSettingsId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> message_settings::Model {
        let place = Place { tenant, row: self.id.0, field: SEALED.field };
        message_settings::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            // Plain data: the only failure would be the writer's, and a text has none.
            terms: serde_json::to_string(&self.terms).unwrap_or_default(),
            secrets: sealing::seal_if_possible(&place, &serde_json::to_string(&self.secrets).unwrap_or_default()),
            changed_at_us: self.changed_at,
        }
    }

    fn from_model(row: message_settings::Model) -> Result<Self, LedgerFault> {
        let place = Place { tenant: TenantId(row.tenant_id), row: row.id, field: SEALED.field };
        let secrets = sealing::open_if_sealed(&place, row.secrets);
        let secrets = secrets.map_err(|_| LedgerFault::Inconsistent("secrets of messages that do not open"))?;
        Ok(Self {
            id: MessageSettingsId(row.id),
            ordinal: row.ordinal,
            terms: known(serde_json::from_str(&row.terms).ok(), "settings of messages")?,
            secrets: known(serde_json::from_str(&secrets).ok(), "secrets of messages")?,
            changed_at: row.changed_at_us,
        })
    }
}

impl Owned for MessageSettings {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for DebtorContact {
    type Id = DebtorContactId;
    type Entity = debtor_contact::Entity;

    const TABLE: Table = Table::DebtorContact;
    const WHAT: &'static str = "contact of a debtor";

    fn id(&self) -> DebtorContactId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> debtor_contact::Model {
        debtor_contact::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            cease: self.cease.map(|reason| reason.word().into()),
            since_us: self.since,
            contacted: serde_json::to_string(&self.contacted).unwrap_or_default(),
        }
    }

    fn from_model(row: debtor_contact::Model) -> Result<Self, LedgerFault> {
        let cease = row.cease.as_deref().map(CeaseReason::from_word);
        Ok(Self {
            id: DebtorContactId(row.id),
            ordinal: row.ordinal,
            cease: cease.map(|reason| known(reason, "why nobody writes to a debtor")).transpose()?,
            since: row.since_us,
            contacted: known(serde_json::from_str(&row.contacted).ok(), "contacts of a debtor")?,
        })
    }
}

impl Row for Message {
    type Id = MessageId;
    type Entity = message::Entity;

    const TABLE: Table = Table::Message;
    const WHAT: &'static str = "message";

    fn id(&self) -> MessageId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> message::Model {
        message::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            claim_id: self.claim.0,
            customer_id: self.customer.0,
            template: self.template.clone(),
            template_name: self.name.clone(),
            template_version: self.version,
            language: self.language.clone(),
            kind: self.kind.word().into(),
            recipient: self.recipient.clone(),
            subject: self.subject.clone(),
            body: self.body.clone(),
            status: self.status.word().into(),
            attempts: self.attempts,
            next_try_us: self.next_try,
            failure: self.failure.clone(),
            document_id: self.document.map(|document| document.0),
            cause: self.cause.clone(),
            created_at_us: self.created_at,
            sent_at_us: self.sent_at,
        }
    }

    fn from_model(row: message::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: MessageId(row.id),
            ordinal: row.ordinal,
            claim: ClaimId(row.claim_id),
            customer: CustomerId(row.customer_id),
            template: row.template,
            name: row.template_name,
            version: row.template_version,
            language: row.language,
            kind: known(MessageKind::from_word(&row.kind), "kind of a message")?,
            recipient: row.recipient,
            subject: row.subject,
            body: row.body,
            status: known(MessageStatus::from_word(&row.status), "status of a message")?,
            attempts: row.attempts,
            next_try: row.next_try_us,
            failure: row.failure,
            document: row.document_id.map(DocumentId),
            cause: row.cause,
            created_at: row.created_at_us,
            sent_at: row.sent_at_us,
        })
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OF_CUSTOMER)
    }
}

impl Owned for Message {
    /// Whoever it was written to sees it.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(visible(work.origin(), self.customer))
    }
}

/// The templates, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn templates(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    page: Page<i64>,
) -> Result<Vec<MessageTemplate>, LedgerFault> {
    read::page(db, read::select::<MessageTemplate>(tenant), false, page).await
}

/// The template of a code, in the first language that it is there in.
///
/// # Errors
/// [`LedgerFault`].
pub async fn template(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    code: &str,
    languages: &[String],
) -> Result<Option<MessageTemplate>, LedgerFault> {
    for language in languages {
        let key = MessageTemplate::key_of(code, language);
        if let Some(found) = read::by_unique(db, tenant, &KEY, &[&key]).await?.into_iter().next() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Which messages about a claim to list.
#[derive(Clone, Copy, Debug)]
pub struct MessageFilter {
    /// About which claim.
    pub claim: ClaimId,
    /// Only of this kind.
    pub kind: Option<MessageKind>,
    /// Only those that were decided at this time or later.
    pub from: Option<Micros>,
    /// Only those to this customer.
    pub customer: Option<CustomerId>,
}

/// The messages about a claim, in the order in which they were decided.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &MessageFilter,
    page: Page<i64>,
) -> Result<Vec<Message>, LedgerFault> {
    read::page(db, those(tenant, filter), false, page).await
}

/// A page of the same by its number, and how many there are altogether.
///
/// # Errors
/// [`LedgerFault`].
pub async fn numbered(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &MessageFilter,
    limit: u64,
    offset: u64,
) -> Result<(Vec<Message>, u64), LedgerFault> {
    read::numbered(db, those(tenant, filter), false, limit, offset).await
}

/// The messages that a filter lets through.
fn those(tenant: TenantId, filter: &MessageFilter) -> Query {
    let mut query = read::select::<Message>(tenant);
    query.and("claim_id = ", filter.claim.0.into());
    if let Some(kind) = filter.kind {
        query.and("kind = ", kind.word().into());
    }
    if let Some(from) = filter.from {
        query.and("created_at_us >= ", from.into());
    }
    if let Some(customer) = filter.customer {
        query.and("customer_id = ", customer.0.into());
    }
    query
}

/// What is to be sent by now, of all tenants: each by its own clock.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    now: Micros,
    most: u64,
) -> Result<Vec<(TenantId, MessageId, i32)>, LedgerFault> {
    let sql = format!(
        "SELECT m.tenant_id AS tenant_id, m.id AS id, m.attempts AS attempts FROM message m \
         JOIN ledger_head h ON h.tenant_id = m.tenant_id \
         WHERE m.next_try_us IS NOT NULL AND m.next_try_us <= $1 + h.clock_ahead_us ORDER BY m.next_try_us LIMIT {most}"
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [now.into()]);
    let rows = db.query_all_raw(statement).await?;
    let one = |row: &sea_orm::QueryResult| {
        Ok((TenantId(row.try_get("", "tenant_id")?), MessageId(row.try_get("", "id")?), row.try_get("", "attempts")?))
    };
    rows.iter().map(one).collect()
}
