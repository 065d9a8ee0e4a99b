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

use crate::denial::{Answer, Denial, Done};
use crate::engine::Engine;
use crate::ledger::LedgerFault;
use crate::ledger::order::{Applied, Order};
use crate::ledger::refusal::RefusalCode;
use crate::primitives::{AccountId, EntryId, Minor, Money, text};

pub use bank::{BankAccount, BankAccountClass, BankAccountInput};

/// An amount that must be positive, in whole minor units.
///
/// # Errors
/// `INVALID_INPUT` for too many decimals, `AMOUNT_OUT_OF_RANGE`.
pub fn positive(field: &str, money: Money) -> Result<Minor, Denial> {
    let minor = crate::accounts::to_minor(field, money)?;
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

/// The entry that an applied order made, now or the first time.
pub(crate) fn entry_of(applied: &Applied) -> Answer<EntryId> {
    let value = applied.result.parse().map_err(|_| LedgerFault::Inconsistent("result of a key"))?;
    Ok(Done { value, replayed: applied.replayed })
}
