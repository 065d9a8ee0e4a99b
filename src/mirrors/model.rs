//! Sources of accounts, refreshes, and what is kept of each transaction.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::refusals::SOURCE_CONTRADICTS;
use crate::events::webhooks::address;
use crate::ledger::amounts::to_minor;
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::primitives::clock::Micros;
use crate::primitives::{
    AccountId, AccountSourceId, Currency, EntryId, Minor, MirroredTransactionId, Money, RefreshId, text,
};
use crate::refused::Refused;
use crate::sealing::Secret;

/// The longest id that a source gives to a transaction.
pub const LONGEST_ID: usize = 100;
/// Transactions of one answer, at most: they are booked in one decision.
pub const MOST_TRANSACTIONS: usize = 200;
/// Answers of one refresh, at most.
pub const MOST_PAGES: i32 = 500;

crate::words! {
    /// Where a refresh is in its life.
    RefreshState {
        /// The source is to answer, or has more to tell.
        Requested = "REQUESTED",
        /// All that it told is here.
        Done = "DONE",
        /// It came to nothing; what was taken before stays.
        Failed = "FAILED",
    }
}

impl RefreshState {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Requested => &[Self::Done, Self::Failed],
            Self::Done | Self::Failed => &[],
        }
    }
}

/// Where an account that is kept outside is asked. Its id is the account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSource {
    /// Of which account.
    pub account: AccountId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Where; none once it was removed.
    pub url: Option<String>,
    /// What signs.
    pub secret: Secret,
    /// The source's id of the last transaction that was taken: it is told it.
    pub last: Option<String>,
    /// The refresh that is under way.
    pub refresh: Option<RefreshId>,
    /// When the account was refreshed last.
    pub refreshed_at: Option<Micros>,
    /// The balance that the source told then.
    pub balance: Option<Minor>,
    /// When it was set.
    pub set_at: Micros,
}

impl AccountSource {
    /// The id of an account's.
    #[must_use]
    pub fn id_of(account: AccountId) -> AccountSourceId {
        AccountSourceId(account.0)
    }

    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT` for `url`.
    pub fn checked(self) -> Result<Self, Refused> {
        match self.url.as_deref().map(address::parse) {
            Some(Err(problem)) => Err(Refused::invalid("url", problem.to_string())),
            Some(Ok(_)) | None => Ok(self),
        }
    }
}

/// What becomes of asking a source once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Its id: the source is told it.
    pub id: RefreshId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which account.
    pub account: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// Where it is in its life.
    pub state: RefreshState,
    /// How many answers were taken: with the id it names what is asked.
    pub pages: i32,
    /// How often it was asked in vain since.
    pub attempts: i32,
    /// When it is asked next, on the server's clock.
    pub next_ask: Option<Micros>,
    /// How many transactions were new.
    pub taken: i32,
    /// How many were known.
    pub known: i32,
    /// The balance that the source told.
    pub balance: Option<Minor>,
    /// By how much that is above the account's.
    pub difference: Option<Minor>,
    /// Why it failed, or is asked again.
    pub failure: Option<String>,
    /// When it was asked for.
    pub requested_at: Micros,
    /// When it was over.
    pub ended_at: Option<Micros>,
}

impl Refresh {
    /// It is over.
    pub fn end(&mut self, state: RefreshState, failure: Option<String>, now: Micros) {
        self.state = state;
        self.failure = failure;
        self.next_ask = None;
        self.ended_at = Some(now);
    }
}

/// What is kept of a transaction that a source has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirroredTransaction {
    /// Made of the account and the source's id: it is booked once.
    pub id: MirroredTransactionId,
    /// Its place in lists.
    pub ordinal: i64,
    /// On which account.
    pub account: AccountId,
    /// What the source calls it.
    pub source_id: String,
    /// How much: to the account, or from it.
    pub amount: Minor,
    /// What it was booked with.
    pub entry: EntryId,
}

impl MirroredTransaction {
    /// The id of an account's.
    #[must_use]
    pub fn id_of(account: AccountId, source_id: &str) -> MirroredTransactionId {
        let digest: [u8; 32] = Sha256::new()
            .chain_update("mirrored")
            .chain_update(account.0.as_bytes())
            .chain_update(source_id)
            .finalize()
            .into();
        MirroredTransactionId(Builder::from_random_bytes(std::array::from_fn(|place| digest[place])).into_uuid())
    }
}

/// What a source tells in one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The balance of its account, after all that it has told or is about to.
    pub balance: Money,
    /// Transactions after the one that it was told, in their order.
    pub transactions: Vec<ToldTransaction>,
    /// Whether it has more to tell.
    pub more: bool,
}

/// A transaction as a source tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldTransaction {
    /// What the source calls it; unique on its account.
    pub id: String,
    /// How much, in the currency of the balance: to the account, or, below zero, from it.
    pub amount: rust_decimal::Decimal,
    /// When it was booked there.
    pub booked_on: NaiveDate,
    /// For people.
    pub description: Option<String>,
}

impl Told {
    /// That it is about an account in this currency, and makes sense by itself. Gives the balance and the amounts.
    ///
    /// # Errors
    /// `CURRENCY_MISMATCH`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `SOURCE_CONTRADICTS` for an id that comes twice, naming
    /// the first field at fault.
    pub fn checked(&self, currency: Currency) -> Result<(Minor, Vec<Minor>), Refused> {
        if self.balance.currency != currency {
            let message = format!("the account is kept in {currency}");
            return Err(Refused::of_field(CURRENCY_MISMATCH, "balance.currency", message));
        }
        let balance = to_minor("balance.amount", self.balance)?;
        if self.transactions.len() > MOST_TRANSACTIONS {
            return Err(Refused::invalid("transactions", format!("at most {MOST_TRANSACTIONS} in one answer")));
        }
        if self.more && self.transactions.is_empty() {
            return Err(Refused::invalid("more", "an answer that has more to tell tells something"));
        }
        let mut ids = std::collections::HashSet::new();
        let mut amounts = Vec::with_capacity(self.transactions.len());
        for (place, told) in self.transactions.iter().enumerate() {
            let at = |field: &str| format!("transactions.{place}.{field}");
            text::required(&told.id, LONGEST_ID).map_err(|problem| Refused::invalid(&at("id"), problem.to_string()))?;
            text::optional(told.description.as_deref().unwrap_or_default(), 500)
                .map_err(|problem| Refused::invalid(&at("description"), problem.to_string()))?;
            let amount = to_minor(&at("amount"), Money { amount: told.amount, currency })?;
            if amount == Minor::ZERO {
                return Err(Refused::invalid(&at("amount"), "is nothing"));
            }
            if !ids.insert(&told.id) {
                return Err(Refused::of_field(SOURCE_CONTRADICTS, &at("id"), "comes twice in one answer"));
            }
            amounts.push(amount);
        }
        Ok((balance, amounts))
    }
}
