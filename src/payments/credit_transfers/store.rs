//! Credit transfers as rows.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::model::{CreditTransfer, CreditTransferState};
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{AccountId, CreditTransferId, EntryId, Minor, TenantId};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::credit_transfer::{Entity, Model};

/// What the rail knows a transfer by.
pub static END_TO_END: Index =
    Index { table: Table::CreditTransfer, column: "end_to_end", field: "endToEndId", what: "the end-to-end id" };
/// What debited the account.
pub static ENTRY: Index = Index { table: Table::CreditTransfer, column: "entry", field: "entry", what: "the entry" };

impl Row for CreditTransfer {
    type Id = CreditTransferId;
    type Entity = Entity;

    const TABLE: Table = Table::CreditTransfer;
    const WHAT: &'static str = "credit transfer";

    fn id(&self) -> CreditTransferId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            end_to_end: self.end_to_end.clone(),
            account_id: self.account.0,
            entry: self.entry.clone(),
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            state: self.state.word().into(),
            send_on: self.send_on,
            sent_on: self.sent_on,
            settled_on: self.settled_on,
            ended_on: self.ended_on,
            rail_on: self.rail_on,
            reason: self.reason.clone(),
            back_id: self.back.map(|entry| entry.0),
            created_on: self.created_on,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: CreditTransferId(row.id),
            ordinal: row.ordinal,
            end_to_end: row.end_to_end,
            account: AccountId(row.account_id),
            entry: row.entry,
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            state: known(CreditTransferState::from_word(&row.state), "state of a credit transfer")?,
            send_on: row.send_on,
            sent_on: row.sent_on,
            settled_on: row.settled_on,
            ended_on: row.ended_on,
            rail_on: row.rail_on,
            reason: row.reason,
            back: row.back_id.map(EntryId),
            created_on: row.created_on,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&END_TO_END, &self.end_to_end), (&ENTRY, &self.entry)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "state" | "sent_on" | "settled_on" | "ended_on" | "rail_on" | "reason" | "back_id")
    }
}

impl Owned for CreditTransfer {
    /// The account's owner sees it.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

/// The transfer that has an end-to-end id, if the origin sees it.
///
/// # Errors
/// `NOT_FOUND`.
pub fn called(work: &mut Work, end_to_end: &str) -> Decision<Arc<CreditTransfer>> {
    match work.find::<CreditTransfer>(&END_TO_END, end_to_end)? {
        Some(transfer) if transfer.is_visible(work)? => Ok(transfer),
        _ => Err(Refused::not_found("endToEndId", "credit transfer").into()),
    }
}

/// Which transfers to list.
#[derive(Clone, Debug, Default)]
pub struct CreditTransferFilter {
    /// Only of these accounts.
    pub accounts: Option<Vec<AccountId>>,
    /// Only in these states; in all when empty.
    pub states: Vec<CreditTransferState>,
}

/// Credit transfers, newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &CreditTransferFilter,
    page: Page<i64>,
) -> Result<Vec<CreditTransfer>, LedgerFault> {
    let mut query = read::select::<CreditTransfer>(tenant);
    if let Some(accounts) = &filter.accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    if !filter.states.is_empty() {
        query.and_any("state", filter.states.iter().map(|state| state.word().into()).collect());
    }
    read::page(db, query, true, page).await
}

/// The transfer that has an end-to-end id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn by_end_to_end(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    end_to_end: &str,
) -> Result<Option<CreditTransfer>, LedgerFault> {
    Ok(read::by_unique::<CreditTransfer>(db, tenant, &END_TO_END, &[end_to_end]).await?.pop())
}

/// What is to be sent by a day, or what a sandbox's rail answers by then, by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    answers: bool,
    on: NaiveDate,
    after: Option<CreditTransferId>,
    limit: u64,
) -> Result<Vec<CreditTransferId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM credit_transfer WHERE tenant_id = ", tenant);
    if answers {
        query.and_raw("rail_on IS NOT NULL");
        query.and("rail_on <= ", on.into());
    } else {
        query.and_raw("state = 'CREATED'");
        query.and("send_on <= ", on.into());
    }
    query.page("id", false, after.map(|id| id.0.into()), None, false, limit);
    let rows = query.all(db).await?;
    rows.iter().map(|row| Ok(CreditTransferId(row.try_get("", "id")?))).collect()
}
