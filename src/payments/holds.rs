//! Holds: place, capture, release. Expiry is the engine's sweeper.

use std::collections::BTreeSet;

use super::{again, book, described, noted};
use crate::accounts::{self, AccountBy, directory};
use crate::denial::{Answer, Denial, Done, Failure};
use crate::engine::Engine;
use crate::ledger::entry::Side;
use crate::ledger::order::{Action, Idempotency, NewHold, Order};
use crate::ledger::refusal::RefusalCode;
use crate::ledger::{Hold, InternalRole, LedgerFault, journal};
use crate::primitives::clock::Micros;
use crate::primitives::{EntryId, HoldId, Money, Origin};

/// A reservation to place.
#[derive(Clone, Debug)]
pub struct NewReservation {
    /// How much.
    pub amount: Money,
    /// When it lapses by itself.
    pub expires_at: Option<Micros>,
    /// For people.
    pub description: Option<String>,
    /// The caller's reference; not unique.
    pub reference: Option<String>,
}

/// Reserves available funds.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
pub async fn place(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    account: &AccountBy,
    new: NewReservation,
) -> Answer<HoldId> {
    let NewReservation { amount, expires_at, description, reference } = new;
    let account = match directory::require(engine, origin, "account", account).await {
        Ok(account) => account,
        Err(failure) => {
            let Some(first) = accounts::first_result(engine, origin, &key, &failure).await? else {
                return Err(failure);
            };
            let value = first.parse().map_err(|_| LedgerFault::Inconsistent("result of a key"))?;
            return Ok(Done { value, replayed: true });
        }
    };
    let minor = super::positive("amount", amount)?;
    // A replay is answered by the books even when the hold's time has run out since.
    let replayed = crate::customers::replay(engine, origin, &key).await?.is_some();
    if !replayed && expires_at.is_some_and(|end| end <= engine.clock().micros()) {
        return Err(Denial::invalid("expiresAt", "must lie in the future").into());
    }
    let hold = NewHold {
        account,
        amount: minor,
        currency: amount.currency,
        expires_at,
        description: described("description", description, "Reservation")?,
        reference: noted("reference", reference)?,
    };
    let mut order = Order::new(origin, "placeHold", Action::PlaceHold(hold));
    order.idempotency = Some(key);
    let applied =
        engine.submit(order).await?.map_err(|refusal| Denial::of_refusal(&refusal, &[(account, "account")]))?;
    let value = applied.result.parse().map_err(|_| LedgerFault::Inconsistent("result of a key"))?;
    Ok(Done { value, replayed: applied.replayed })
}

/// Turns a hold, or a part of it, into a purchase: to SETTLEMENT_CARD, or to a merchant's account.
///
/// # Errors
/// `NOT_FOUND` (hold, then to), `INVALID_INPUT`, `CURRENCY_MISMATCH`, `AMOUNT_OUT_OF_RANGE`, then the books'.
pub async fn capture(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    hold: Option<HoldId>,
    amount: Option<Money>,
    to: Option<&AccountBy>,
) -> Answer<EntryId> {
    let hold = require(engine, origin, hold).await?;
    let to = match to {
        None => None,
        Some(by) => match directory::require(engine, origin, "to", by).await {
            Ok(account) => Some(account),
            Err(failure) => return again(engine, origin, &key, failure).await,
        },
    };
    let amount = match amount {
        None => None,
        Some(money) if money.currency != hold.currency => {
            let message = format!("the hold is in {}", hold.currency);
            return Err(Denial::of_field(RefusalCode::CurrencyMismatch, "amount.currency", message).into());
        }
        Some(money) => Some(super::positive("amount", money)?),
    };
    let mut names = vec![(hold.account, "hold")];
    let to = match to {
        None => Side::Internal(InternalRole::SettlementCard),
        Some(to) => {
            names.push((to, "to"));
            Side::account(to)
        }
    };
    let action = Action::CaptureHold { hold: hold.id, account: hold.account, amount, to };
    let mut order = Order::new(origin, "captureHold", action);
    order.idempotency = Some(key);
    book(engine, order, &names).await
}

/// Gives back what a hold reserves.
///
/// # Errors
/// `NOT_FOUND`, `HOLD_NOT_OPEN`.
pub async fn release(engine: &Engine, origin: &Origin, key: Idempotency, hold: Option<HoldId>) -> Answer<HoldId> {
    let hold = require(engine, origin, hold).await?;
    let action = Action::EndHold { hold: hold.id, account: hold.account, expired: false };
    let mut order = Order::new(origin, "releaseHold", action);
    order.idempotency = Some(key);
    let applied =
        engine.submit(order).await?.map_err(|refusal| Denial::of_refusal(&refusal, &[(hold.account, "hold")]))?;
    Ok(Done { value: hold.id, replayed: applied.replayed })
}

async fn require(engine: &Engine, origin: &Origin, id: Option<HoldId>) -> Result<Hold, Failure> {
    let not_found = || Denial::not_found("hold", "hold");
    let id = id.ok_or_else(not_found)?;
    let mut holds = journal::holds(engine.db.reader(), origin.tenant, BTreeSet::from([id])).await?;
    let hold = holds.remove(&id).ok_or_else(not_found)?;
    let by = AccountBy::Id(hold.account);
    let own = accounts::store::find(engine.db.reader(), origin.tenant, origin.customer, &by).await?;
    own.ok_or_else(not_found)?;
    Ok(hold)
}
