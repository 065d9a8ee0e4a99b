//! Application rows.

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::model::{LimitApplication, LimitApplicationStatus};
use crate::customers::visible;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{AccountId, CustomerId, LimitApplicationId, Minor, TenantId};
use crate::work::row::{Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::limit_application::{Entity, Model};

/// The applications of a customer's accounts. Loaded only where two records are merged, or one is erased.
pub static OF_CUSTOMER: Set<LimitApplication> = Set {
    name: "of_customer",
    owner: "customer_id",
    condition: "TRUE",
    owner_of: |application| Some(application.customer.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 100_000,
};

impl Row for LimitApplication {
    type Id = LimitApplicationId;
    type Entity = Entity;

    const TABLE: Table = Table::LimitApplication;
    const WHAT: &'static str = "application";

    fn id(&self) -> LimitApplicationId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            customer_id: self.customer.0,
            currency: self.currency.code().into(),
            wanted_minor: self.wanted.0,
            former_minor: self.former.0,
            granted_minor: self.granted.map(|granted| granted.0),
            reason: self.reason.clone(),
            status: self.status.word().into(),
            maker: self.maker.clone(),
            maker_customer_id: self.maker_customer.map(|customer| customer.0),
            valid_through: self.valid_through,
            submitted_at_us: self.submitted_at,
            ended_at_us: self.ended_at,
            decided_by: self.decided_by.clone(),
            comment: self.comment.clone(),
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: LimitApplicationId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            customer: CustomerId(row.customer_id),
            currency: known_currency(&row.currency)?,
            wanted: Minor(row.wanted_minor),
            former: Minor(row.former_minor),
            granted: row.granted_minor.map(Minor),
            reason: row.reason,
            status: known(LimitApplicationStatus::from_word(&row.status), "status of an application")?,
            maker: row.maker,
            maker_customer: row.maker_customer_id.map(CustomerId),
            valid_through: row.valid_through,
            submitted_at: row.submitted_at_us,
            ended_at: row.ended_at_us,
            decided_by: row.decided_by,
            comment: row.comment,
        })
    }

    fn changes(column: &str) -> bool {
        matches!(
            column,
            "granted_minor" | "status" | "ended_at_us" | "decided_by" | "comment" | "customer_id" | "reason"
        )
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OF_CUSTOMER)
    }
}

impl Owned for LimitApplication {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(visible(work.origin(), self.customer))
    }
}

/// Which applications to list.
#[derive(Clone, Debug, Default)]
pub struct LimitApplicationFilter {
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only of this customer's accounts.
    pub customer: Option<CustomerId>,
    /// Only in these states; in all when empty.
    pub statuses: Vec<LimitApplicationStatus>,
}

/// Applications, the newest first. One whose time is over has expired, whether or not that was noted.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &LimitApplicationFilter,
    today: NaiveDate,
    page: Page<i64>,
) -> Result<Vec<LimitApplication>, LedgerFault> {
    let mut query = read::select::<LimitApplication>(tenant);
    if let Some(account) = filter.account {
        query.and("account_id = ", account.0.into());
    }
    if let Some(customer) = filter.customer {
        query.and("customer_id = ", customer.0.into());
    }
    if !filter.statuses.is_empty() {
        let today = query.bind(today.into());
        let over = format!("(status = 'SUBMITTED' AND valid_through < ${today})");
        let conditions = filter.statuses.iter().map(|status| match status {
            LimitApplicationStatus::Submitted => format!("(status = 'SUBMITTED' AND valid_through >= ${today})"),
            LimitApplicationStatus::Expired => format!("(status = 'EXPIRED' OR {over})"),
            status => format!("status = '{}'", status.word()),
        });
        query.and_raw(&format!("({})", conditions.collect::<Vec<_>>().join(" OR ")));
    }
    read::page(db, query, true, page).await
}

/// Applications that are open although they were valid before a day only, by their ids.
///
/// # Errors
/// [`LedgerFault`].
pub async fn overdue(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<LimitApplicationId>,
    most: u64,
) -> Result<Vec<LimitApplicationId>, LedgerFault> {
    let mut query = read::select::<LimitApplication>(tenant);
    query.and_raw("status = 'SUBMITTED'");
    query.and("valid_through < ", day.into());
    if let Some(after) = after {
        query.and("id > ", after.0.into());
    }
    query.end(&format!(" ORDER BY id LIMIT {most}"));
    let rows = query.all(db).await?;
    rows.iter().map(|row| Ok(LimitApplication::of_result(row)?.id)).collect()
}
