//! Transactions: entries as one account sees them.

use std::collections::HashMap;

use chrono::NaiveDate;
use futures_util::future::try_join_all;
use sea_orm::{DatabaseConnection, DbBackend, QueryResult, Value};

use super::entry::{AccountTotal, TransactionKind};
use super::fault::LedgerFault;
use super::journal::{currency, word};
use super::query::{Page, Query};
use crate::database::Kind;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, Minor, TenantId};

/// An entry seen from one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Which account.
    pub account: AccountId,
    /// The entry's sequence: the order of the list.
    pub entry_sequence: i64,
    /// What it means.
    pub kind: TransactionKind,
    /// In which currency.
    pub currency: Currency,
    /// The effect on the account, and its balance afterwards.
    pub total: AccountTotal,
    /// When it counts.
    pub value_date: NaiveDate,
    /// When it was booked.
    pub booked_at: Micros,
    /// When it was authorised or ordered.
    pub authorised_on: NaiveDate,
    /// For people: what this side was told, or else what the entry says.
    pub description: String,
}

/// A span of the journal that is not one of days: what a statement of an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntrySpan {
    /// It begins behind this entry.
    pub above: i64,
    /// Up to this entry, and nothing behind it but `also`.
    pub cut: i64,
    /// Only what counts by this day.
    pub through: Option<NaiveDate>,
    /// Not what the span before has: up to an entry, and by a day.
    pub before: Option<(i64, NaiveDate)>,
    /// Nor these entries, from the first to the last: none when zero.
    pub except: (i64, i64),
    /// And these besides.
    pub also: (i64, i64),
}

/// Which transactions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TransactionFilter {
    /// Authorised on or after.
    pub from: Option<NaiveDate>,
    /// Authorised before.
    pub before: Option<NaiveDate>,
    /// Only these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
    /// Only in this span.
    pub span: Option<EntrySpan>,
}

const TRANSACTION: &str = "SELECT account_id, entry_sequence, kind, currency, account_amount_minor, \
     account_balance_after_minor, value_date, booked_at_us, authorised_on, COALESCE(message, (SELECT description FROM entry \
     WHERE entry.tenant_id = posting.tenant_id AND entry.sequence = posting.entry_sequence)) AS description \
     FROM posting WHERE tenant_id = ";

/// A page of an account's transactions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TransactionsOf {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub filter: TransactionFilter,
    /// Cut out how.
    pub page: Page<i64>,
}

/// Pages of accounts' transactions, newest first: one index scan each. PostgreSQL reads pages that differ in
/// their accounts only in one statement; on SQLite, where a statement is a call, they are read side by side.
///
/// # Errors
/// [`LedgerFault`].
pub async fn transactions_of(
    db: &DatabaseConnection,
    tenant: TenantId,
    pages: &[TransactionsOf],
) -> Result<Vec<(TransactionsOf, Vec<Transaction>)>, LedgerFault> {
    if db.get_database_backend() != DbBackend::Postgres || pages.len() == 1 {
        let read = pages.iter().map(async |page| {
            let mut query = Query::new(TRANSACTION, tenant);
            query.and("account_id = ", page.account.0.into());
            cut(&mut query, &page.filter, page.page);
            let rows = query.all(db).await?;
            Ok((page.clone(), rows.iter().map(transaction).collect::<Result<_, LedgerFault>>()?))
        });
        return try_join_all(read).await;
    }
    let mut alike: HashMap<(&TransactionFilter, Page<i64>), Vec<&TransactionsOf>> = HashMap::new();
    for page in pages {
        alike.entry((&page.filter, page.page)).or_default().push(page);
    }
    let read = alike.into_iter().map(async |((filter, page), of)| {
        let mut query = Query::new(TRANSACTION, tenant);
        let accounts = query.bind(Kind::Uuid.array(of.iter().map(|page| page.account.0.into()).collect()));
        query.and_raw("account_id = a.id");
        cut(&mut query, filter, page);
        query.around(&format!("SELECT t.* FROM UNNEST(${accounts}::uuid[]) AS a (id) CROSS JOIN LATERAL ("), ") AS t");
        let mut found: HashMap<AccountId, Vec<Transaction>> = HashMap::new();
        for row in query.all(db).await? {
            let transaction = transaction(&row)?;
            found.entry(transaction.account).or_default().push(transaction);
        }
        for rows in found.values_mut() {
            rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.entry_sequence));
        }
        let page_of = |page: &TransactionsOf| (page.clone(), found.remove(&page.account).unwrap_or_default());
        Ok::<_, LedgerFault>(of.into_iter().map(page_of).collect::<Vec<_>>())
    });
    Ok(try_join_all(read).await?.into_iter().flatten().collect())
}

fn cut(query: &mut Query, filter: &TransactionFilter, page: Page<i64>) {
    query.and_raw("account_amount_minor IS NOT NULL");
    if let Some(from) = filter.from {
        query.and("authorised_on >= ", from.into());
    }
    if let Some(before) = filter.before {
        query.and("authorised_on < ", before.into());
    }
    query.kinds(&filter.kinds);
    if let Some(span) = &filter.span {
        within(query, span);
    }
    let (after, before) = (page.after.map(Value::from), page.before.map(Value::from));
    query.page("entry_sequence", true, after, before, page.backward, page.limit);
}

fn within(query: &mut Query, span: &EntrySpan) {
    let mut of_span = format!("entry_sequence <= {}", span.cut);
    if let Some(through) = span.through {
        let through = query.bind(through.into());
        of_span.push_str(&format!(" AND value_date <= ${through}"));
    }
    if let Some((cut, through)) = span.before {
        let through = query.bind(through.into());
        of_span.push_str(&format!(" AND (entry_sequence > {cut} OR value_date > ${through})"));
    }
    let (except, also) = (span.except, span.also);
    query.and_raw(&format!(
        "entry_sequence > {} AND (({of_span} AND NOT entry_sequence BETWEEN {} AND {}) OR entry_sequence BETWEEN {} AND {})",
        span.above, except.0, except.1, also.0, also.1
    ));
}

fn transaction(row: &QueryResult) -> Result<Transaction, LedgerFault> {
    let amount = Minor(row.try_get("", "account_amount_minor")?);
    let balance_after = Minor(row.try_get("", "account_balance_after_minor")?);
    Ok(Transaction {
        account: AccountId(row.try_get("", "account_id")?),
        entry_sequence: row.try_get("", "entry_sequence")?,
        kind: word(row, "kind", TransactionKind::from_word)?,
        currency: currency(row)?,
        total: AccountTotal { amount, balance_after },
        value_date: row.try_get("", "value_date")?,
        booked_at: row.try_get("", "booked_at_us")?,
        authorised_on: row.try_get("", "authorised_on")?,
        description: row.try_get("", "description")?,
    })
}
