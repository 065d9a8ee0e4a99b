//! The subscription root: the event log, live. Everything here takes the scope `subscribe`.

use std::sync::Arc;

use async_graphql::{Context, Error, ErrorExtensions as _, SimpleObject, Subscription};
use futures_util::Stream;

use crate::access::Scope;
use crate::api::accounts::{self as accounts, Account};
use crate::api::books::Transaction;
use crate::api::context::{Caller, allowed};
use crate::api::events::{LedgerEvent, LedgerEventFilter, Sieve};
use crate::api::fault::{Fault, FaultCode};
use crate::api::inputs::AccountBy;
use crate::api::money::Money;
use crate::api::pagination::{EventSequence, Key as _};
use crate::api::progress::Progress;
use crate::api::scalars::{Cursor, DateTime};
use crate::events::{Event, feed::Follower, store};
use crate::primitives::AccountId;

/// The end of a stream that broke: what the last event was, so that nothing is missed and nothing comes twice.
#[derive(Clone, Debug)]
pub struct Broken {
    fault: Fault,
    cursor: Cursor,
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        Self::from(broken.fault).extend_with(|_, extensions| extensions.set("cursor", broken.cursor.to_text()))
    }
}

/// How an account stands: as it is found, and after each event that changes it.
#[derive(Clone, Debug, SimpleObject)]
pub struct BalanceChange {
    /// The event's place in the log, or the end of the log for what was found: to go on from here.
    cursor: Cursor,
    /// When the event was committed; null for what was found.
    occurred_at: Option<DateTime>,
    /// The account, as it is now.
    account: Account,
    /// What was posted, when the balance changed; none when only what is available did.
    transaction: Option<Transaction>,
    /// The balance right after what was posted, or as it is now.
    balance: Money,
    /// What open holds reserve now.
    reserved: Money,
    /// What can be taken from it now.
    available: Money,
}

/// Everything that can be followed.
#[derive(Debug, Default)]
pub struct Subscription;

/// Everything that can be followed. Scope: subscribe.
#[Subscription]
impl Subscription {
    /// Everything after the cursor, from the database and then live: in order, without a gap or a repeat.
    /// Without a cursor: from now on. When the stream ends, subscribe again after the cursor of the last event that
    /// you have; an error at the end may carry a later one as extensions.cursor.
    async fn ledger_events<'ctx>(
        &self,
        ctx: &Context<'ctx>,
        #[graphql(desc = "The cursor of the last event that you have.")] after: Option<Cursor>,
        #[graphql(desc = "Only some of them.")] filter: Option<LedgerEventFilter>,
    ) -> Result<impl Stream<Item = Result<LedgerEvent, Broken>> + use<'ctx>, Fault> {
        let (caller, progress) = (allowed(ctx, Scope::Subscribe)?, ctx.data_opt::<Progress>());
        let after = match &after {
            Some(cursor) => Some(place(caller, cursor).await?),
            None => None,
        };
        let sieve = Sieve::new(caller, filter.unwrap_or_default()).await?;
        let mut follower = caller.engine.feed.follow(caller.tenant(), after).await?;
        Ok(async_stream::stream! {
            loop {
                for event in read(caller, &mut follower).await {
                    let event = match event {
                        Ok(event) => event,
                        Err(broken) => return yield Err(broken),
                    };
                    // One request that goes on for hours: what was read for earlier events is old.
                    caller.loaders.forget().await;
                    match sieve.passes(caller, &event).await {
                        Ok(false) => {}
                        Ok(true) => {
                            reach(progress, event.sequence);
                            yield Ok(LedgerEvent::new(event));
                        }
                        Err(fault) => return yield Err(broken(&fault, event.sequence - 1)),
                    }
                }
            }
        })
    }

    /// How accounts stand: first as they are found, one after the other as they are named, then after each event that changes
    /// the balance or the available funds of one of them. With a cursor, what has happened since comes instead of what is
    /// found. When the stream ends, subscribe again as with `ledgerEvents`.
    async fn balance_changed<'ctx>(
        &self,
        ctx: &Context<'ctx>,
        #[graphql(desc = "Which accounts: 1 to 100, each once.", validator(max_items = 100))] accounts: Vec<AccountBy>,
        #[graphql(desc = "The cursor of the last change that you have.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<BalanceChange, Broken>> + use<'ctx>, Fault> {
        let (caller, progress) = (allowed(ctx, Scope::Subscribe)?, ctx.data_opt::<Progress>());
        let ids = followed(caller, &accounts).await?;
        let after = match &after {
            Some(cursor) => Some(place(caller, cursor).await?),
            None => None,
        };
        // Followed before they are looked at, so that nothing happens in between: what has happened by the time that they are
        // looked at may be told once more, with the event's own figures.
        let mut follower = caller.engine.feed.follow(caller.tenant(), after).await?;
        let begin = follower.position();
        let found = if after.is_none() { ids.clone() } else { Vec::new() };
        Ok(async_stream::stream! {
            for id in found {
                match standing(caller, id, begin, None).await {
                    Ok(standing) => yield Ok(standing),
                    Err(fault) => return yield Err(broken(&fault, begin)),
                }
            }
            loop {
                for event in read(caller, &mut follower).await {
                    let event = match event {
                        Ok(event) => event,
                        Err(broken) => return yield Err(broken),
                    };
                    for id in ids.iter().filter(|id| event.touches(**id)) {
                        match standing(caller, *id, event.sequence, Some(&event)).await {
                            Ok(change) => {
                                reach(progress, event.sequence);
                                yield Ok(change);
                            }
                            Err(fault) => return yield Err(broken(&fault, event.sequence - 1)),
                        }
                    }
                }
            }
        })
    }
}

