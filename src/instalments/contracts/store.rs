//! Rows of contracts and of their instalments.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ContractState, Instalment, InstalmentContract, InstalmentStatus, SettledBy, msisdn_id};
use crate::customers::visible;
use crate::instalments::models::PostingType;
use crate::instalments::schedule::{FeeTiming, Line, RepaymentMethod, Terms};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{
    AccountId, CustomerId, EntryId, InstalmentContractId, InstalmentId, InstalmentModelId, Minor, TenantId,
};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::{instalment, instalment_contract};

/// A contract's reference.
pub static REFERENCE: Index =
    Index { table: Table::InstalmentContract, column: "reference", field: "reference", what: "the reference" };
/// The tenant's own reference of a contract.
pub static EXTERNAL_REFERENCE: Index = Index {
    table: Table::InstalmentContract,
    column: "external_reference",
    field: "externalReference",
    what: "the external reference",
};

/// The open contracts of a customer.
pub static OPEN_OF_CUSTOMER: &Set<InstalmentContract> = &SETS[0];
/// The contracts in force that an account pays for.
pub static PAID_BY: &Set<InstalmentContract> = &SETS[1];
/// The contracts that are not in force yet and came from a telephone number, by what [`msisdn_id`] makes of that.
pub static OF_MSISDN: &Set<InstalmentContract> = &SETS[2];
/// All contracts that a customer ever had. Loaded only where one is erased, or merged into another.
pub static EVERY: &Set<InstalmentContract> = &SETS[3];

