//! Rows of merchants.

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::model::{
    MerchantContract, MerchantCycle, MerchantPayment, MerchantPaymentState, MerchantTransaction,
    MerchantTransactionKind,
};
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{
    EntryId, MerchantContractId, MerchantPaymentId, MerchantTransactionId, Minor, PartyId, TenantId,
};
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{merchant_contract, merchant_payment, merchant_transaction};

/// The currency and what acquirers call the merchant, of a contract that is not ended.
pub static STANDING: Index = Index {
    table: Table::MerchantContract,
    column: "standing",
    field: "merchantId",
    what: "a contract of this merchant in this currency",
};

impl Row for MerchantContract {
    type Id = MerchantContractId;
    type Entity = merchant_contract::Entity;

    const TABLE: Table = Table::MerchantContract;
    const WHAT: &'static str = "merchant contract";

    fn id(&self) -> MerchantContractId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> merchant_contract::Model {
        merchant_contract::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            party_id: self.party.0,
            merchant: self.merchant.clone(),
            standing: self.standing.clone(),
            name: self.name.clone(),
            currency: self.currency.code().into(),
            fee_pct: self.fee_pct.to_string(),
            fee_fixed_minor: self.fee_fixed.0,
            cycle: self.cycle.word().into(),
            next_on: self.next_on,
            // Plain data: the only failure would be the writer's, and a text has none.
            bank_account: serde_json::to_string(&self.bank_account).unwrap_or_default(),
            open_id: self.open.map(|payment| payment.0),
            created_at_us: self.created_at,
            ended_on: self.ended_on,
        }
    }

    fn from_model(row: merchant_contract::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: MerchantContractId(row.id),
            ordinal: row.ordinal,
            party: PartyId(row.party_id),
            merchant: row.merchant,
            standing: row.standing,
            name: row.name,
            currency: known_currency(&row.currency)?,
            fee_pct: known(row.fee_pct.parse().ok(), "fee of a merchant's contract")?,
            fee_fixed: Minor(row.fee_fixed_minor),
            cycle: known(MerchantCycle::from_word(&row.cycle), "cycle of a merchant's contract")?,
            next_on: row.next_on,
            bank_account: known(serde_json::from_str(&row.bank_account).ok(), "bank account of a merchant")?,
            open: row.open_id.map(MerchantPaymentId),
            created_at: row.created_at_us,
            ended_on: row.ended_on,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.standing.iter().map(|standing| (&STANDING, standing.as_str())).collect()
    }

    fn changes(column: &str) -> bool {
        matches!(column, "standing" | "next_on" | "open_id" | "ended_on")
    }
}

impl Owned for MerchantContract {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for MerchantPayment {
    type Id = MerchantPaymentId;
    type Entity = merchant_payment::Entity;

    const TABLE: Table = Table::MerchantPayment;
    const WHAT: &'static str = "payment to a merchant";

    fn id(&self) -> MerchantPaymentId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> merchant_payment::Model {
        merchant_payment::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            contract_id: self.contract.0,
            party_id: self.party.0,
            currency: self.currency.code().into(),
            state: self.state.word().into(),
            gross_minor: self.gross.0,
            fee_minor: self.fee.0,
            transactions: self.transactions,
            from_day: self.from,
            through_day: self.through,
            entry_id: self.entry.map(|entry| entry.0),
            paid_on: self.paid_on,
        }
    }

    fn from_model(row: merchant_payment::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: MerchantPaymentId(row.id),
            ordinal: row.ordinal,
            contract: MerchantContractId(row.contract_id),
            party: PartyId(row.party_id),
            currency: known_currency(&row.currency)?,
            state: known(MerchantPaymentState::from_word(&row.state), "state of a payment to a merchant")?,
            gross: Minor(row.gross_minor),
            fee: Minor(row.fee_minor),
            transactions: row.transactions,
            from: row.from_day,
            through: row.through_day,
            entry: row.entry_id.map(EntryId),
            paid_on: row.paid_on,
        })
    }
}

impl Owned for MerchantPayment {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for MerchantTransaction {
    type Id = MerchantTransactionId;
    type Entity = merchant_transaction::Entity;

    const TABLE: Table = Table::MerchantTransaction;
    const WHAT: &'static str = "transaction of a merchant";

    fn id(&self) -> MerchantTransactionId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> merchant_transaction::Model {
        merchant_transaction::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            contract_id: self.contract.0,
            party_id: self.party.0,
            payment_id: self.payment.0,
            kind: self.kind.word().into(),
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            fee_minor: self.fee.0,
            booked_on: self.booked_on,
        }
    }

