//! What a closing has to see of the journal, read beforehand: with it, its decision needs no more than a few rows.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, Value};
use serde::{Deserialize, Serialize};

use crate::billing::model::BillingAccount;
use crate::ledger::query::Query;
use crate::ledger::{Component, LedgerFault, TransactionKind};
use crate::primitives::{AccountId, TenantId};
use crate::work::Row as _;
use crate::work::read;

/// What was booked on an account since its last closure, up to an entry of the journal: what is booked later is of the next
/// statement, whenever it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which account.
    pub account: AccountId,
    /// The cut of the closure before: whoever was faster has moved it.
    pub since: i64,
    /// The entry up to which it was looked.
    pub cut: i64,
    /// What moved its principal, by the day on which it counts.
    pub principal: Vec<(NaiveDate, i64)>,
    /// What moved its balance, all of it.
    pub total: i64,
    /// What was paid in, by the day on which it counts; less what came back.
    pub payments: Vec<(NaiveDate, i64)>,
    /// The first entry that counts after the closure.
    pub later: Option<i64>,
}

/// Accounts whose cycle is to be closed by a day, with what their closings have to see.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_close(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    through: NaiveDate,
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<Seen>, LedgerFault> {
    let mut query = read::select::<BillingAccount>(tenant);
    query.and("next_closure <= ", through.into());
    if let Some(after) = after {
        query.and("id > ", after.0.into());
    }
    query.end(&format!(" ORDER BY id LIMIT {limit}"));
    let accounts = query.all(db).await?;
    let accounts = accounts.iter().map(BillingAccount::of_result).collect::<Result<Vec<_>, _>>()?;
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    // Entries come into sight in their order, so that what lies up to here is all there.
    let head = Query::new("SELECT COALESCE(MAX(sequence), 0) AS cut FROM entry WHERE tenant_id = ", tenant);
    let cut: i64 = match head.all(db).await?.first() {
        Some(row) => row.try_get("", "cut")?,
        None => 0,
    };
    let ids = || accounts.iter().map(|account| Value::from(account.account.0)).collect::<Vec<_>>();
    let mut seen: std::collections::HashMap<AccountId, Seen> = accounts
        .iter()
        .map(|account| {
            let seen = Seen {
                account: account.account,
                since: account.last_cut,
                cut,
                principal: Vec::new(),
                total: 0,
                payments: Vec::new(),
                later: None,
            };
            (account.account, seen)
        })
        .collect();

    // An account has one line in an entry that has its net amount, and the index of these finds its entries.
    const OF_CYCLE: &str = "FROM billing_account b JOIN posting t ON t.tenant_id = b.tenant_id AND t.account_id = b.id \
         AND t.account_amount_minor IS NOT NULL AND t.entry_sequence > b.scan_from AND t.entry_sequence";
    const NOT_BEFORE: &str = "(b.last_closure IS NULL OR t.entry_sequence > b.last_cut OR t.value_date > b.last_closure) \
         AND NOT (t.entry_sequence BETWEEN b.own_first AND b.own_last)";
    let mut sums = Query::new(
        &format!(
            "SELECT t.account_id AS account_id, l.component AS component, t.value_date AS value_date, t.kind AS kind, \
             CAST(SUM(l.amount_minor) AS bigint) AS amount {OF_CYCLE} <= {cut} JOIN posting l ON l.tenant_id = t.tenant_id \
             AND l.entry_sequence = t.entry_sequence AND l.account_id = t.account_id WHERE b.tenant_id = "
        ),
        tenant,
    );
    sums.and_any("b.id", ids());
    sums.and_raw("t.value_date <= b.next_closure");
    sums.and_raw(NOT_BEFORE);
    sums.end(" GROUP BY t.account_id, l.component, t.value_date, t.kind ORDER BY t.value_date");
    for row in sums.all(db).await? {
        let Some(seen) = seen.get_mut(&AccountId(row.try_get("", "account_id")?)) else { continue };
        let component: Option<String> = row.try_get("", "component")?;
        let kind: String = row.try_get("", "kind")?;
        let (day, amount): (NaiveDate, i64) = (row.try_get("", "value_date")?, row.try_get("", "amount")?);
        seen.total += amount;
        if component.as_deref() == Some(Component::Principal.word()) {
            seen.principal.push((day, amount));
        }
        let is_payment = match TransactionKind::from_word(&kind) {
            Some(TransactionKind::Payment) => true,
            Some(TransactionKind::Reversal) => amount < 0,
            _ => false,
        };
        if is_payment {
            seen.payments.push((day, amount));
        }
    }
    let start = format!(
        "SELECT t.account_id AS account_id, MIN(t.entry_sequence) AS first {OF_CYCLE} <= {cut} WHERE b.tenant_id = "
    );
    let mut later = Query::new(&start, tenant);
    later.and_any("b.id", ids());
    later.and_raw("t.value_date > b.next_closure");
    later.and_raw(NOT_BEFORE);
    later.end(" GROUP BY t.account_id");
    for row in later.all(db).await? {
        if let Some(seen) = seen.get_mut(&AccountId(row.try_get("", "account_id")?)) {
            seen.later = Some(row.try_get("", "first")?);
        }
    }
    let found = accounts.iter().filter_map(|account| seen.remove(&account.account));
    Ok(found
        .map(|mut seen| {
            seen.principal = summed(seen.principal);
            seen.payments = summed(seen.payments);
            seen
        })
        .collect())
}

/// One movement a day.
fn summed(movements: Vec<(NaiveDate, i64)>) -> Vec<(NaiveDate, i64)> {
    let mut days = std::collections::BTreeMap::new();
    for (day, amount) in movements {
        *days.entry(day).or_insert(0) += amount;
    }
    days.into_iter().filter(|(_, amount)| *amount != 0).collect()
}