static SETS: [Set<InstalmentContract>; 4] = [
    Set {
        name: "open_of_customer",
        owner: "customer_id",
        condition: "found.state IN ('CREATED', 'ACTIVE')",
        owner_of: |contract| contract.state.is_open().then_some(contract.customer.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 2 * super::MOST,
    },
    Set {
        name: "paid_by",
        owner: "paying_account_id",
        condition: "found.state = 'ACTIVE'",
        owner_of: |contract| (contract.state == ContractState::Active).then_some(contract.paying.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 2 * super::MOST,
    },
    Set {
        name: "of_msisdn",
        owner: "msisdn_id",
        condition: "found.state = 'CREATED'",
        owner_of: |contract| msisdn_key(contract).filter(|_| contract.state == ContractState::Created),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 2 * super::MOST,
    },
    Set {
        name: "every",
        owner: "customer_id",
        condition: "TRUE",
        owner_of: |contract| Some(contract.customer.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
];

fn msisdn_key(contract: &InstalmentContract) -> Option<Uuid> {
    contract.msisdn.as_deref().map(|msisdn| msisdn_id(msisdn).0)
}

fn count(stored: i64) -> Result<u32, LedgerFault> {
    known(u32::try_from(stored).ok(), "a number of instalments")
}

impl Row for InstalmentContract {
    type Id = InstalmentContractId;
    type Entity = instalment_contract::Entity;

    const TABLE: Table = Table::InstalmentContract;
    const WHAT: &'static str = "instalment contract";

    fn id(&self) -> InstalmentContractId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> instalment_contract::Model {
        instalment_contract::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            reference: self.reference.clone(),
            external_reference: self.external_reference.clone(),
            model_id: self.model.0,
            customer_id: self.customer.0,
            receiving_account_id: self.receiving.0,
            paying_account_id: self.paying.0,
            account_id: self.account.map(|account| account.0),
            state: self.state.word().into(),
            currency: self.currency.code().into(),
            channel: self.channel.clone(),
            msisdn: self.msisdn.clone(),
            msisdn_id: msisdn_key(self),
            contracted_on: self.contracted_on,
            activated_on: self.activated_on,
            ended_on: self.ended_on,
            credit_minor: self.terms.credit.0,
            rate_annual_pct: self.terms.rate_annual_pct.normalize().to_string(),
            method: self.terms.method.word().into(),
            balloon_minor: self.terms.balloon.0,
            grace_terms: self.terms.grace.into(),
            fee_minor: self.terms.fee.0,
            fee_timing: self.terms.fee_timing.word().into(),
            posting: self.posting.word().into(),
            terms: self.terms.count.into(),
            first_due: self.terms.first,
            interest_minor: self.interest.0,
            level_minor: self.level.0,
            regular_minor: self.regular.0,
            next_number: self.next_number.into(),
            next_due: self.next_due,
            last_number: self.last_number.into(),
            principal_posted_minor: self.principal_posted.0,
            interest_posted_minor: self.interest_posted.0,
            fee_posted_minor: self.fee_posted.0,
            payout_id: self.payout.map(|entry| entry.0),
            settled_by: self.settled_by.map(|by| by.word().into()),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: instalment_contract::Model) -> Result<Self, LedgerFault> {
        let settled_by = row.settled_by.as_deref().map(|by| known(SettledBy::from_word(by), "who settled a contract"));
        Ok(Self {
            id: InstalmentContractId(row.id),
            ordinal: row.ordinal,
            reference: row.reference,
            external_reference: row.external_reference,
            model: InstalmentModelId(row.model_id),
            customer: CustomerId(row.customer_id),
            receiving: AccountId(row.receiving_account_id),
            paying: AccountId(row.paying_account_id),
            account: row.account_id.map(AccountId),
            state: known(ContractState::from_word(&row.state), "state of a contract")?,
            currency: known_currency(&row.currency)?,
            channel: row.channel,
            msisdn: row.msisdn,
            contracted_on: row.contracted_on,
            activated_on: row.activated_on,
            ended_on: row.ended_on,
            terms: Terms {
                credit: Minor(row.credit_minor),
                rate_annual_pct: known(row.rate_annual_pct.parse().ok(), "rate of a contract")?,
                count: count(row.terms)?,
                method: known(RepaymentMethod::from_word(&row.method), "method of a contract")?,
                balloon: Minor(row.balloon_minor),
                grace: count(row.grace_terms)?,
                fee: Minor(row.fee_minor),
                fee_timing: known(FeeTiming::from_word(&row.fee_timing), "timing of a fee")?,
                first: row.first_due,
            },
            posting: known(PostingType::from_word(&row.posting), "posting type")?,
            interest: Minor(row.interest_minor),
            level: Minor(row.level_minor),
            regular: Minor(row.regular_minor),
            next_number: count(row.next_number)?,
            next_due: row.next_due,
            last_number: count(row.last_number)?,
            principal_posted: Minor(row.principal_posted_minor),
            interest_posted: Minor(row.interest_posted_minor),
            fee_posted: Minor(row.fee_posted_minor),
            payout: row.payout_id.map(EntryId),
            settled_by: settled_by.transpose()?,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        let external = self.external_reference.as_deref().map(|reference| (&EXTERNAL_REFERENCE, reference));
        std::iter::once((&REFERENCE, self.reference.as_str())).chain(external).collect()
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }

    fn changes(column: &str) -> bool {
        !matches!(
            column,
            "ordinal"
                | "reference"
                | "external_reference"
                | "model_id"
                | "receiving_account_id"
                | "currency"
                | "channel"
                | "contracted_on"
                | "rate_annual_pct"
                | "method"
                | "grace_terms"
                | "fee_timing"
                | "posting"
                | "created_at_us"
        )
    }
}

impl Owned for InstalmentContract {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(visible(work.origin(), self.customer))
    }
}

impl Row for Instalment {
    type Id = InstalmentId;
    type Entity = instalment::Entity;

    const TABLE: Table = Table::Instalment;
    const WHAT: &'static str = "instalment";

    fn id(&self) -> InstalmentId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> instalment::Model {
        let entries: Vec<String> = self.entries.iter().map(EntryId::to_string).collect();
        instalment::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            contract_id: self.contract.0,
            number: self.line.number.into(),
            due: self.line.due,
            principal_minor: self.line.principal.0,
            interest_minor: self.line.interest.0,
            fee_minor: self.line.fee.0,
            status: self.status.word().into(),
            posted_on: self.posted_on,
            entries: (!entries.is_empty()).then(|| entries.join(",")),
        }
    }

    fn from_model(row: instalment::Model) -> Result<Self, LedgerFault> {
        let entries = row.entries.as_deref().unwrap_or_default();
        let entries = entries.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok());
        Ok(Self {
            id: InstalmentId(row.id),
            contract: InstalmentContractId(row.contract_id),
            line: Line {
                number: count(row.number)?,
                due: row.due,
                principal: Minor(row.principal_minor),
                interest: Minor(row.interest_minor),
                fee: Minor(row.fee_minor),
            },
            status: known(InstalmentStatus::from_word(&row.status), "status of an instalment")?,
            posted_on: row.posted_on,
            entries: known(entries.collect(), "entries of an instalment")?,
        })
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "contract_id" | "number")
    }
}

/// How a contract is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstalmentContractBy {
    /// By Konto's id.
    Id(InstalmentContractId),
    /// By its reference.
    Reference(String),
    /// By the tenant's own reference.
    ExternalReference(String),
}

impl InstalmentContractBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<InstalmentContract>(*id),
            Self::Reference(reference) => wants.unique::<InstalmentContract>(&REFERENCE, reference),
            Self::ExternalReference(reference) => wants.unique::<InstalmentContract>(&EXTERNAL_REFERENCE, reference),
        }
    }

    /// The contract that an input field names, if the origin sees it.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<InstalmentContract>> {
        let found = match self {
            Self::Id(id) => work.get::<InstalmentContract>(*id)?,
            Self::Reference(reference) => work.find::<InstalmentContract>(&REFERENCE, reference)?,
            Self::ExternalReference(reference) => work.find::<InstalmentContract>(&EXTERNAL_REFERENCE, reference)?,
        };
        let found = found.filter(|contract| visible(work.origin(), contract.customer));
        found.ok_or_else(|| not_found(field))
    }
}

