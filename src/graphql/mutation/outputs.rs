//! What mutations show of what they made or changed: read after the commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::Context;

use crate::accounts;
use crate::accounts::graphql::{Account, Product};
use crate::customers;
use crate::customers::graphql::Customer;
use crate::graphql::context::caller;
use crate::graphql::fault::Fault;
use crate::ledger::graphql::{Entry, Hold};
use crate::ledger::{LedgerFault, journal};
use crate::primitives::{AccountId, EntryId, HoldId};

const GONE: LedgerFault = LedgerFault::Inconsistent("what a mutation has just made is not there");

pub(super) fn customer(customer: customers::Customer) -> Customer {
    Customer::new(customer)
}

pub(super) fn product(product: accounts::Product) -> Product {
    Product::new(product)
}

pub(super) fn account(account: accounts::Account) -> Account {
    Account::new(account)
}

pub(super) async fn account_by_id(ctx: &Context<'_>, id: AccountId) -> Result<Account, Fault> {
    let found = caller(ctx)?.loaders.account(id).await?;
    Ok(Account::new(found.ok_or(GONE)?))
}

async fn raw_entry(ctx: &Context<'_>, id: EntryId) -> Result<Arc<crate::ledger::Entry>, Fault> {
    let found = caller(ctx)?.loaders.entry(id).await?;
    Ok(found.ok_or(GONE)?)
}

pub(super) async fn entry(ctx: &Context<'_>, id: EntryId) -> Result<Entry, Fault> {
    raw_entry(ctx, id).await.map(Entry::new)
}

/// An entry, and the one account that it was booked on.
pub(super) async fn booked(ctx: &Context<'_>, id: EntryId) -> Result<(Entry, Account), Fault> {
    let entry = raw_entry(ctx, id).await?;
    let account = entry.postings.iter().find_map(|posting| posting.account).ok_or(GONE)?;
    Ok((Entry::new(entry), account_by_id(ctx, account).await?))
}

/// A reversal, and the entry that it mirrors.
pub(super) async fn reversal(ctx: &Context<'_>, id: EntryId) -> Result<(Entry, Entry), Fault> {
    let reversal = raw_entry(ctx, id).await?;
    let reversed = raw_entry(ctx, reversal.reverses.ok_or(GONE)?).await?;
    Ok((Entry::new(reversal), Entry::new(reversed)))
}

/// A hold, and its account.
pub(super) async fn hold(ctx: &Context<'_>, id: HoldId) -> Result<(Hold, Account), Fault> {
    let caller = caller(ctx)?;
    let mut holds = journal::holds(caller.db(), caller.tenant(), BTreeSet::from([id])).await?;
    let hold = holds.remove(&id).ok_or(GONE)?;
    let account = account_by_id(ctx, hold.account).await?;
    Ok((Hold::new(hold), account))
}

/// The hold that an entry captured, and its account.
pub(super) async fn captured(ctx: &Context<'_>, id: EntryId) -> Result<(Hold, Account), Fault> {
    let entry = raw_entry(ctx, id).await?;
    hold(ctx, entry.hold.ok_or(GONE)?).await
}
