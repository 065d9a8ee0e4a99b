//! Rows of those who take part in accounts, and the roles that follow.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

use super::{CustomerRole, Participant, ParticipantRole, RoleSource};
use crate::database::{Kind, Listed, listed};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::known;
use crate::primitives::{AccountId, CustomerId, ParticipantId, TenantId};
use crate::work::read;
use crate::work::row::{Index, Row, Set, Table};
use entity::account_participant;

/// Each role of a customer's in an account is there once.
pub static LINK: Index = Index { table: Table::Participant, column: "link", field: "role", what: "the role" };
/// Who takes part in an account; and what a customer takes part in.
pub static SETS: [Set<Participant>; 2] = [
    Set {
        name: "of_account",
        owner: "account_id",
        condition: "TRUE",
        owner_of: |participant| Some(participant.account.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 1_000,
    },
    Set {
        name: "of_customer",
        owner: "customer_id",
        condition: "TRUE",
        owner_of: |participant| Some(participant.customer.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 10_000,
    },
];

impl Row for Participant {
    type Id = ParticipantId;
    type Entity = account_participant::Entity;

    const TABLE: Table = Table::Participant;
    const WHAT: &'static str = "participant of an account";

    fn id(&self) -> ParticipantId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> account_participant::Model {
        account_participant::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            customer_id: self.customer.0,
            role: self.role.word().into(),
            link: self.link.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: account_participant::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: ParticipantId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            customer: CustomerId(row.customer_id),
            role: known(ParticipantRole::from_word(&row.role), "role of a participant")?,
            link: row.link,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&LINK, &self.link)]
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }
}

/// Who takes part in accounts, in the order in which they were told.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_accounts(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    accounts: &[AccountId],
) -> Result<Vec<Participant>, LedgerFault> {
    let owners: Vec<Uuid> = accounts.iter().map(|account| account.0).collect();
    let mut found = read::of_owners::<Participant>(db, tenant, "account_id", &owners).await?;
    found.sort_by_key(|one| one.ordinal);
    Ok(found)
}

/// What a customer takes part in, in the order in which it was told.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    customer: CustomerId,
    page: Page<i64>,
) -> Result<Vec<Participant>, LedgerFault> {
    let mut query = read::select::<Participant>(tenant);
    query.and("customer_id = ", customer.0.into());
    read::page(db, query, false, page).await
}

/// The roles of customers, in one statement; who has none is left out.
///
/// # Errors
/// [`LedgerFault`].
pub async fn roles(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    sources: &[RoleSource],
    customers: &[CustomerId],
) -> Result<HashMap<CustomerId, Vec<CustomerRole>>, LedgerFault> {
    let backend = db.get_database_backend();
    let ids: Vec<sea_orm::Value> = customers.iter().map(|customer| customer.0.into()).collect();
    let (mut selects, mut binds) = (Vec::new(), vec![tenant.0.into()]);
    for RoleSource { table, column, role, condition } in sources {
        let number = binds.len() + 1;
        let (Listed { from, condition: among }, list) =
            listed(backend, (table, "found"), column, number, Kind::Uuid, ids.clone());
        selects.push(format!(
            "SELECT DISTINCT found.{column} AS customer, {role} AS role FROM {from} WHERE {among} AND {condition}"
        ));
        binds.push(list);
    }
    let statement = Statement::from_sql_and_values(backend, selects.join(" UNION ALL "), binds);
    let mut roles: HashMap<CustomerId, BTreeSet<CustomerRole>> = HashMap::new();
    for row in db.query_all_raw(statement).await? {
        let (customer, role): (Uuid, String) = (row.try_get("", "customer")?, row.try_get("", "role")?);
        let role = known(CustomerRole::from_word(&role), "role of a customer")?;
        roles.entry(CustomerId(customer)).or_default().insert(role);
    }
    Ok(roles.into_iter().map(|(customer, roles)| (customer, roles.into_iter().collect())).collect())
}
