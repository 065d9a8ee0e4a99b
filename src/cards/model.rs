//! A card, its life, and what can be done with it.

use chrono::{Days, NaiveDate};

use super::blocks::CardBlock;
use super::limits::CardLimits;
use super::number::MaskedNumber;
use super::refusals::{CARD_DELETED, CARD_REPLACED, CARD_RESTORE_TIME_OVER, CARDS_NOT_OFFERED, MAIN_CARD_IN_FORCE};
use crate::accounts::Family;
use crate::ledger::AccountStatus;
use crate::ledger::refusal::ACCOUNT_NOT_OPEN;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CardId, CustomerId};
use crate::refused::{INVALID_STATE, RefusalCode, Refused};

crate::words! {
    /// Where a card is in its life.
    CardStatus {
        /// In force.
        Active = "ACTIVE",
        /// Out of force. For some time it can be restored.
        Deleted = "DELETED",
        /// Out of force for good: another card has taken its place.
        Replaced = "REPLACED",
    }

    /// An operation on a card, or on the cards of an account.
    CardAction {
        /// `addCard` to the account.
        AddCard = "ADD_CARD",
        /// `updateCard`.
        UpdateCard = "UPDATE_CARD",
        /// `replaceCard`.
        ReplaceCard = "REPLACE_CARD",
        /// `deleteCard`.
        DeleteCard = "DELETE_CARD",
        /// `restoreCard`.
        RestoreCard = "RESTORE_CARD",
        /// `blockCard`.
        BlockCard = "BLOCK_CARD",
        /// `unblockCard`.
        UnblockCard = "UNBLOCK_CARD",
    }
}

impl CardAction {
    /// What can be done with a card that is there.
    pub const OF_CARD: [Self; 6] =
        [Self::UpdateCard, Self::ReplaceCard, Self::DeleteCard, Self::RestoreCard, Self::BlockCard, Self::UnblockCard];
}

impl CardStatus {
    /// What an action makes of it: the whole life of a card.
    #[must_use]
    pub fn after(self, action: CardAction) -> Option<Self> {
        match (self, action) {
            (Self::Active, CardAction::UpdateCard) | (Self::Deleted, CardAction::RestoreCard) => Some(Self::Active),
            (Self::Active, CardAction::DeleteCard) => Some(Self::Deleted),
            (Self::Active | Self::Deleted, CardAction::ReplaceCard) => Some(Self::Replaced),
            (Self::Active | Self::Deleted, CardAction::BlockCard | CardAction::UnblockCard) => Some(self),
            _ => None,
        }
    }
}

/// A card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its id.
    pub id: CardId,
    /// Its place in lists.
    pub ordinal: i64,
    /// On which account, for life.
    pub account: AccountId,
    /// Whose it is.
    pub holder: CustomerId,
    /// What it is called by those who process cards.
    pub token: String,
    /// Whether it is the first of its chain that is called so, and has taken the token.
    pub takes_token: bool,
    /// Whether it is the account's main card.
    pub is_main: bool,
    /// Where it is in its life.
    pub status: CardStatus,
    /// What is shown of its number.
    pub number: Option<MaskedNumber>,
    /// The last day on which it can be used.
    pub expires_on: Option<NaiveDate>,
    /// What is printed on it.
    pub embossed_name: Option<String>,
    /// What it may be used for.
    pub limits: CardLimits,
    /// What stops its use, and the last of what did; in the order in which they were placed.
    pub blocks: Vec<CardBlock>,
    /// The first card of its chain of replacements: itself where nothing was replaced by it.
    pub chain: CardId,
    /// On the first card of a chain: the newest, once it has been replaced.
    pub newest: Option<CardId>,
    /// The card in whose place it came.
    pub replaces: Option<CardId>,
    /// The card that came in its place.
    pub replaced_by: Option<CardId>,
    /// The business date on which it was deleted or replaced.
    pub ended_on: Option<NaiveDate>,
    /// A JSON object, as text.
    pub metadata: String,
    /// When it was added.
    pub created_at: Micros,
}

/// What surrounds a card, or is to: whatever decides what can be done with it, besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// The account's family.
    pub family: Family,
    /// The account's status.
    pub status: AccountStatus,
    /// The account's main card in force.
    pub main: Option<CardId>,
    /// The business date.
    pub today: NaiveDate,
    /// For how many days after it was deleted a card can be restored.
    pub restore_days: u32,
}

