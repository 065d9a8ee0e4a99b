//! Direct debits as rows.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::model::{DebitSource, DirectDebit, DirectDebitState};
use super::reasons::DebitReason;
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::mandates::SequenceType;
use crate::primitives::{AccountId, DirectDebitId, EntryId, MandateId, Minor, TenantId};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::direct_debit::{Entity, Model};

/// What the rail knows a debit by.
pub static END_TO_END: Index =
    Index { table: Table::DirectDebit, column: "end_to_end", field: "endToEndId", what: "the end-to-end id" };

/// What is on its way to an account: not sent yet, not answered yet, or paid and not the account's yet.
pub static ON_THE_WAY: Set<DirectDebit> = Set {
    name: "on_the_way",
    owner: "account_id",
    condition: "(found.state IN ('CREATED', 'SENT', 'ACCEPTED') OR (found.state = 'PAID' AND found.payment_id IS NULL))",
    owner_of: |debit| debit.is_on_its_way().then_some(debit.account.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 10_000,
};

impl Row for DirectDebit {
    type Id = DirectDebitId;
    type Entity = Entity;

    const TABLE: Table = Table::DirectDebit;
    const WHAT: &'static str = "direct debit";

    fn id(&self) -> DirectDebitId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            end_to_end: self.end_to_end.clone(),
            account_id: self.account.0,
            overpayment_id: self.overpayment.map(|account| account.0),
            mandate_id: self.mandate.0,
            mandate_reference: self.mandate_reference.clone(),
            sequence: self.sequence.word().into(),
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            source: self.source.word().into(),
            state: self.state.word().into(),
            remittance_info: self.remittance_info.clone(),
            collection_on: self.collection_on,
            send_on: self.send_on,
            sent_on: self.sent_on,
            settled_on: self.settled_on,
            available_on: self.available_on,
            ended_on: self.ended_on,
            rail_on: self.rail_on,
            reason_code: self.reason.map(|reason| reason.word().into()),
            note: self.note.clone(),
            attempt: self.attempt,
            retry_of_id: self.retry_of.map(|debit| debit.0),
            retried_by_id: self.retried_by.map(|debit| debit.0),
            collected_id: self.collected.map(|entry| entry.0),
            payment_id: self.payment.map(|entry| entry.0),
            taken_back_id: self.taken_back.map(|entry| entry.0),
            fee_id: self.fee.map(|entry| entry.0),
            created_on: self.created_on,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        let reason = row.reason_code.as_deref();
        let reason = reason.map(|word| known(DebitReason::from_word(word), "reason of a direct debit")).transpose()?;
        Ok(Self {
            id: DirectDebitId(row.id),
            ordinal: row.ordinal,
            end_to_end: row.end_to_end,
            account: AccountId(row.account_id),
            overpayment: row.overpayment_id.map(AccountId),
            mandate: MandateId(row.mandate_id),
            mandate_reference: row.mandate_reference,
            sequence: known(SequenceType::from_word(&row.sequence), "sequence of a direct debit")?,
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            source: known(DebitSource::from_word(&row.source), "source of a direct debit")?,
            state: known(DirectDebitState::from_word(&row.state), "state of a direct debit")?,
            remittance_info: row.remittance_info,
            collection_on: row.collection_on,
            send_on: row.send_on,
            sent_on: row.sent_on,
            settled_on: row.settled_on,
            available_on: row.available_on,
            ended_on: row.ended_on,
            rail_on: row.rail_on,
            reason,
            note: row.note,
            attempt: row.attempt,
            retry_of: row.retry_of_id.map(DirectDebitId),
            retried_by: row.retried_by_id.map(DirectDebitId),
            collected: row.collected_id.map(EntryId),
            payment: row.payment_id.map(EntryId),
            taken_back: row.taken_back_id.map(EntryId),
            fee: row.fee_id.map(EntryId),
            created_on: row.created_on,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&END_TO_END, &self.end_to_end)]
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&ON_THE_WAY)
    }
}

impl Owned for DirectDebit {
    /// The account's owner sees it.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

/// The debit that has an end-to-end id, if the origin sees it.
///
/// # Errors
/// `NOT_FOUND`.
pub fn called(work: &mut Work, end_to_end: &str) -> Decision<Arc<DirectDebit>> {
    match work.find::<DirectDebit>(&END_TO_END, end_to_end)? {
        Some(debit) if debit.is_visible(work)? => Ok(debit),
        _ => Err(Refused::not_found("endToEndId", "direct debit").into()),
    }
}

/// Which debits to list.
#[derive(Clone, Debug, Default)]
pub struct DirectDebitFilter {
    /// Only of these accounts.
    pub accounts: Option<Vec<AccountId>>,
    /// Only in these states; in all when empty.
    pub states: Vec<DirectDebitState>,
}

/// Direct debits, newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &DirectDebitFilter,
    page: Page<i64>,
) -> Result<Vec<DirectDebit>, LedgerFault> {
    let mut query = read::select::<DirectDebit>(tenant);
    if let Some(accounts) = &filter.accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    if !filter.states.is_empty() {
        query.and_any("state", filter.states.iter().map(|state| state.word().into()).collect());
    }
    read::page(db, query, true, page).await
}

/// What is on its way to accounts.
///
/// # Errors
/// [`LedgerFault`].
pub async fn on_the_way(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    accounts: &[AccountId],
) -> Result<Vec<DirectDebit>, LedgerFault> {
    let mut query =
        crate::ledger::query::Query::new("SELECT found.* FROM direct_debit found WHERE tenant_id = ", tenant);
    query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    query.and_raw(ON_THE_WAY.condition);
    query.all(db).await?.iter().map(DirectDebit::of_result).collect()
}

/// The debit that has an end-to-end id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn by_end_to_end(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    end_to_end: &str,
) -> Result<Option<DirectDebit>, LedgerFault> {
    Ok(read::by_unique::<DirectDebit>(db, tenant, &END_TO_END, &[end_to_end]).await?.pop())
}

/// What the business day looks for.
#[derive(Clone, Copy, Debug)]
pub enum Due {
    /// What is to be sent.
    Sending,
    /// What is to become the account's.
    Available,
    /// What a sandbox's rail answers.
    Answer,
}

/// What is due on a day, by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    due: Due,
    on: NaiveDate,
    after: Option<DirectDebitId>,
    limit: u64,
) -> Result<Vec<DirectDebitId>, LedgerFault> {
    let mut query = crate::ledger::query::Query::new("SELECT id FROM direct_debit WHERE tenant_id = ", tenant);
    match due {
        Due::Sending => {
            query.and_raw("state = 'CREATED'");
            query.and("send_on <= ", on.into());
        }
        Due::Available => {
            query.and_raw("state = 'PAID' AND payment_id IS NULL");
            query.and("available_on <= ", on.into());
        }
        Due::Answer => {
            query.and_raw("rail_on IS NOT NULL");
            query.and("rail_on <= ", on.into());
        }
    }
    query.page("id", false, after.map(|id| id.0.into()), None, false, limit);
    let rows = query.all(db).await?;
    rows.iter().map(|row| Ok(DirectDebitId(row.try_get("", "id")?))).collect()
}