/// Where to go on from. A place that the log has not reached would be waited for in silence.
async fn place(caller: &Caller, cursor: &Cursor) -> Result<i64, Fault> {
    let refuse = |message| Fault::new(FaultCode::BadRequest, message);
    let place = EventSequence::of_cursor(cursor).map(|sequence| sequence.0);
    let place = place.ok_or_else(|| refuse("after is not a cursor of the event log"))?;
    if place > store::last_sequence(caller.db(), caller.tenant()).await? {
        return Err(refuse("after lies beyond the end of the log"));
    }
    Ok(place)
}

/// Notes for the transport which event comes next.
fn reach(progress: Option<&Progress>, sequence: i64) {
    if let Some(progress) = progress {
        progress.reach(&EventSequence(sequence).cursor());
    }
}

/// The stream can be taken up again, whatever broke it.
fn broken(fault: &Fault, last: i64) -> Broken {
    tracing::warn!(cause = %fault.message, "a subscription broke");
    let message = "the stream broke; subscribe again after extensions.cursor";
    Broken { fault: Fault::new(FaultCode::Unavailable, message), cursor: EventSequence(last).cursor() }
}

/// The next events that the token sees, or the end.
async fn read(caller: &Caller, follower: &mut Follower) -> Vec<Result<Arc<Event>, Broken>> {
    match follower.next().await {
        Ok(events) => {
            let seen = |event: &Arc<Event>| caller.customer().is_none_or(|customer| event.concerns(customer));
            events.into_iter().filter(seen).map(Ok).collect()
        }
        Err(fault) => vec![Err(broken(&fault.into(), follower.position()))],
    }
}

/// The accounts to follow, as they are named.
async fn followed(caller: &Caller, accounts: &[AccountBy]) -> Result<Vec<AccountId>, Fault> {
    let refuse = |message: String| Fault::new(FaultCode::BadRequest, &message);
    if accounts.is_empty() {
        return Err(refuse("accounts is empty: name at least one".into()));
    }
    let mut ids = Vec::with_capacity(accounts.len());
    for (place, by) in accounts.iter().enumerate() {
        let account = accounts::find(caller, by).await?;
        let account = account.ok_or_else(|| refuse(format!("accounts[{place}]: there is no such account")))?;
        let id = account.account().id;
        if ids.contains(&id) {
            return Err(refuse(format!("accounts[{place}]: this account is named twice")));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// How an account stands now, and what an event posted to it.
async fn standing(caller: &Caller, id: AccountId, at: i64, event: Option<&Event>) -> Result<BalanceChange, Fault> {
    // One request that goes on for hours: what was read for earlier events is old.
    caller.loaders.forget().await;
    let gone = || Fault::internal(&"an account that is gone");
    let account = accounts::by_id(caller, id).await?.ok_or_else(gone)?;
    let standing = caller.loaders.position(id).await?.ok_or_else(gone)?;
    let position = &standing.position;
    let entry = event.and_then(|event| event.entry.as_ref());
    let transaction = entry.and_then(|entry| Transaction::of_entry(entry, id));
    let money = |amount| Money::of(amount, position.currency);
    Ok(BalanceChange {
        cursor: EventSequence(at).cursor(),
        occurred_at: event.map(|event| DateTime(event.occurred_at)),
        balance: transaction.as_ref().map_or_else(|| money(position.balance()), Transaction::after),
        transaction,
        reserved: money(position.reserved),
        available: money(standing.available()),
        account,
    })
}
