//! Balances in the past: by value date, and as they were known at a moment.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, QueryResult};

use super::chart::{Component, InternalRole};
use super::fault::LedgerFault;
use super::journal::currency;
use super::query::Query;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, Minor, TenantId};

/// The balance of an account over all postings with a value date up to `date`, as far as they were booked by
/// `known` (all of them when absent).
///
/// # Errors
/// [`LedgerFault`].
pub async fn balance_as_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    date: NaiveDate,
    known: Option<Micros>,
) -> Result<Minor, LedgerFault> {
    let sql = format!("SELECT {} FROM posting WHERE tenant_id = ", exact_sum("account_amount_minor", "sum"));
    let mut query = Query::new(&sql, tenant);
    query.and("account_id = ", account.0.into());
    query.and_raw("account_amount_minor IS NOT NULL");
    query.and("value_date <= ", date.into());
    if let Some(known) = known {
        query.and("booked_at_us <= ", known.into());
    }
    let rows = query.all(db).await?;
    let sum = exact(rows.first().ok_or(LedgerFault::Inconsistent("no sum"))?, "sum")?;
    i64::try_from(sum).map(Minor).map_err(|_| LedgerFault::Inconsistent("a balance beyond all bounds"))
}

/// What a sum of minor units is taken apart by, so that neither part passes 64 bits.
const PART: i64 = 1_000_000_000;

/// The columns of an exact sum, however large: SQLite adds up in 64 bits and fails, PostgreSQL gives a number that no
/// integer of ours may hold. Both parts have the sign of what is added.
fn exact_sum(column: &str, name: &str) -> String {
    format!(
        "CAST(COALESCE(SUM({column} / {PART}), 0) AS bigint) AS {name}_high, \
         CAST(COALESCE(SUM({column} % {PART}), 0) AS bigint) AS {name}_low"
    )
}

/// The exact sum of a row.
fn exact(row: &QueryResult, name: &str) -> Result<i128, LedgerFault> {
    let part = |part: &str| row.try_get::<i64>("", &format!("{name}_{part}"));
    Ok(i128::from(part("high")?) * i128::from(PART) + i128::from(part("low")?))
}

/// What a line of the trial balance adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A component of customers' accounts, all together.
    Customers(Component),
    /// An internal account.
    Internal(InternalRole),
}

/// A line of the trial balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialLine {
    /// What it adds up.
    pub class: Class,
    /// In which currency.
    pub currency: Currency,
    /// The sum of the negative postings, without its sign.
    pub debit: i128,
    /// The sum of the positive ones.
    pub credit: i128,
}

/// Every posting with a value date up to `as_of` (all when absent), added up by class and currency. Debits
/// and credits are equal per currency, or the books are broken.
///
/// # Errors
/// [`LedgerFault`].
pub async fn trial_balance(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    as_of: Option<NaiveDate>,
) -> Result<Vec<TrialLine>, LedgerFault> {
    let debit = exact_sum("(CASE WHEN p.amount_minor < 0 THEN -p.amount_minor ELSE 0 END)", "debit");
    let credit = exact_sum("(CASE WHEN p.amount_minor > 0 THEN p.amount_minor ELSE 0 END)", "credit");
    let sql = format!(
        "SELECT p.component, a.role, p.currency, {debit}, {credit} FROM posting p LEFT JOIN internal_account a \
         ON a.tenant_id = p.tenant_id AND a.id = p.internal_id WHERE p.tenant_id = "
    );
    let mut query = Query::new(&sql, tenant);
    if let Some(as_of) = as_of {
        query.and("p.value_date <= ", as_of.into());
    }
    query.end(" GROUP BY p.component, a.role, p.currency");
    let mut lines = query.all(db).await?.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    lines.sort_by_key(|line| (line.currency, line.class));
    Ok(lines)
}

fn line(row: &QueryResult) -> Result<TrialLine, LedgerFault> {
    let component: Option<String> = row.try_get("", "component")?;
    let role: Option<String> = row.try_get("", "role")?;
    let class = match (
        component.as_deref().and_then(Component::from_word),
        role.as_deref().and_then(InternalRole::from_word),
    ) {
        (Some(component), None) => Class::Customers(component),
        (None, Some(role)) => Class::Internal(role),
        _ => return Err(LedgerFault::Inconsistent("class of a ledger account")),
    };
    Ok(TrialLine { class, currency: currency(row)?, debit: exact(row, "debit")?, credit: exact(row, "credit")? })
}
