//! What mutations show of what they made or changed: read after the commit.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    Context, ContextSelectionSet, Error, ID, OutputType, Positioned, ServerResult, SimpleObject, Value,
};

use crate::api::accounts::Account;
use crate::api::books::{Entry, Hold};
use crate::api::context::{Caller, caller};
use crate::api::fault::Fault;
use crate::ledger::{self, LedgerFault};
use crate::payments::loads::fee_of;
use crate::primitives::AccountId;
use crate::work;

/// What every mutation tells of what it did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct Receipt {
    /// Whether this is the first result again: the idempotency key had been used for this request.
    replayed: bool,
    /// The id of the command that did it: that of its record in the audit trail, and `LedgerEvent.commandId` of every event
    /// that it told. A repetition names the first. Null where nothing but waiting was asked for, or it goes on.
    command_id: Option<ID>,
}

impl From<work::Receipt> for Receipt {
    fn from(work::Receipt { replayed, command }: work::Receipt) -> Self {
        Self { replayed, command_id: Some(command.into()) }
    }
}

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

/// The account of something that a mutation has made or changed, in the schema an `Account` like any other: read when it is
/// asked for, so that who does not ask pays nothing for it.
#[derive(Clone, Copy, Debug)]
pub struct AccountOf(pub AccountId);

impl OutputType for AccountOf {
    fn type_name() -> Cow<'static, str> {
        Account::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Account::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let account = async {
            let caller = ctx.data::<Caller>().map_err(|error| Fault::internal(&error.message))?;
            let found = caller.loaders.row::<crate::accounts::Account>(self.0).await?;
            Ok::<_, Fault>(Account::new(found.ok_or(GONE)?))
        };
        let account = account.await.map_err(|fault| Error::from(fault).into_server_error(field.pos))?;
        account.resolve(ctx, field).await
    }
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
pub(crate) fn hold(hold: &ledger::Hold) -> (Hold, AccountOf) {
    (Hold::new(hold.clone()), AccountOf(hold.account))
}

/// The hold that an entry captured, as it is now, and its account.
pub(crate) async fn captured(ctx: &Context<'_>, entry: &ledger::Entry) -> Result<(Hold, AccountOf), Fault> {
    let found = caller(ctx)?.loaders.row::<ledger::Hold>(entry.hold.ok_or(GONE)?).await?;
    Ok(hold(&found.ok_or(GONE)?))
}
