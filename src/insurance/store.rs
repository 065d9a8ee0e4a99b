//! Rows of insurance.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, Value};
use serde::{Deserialize, Serialize};

use super::model::{
    InsuranceAction, InsuranceContract, InsuranceEvent, InsurancePackage, InsurancePremium, InsuranceStatus,
    MOST_CONTRACTS, PackageEvent, born_by,
};
use crate::accounts::AccountBy;
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{
    AccountId, EntryId, InsuranceContractId, InsuranceEventId, InsurancePackageId, InsurancePremiumId, Minor, TenantId,
};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::{insurance_contract, insurance_event, insurance_package, insurance_premium};

/// A package's code.
pub static CODE: Index = Index { table: Table::InsurancePackage, column: "code", field: "code", what: "the code" };
/// Account and package of an insurance that is not closed.
pub static STANDING: Index = Index {
    table: Table::InsuranceContract,
    column: "standing",
    field: "package",
    what: "an insurance of this package",
};

/// The insurances of an account that are not closed.
pub static OF_ACCOUNT: &Set<InsuranceContract> = &SETS[0];
/// All that there ever were on an account. Loaded only where a customer is erased.
pub static EVERY: &Set<InsuranceContract> = &SETS[1];

static SETS: [Set<InsuranceContract>; 2] = [
    Set {
        name: "of_account",
        owner: "account_id",
        condition: "found.status <> 'CLOSED'",
        owner_of: |contract| (contract.status != InsuranceStatus::Closed).then_some(contract.account.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: MOST_CONTRACTS,
    },
    Set {
        name: "every",
        owner: "account_id",
        condition: "TRUE",
        owner_of: |contract| Some(contract.account.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
];
/// What was noted to the events of an insurance. Loaded only where a customer is erased.
pub static NOTED: Set<InsuranceEvent> = Set {
    name: "noted",
    owner: "contract_id",
    condition: "found.note IS NOT NULL",
    owner_of: |event| event.note.as_ref().map(|_| event.contract.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 100_000,
};

impl Row for InsurancePackage {
    type Id = InsurancePackageId;
    type Entity = insurance_package::Entity;

    const TABLE: Table = Table::InsurancePackage;
    const WHAT: &'static str = "insurance package";

    fn id(&self) -> InsurancePackageId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> insurance_package::Model {
        insurance_package::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            code: self.code.clone(),
            name: self.name.clone(),
            maximum_age: self.maximum_age.map(i32::from),
            // Plain data: the only failure would be the writer's, and a text has none.
            terms: serde_json::to_string(&self.terms).unwrap_or_default(),
            retired: self.retired,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: insurance_package::Model) -> Result<Self, LedgerFault> {
        let maximum_age = row.maximum_age.map(u16::try_from).transpose();
        Ok(Self {
            id: InsurancePackageId(row.id),
            ordinal: row.ordinal,
            code: row.code,
            name: row.name,
            maximum_age: maximum_age.map_err(|_| LedgerFault::Inconsistent("maximum age of a package"))?,
            terms: known(serde_json::from_str(&row.terms).ok(), "terms of a package")?,
            retired: row.retired,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&CODE, &self.code)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "name" | "maximum_age" | "terms" | "retired")
    }
}

impl Owned for InsurancePackage {
    /// What is offered is nobody's secret.
    fn is_visible(&self, _work: &mut Work) -> Decision<bool> {
        Ok(true)
    }
}

impl Row for InsuranceContract {
    type Id = InsuranceContractId;
    type Entity = insurance_contract::Entity;

    const TABLE: Table = Table::InsuranceContract;
    const WHAT: &'static str = "insurance";

    fn id(&self) -> InsuranceContractId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> insurance_contract::Model {
        insurance_contract::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            package_id: self.package.0,
            account_id: self.account.0,
            standing: self.standing.clone(),
            status: self.status.word().into(),
            covered: self.covered,
            starts_on: self.starts_on,
            activates_on: self.activates_on,
            ends_on: self.ends_on,
            end_reason: self.end_reason.clone(),
            closed_on: self.closed_on,
            periods: i32::try_from(self.periods).unwrap_or(i32::MAX),
            premium_due_on: self.premium_due_on,
            last_event_id: self.last_event.map(|event| event.0),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: insurance_contract::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: InsuranceContractId(row.id),
            ordinal: row.ordinal,
            package: InsurancePackageId(row.package_id),
            account: AccountId(row.account_id),
            standing: row.standing,
            status: known(InsuranceStatus::from_word(&row.status), "status of an insurance")?,
            covered: row.covered,
            starts_on: row.starts_on,
            activates_on: row.activates_on,
            ends_on: row.ends_on,
            end_reason: row.end_reason,
            closed_on: row.closed_on,
            periods: known(u32::try_from(row.periods).ok(), "periods of an insurance")?,
            premium_due_on: row.premium_due_on,
            last_event: row.last_event_id.map(InsuranceEventId),
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.standing.iter().map(|standing| (&STANDING, standing.as_str())).collect()
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }
}

impl Owned for InsuranceContract {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for InsuranceEvent {
    type Id = InsuranceEventId;
    type Entity = insurance_event::Entity;

    const TABLE: Table = Table::InsuranceEvent;
    const WHAT: &'static str = "event of an insurance";

    fn id(&self) -> InsuranceEventId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> insurance_event::Model {
        insurance_event::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            contract_id: self.contract.0,
            code: self.event.code.clone(),
            name: self.event.name.clone(),
            action: self.event.action.word().into(),
            status: self.event.status.word().into(),
            occurred_on: self.occurred_on,
            note: self.note.clone(),
            client: self.client.clone(),
            recorded_at_us: self.recorded_at,
        }
    }

    fn from_model(row: insurance_event::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: InsuranceEventId(row.id),
            ordinal: row.ordinal,
            contract: InsuranceContractId(row.contract_id),
            event: PackageEvent {
                code: row.code,
                name: row.name,
                action: known(InsuranceAction::from_word(&row.action), "action of an event")?,
                status: known(InsuranceStatus::from_word(&row.status), "status after an event")?,
            },
            occurred_on: row.occurred_on,
            note: row.note,
            client: row.client,
            recorded_at: row.recorded_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        column == "note"
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&NOTED)
    }
}

impl Row for InsurancePremium {
    type Id = InsurancePremiumId;
    type Entity = insurance_premium::Entity;

    const TABLE: Table = Table::InsurancePremium;
    const WHAT: &'static str = "premium";

    fn id(&self) -> InsurancePremiumId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> insurance_premium::Model {
        insurance_premium::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            contract_id: self.contract.0,
            period_from: self.from,
            period_through: self.through,
            amount_minor: self.amount.0,
            currency: self.currency.code().into(),
            entry_id: self.entry.map(|entry| entry.0),
            charged_on: self.charged_on,
        }
    }

    fn from_model(row: insurance_premium::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: InsurancePremiumId(row.id),
            ordinal: row.ordinal,
            contract: InsuranceContractId(row.contract_id),
            from: row.period_from,
            through: row.period_through,
            amount: Minor(row.amount_minor),
            currency: known_currency(&row.currency)?,
            entry: row.entry_id.map(EntryId),
            charged_on: row.charged_on,
        })
    }

    fn changes(_column: &str) -> bool {
        false
    }
}