/// Why accounts of a family have no cards; nothing where they have. Cards are used on what people buy from: card accounts
/// of every working mode, revolving credit and current accounts.
#[must_use]
pub fn no_cards_on(family: Family) -> Option<&'static str> {
    match family {
        Family::Card | Family::RevolvingCredit | Family::Deposit => None,
        Family::Investment => Some("an investment account's money waits for investments"),
        Family::Leasing => Some("a leasing contract is paid, and never drawn on"),
        Family::Virtual => Some("a virtual account has no account of its own to be drawn on"),
        Family::Invoice => Some("an invoice account is drawn on by invoices"),
        Family::Loan => Some("a loan is disbursed, and not drawn on"),
        Family::Receivable => Some("a receivable mirrors what is owed elsewhere"),
    }
}

impl Around {
    /// Whether a card can be added, as the main card or another.
    ///
    /// # Errors
    /// `CARDS_NOT_OFFERED`, `ACCOUNT_NOT_OPEN`, `MAIN_CARD_IN_FORCE`, in this order.
    pub fn takes(&self, is_main: bool) -> Result<(), Refused> {
        if let Some(why) = no_cards_on(self.family) {
            return Err(Refused::of_field(CARDS_NOT_OFFERED, "account", format!("there are no cards on it: {why}")));
        }
        self.is_open("account")?;
        if is_main && self.main.is_some() {
            return Err(Refused::of_field(MAIN_CARD_IN_FORCE, "card.main", "the account has a main card in force"));
        }
        Ok(())
    }

    fn is_open(&self, field: &str) -> Result<(), Refused> {
        if self.status == AccountStatus::Open {
            return Ok(());
        }
        Err(of_status(ACCOUNT_NOT_OPEN, field, "the account is not open", self.status.word()))
    }
}

impl Card {
    /// Whether an action is possible, in what surrounds it.
    ///
    /// # Errors
    /// What its state stands in the way of (`CARD_REPLACED`, `CARD_DELETED`, `INVALID_STATE`), `ACCOUNT_NOT_OPEN`,
    /// `CARD_RESTORE_TIME_OVER`, `MAIN_CARD_IN_FORCE`, in this order.
    pub fn can(&self, action: CardAction, around: &Around) -> Result<CardStatus, Refused> {
        let after = self.status.after(action).ok_or_else(|| self.stands_against())?;
        let comes_into_force = matches!(action, CardAction::ReplaceCard | CardAction::RestoreCard);
        if comes_into_force {
            around.is_open("card")?;
        }
        if action == CardAction::UnblockCard && !self.blocks.iter().any(|block| block.is_live(around.today)) {
            return Err(Refused::of_field(INVALID_STATE, "card", "the card is not blocked"));
        }
        if action == CardAction::RestoreCard
            && let Some(ended) = self.ended_on
        {
            let last = ended.checked_add_days(Days::new(around.restore_days.into())).unwrap_or(NaiveDate::MAX);
            if around.today > last {
                let message = format!("the card could be restored until {last}");
                let mut refused = Refused::of_field(CARD_RESTORE_TIME_OVER, "card", message);
                refused.facts.latest = Some(last);
                return Err(refused);
            }
        }
        if comes_into_force && self.is_main && around.main.is_some_and(|main| main != self.id) {
            let message = "it was the account's main card, and another is in force now";
            return Err(Refused::of_field(MAIN_CARD_IN_FORCE, "card", message));
        }
        Ok(after)
    }

    /// What its state says to an action that is not of it.
    fn stands_against(&self) -> Refused {
        let (code, message) = match self.status {
            CardStatus::Active => (INVALID_STATE, "the card is not deleted"),
            CardStatus::Deleted => (CARD_DELETED, "the card is deleted"),
            CardStatus::Replaced => (CARD_REPLACED, "the card was replaced by another"),
        };
        of_status(code, "card", message, self.status.word())
    }

    /// What can be done with it now; why the rest cannot.
    #[must_use]
    pub fn actions(&self, around: &Around) -> Vec<(CardAction, Option<String>)> {
        let possible = CardAction::OF_CARD.into_iter();
        possible.map(|action| (action, self.can(action, around).err().map(|refused| refused.message))).collect()
    }

    /// Whether it can be used on a day, as far as it is for the card itself to say.
    #[must_use]
    pub fn is_usable(&self, today: NaiveDate) -> bool {
        self.status == CardStatus::Active && self.expires_on.is_none_or(|last| today <= last)
    }
}

fn of_status(code: RefusalCode, field: &str, message: &str, status: &'static str) -> Refused {
    let mut refused = Refused::of_field(code, field, message);
    refused.facts.status = Some(status);
    refused
}
