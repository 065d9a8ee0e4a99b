//! Where and how a card was used: what a scheme's messages say of a payment, typed. Stands on the reservation and on the
//! entry, whose digest covers it. Nothing of it is the card's number: that is never here.

use serde::{Deserialize, Serialize};

use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CardId, EntryId, HoldId, Money};

crate::words! {
    /// The way in which a card is used.
    CardChannel {
        /// At a terminal, by its chip or its stripe.
        Pos = "POS",
        /// At a terminal, without contact; a telephone or a watch included.
        Contactless = "CONTACTLESS",
        /// In a shop on the net.
        Ecommerce = "ECOMMERCE",
        /// By letter or telephone.
        MailOrder = "MAIL_ORDER",
        /// By a merchant who keeps the card for what comes again and again.
        Recurring = "RECURRING",
        /// For cash.
        Atm = "ATM",
    }

    /// How the card's data came into the terminal.
    EntryMode {
        /// From the chip.
        Chip = "CHIP",
        /// From the chip or a device, without contact.
        Contactless = "CONTACTLESS",
        /// From the magnetic stripe.
        MagneticStripe = "MAGNETIC_STRIPE",
        /// Typed in by a person.
        Manual = "MANUAL",
        /// Given by the cardholder on a page.
        Ecommerce = "ECOMMERCE",
        /// Kept by the merchant since an earlier payment.
        OnFile = "ON_FILE",
    }
}

/// Who was paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Merchant {
    /// The acquirer's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name, as statements show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it sells: four digits (ISO 18245).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_code: Option<String>,
    /// Where it is; some say a telephone number here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// In which country: two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// What a scheme says of the use of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PointOfSale {
    /// The card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<CardId>,
    /// Its account: on an entry that could not be booked there because it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The reservation that it clears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<HoldId>,
    /// The purchase that it gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase: Option<EntryId>,
    /// Who was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Merchant>,
    /// Whose terminals they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquirer: Option<String>,
    /// The acquirer's reference data of the clearing: 23 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquirer_reference: Option<String>,
    /// The terminal's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// What kind of device it is, in the acquirer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_type: Option<String>,
    /// Where it stands, in the acquirer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// By which way the card was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<CardChannel>,
    /// How its data were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_mode: Option<EntryMode>,
    /// The scheme's indicator of mail, telephone and internet payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_indicator: Option<String>,
    /// What the approval was given under: up to six characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_code: Option<String>,
    /// The acquirer's reference of the message: up to twelve characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrieval_reference: Option<String>,
    /// What was billed to the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billed: Option<Money>,
    /// What it cost where it was bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<Money>,
    /// What one unit of the original currency was billed as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What the scheme reconciles it at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconciled: Option<Money>,
    /// When the card was used, as the terminal says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Micros>,
}

impl PointOfSale {
    /// The channels that it may have come by: the one that it names, or those that the way allows in which the card's data
    /// were read. A chip, a stripe and what is read without contact are read by terminals and by cash machines, what a
    /// person types in was said at a counter, on the telephone or in a letter. Of what says nothing, all.
    #[must_use]
    pub fn possible_channels(&self) -> &'static [CardChannel] {
        use CardChannel::{Atm, Contactless, Ecommerce, MailOrder, Pos, Recurring};
        match (self.channel, self.entry_mode) {
            (Some(Pos), _) => &[Pos],
            (Some(Contactless), _) => &[Contactless],
            (Some(Ecommerce), _) => &[Ecommerce],
            (Some(MailOrder), _) => &[MailOrder],
            (Some(Recurring), _) => &[Recurring],
            (Some(Atm), _) => &[Atm],
            (None, Some(EntryMode::Chip | EntryMode::MagneticStripe)) => &[Pos, Atm],
            (None, Some(EntryMode::Contactless)) => &[Contactless, Atm],
            (None, Some(EntryMode::Manual)) => &[Pos, MailOrder],
            (None, Some(EntryMode::Ecommerce)) => &[Ecommerce],
            (None, Some(EntryMode::OnFile)) => &[Ecommerce, Recurring],
            (None, None) => CardChannel::ALL,
        }
    }

    /// The channel that it came by, where it can be one alone.
    #[must_use]
    pub fn known_channel(&self) -> Option<CardChannel> {
        match self.possible_channels() {
            [channel] => Some(*channel),
            _ => None,
        }
    }

    /// The stored form.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What an authorisation says of the clearing of so much of it: the original amount only where all of it is cleared.
    #[must_use]
    pub fn clearing(mut self, authorisation: HoldId, billed: Money) -> Self {
        if self.billed != Some(billed) {
            (self.original, self.rate, self.reconciled) = (None, None, None);
        }
        (self.authorisation, self.billed) = (Some(authorisation), Some(billed));
        self
    }

    /// What a later message says, and what it leaves out as an earlier one said it.
    #[must_use]
    pub fn or(self, earlier: Self) -> Self {
        Self {
            card: self.card.or(earlier.card),
            account: self.account.or(earlier.account),
            authorisation: self.authorisation.or(earlier.authorisation),
            purchase: self.purchase.or(earlier.purchase),
            merchant: self.merchant.or(earlier.merchant),
            acquirer: self.acquirer.or(earlier.acquirer),
            acquirer_reference: self.acquirer_reference.or(earlier.acquirer_reference),
            terminal: self.terminal.or(earlier.terminal),
            terminal_type: self.terminal_type.or(earlier.terminal_type),
            environment: self.environment.or(earlier.environment),
            channel: self.channel.or(earlier.channel),
            entry_mode: self.entry_mode.or(earlier.entry_mode),
            remote_indicator: self.remote_indicator.or(earlier.remote_indicator),
            approval_code: self.approval_code.or(earlier.approval_code),
            retrieval_reference: self.retrieval_reference.or(earlier.retrieval_reference),
            billed: self.billed.or(earlier.billed),
            original: self.original.or(earlier.original),
            rate: self.rate.or(earlier.rate),
            reconciled: self.reconciled.or(earlier.reconciled),
            used_at: self.used_at.or(earlier.used_at),
        }
    }
}
