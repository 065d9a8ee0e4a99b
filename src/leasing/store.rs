//! Plans, instalments, respites and terminations as rows.

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::model::{
    LeaseInstalment, LeaseParts, LeasePlan, LeasePrincipal, LeaseService, MOST_INSTALMENTS, MOST_PLANS, Respite,
    Termination, TerminationStatus,
};
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{
    AccountId, EntryId, LeaseInstalmentId, LeasePlanId, Minor, RespiteId, TenantId, TerminationId,
};
use crate::work::row::{Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{lease_instalment, lease_plan, respite, termination};

/// The plans of an account, the oldest first.
pub static PLANS: Set<LeasePlan> = Set {
    name: "of_account",
    owner: "account_id",
    condition: "TRUE",
    owner_of: |plan| Some(plan.account.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: MOST_PLANS,
};

/// The instalments of an account, in the order in which they were made.
pub static INSTALMENTS: Set<LeaseInstalment> = Set {
    name: "of_account",
    owner: "account_id",
    condition: "TRUE",
    owner_of: |instalment| Some(instalment.account.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: MOST_INSTALMENTS,
};

fn number(stored: i32, what: &'static str) -> Result<u32, LedgerFault> {
    known(u32::try_from(stored).ok(), what)
}

fn stored(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Row for LeasePlan {
    type Id = LeasePlanId;
    type Entity = lease_plan::Entity;

    const TABLE: Table = Table::LeasePlan;
    const WHAT: &'static str = "lease plan";

    fn id(&self) -> LeasePlanId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> lease_plan::Model {
        lease_plan::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            reference: self.reference.clone(),
            principal_mode: self.principal.word().into(),
            currency: self.currency.code().into(),
            last_number: stored(self.last_number),
            principal_minor: self.parts.principal.0,
            interest_minor: self.parts.interest.0,
            fee_minor: self.parts.fee.0,
            vat_minor: self.parts.vat.0,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: lease_plan::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: LeasePlanId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            reference: row.reference,
            principal: known(LeasePrincipal::from_word(&row.principal_mode), "principal of a plan")?,
            currency: known_currency(&row.currency)?,
            last_number: number(row.last_number, "last number of a plan")?,
            parts: LeaseParts {
                principal: Minor(row.principal_minor),
                interest: Minor(row.interest_minor),
                fee: Minor(row.fee_minor),
                vat: Minor(row.vat_minor),
            },
            created_at: row.created_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        matches!(column, "last_number" | "principal_minor" | "interest_minor" | "fee_minor" | "vat_minor")
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&PLANS)
    }
}

impl Owned for LeasePlan {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for LeaseInstalment {
    type Id = LeaseInstalmentId;
    type Entity = lease_instalment::Entity;

    const TABLE: Table = Table::LeaseInstalment;
    const WHAT: &'static str = "instalment of a lease";

    fn id(&self) -> LeaseInstalmentId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> lease_instalment::Model {
        let entries: Vec<String> = self.entries.iter().map(EntryId::to_string).collect();
        lease_instalment::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            plan_id: self.plan.0,
            account_id: self.account.0,
            number: stored(self.number),
            due_on: self.due_on,
            billing_on: self.billing_on,
            bill_on: self.bill_on(),
            letter_at_us: self.letter_at,
            reminder_at_us: self.reminder_at,
            principal_minor: self.parts.principal.0,
            interest_minor: self.parts.interest.0,
            fee_minor: self.parts.fee.0,
            vat_minor: self.parts.vat.0,
            currency: self.currency.code().into(),
            service: self.service.word().into(),
            residual: self.residual,
            billed_on: self.billed_on,
            entries: entries.join(","),
            cancelled_on: self.cancelled_on,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: lease_instalment::Model) -> Result<Self, LedgerFault> {
        let entries = row.entries.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok());
        Ok(Self {
            id: LeaseInstalmentId(row.id),
            ordinal: row.ordinal,
            plan: LeasePlanId(row.plan_id),
            account: AccountId(row.account_id),
            number: number(row.number, "number of an instalment")?,
            due_on: row.due_on,
            billing_on: row.billing_on,
            letter_at: row.letter_at_us,
            reminder_at: row.reminder_at_us,
            parts: LeaseParts {
                principal: Minor(row.principal_minor),
                interest: Minor(row.interest_minor),
                fee: Minor(row.fee_minor),
                vat: Minor(row.vat_minor),
            },
            currency: known_currency(&row.currency)?,
            service: known(LeaseService::from_word(&row.service), "service of an instalment")?,
            residual: row.residual,
            billed_on: row.billed_on,
            entries: known(entries.collect(), "entries of an instalment")?,
            cancelled_on: row.cancelled_on,
            created_at: row.created_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "ordinal" | "plan_id" | "account_id" | "number" | "currency" | "residual" | "created_at_us")
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&INSTALMENTS)
    }
}

impl Owned for LeaseInstalment {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for Respite {
    type Id = RespiteId;
    type Entity = respite::Entity;

    const TABLE: Table = Table::Respite;
    const WHAT: &'static str = "respite";

    fn id(&self) -> RespiteId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> respite::Model {
        respite::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            days: self.days.into(),
            dues: stored(self.dues),
            instalments: stored(self.instalments),
            granted_on: self.granted_on,
            client: self.client.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: respite::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: RespiteId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            days: known(u16::try_from(row.days).ok(), "days of a respite")?,
            dues: number(row.dues, "dues of a respite")?,
            instalments: number(row.instalments, "instalments of a respite")?,
            granted_on: row.granted_on,
            client: row.client,
            created_at: row.created_at_us,
        })
    }

    fn changes(_column: &str) -> bool {
        false
    }
}

impl Owned for Respite {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for Termination {
    type Id = TerminationId;
    type Entity = termination::Entity;

    const TABLE: Table = Table::Termination;
    const WHAT: &'static str = "termination";

    fn id(&self) -> TerminationId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> termination::Model {
        termination::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            status: self.status.word().into(),
            currency: self.currency.code().into(),
            next_check_on: self.next_check_on,
            minimum_minor: self.minimum.map(|minimum| minimum.0),
            paid_minor: self.paid.0,
            credit_account_id: self.credit_account.map(|account| account.0),
            since_us: self.since,
            pre_terminated_on: self.pre_terminated_on,
            terminated_on: self.terminated_on,
            normal_on: self.normal_on,
        }
    }

    fn from_model(row: termination::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: TerminationId(row.id),
            ordinal: row.ordinal,
            status: known(TerminationStatus::from_word(&row.status), "status of a termination")?,
            currency: known_currency(&row.currency)?,
            next_check_on: row.next_check_on,
            minimum: row.minimum_minor.map(Minor),
            paid: Minor(row.paid_minor),
            credit_account: row.credit_account_id.map(AccountId),
            since: row.since_us,
            pre_terminated_on: row.pre_terminated_on,
            terminated_on: row.terminated_on,
            normal_on: row.normal_on,
        })
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "ordinal" | "currency")
    }
}

