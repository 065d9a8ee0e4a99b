//! Money: in from a rail, out to a bank account, between accounts, corrected, charged, reserved, reversed.
//!
//! Each of these only moves money, so it checks its input, names its postings and hands them to the
//! committer; whether the money is there is decided by the ledger, on locked rows.
//!
//! | operation | debits (money leaves) | credits (money arrives) |
//! |---|---|---|
//! | `postPayment` | the rail's settlement account | the account: fees, interest, principal in its product's order |
//! | `disburse` | the account's funds or credit | SETTLEMENT_BANK |
//! | `transfer` | the sender's funds or credit | the receiver, as a payment |
//! | `postAdjustment` | SUSPENSE or the account | the account or SUSPENSE, on the named component |
//! | `postCharge` | the account's FEE or INTEREST (its funds where it may not owe) | FEE_INCOME or INTEREST_INCOME |
//! | `captureHold` | what the hold reserved | SETTLEMENT_CARD, or a merchant's account |
//! | `reverseEntry` | the mirror of the entry | |

pub mod bank;
pub mod corrections;
pub mod holds;
pub mod moves;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::accounts::{self, AccountBy};
use crate::denial::{Answer, Denial, Done, Failure};
use crate::engine::Engine;
use crate::ledger::order::{Applied, Idempotency, Order};
use crate::ledger::refusal::RefusalCode;
use crate::ledger::{Entry, LedgerFault, journal};
use crate::primitives::{AccountId, EntryId, Minor, Money, Origin, text};

pub use bank::{BankAccount, BankAccountClass, BankAccountInput};

/// An amount that must be positive, in whole minor units.
///
/// # Errors
/// `INVALID_INPUT` for too many decimals, `AMOUNT_OUT_OF_RANGE`.
pub fn positive(field: &str, money: Money) -> Result<Minor, Denial> {
    let minor = accounts::to_minor(field, money)?;
    if minor.0 <= 0 {
        return Err(Denial::of_field(RefusalCode::AmountOutOfRange, field, "the amount must be positive"));
    }
    Ok(minor)
}

/// A text for people: at most 500 characters.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn described(field: &str, text: Option<String>, default: &str) -> Result<String, Denial> {
    let text = text.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| default.to_owned());
    text::optional(&text, 500).map_err(|problem| Denial::invalid(field, problem.to_string()))?;
    Ok(text)
}

/// An optional text; empty counts as absent.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn noted(field: &str, text: Option<String>) -> Result<Option<String>, Denial> {
    described(field, text, "").map(|text| Some(text).filter(|text| !text.is_empty()))
}

/// Submits an order whose result is an entry.
///
/// # Errors
/// The books' refusal, in the words of the input.
pub(crate) async fn book(engine: &Engine, order: Order, names: &[(AccountId, &str)]) -> Answer<EntryId> {
    let applied = engine.submit(order).await?.map_err(|refusal| Denial::of_refusal(&refusal, names))?;
    entry_of(&applied)
}

/// The entry that a key booked before, for a request whose accounts go by other names by now; the failure itself where
/// there is none, or the token does not see all of it.
///
/// # Errors
/// The failure.
pub(crate) async fn booked_before(
    engine: &Engine,
    origin: &Origin,
    key: &Idempotency,
    failure: Failure,
) -> Result<Arc<Entry>, Failure> {
    let Some(result) = accounts::first_result(engine, origin, key, &failure).await? else { return Err(failure) };
    let id = result.parse().map_err(|_| LedgerFault::Inconsistent("result of a key"))?;
    let entry = journal::entries_by_id(engine.db.reader(), origin.tenant, &[id]).await?.pop();
    let entry = entry.ok_or(LedgerFault::Inconsistent("result of a key"))?;
    let touched: BTreeSet<AccountId> = entry.postings.iter().filter_map(|line| line.account).collect();
    let names: Vec<AccountBy> = touched.into_iter().map(AccountBy::Id).collect();
    let seen = accounts::store::find_many(engine.db.reader(), origin.tenant, origin.customer, &names).await?;
    let sees_all = names.iter().all(|name| seen.iter().any(|account| name.matches(account)));
    if sees_all { Ok(entry) } else { Err(failure) }
}

/// The same, as the answer of a use case that books one entry.
pub(crate) async fn again(engine: &Engine, origin: &Origin, key: &Idempotency, failure: Failure) -> Answer<EntryId> {
    let entry = booked_before(engine, origin, key, failure).await?;
    Ok(Done { value: entry.id, replayed: true })
}

/// The entry that an applied order made, now or the first time.
pub(crate) fn entry_of(applied: &Applied) -> Answer<EntryId> {
    let value = applied.result.parse().map_err(|_| LedgerFault::Inconsistent("result of a key"))?;
    Ok(Done { value, replayed: applied.replayed })
}