// ---------------------------------------------------------------------------------------------------- by name

/// How a package is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackageBy {
    /// By Konto's id.
    Id(InsurancePackageId),
    /// By its code.
    Code(String),
}

impl PackageBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<InsurancePackage>(*id),
            Self::Code(code) => wants.unique::<InsurancePackage>(&CODE, code),
        }
    }

    /// The package that an input field names.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<InsurancePackage>> {
        let found = match self {
            Self::Id(id) => work.get::<InsurancePackage>(*id)?,
            Self::Code(code) => work.find::<InsurancePackage>(&CODE, code)?,
        };
        found.ok_or_else(|| Refused::not_found(field, "insurance package").into())
    }
}

/// How an insurance is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContractBy {
    /// By Konto's id.
    Id(InsuranceContractId),
    /// By its account and package, while it is not closed.
    Of(AccountBy, PackageBy),
}

impl ContractBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<InsuranceContract>(*id),
            Self::Of(account, package) => {
                account.hint(wants);
                package.hint(wants);
            }
        }
    }

    /// The insurance that an input field names, if the origin sees it.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<InsuranceContract>> {
        let found = match self {
            Self::Id(id) => work.get::<InsuranceContract>(*id)?,
            Self::Of(account, package) => {
                let account = account.locate(work, &format!("{field}.of.account"))?;
                let package = package.locate(work, &format!("{field}.of.package"))?;
                work.find::<InsuranceContract>(&STANDING, &InsuranceContract::standing_of(account.id, package.id))?
            }
        };
        match found {
            Some(contract) if contract.is_visible(work)? => Ok(contract),
            _ => Err(Refused::not_found(field, "insurance").into()),
        }
    }
}

// ------------------------------------------------------------------------------------------------------ lists