impl Owned for Termination {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account())
    }
}

// ------------------------------------------------------------------------------------------------------ lists

/// The plans of an account, or the respites that it was given: the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_account<R: Row>(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    page: Page<i64>,
) -> Result<Vec<R>, LedgerFault> {
    let mut query = read::select::<R>(tenant);
    query.and("account_id = ", account.0.into());
    read::page(db, query, true, page).await
}

/// The instalments of a plan, by their numbers.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_plan(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    plan: LeasePlanId,
    page: Page<i64>,
) -> Result<Vec<LeaseInstalment>, LedgerFault> {
    let mut query = read::select::<LeaseInstalment>(tenant);
    query.and("plan_id = ", plan.0.into());
    read::page(db, query, false, page).await
}

/// Instalments that are to be billed by a day, by their ids.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_bill(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<LeaseInstalmentId>,
    most: u64,
) -> Result<Vec<LeaseInstalmentId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM lease_instalment WHERE tenant_id = ", tenant);
    query.and_raw("billed_on IS NULL AND cancelled_on IS NULL");
    query.and("bill_on <= ", day.into());
    query.page("id", false, after.map(|id| id.0.into()), None, false, most);
    query.all(db).await?.iter().map(|row| Ok(LeaseInstalmentId(row.try_get("", "id")?))).collect()
}

/// Credits whose day of the next check has ended by a day, by their ids.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_check(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<TerminationId>,
    most: u64,
) -> Result<Vec<TerminationId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM termination WHERE tenant_id = ", tenant);
    query.and_raw("status = 'PRE_TERMINATED'");
    query.and("next_check_on <= ", day.into());
    query.page("id", false, after.map(|id| id.0.into()), None, false, most);
    query.all(db).await?.iter().map(|row| Ok(TerminationId(row.try_get("", "id")?))).collect()
}
