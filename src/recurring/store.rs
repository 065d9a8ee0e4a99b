//! Settings, consents and orders as rows.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::model::{
    DebitConsent, PaymentOrder, PaymentOrderReason, PaymentOrderStatus, PaymentScope, RecurringMethod,
    RecurringPayment, RecurringState,
};
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{
    AccountId, CustomerId, DebitConsentId, EntryId, Minor, PaymentOrderId, RecurringPaymentId, TenantId,
};
use crate::work::row::{Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{debit_consent, payment_order, recurring_payment};

/// An account's orders that wait for their day.
pub static SCHEDULED: Set<PaymentOrder> = Set {
    name: "scheduled",
    owner: "account_id",
    condition: "found.status = 'SCHEDULED'",
    owner_of: |order| (order.status == PaymentOrderStatus::Scheduled).then_some(order.account.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 10_000,
};

impl Row for RecurringPayment {
    type Id = RecurringPaymentId;
    type Entity = recurring_payment::Entity;

    const TABLE: Table = Table::RecurringPayment;
    const WHAT: &'static str = "recurring payment";

    fn id(&self) -> RecurringPaymentId {
        Self::id_of(self.account)
    }

    fn to_model(&self, tenant: TenantId) -> recurring_payment::Model {
        recurring_payment::Model {
            tenant_id: tenant.0,
            account_id: self.account.0,
            state: self.state.word().into(),
            method: self.method.word().into(),
            scope: self.scope.word().into(),
            fixed_minor: self.fixed.map(|fixed| fixed.0),
            currency: self.currency.code().into(),
            // Plain data: the only failure would be the writer's, and a text has none.
            terms: serde_json::to_string(&self.terms).unwrap_or_default(),
            next_on: self.next_on,
            schedule_on: self.schedule_on,
            set_up_at_us: self.set_up_at,
            changed_at_us: self.changed_at,
        }
    }

    fn from_model(row: recurring_payment::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            account: AccountId(row.account_id),
            state: known(RecurringState::from_word(&row.state), "state of a recurring payment")?,
            method: known(RecurringMethod::from_word(&row.method), "method of a recurring payment")?,
            scope: known(PaymentScope::from_word(&row.scope), "scope of a recurring payment")?,
            fixed: row.fixed_minor.map(Minor),
            currency: known_currency(&row.currency)?,
            terms: known(serde_json::from_str(&row.terms).ok(), "terms of a recurring payment")?,
            next_on: row.next_on,
            schedule_on: row.schedule_on,
            set_up_at: row.set_up_at_us,
            changed_at: row.changed_at_us,
        })
    }
}

impl Row for DebitConsent {
    type Id = DebitConsentId;
    type Entity = debit_consent::Entity;

    const TABLE: Table = Table::DebitConsent;
    const WHAT: &'static str = "consent";

    fn id(&self) -> DebitConsentId {
        Self::id_of(self.account)
    }

    fn to_model(&self, tenant: TenantId) -> debit_consent::Model {
        debit_consent::Model {
            tenant_id: tenant.0,
            account_id: self.account.0,
            method: self.method.word().into(),
            reference: self.reference.clone(),
            given_at_us: self.given_at,
            given_by: self.given_by.clone(),
            by_customer: self.by_customer,
            revoked_at_us: self.revoked_at,
            revoked_by: self.revoked_by.clone(),
        }
    }

    fn from_model(row: debit_consent::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            account: AccountId(row.account_id),
            method: known(RecurringMethod::from_word(&row.method), "method of a consent")?,
            reference: row.reference,
            given_at: row.given_at_us,
            given_by: row.given_by,
            by_customer: row.by_customer,
            revoked_at: row.revoked_at_us,
            revoked_by: row.revoked_by,
        })
    }
}

impl Row for PaymentOrder {
    type Id = PaymentOrderId;
    type Entity = payment_order::Entity;

    const TABLE: Table = Table::PaymentOrder;
    const WHAT: &'static str = "payment order";