/// A package, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn package(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &PackageBy,
) -> Result<Option<InsurancePackage>, LedgerFault> {
    let found = match by {
        PackageBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        PackageBy::Code(code) => read::by_unique(db, tenant, &CODE, &[code]).await?,
    };
    Ok(found.into_iter().next())
}

/// The insurance of a package on an account that is not closed.
///
/// # Errors
/// [`LedgerFault`].
pub async fn standing(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    package: InsurancePackageId,
) -> Result<Option<InsuranceContract>, LedgerFault> {
    let key = InsuranceContract::standing_of(account, package);
    Ok(read::by_unique(db, tenant, &STANDING, &[&key]).await?.into_iter().next())
}

/// Packages, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn packages(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    retired: Option<bool>,
    page: Page<i64>,
) -> Result<Vec<InsurancePackage>, LedgerFault> {
    let mut query = read::select::<InsurancePackage>(tenant);
    if let Some(retired) = retired {
        query.and("retired = ", retired.into());
    }
    read::page(db, query, false, page).await
}

/// Which insurances to list.
#[derive(Clone, Debug, Default)]
pub struct ContractFilter {
    /// Only on one of these accounts; on all when absent.
    pub accounts: Option<Vec<AccountId>>,
    /// Only of this package.
    pub package: Option<InsurancePackageId>,
    /// Only in these states; in all but CLOSED when empty.
    pub statuses: Vec<InsuranceStatus>,
}

/// Insurances, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &ContractFilter,
    page: Page<i64>,
) -> Result<Vec<InsuranceContract>, LedgerFault> {
    let mut query = read::select::<InsuranceContract>(tenant);
    if let Some(accounts) = &filter.accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    if let Some(package) = filter.package {
        query.and("package_id = ", package.0.into());
    }
    match filter.statuses.is_empty() {
        true => query.and_raw("status <> 'CLOSED'"),
        false => {
            query.and_any("status", filter.statuses.iter().map(|status| status.word().into()).collect());
        }
    }
    read::page(db, query, true, page).await
}

/// What was recorded of an insurance, or charged for it, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_contract<R: Row>(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    contract: InsuranceContractId,
    page: Page<i64>,
) -> Result<Vec<R>, LedgerFault> {
    let mut query = read::select::<R>(tenant);
    query.and("contract_id = ", contract.0.into());
    read::page(db, query, true, page).await
}

/// Active insurances with a period that has begun by a day and is not charged, by their ids.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_charge(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<InsuranceContractId>,
    most: u64,
) -> Result<Vec<InsuranceContractId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM insurance_contract WHERE tenant_id = ", tenant);
    query.and("premium_due_on <= ", day.into());
    query.page("id", false, after.map(|id| id.0.into()), None, false, most);
    ids(query, db).await
}

/// Insurances that begin on a day, whose last day is over then, or whose insured is too old then, by their ids.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_turn(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<InsuranceContractId>,
    most: u64,
) -> Result<Vec<InsuranceContractId>, LedgerFault> {
    let mut of_ages = read::select::<InsurancePackage>(tenant);
    of_ages.and_raw("maximum_age IS NOT NULL");
    let packages = of_ages.all(db).await?;
    let packages = packages.iter().map(InsurancePackage::of_result).collect::<Result<Vec<_>, _>>()?;
    let mut query = Query::new("SELECT id FROM insurance_contract AS contract WHERE tenant_id = ", tenant);
    query.and_raw("status <> 'CLOSED'");
    let on = query.bind(Value::from(day));
    let mut conditions = vec![format!("activates_on <= ${on}"), format!("ends_on < ${on}")];
    for package in packages {
        let Some(born_by) = package.maximum_age.and_then(|maximum| born_by(day, maximum)) else { continue };
        let (package, born_by) = (query.bind(package.id.0.into()), query.bind(Value::from(born_by)));
        conditions.push(format!(
            "(package_id = ${package} AND EXISTS (SELECT 1 FROM account JOIN customer ON customer.tenant_id = account.tenant_id \
             AND customer.id = account.customer_id WHERE account.tenant_id = contract.tenant_id \
             AND account.id = contract.account_id AND customer.birth_date <= ${born_by}))"
        ));
    }
    query.and_raw(&format!("({})", conditions.join(" OR ")));
    query.page("id", false, after.map(|id| id.0.into()), None, false, most);
    ids(query, db).await
}

async fn ids(query: Query, db: &impl ConnectionTrait) -> Result<Vec<InsuranceContractId>, LedgerFault> {
    query.all(db).await?.iter().map(|row| Ok(InsuranceContractId(row.try_get("", "id")?))).collect()
}
