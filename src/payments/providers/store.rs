//! Rows of providers and of the payments through them.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, Statement};

use super::model::{PaymentProvider, ProviderKind, ProviderOperation, ProviderPayment, ProviderPaymentState};
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, EntryId, Minor, PaymentProviderId, ProviderPaymentId, TenantId};
use crate::refused::Refused;
use crate::sealing::{self, Place, SealedColumn, Secret};
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{payment_provider, provider_payment};

/// A provider's code.
pub static CODE: Index = Index { table: Table::PaymentProvider, column: "code", field: "code", what: "the code" };
/// A provider's own id of a payment.
pub static TRANSACTION: Index = Index {
    table: Table::ProviderPayment,
    column: "transaction_key",
    field: "transactionId",
    what: "the provider's id of the payment",
};
/// Where secrets are sealed.
pub const SEALED: SealedColumn = SealedColumn {
    table: "payment_provider",
    column: "secret",
    field: "payment_provider.secret",
    marked: true,
    lookup: None,
};

impl Row for PaymentProvider {
    type Id = PaymentProviderId;
    type Entity = payment_provider::Entity;

    const TABLE: Table = Table::PaymentProvider;
    const WHAT: &'static str = "payment provider";

    fn id(&self) -> PaymentProviderId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> payment_provider::Model {
        let place = Place { tenant, row: self.id.0, field: SEALED.field };
        payment_provider::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            code: self.code.clone(),
            name: self.name.clone(),
            kind: self.kind.word().into(),
            url: self.url.clone(),
            secret: sealing::seal_if_possible(&place, &self.secret.0),
            retired: self.retired,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: payment_provider::Model) -> Result<Self, LedgerFault> {
        let place = Place { tenant: TenantId(row.tenant_id), row: row.id, field: SEALED.field };
        let secret = sealing::open_if_sealed(&place, row.secret);
        Ok(Self {
            id: PaymentProviderId(row.id),
            ordinal: row.ordinal,
            code: row.code,
            name: row.name,
            kind: known(ProviderKind::from_word(&row.kind), "kind of a provider")?,
            url: row.url,
            secret: Secret(secret.map_err(|_| LedgerFault::Inconsistent("a provider's secret that does not open"))?),
            retired: row.retired,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&CODE, &self.code)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "name" | "url" | "secret" | "retired")
    }
}

impl Owned for PaymentProvider {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for ProviderPayment {
    type Id = ProviderPaymentId;
    type Entity = provider_payment::Entity;

    const TABLE: Table = Table::ProviderPayment;
    const WHAT: &'static str = "payment through a provider";

    fn id(&self) -> ProviderPaymentId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> provider_payment::Model {
        provider_payment::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            provider_id: self.provider.0,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            state: self.state.word().into(),
            transaction_id: self.transaction.clone(),
            transaction_key: self.transaction_key.clone(),
            redirect_url: self.redirect_url.clone(),
            additional_input: self.additional_input.clone(),
            additional_output: self.additional_output.clone(),
            asking: self.asking.map(|operation| operation.word().into()),
            asking_minor: self.asking_amount.0,
            asks: self.asks,
            attempts: self.attempts,
            next_ask_us: self.next_ask,
            captured_minor: self.captured.0,
            refunded_minor: self.refunded.0,
            entry_id: self.entry.map(|entry| entry.0),
            payout_id: self.payout.map(|entry| entry.0),
            failure: self.failure.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: provider_payment::Model) -> Result<Self, LedgerFault> {
        let asking = row.asking.as_deref().map(ProviderOperation::from_word);
        Ok(Self {
            id: ProviderPaymentId(row.id),
            ordinal: row.ordinal,
            provider: PaymentProviderId(row.provider_id),
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            state: known(ProviderPaymentState::from_word(&row.state), "state of a payment through a provider")?,
            transaction: row.transaction_id,
            transaction_key: row.transaction_key,
            redirect_url: row.redirect_url,
            additional_input: row.additional_input,
            additional_output: row.additional_output,
            asking: asking.map(|asking| known(asking, "what a provider is asked for")).transpose()?,
            asking_amount: Minor(row.asking_minor),
            asks: row.asks,
            attempts: row.attempts,
            next_ask: row.next_ask_us,
            captured: Minor(row.captured_minor),
            refunded: Minor(row.refunded_minor),
            entry: row.entry_id.map(EntryId),
            payout: row.payout_id.map(EntryId),
            failure: row.failure,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.transaction_key.iter().map(|key| (&TRANSACTION, key.as_str())).collect()
    }
}

impl Owned for ProviderPayment {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

/// The payment that an input field names, if the origin sees it.
///
/// # Errors
/// `NOT_FOUND` for the field.
pub fn located(work: &mut Work, id: ProviderPaymentId, field: &str) -> Decision<Arc<ProviderPayment>> {
    match work.get::<ProviderPayment>(id)? {
        Some(payment) if payment.is_visible(work)? => Ok(payment),
        _ => Err(Refused::not_found(field, "payment through a provider").into()),
    }
}

/// A provider by its code.
///
/// # Errors
/// [`LedgerFault`].
pub async fn provider(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    code: &str,
) -> Result<Option<PaymentProvider>, LedgerFault> {
    Ok(read::by_unique(db, tenant, &CODE, &[code]).await?.into_iter().next())
}

/// Providers, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn providers(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    page: Page<i64>,
) -> Result<Vec<PaymentProvider>, LedgerFault> {
    read::page(db, read::select::<PaymentProvider>(tenant), false, page).await
}

/// Payments through providers, newest first; of some accounts and in some states only, where these are given.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    accounts: Option<&[AccountId]>,
    states: &[ProviderPaymentState],
    page: Page<i64>,
) -> Result<Vec<ProviderPayment>, LedgerFault> {
    let mut query = read::select::<ProviderPayment>(tenant);
    if let Some(accounts) = accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    if !states.is_empty() {
        query.and_any("state", states.iter().map(|state| state.word().into()).collect());
    }
    read::page(db, query, true, page).await
}

/// Payments whose provider is to be asked by now, of all tenants.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_ask(
    db: &impl ConnectionTrait,
    now: Micros,
    most: u64,
) -> Result<Vec<(TenantId, ProviderPaymentId)>, LedgerFault> {
    let sql =
        format!("SELECT tenant_id, id FROM provider_payment WHERE next_ask_us <= $1 ORDER BY next_ask_us LIMIT {most}");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [now.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| Ok((TenantId(row.try_get("", "tenant_id")?), ProviderPaymentId(row.try_get("", "id")?))))
        .collect()
}
