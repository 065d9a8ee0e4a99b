//! `placeHold`, `captureHold`, `releaseHold`.

use async_graphql::{Context, ID, InputObject, Object};

use crate::access::Scope;
use crate::api::books::{Entry, Hold};
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::AccountBy;
use crate::api::outputs::{self, AccountOf};
use crate::api::refusal::outcomes;
use crate::api::scalars::DateTime;
use crate::payments::{CaptureHold, PlaceHold, ReleaseHold};
use crate::refused::{Refused, said};

/// A reservation to place.
#[derive(InputObject)]
pub struct PlaceHoldInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// On which account.
    account: AccountBy,
    /// How much.
    amount: MoneyInput,
    /// When it lapses by itself, in 366 days at most; never when absent.
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
        account: AccountOf,
    }

    /// A hold, or a part of it, was captured.
    CaptureHoldResult = CaptureHoldSuccess {
        /// The purchase.
        entry: Entry,
        /// The hold, as it is now.
        hold: Hold,
        /// Its account, as it is now.
        account: AccountOf,
    }

    /// A hold was released.
    ReleaseHoldResult = ReleaseHoldSuccess {
        /// The hold, as it is now.
        hold: Hold,
        /// Its account, as it is now.
        account: AccountOf,
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
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => PlaceHoldResult::Refused(refusal),
            Reply::Done(done) => {
                let (hold, account) = outputs::hold(&done.value);
                PlaceHoldResult::Done(PlaceHoldSuccess { hold, account, receipt: done.receipt.into() })
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
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CaptureHoldResult::Refused(refusal),
            Reply::Done(done) => {
                let (hold, account) = outputs::captured(ctx, &done.value).await?;
                let entry = Entry::new(done.value);
                CaptureHoldResult::Done(CaptureHoldSuccess { entry, hold, account, receipt: done.receipt.into() })
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
        let hold = named("hold", "hold", input.hold.parse().ok());
        Ok(Some(match call.run(&input.idempotency_key, hold.map(|hold| ReleaseHold { hold })).await? {
            Reply::Refused(refusal) => ReleaseHoldResult::Refused(refusal),
            Reply::Done(done) => {
                let (hold, account) = outputs::hold(&done.value);
                ReleaseHoldResult::Done(ReleaseHoldSuccess { hold, account, receipt: done.receipt.into() })
            }
        }))
    }
}

impl PlaceHoldInput {
    fn command(self) -> Result<PlaceHold, Refused> {
        Ok(PlaceHold {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            expires_at: self.expires_at.map(|end| end.0),
            description: said(self.description),
            reference: said(self.reference),
        })
    }
}

impl CaptureHoldInput {
    fn command(self) -> Result<CaptureHold, Refused> {
        Ok(CaptureHold {
            hold: named("hold", "hold", self.hold.parse().ok())?,
            amount: self.amount.map(Into::into),
            to: self.to.map(|by| named("to", "account", by.to_domain())).transpose()?,
        })
    }
}
