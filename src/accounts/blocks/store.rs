//! Block rows.

use sea_orm::ConnectionTrait;

use super::model::{Block, BlockStatus, BlockSubject};
use crate::accounts::store::is_seen;
use crate::customers::visible;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::ledger::{BlockKind, LedgerFault};
use crate::primitives::{AccountId, BlockId, CustomerId, Minor, TenantId};
use crate::work::row::{Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use chrono::NaiveDate;
use entity::block::{Entity, Model};

/// What is in force on one thing: fewer than are worth counting, and those whose last day is over until that is noted.
pub static IN_FORCE: &Set<Block> = &SETS[0];
/// All that ever was on one thing. Loaded only where a customer is erased.
pub static EVERY: &Set<Block> = &SETS[1];

static SETS: [Set<Block>; 2] = [
    Set {
        name: "in_force",
        owner: "subject_id",
        condition: "found.status = 'IN_FORCE'",
        owner_of: |block| (block.status == BlockStatus::InForce).then(|| block.subject.uuid()),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 2 * super::model::MOST,
    },
    Set {
        name: "every",
        owner: "subject_id",
        condition: "TRUE",
        owner_of: |block| Some(block.subject.uuid()),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
];

/// Words of what is blocked.
const ACCOUNT: &str = "ACCOUNT";
const CUSTOMER: &str = "CUSTOMER";

impl Row for Block {
    type Id = BlockId;
    type Entity = Entity;

    const TABLE: Table = Table::Block;
    const WHAT: &'static str = "block";

    fn id(&self) -> BlockId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        let subject = match self.subject {
            BlockSubject::Account(_) => ACCOUNT,
            BlockSubject::Customer(_) => CUSTOMER,
        };
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            subject: subject.into(),
            subject_id: self.subject.uuid(),
            kind: self.kind.word().into(),
            status: self.status.word().into(),
            reason_code: self.reason_code.clone(),
            reason: self.reason.clone(),
            until: self.until,
            garnished_minor: self.garnished.map(|(amount, _)| amount.0),
            currency: self.garnished.map(|(_, currency)| currency.code().into()),
            paid_minor: self.paid.0,
            placed_at_us: self.placed_at,
            ended_at_us: self.ended_at,
            lift_reason: self.lift_reason.clone(),
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        let subject = match row.subject.as_str() {
            ACCOUNT => BlockSubject::Account(AccountId(row.subject_id)),
            CUSTOMER => BlockSubject::Customer(CustomerId(row.subject_id)),
            _ => return Err(LedgerFault::Inconsistent("what is blocked")),
        };
        let garnished = match (row.garnished_minor, &row.currency) {
            (Some(amount), Some(code)) => Some((Minor(amount), known_currency(code)?)),
            (None, None) => None,
            _ => return Err(LedgerFault::Inconsistent("what is garnished")),
        };
        Ok(Self {
            id: BlockId(row.id),
            ordinal: row.ordinal,
            subject,
            kind: known(BlockKind::from_word(&row.kind), "kind of a block")?,
            status: known(BlockStatus::from_word(&row.status), "status of a block")?,
            reason_code: row.reason_code,
            reason: row.reason,
            until: row.until,
            garnished,
            paid: Minor(row.paid_minor),
            placed_at: row.placed_at_us,
            ended_at: row.ended_at_us,
            lift_reason: row.lift_reason,
        })
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }
}

impl Owned for Block {
    /// A customer sees what is blocked of what is theirs; why, the API does not show them.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        if work.origin().customer.is_none() {
            return Ok(true);
        }
        Ok(match self.subject {
            BlockSubject::Customer(customer) => visible(work.origin(), customer),
            BlockSubject::Account(account) => is_seen(work, account)?,
        })
    }
}

/// Which blocks to list.
#[derive(Clone, Debug, Default)]
pub struct BlockFilter {
    /// Only those on one of these; on all when absent.
    pub subjects: Option<Vec<BlockSubject>>,
    /// Only those on this customer and on its accounts.
    pub customer: Option<CustomerId>,
    /// Only of this kind.
    pub kind: Option<BlockKind>,
    /// Only those that are in force, or only those that are over.
    pub in_force: Option<bool>,
}

/// Blocks, the newest first. One whose last day is over is over, whether or not that was noted.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &BlockFilter,
    today: NaiveDate,
    page: Page<i64>,
) -> Result<Vec<Block>, LedgerFault> {
    let mut query = read::select::<Block>(tenant);
    if let Some(subjects) = &filter.subjects {
        query.and_any("subject_id", subjects.iter().map(|subject| subject.uuid().into()).collect());
    }
    if let Some(customer) = filter.customer {
        let customer = query.bind(customer.0.into());
        query.and_raw(&format!(
            "(subject_id = ${customer} OR subject_id IN \
             (SELECT id FROM account WHERE tenant_id = $1 AND customer_id = ${customer}))"
        ));
    }
    if let Some(kind) = filter.kind {
        query.and("kind = ", kind.word().into());
    }
    if let Some(in_force) = filter.in_force {
        let today = query.bind(today.into());
        let not = if in_force { "" } else { "NOT " };
        query.and_raw(&format!("{not}(status = 'IN_FORCE' AND (until IS NULL OR until >= ${today}))"));
    }
    read::page(db, query, true, page).await
}