    fn id(&self) -> PaymentOrderId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> payment_order::Model {
        payment_order::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            period: self.period,
            method: self.method.word().into(),
            scope: self.scope.word().into(),
            currency: self.currency.code().into(),
            planned_minor: self.planned.0,
            collected_minor: self.collected.map(|collected| collected.0),
            execution_on: self.execution_on,
            act_on: self.act_on,
            status: self.status.word().into(),
            reason: self.reason.map(|reason| reason.word().into()),
            // Six at most.
            attempts: i32::try_from(self.attempts).unwrap_or(i32::MAX),
            entry_id: self.entry.map(|entry| entry.0),
            bounces: self.bounces,
            scheduled_at_us: self.scheduled_at,
            ended_at_us: self.ended_at,
        }
    }

    fn from_model(row: payment_order::Model) -> Result<Self, LedgerFault> {
        let reason =
            row.reason.as_deref().map(|word| known(PaymentOrderReason::from_word(word), "reason of a payment order"));
        Ok(Self {
            id: PaymentOrderId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            period: row.period,
            method: known(RecurringMethod::from_word(&row.method), "method of a payment order")?,
            scope: known(PaymentScope::from_word(&row.scope), "scope of a payment order")?,
            currency: known_currency(&row.currency)?,
            planned: Minor(row.planned_minor),
            collected: row.collected_minor.map(Minor),
            execution_on: row.execution_on,
            act_on: row.act_on,
            status: known(PaymentOrderStatus::from_word(&row.status), "status of a payment order")?,
            reason: reason.transpose()?,
            attempts: known(u32::try_from(row.attempts).ok(), "attempts of a payment order")?,
            entry: row.entry_id.map(EntryId),
            bounces: row.bounces,
            scheduled_at: row.scheduled_at_us,
            ended_at: row.ended_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "account_id" | "period" | "currency" | "planned_minor" | "scheduled_at_us")
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&SCHEDULED)
    }
}

impl Owned for RecurringPayment {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Owned for DebitConsent {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Owned for PaymentOrder {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

/// Which payment orders to list.
#[derive(Clone, Debug, Default)]
pub struct PaymentOrderFilter {
    /// Only for this account.
    pub account: Option<AccountId>,
    /// Only for accounts of this customer.
    pub customer: Option<CustomerId>,
    /// Only in these states; in all when empty.
    pub statuses: Vec<PaymentOrderStatus>,
}

/// Payment orders, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &PaymentOrderFilter,
    page: Page<i64>,
) -> Result<Vec<PaymentOrder>, LedgerFault> {
    let mut query = read::select::<PaymentOrder>(tenant);
    if let Some(account) = filter.account {
        query.and("account_id = ", account.0.into());
    }
    if let Some(customer) = filter.customer {
        query.and("account_id IN (SELECT id FROM account WHERE tenant_id = $1 AND customer_id = ", customer.0.into());
        query.close();
    }
    if !filter.statuses.is_empty() {
        query.and_any("status", filter.statuses.iter().map(|status| status.word().into()).collect());
    }
    read::page(db, query, true, page).await
}

/// The order of an account that is sent next.
///
/// # Errors
/// [`LedgerFault`].
pub async fn next(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<PaymentOrder>, LedgerFault> {
    let mut query = read::select::<PaymentOrder>(tenant);
    query.and("account_id = ", account.0.into());
    query.and("status = ", PaymentOrderStatus::Scheduled.word().into());
    query.end(" ORDER BY execution_on, ordinal LIMIT 1");
    query.all(db).await?.first().map(PaymentOrder::of_result).transpose()
}

/// Accounts whose next order is to be made by a day, by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_schedule(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    on: NaiveDate,
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<AccountId>, LedgerFault> {
    let mut query = Query::new("SELECT account_id FROM recurring_payment WHERE tenant_id = ", tenant);
    query.and_raw("state = 'ACTIVE'");
    query.and("schedule_on <= ", on.into());
    query.page("account_id", false, after.map(|id| id.0.into()), None, false, limit);
    let rows = query.all(db).await?;
    rows.iter().map(|row| Ok(AccountId(row.try_get("", "account_id")?))).collect()
}

/// An order that a business day has something to do with, and what that looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueOrder {
    /// Which.
    pub id: PaymentOrderId,
    /// For which account.
    pub account: AccountId,
    /// The entry of the last try.
    pub entry: Option<EntryId>,
}

/// Orders that something is to be done with by a day, by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_act_on(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    on: NaiveDate,
    after: Option<PaymentOrderId>,
    limit: u64,
) -> Result<Vec<DueOrder>, LedgerFault> {
    let mut query = Query::new("SELECT id, account_id, entry_id FROM payment_order WHERE tenant_id = ", tenant);
    query.and("act_on <= ", on.into());
    query.page("id", false, after.map(|id| Value::from(id.0)), None, false, limit);
    let of = |row: &QueryResult| {
        let entry: Option<uuid::Uuid> = row.try_get("", "entry_id")?;
        let (id, account) = (row.try_get("", "id")?, row.try_get("", "account_id")?);
        Ok(DueOrder { id: PaymentOrderId(id), account: AccountId(account), entry: entry.map(EntryId) })
    };
    query.all(db).await?.iter().map(of).collect()
}
