//! `placeHold`, `captureHold`, `releaseHold`.

use async_graphql::{Context, ID, InputObject, Object};

use super::call::{Call, Reach, Reply};
use super::outputs;
use super::refusal::outcomes;
use crate::access::Scope;
use crate::accounts::graphql::Account;
use crate::denial::Answer;
use crate::graphql::fault::Fault;
use crate::graphql::input::{MoneyInput, named};
use crate::graphql::inputs::AccountBy;
use crate::graphql::scalars::DateTime;
use crate::ledger::graphql::{Entry, Hold};
use crate::payments::holds;
use crate::primitives::{EntryId, HoldId};

/// A reservation to place.
#[derive(InputObject)]
pub struct PlaceHoldInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// On which account.
    account: AccountBy,
    /// How much.
    amount: MoneyInput,
    /// When it lapses by itself; never when absent.
    expires_at: Option<DateTime>,
    /// For people.
    description: Option<String>,
    /// Your own reference; not unique.
    reference: Option<String>,
}

/// A reservation to turn into a purchase.
#[derive(InputObject)]
pub struct CaptureHoldInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which hold.
    hold: ID,
    /// A part; the rest stays reserved. All that is left when absent.
    amount: Option<MoneyInput>,
    /// A merchant's account; the tenant's card settlement when absent.
    to: Option<AccountBy>,
}

/// A reservation to give back.
#[derive(InputObject)]
pub struct ReleaseHoldInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which hold.
    hold: ID,
}

outcomes! {
    /// A hold was placed.
    PlaceHoldResult = PlaceHoldSuccess {
        /// The hold.
        hold: Hold,
        /// Its account, as it is now.
        account: Account,
    }

    /// A hold, or a part of it, was captured.
    CaptureHoldResult = CaptureHoldSuccess {
        /// The purchase.
        entry: Entry,
        /// The hold, as it is now.
        hold: Hold,
        /// Its account, as it is now.
        account: Account,
    }

    /// A hold was released.
    ReleaseHoldResult = ReleaseHoldSuccess {
        /// The hold, as it is now.
        hold: Hold,
        /// Its account, as it is now.
        account: Account,
    }
}

/// Mutations of holds.
#[derive(Default)]
pub struct HoldMutation;

#[Object]
impl HoldMutation {
    /// Reserves available funds. Scope: money.
    async fn place_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to reserve.")] input: PlaceHoldInput,
    ) -> Result<Option<PlaceHoldResult>, Fault> {
        let call = Call::begin(ctx, "placeHold", Scope::Money, Reach::Tenant).await?;
        let answer = place(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => PlaceHoldResult::Refused(refusal),
            Reply::Done(done) => {
                let (hold, account) = outputs::hold(ctx, done.value).await?;
                PlaceHoldResult::Done(PlaceHoldSuccess { hold, account, replayed: done.replayed })
            }
        }))
    }

    /// Turns a hold, or a part of it, into a purchase. Scope: money.
    async fn capture_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to capture.")] input: CaptureHoldInput,
    ) -> Result<Option<CaptureHoldResult>, Fault> {
        let call = Call::begin(ctx, "captureHold", Scope::Money, Reach::Tenant).await?;
        let answer = capture(&call, ctx, &input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => CaptureHoldResult::Refused(refusal),
            Reply::Done(done) => {
                let entry = outputs::entry(ctx, done.value).await?;
                let (hold, account) = outputs::captured(ctx, done.value).await?;
                CaptureHoldResult::Done(CaptureHoldSuccess { entry, hold, account, replayed: done.replayed })
            }
        }))
    }

    /// Gives back what a hold reserves. Scope: money.
    async fn release_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which hold.")] input: ReleaseHoldInput,
    ) -> Result<Option<ReleaseHoldResult>, Fault> {
        let call = Call::begin(ctx, "releaseHold", Scope::Money, Reach::Tenant).await?;
        let answer = release(&call, ctx, &input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => ReleaseHoldResult::Refused(refusal),
            Reply::Done(done) => {
                let (hold, account) = outputs::hold(ctx, done.value).await?;
                ReleaseHoldResult::Done(ReleaseHoldSuccess { hold, account, replayed: done.replayed })
            }
        }))
    }
}

async fn place(call: &Call<'_>, ctx: &Context<'_>, input: PlaceHoldInput) -> Answer<HoldId> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let account = named("account", "account", input.account.to_domain())?;
    let new = holds::NewReservation {
        amount: input.amount.into(),
        expires_at: input.expires_at.map(|end| end.0),
        description: input.description,
        reference: input.reference,
    };
    holds::place(call.engine, &call.origin, key, &account, new).await
}

async fn capture(call: &Call<'_>, ctx: &Context<'_>, input: &CaptureHoldInput) -> Answer<EntryId> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let to = input.to.as_ref().map(|by| named("to", "account", by.to_domain())).transpose()?;
    let amount = input.amount.clone().map(Into::into);
    holds::capture(call.engine, &call.origin, key, input.hold.parse().ok(), amount, to.as_ref()).await
}

async fn release(call: &Call<'_>, ctx: &Context<'_>, input: &ReleaseHoldInput) -> Answer<HoldId> {
    let key = call.key(ctx, &input.idempotency_key)?;
    holds::release(call.engine, &call.origin, key, input.hold.parse().ok()).await
}
