//! Which transactions of an account are listed, and how.

use std::sync::Arc;

use async_graphql::{ID, InputObject};

use super::types::{Transaction, read_transaction_id};
use crate::api::accounts;
use crate::api::billing;
use crate::api::context::Caller;
use crate::api::enums::TransactionKind;
use crate::api::fault::Fault;
use crate::api::inputs::filter_list;
use crate::api::pagination::{Connection, EntrySequence, PageArgs, Window};
use crate::api::period::Days;
use crate::api::scalars::Date;
use crate::ledger::journal;
use crate::primitives::AccountId;

/// Which transactions of an account to list.
#[derive(Debug, Default, InputObject)]
pub struct TransactionFilter {
    /// Authorised on or after this day: by their `date`.
    from: Option<Date>,
    /// Authorised on or before this day.
    to: Option<Date>,
    /// Authorised in this month, like "2026-04"; not together with `from` or `to`.
    month: Option<String>,
    /// Only of these kinds; of all when absent. At least one.
    kinds: Option<Vec<TransactionKind>>,
    /// Only those of this statement of the account: then of whatever days, where none are given.
    statement: Option<ID>,
}

impl TransactionFilter {
    /// The statement that it names.
    #[must_use]
    pub fn statement(&self) -> Option<&ID> {
        self.statement.as_ref()
    }
}

/// The transactions of an account, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, the days and empty lists, and the database's.
pub async fn transactions(
    caller: &Caller,
    account: AccountId,
    filter: TransactionFilter,
    args: &PageArgs,
) -> Result<Connection<Transaction>, Fault> {
    let window = Window::<EntrySequence>::new(args)?;
    let asked = filter.statement.is_some();
    let of_statement = billing::filtered(caller, account, &filter).await?;
    if asked && of_statement.is_none() {
        return Ok(Connection::empty());
    }
    let span = Days::of(filter.from, filter.to, filter.month.as_deref())?;
    // Without bounds, the last thirty days and today, as the tenant counts them.
    let span = match span {
        Some(span) => span,
        None if asked => Days::default(),
        None => {
            let standing = caller.loaders.position(account).await?;
            Days::last_thirty(standing.map_or_else(|| caller.engine.clock().today(), |standing| standing.today))
        }
    };
    let filter = journal::TransactionFilter {
        from: span.from,
        before: span.before,
        kinds: filter_list("kinds", filter.kinds)?.unwrap_or_default(),
        span: of_statement,
    };
    let page = window.page(|key| key.0);
    let rows = caller.loaders.transactions(journal::TransactionsOf { account, filter, page }).await?;
    Ok(window.connect(Arc::unwrap_or_clone(rows), |row| EntrySequence(row.entry_sequence), Transaction::new))
}

/// The transactions of an account in a span of the journal, newest first, whatever days they are of.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn operations(
    caller: &Caller,
    account: AccountId,
    span: journal::EntrySpan,
    args: &PageArgs,
) -> Result<Connection<Transaction>, Fault> {
    let window = Window::<EntrySequence>::new(args)?;
    let filter = journal::TransactionFilter { span: Some(span), ..journal::TransactionFilter::default() };
    let page = window.page(|key| key.0);
    let rows = caller.loaders.transactions(journal::TransactionsOf { account, filter, page }).await?;
    Ok(window.connect(Arc::unwrap_or_clone(rows), |row| EntrySequence(row.entry_sequence), Transaction::new))
}

/// A transaction by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn transaction_by_id(caller: &Caller, id: &str) -> Result<Option<Transaction>, Fault> {
    let Some((sequence, account)) = read_transaction_id(id) else { return Ok(None) };
    if accounts::by_id(caller, account).await?.is_none() {
        return Ok(None);
    }
    let entry = caller.loaders.entry_by_sequence(sequence).await?;
    Ok(entry.and_then(|entry| Transaction::of_entry(&entry, account)))
}
