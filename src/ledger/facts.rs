//! What Konto itself notes of an entry, typed. The caller's own metadata are the caller's alone.
//!
//! What is personal stands apart: the entry's digest covers only a hash of it, salted with a secret that stands beside
//! it. Erasing a person removes values and salt; the hash stays, so that the chain still holds and nothing can be
//! guessed back.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chart::InternalRole;
use super::point_of_sale::PointOfSale;
use crate::primitives::EntryId;

crate::words! {
    /// The rail that money came in on.
    PaymentChannel {
        /// A credit transfer from a bank.
        BankTransfer = "BANK_TRANSFER",
        /// A collected direct debit.
        DirectDebit = "DIRECT_DEBIT",
        /// A card.
        Card = "CARD",
        /// A payment service provider.
        Psp = "PSP",
        /// Cash.
        Cash = "CASH",
        /// No rail: a movement inside the house.
        Internal = "INTERNAL",
    }
}

impl PaymentChannel {
    /// Where the other side of the payment stands.
    #[must_use]
    pub fn settlement(self) -> InternalRole {
        match self {
            Self::BankTransfer => InternalRole::SettlementBank,
            Self::DirectDebit => InternalRole::SettlementDirectDebit,
            Self::Card => InternalRole::SettlementCard,
            Self::Psp => InternalRole::SettlementPsp,
            Self::Cash => InternalRole::SettlementCash,
            Self::Internal => InternalRole::SettlementInternal,
        }
    }
}

/// What is nobody's secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryFacts {
    /// The payment's reference, for people and for matching; not unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The rail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<PaymentChannel>,
    /// Why it was done by hand: of a correction, a reversal, a write-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where a card was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point_of_sale: Option<Box<PointOfSale>>,
    /// Of a donation, the entry that it went with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub donation_of: Option<EntryId>,
    /// Of a fee, the entry that it was taken for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_of: Option<EntryId>,
}

impl EntryFacts {
    /// The stored form, if there is anything to store.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }
}

/// Who stands on the other side, outside of the books.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counterparty {
    /// The name, as the rail tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account: an IBAN, or a domestic number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What a domestic number is of, in the words of the list of classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_class: Option<String>,
    /// The bank: a BIC, a clearing number or a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
}

/// What is somebody's own business.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Personal {
    /// Who paid, or who is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<Counterparty>,
    /// What the receiver is told, where the receiver is outside of the books.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_to_receiver: Option<String>,
}

impl Personal {
    /// The stored form, if there is anything to store.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }
}

/// What an entry's digest has of its personal facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The secret; absent once the facts are erased.
    pub salt: Option<[u8; 16]>,
    /// The digest of the secret and the facts.
    pub hash: [u8; 32],
}

impl Seal {
    /// Of facts in their stored form and the messages on the entry's lines, in their order; none where nothing is
    /// personal.
    #[must_use]
    pub fn new<'a>(
        salt: [u8; 16],
        personal: Option<&'a str>,
        messages: impl Iterator<Item = Option<&'a str>> + Clone,
    ) -> Option<Self> {
        if personal.is_none() && messages.clone().all(|message| message.is_none()) {
            return None;
        }
        let mut digest = Sha256::new();
        digest.update(salt);
        for text in std::iter::once(personal).chain(messages) {
            match text {
                None => digest.update(u64::MAX.to_be_bytes()),
                Some(text) => {
                    digest.update((text.len() as u64).to_be_bytes());
                    digest.update(text.as_bytes());
                }
            }
        }
        Some(Self { salt: Some(salt), hash: digest.finalize().into() })
    }
}
