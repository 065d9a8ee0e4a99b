//! What mutations show of what they made or changed: read after the commit.

use std::sync::Arc;

use async_graphql::Context;

use crate::api::accounts::Account;
use crate::api::books::{Entry, Hold};
use crate::api::context::caller;
use crate::api::fault::Fault;
use crate::ledger::{self, LedgerFault};
use crate::payments::loads::fee_of;
use crate::primitives::AccountId;

const GONE: LedgerFault = LedgerFault::Inconsistent("what a mutation has just made is not there");

pub(crate) async fn account_by_id(ctx: &Context<'_>, id: AccountId) -> Result<Account, Fault> {
    let found = caller(ctx)?.loaders.row::<crate::accounts::Account>(id).await?;
    Ok(Account::new(found.ok_or(GONE)?))
}

/// The one account that an entry was booked on.
pub(crate) async fn account_of(ctx: &Context<'_>, entry: &ledger::Entry) -> Result<Account, Fault> {
    let account = entry.postings.iter().find_map(|posting| posting.account).ok_or(GONE)?;
    account_by_id(ctx, account).await
}

/// A reversal, and the entry that it mirrors.
pub(crate) async fn reversal(ctx: &Context<'_>, reversal: Arc<ledger::Entry>) -> Result<(Entry, Entry), Fault> {
    let original = caller(ctx)?.loaders.entry(reversal.reverses.ok_or(GONE)?).await?;
    Ok((Entry::new(reversal), Entry::new(original.ok_or(GONE)?)))
}

/// What gave back the fee of the load or unload that an entry reverses, in the same decision.
pub(crate) async fn fee_given_back(ctx: &Context<'_>, reversal: &ledger::Entry) -> Result<Option<Entry>, Fault> {
    let Some(original) = reversal.reverses else { return Ok(None) };
    let loaders = &caller(ctx)?.loaders;
    let Some(reversed) = loaders.row::<ledger::rows::Reversed>(fee_of(original)).await? else { return Ok(None) };
    let last = loaders.entry(reversed.last).await?;
    Ok(last.filter(|last| last.command == reversal.command).map(Entry::new))
}

/// A hold, and its account.
pub(crate) async fn hold(ctx: &Context<'_>, hold: &ledger::Hold) -> Result<(Hold, Account), Fault> {
    Ok((Hold::new(hold.clone()), account_by_id(ctx, hold.account).await?))
}

/// The hold that an entry captured, as it is now, and its account.
pub(crate) async fn captured(ctx: &Context<'_>, entry: &ledger::Entry) -> Result<(Hold, Account), Fault> {
    let found = caller(ctx)?.loaders.row::<ledger::Hold>(entry.hold.ok_or(GONE)?).await?;
    hold(ctx, &found.ok_or(GONE)?).await
}