/// That there is no such contract.
pub(super) fn not_found(field: &str) -> crate::work::Stop {
    Refused::not_found(field, "instalment contract").into()
}

/// A contract, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &InstalmentContractBy,
) -> Result<Option<InstalmentContract>, LedgerFault> {
    let found = match by {
        InstalmentContractBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        InstalmentContractBy::Reference(reference) => read::by_unique(db, tenant, &REFERENCE, &[reference]).await?,
        InstalmentContractBy::ExternalReference(reference) => {
            read::by_unique(db, tenant, &EXTERNAL_REFERENCE, &[reference]).await?
        }
    };
    Ok(found.into_iter().next())
}

/// Which contracts to list.
#[derive(Clone, Debug, Default)]
pub struct InstalmentContractFilter {
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only those that this account pays for.
    pub paying: Option<AccountId>,
    /// Only those made by this model.
    pub model: Option<InstalmentModelId>,
    /// Only in this state.
    pub state: Option<ContractState>,
}

/// Contracts, newest first, open and ended alike.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &InstalmentContractFilter,
    page: Page<i64>,
) -> Result<Vec<InstalmentContract>, LedgerFault> {
    let mut query = read::select::<InstalmentContract>(tenant);
    let conditions = [
        ("customer_id = ", filter.customer.map(|customer| customer.0.into())),
        ("paying_account_id = ", filter.paying.map(|account| account.0.into())),
        ("model_id = ", filter.model.map(|model| model.0.into())),
        ("state = ", filter.state.map(|state| state.word().into())),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            query.and(condition, value);
        }
    }
    read::page(db, query, true, page).await
}

/// The instalments of a contract, in order.
///
/// # Errors
/// [`LedgerFault`].
pub async fn instalments(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    contract: InstalmentContractId,
) -> Result<Vec<Instalment>, LedgerFault> {
    let mut found = read::of_owners::<Instalment>(db, tenant, "contract_id", &[contract.0]).await?;
    found.sort_by_key(|instalment| instalment.line.number);
    Ok(found)
}

/// The contracts whose next instalment is due by a day, behind one of them: with that instalment's number.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<InstalmentContractId>,
    limit: u64,
) -> Result<Vec<(InstalmentContractId, u32)>, LedgerFault> {
    let mut query = read::select::<InstalmentContract>(tenant);
    query.and_raw("next_due IS NOT NULL");
    query.and("next_due <= ", day.into());
    if let Some(after) = after {
        query.and("id > ", after.0.into());
    }
    query.end(&format!(" ORDER BY id LIMIT {limit}"));
    let rows = query.all(db).await?;
    let found = rows.iter().map(InstalmentContract::of_result);
    found.map(|contract| contract.map(|contract| (contract.id, contract.next_number))).collect()
}