    fn from_model(row: merchant_transaction::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: MerchantTransactionId(row.id),
            ordinal: row.ordinal,
            contract: MerchantContractId(row.contract_id),
            party: PartyId(row.party_id),
            payment: MerchantPaymentId(row.payment_id),
            kind: known(MerchantTransactionKind::from_word(&row.kind), "kind of a merchant's transaction")?,
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            fee: Minor(row.fee_minor),
            booked_on: row.booked_on,
        })
    }

    fn changes(_column: &str) -> bool {
        false
    }
}

// ------------------------------------------------------------------------------------------------------ lists

/// Which contracts to list.
#[derive(Clone, Debug, Default)]
pub struct ContractFilter {
    /// Only of this party.
    pub party: Option<PartyId>,
    /// Only those that are ended, or only the others.
    pub ended: Option<bool>,
}

/// Contracts, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn contracts(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &ContractFilter,
    page: Page<i64>,
) -> Result<Vec<MerchantContract>, LedgerFault> {
    let mut query = read::select::<MerchantContract>(tenant);
    if let Some(party) = filter.party {
        query.and("party_id = ", party.0.into());
    }
    match filter.ended {
        Some(true) => query.and_raw("ended_on IS NOT NULL"),
        Some(false) => query.and_raw("ended_on IS NULL"),
        None => {}
    }
    read::page(db, query, true, page).await
}

/// Which payments to list.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    /// Only to this party.
    pub party: Option<PartyId>,
    /// Only by this contract.
    pub contract: Option<MerchantContractId>,
    /// Only those that are so.
    pub state: Option<MerchantPaymentState>,
    /// Only those that were paid on this day or later.
    pub from: Option<NaiveDate>,
    /// Only those that were paid on this day or before.
    pub through: Option<NaiveDate>,
}

/// Payments to merchants, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn payments(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &PaymentFilter,
    page: Page<i64>,
) -> Result<Vec<MerchantPayment>, LedgerFault> {
    let mut query = read::select::<MerchantPayment>(tenant);
    if let Some(party) = filter.party {
        query.and("party_id = ", party.0.into());
    }
    if let Some(contract) = filter.contract {
        query.and("contract_id = ", contract.0.into());
    }
    if let Some(state) = filter.state {
        query.and("state = ", state.word().into());
    }
    if let Some(from) = filter.from {
        query.and("paid_on >= ", from.into());
    }
    if let Some(through) = filter.through {
        query.and("paid_on <= ", through.into());
    }
    read::page(db, query, true, page).await
}

/// Which transactions to list.
#[derive(Clone, Debug, Default)]
pub struct TransactionFilter {
    /// Only of this party.
    pub party: Option<PartyId>,
    /// Only by this contract.
    pub contract: Option<MerchantContractId>,
    /// Only those that this payment is made of.
    pub payment: Option<MerchantPaymentId>,
    /// Only those that are so; of all kinds when empty.
    pub kinds: Vec<MerchantTransactionKind>,
    /// Only those that were cleared on this day or later.
    pub from: Option<NaiveDate>,
    /// Only those that were cleared on this day or before.
    pub through: Option<NaiveDate>,
}

/// Transactions of merchants, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn transactions(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &TransactionFilter,
    page: Page<i64>,
) -> Result<Vec<MerchantTransaction>, LedgerFault> {
    let mut query = read::select::<MerchantTransaction>(tenant);
    if let Some(party) = filter.party {
        query.and("party_id = ", party.0.into());
    }
    if let Some(contract) = filter.contract {
        query.and("contract_id = ", contract.0.into());
    }
    if let Some(payment) = filter.payment {
        query.and("payment_id = ", payment.0.into());
    }
    if !filter.kinds.is_empty() {
        query.and_any("kind", filter.kinds.iter().map(|kind| kind.word().into()).collect());
    }
    if let Some(from) = filter.from {
        query.and("booked_on >= ", from.into());
    }
    if let Some(through) = filter.through {
        query.and("booked_on <= ", through.into());
    }
    read::page(db, query, true, page).await
}

/// Contracts whose cycle has come to its end by a day, by their ids.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_settle(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    through: NaiveDate,
    after: Option<MerchantContractId>,
    most: u64,
) -> Result<Vec<MerchantContractId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM merchant_contract WHERE tenant_id = ", tenant);
    query.and("next_on <= ", through.into());
    query.page("id", false, after.map(|id| id.0.into()), None, false, most);
    query.all(db).await?.iter().map(|row| Ok(MerchantContractId(row.try_get("", "id")?))).collect()
}
