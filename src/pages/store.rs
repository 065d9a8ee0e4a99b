//! Rows of links and answers.

use sea_orm::ConnectionTrait;

use super::model::{AnswerKind, DebtorAnswer, PageLink};
use crate::ledger::LedgerFault;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{ClaimId, DebtorAnswerId, Minor, PageLinkId, TenantId};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{debtor_answer, page_link};

/// What a link is found by.
pub static TOKEN: Index = Index { table: Table::PageLink, column: "token", field: "link", what: "the link" };

/// What was said about a claim, in all its lives.
pub static ANSWERS: Set<DebtorAnswer> = Set {
    name: "answers",
    owner: "claim_id",
    condition: "TRUE",
    owner_of: |answer| Some(answer.claim.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 10_000,
};

impl Row for PageLink {
    type Id = PageLinkId;
    type Entity = page_link::Entity;

    const TABLE: Table = Table::PageLink;
    const WHAT: &'static str = "link to a debtor's page";

    fn id(&self) -> PageLinkId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> page_link::Model {
        page_link::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            claim_id: self.claim.0,
            token: self.token.clone(),
            expires_at_us: self.expires_at,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: page_link::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: PageLinkId(row.id),
            ordinal: row.ordinal,
            claim: ClaimId(row.claim_id),
            token: row.token,
            expires_at: row.expires_at_us,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&TOKEN, &self.token)]
    }

    fn changes(column: &str) -> bool {
        column == "token"
    }
}

impl Owned for PageLink {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for DebtorAnswer {
    type Id = DebtorAnswerId;
    type Entity = debtor_answer::Entity;

    const TABLE: Table = Table::DebtorAnswer;
    const WHAT: &'static str = "answer of a debtor";

    fn id(&self) -> DebtorAnswerId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> debtor_answer::Model {
        debtor_answer::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            claim_id: self.claim.0,
            life: self.life,
            kind: self.kind.word().into(),
            currency: self.currency.code().into(),
            amount_minor: self.amount.map(|amount| amount.0),
            promised_on: self.promised_on,
            message: self.text.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: debtor_answer::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: DebtorAnswerId(row.id),
            ordinal: row.ordinal,
            claim: ClaimId(row.claim_id),
            life: row.life,
            kind: known(AnswerKind::from_word(&row.kind), "kind of an answer")?,
            currency: known_currency(&row.currency)?,
            amount: row.amount_minor.map(Minor),
            promised_on: row.promised_on,
            text: row.message,
            created_at: row.created_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        column == "message"
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&ANSWERS)
    }
}

impl Owned for DebtorAnswer {
    /// Said on a page, and shown with its claim.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// A link by what is kept of its secret.
///
/// # Errors
/// [`LedgerFault`].
pub async fn link(db: &impl ConnectionTrait, tenant: TenantId, token: &str) -> Result<Option<PageLink>, LedgerFault> {
    Ok(read::by_unique(db, tenant, &TOKEN, &[token]).await?.into_iter().next())
}

/// What was said about a claim in its present life, in order.
///
/// # Errors
/// [`LedgerFault`].
pub async fn answers(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    claim: ClaimId,
    life: i32,
) -> Result<Vec<DebtorAnswer>, LedgerFault> {
    let mut query = read::select::<DebtorAnswer>(tenant);
    query.and("claim_id = ", claim.0.into());
    query.and("life = ", life.into());
    let page = crate::ledger::query::Page { after: None, before: None, limit: 100, backward: false };
    read::page(db, query, false, page).await
}
