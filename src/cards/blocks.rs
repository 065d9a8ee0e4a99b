//! Blocks on a card: what stops its use for some time, for a reason, and by whom it was placed.
//!
//! They stand on the card, so that an authorisation that has loaded it is decided without looking anywhere else: those that
//! are to come, those in force, and the last of those that are over. Each is placed and lifted by itself. Only what asks is
//! stopped (`authoriseCard`, `increaseAuthorisation`, `purchaseByCard`); what a scheme has cleared is booked. A card that
//! replaces another begins without.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::commands::located;
use super::events::{self, CARD_BLOCKED as TOLD_BLOCKED, CARD_UNBLOCKED};
use super::model::{Card, CardAction};
use super::refusals::CARD_BLOCKED;
use super::store::CardBy;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::primitives::BlockId;
use crate::primitives::clock::Micros;
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference, noted, reason};
use crate::work::{Command, Decision, Wants, Work};

/// The most that may stand on one card.
pub const MOST: usize = 20;
/// The most that are kept of those that are over; those before are in the card's history.
const KEPT: usize = 50;

crate::words! {
    /// Where a block on a card is in its life.
    CardBlockStatus {
        /// Its first day is to come.
        Scheduled = "SCHEDULED",
        /// The card is not to be used.
        InForce = "IN_FORCE",
        /// Its last day is over.
        Expired = "EXPIRED",
        /// Somebody took it away.
        Lifted = "LIFTED",
    }
}

/// A block on a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardBlock {
    /// Its id.
    pub id: BlockId,
    /// Why, as a code of the tenant's own.
    pub reason_code: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day; none until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The client that placed it.
    pub placed_by: String,
    /// When it was placed.
    pub placed_at: Micros,
    /// How it was lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Lifted>,
}

/// How a block was lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    /// The client that lifted it.
    pub by: String,
    /// When.
    pub at: Micros,
    /// Why, for people.
    pub reason: String,
}

impl CardBlock {
    /// Where it stands on a day.
    #[must_use]
    pub fn stands(&self, today: NaiveDate) -> CardBlockStatus {
        match (&self.lifted, self.until) {
            (Some(_), _) => CardBlockStatus::Lifted,
            (None, Some(until)) if until < today => CardBlockStatus::Expired,
            (None, _) if today < self.from => CardBlockStatus::Scheduled,
            (None, _) => CardBlockStatus::InForce,
        }
    }

    /// Whether it stops the card on a day, or will.
    #[must_use]
    pub fn is_live(&self, today: NaiveDate) -> bool {
        matches!(self.stands(today), CardBlockStatus::Scheduled | CardBlockStatus::InForce)
    }
}

/// Blocks in their stored form; nothing where there are none.
pub(super) fn to_text(blocks: &[CardBlock]) -> Option<String> {
    // Plain data: the only failure would be the writer's, and a text has none.
    (!blocks.is_empty()).then(|| serde_json::to_string(blocks).unwrap_or_default())
}

/// Reads the stored form.
pub(super) fn from_text(text: Option<&str>) -> Option<Vec<CardBlock>> {
    text.map_or(Some(Vec::new()), |text| serde_json::from_str(text).ok())
}

/// That no block stops a card on a day. Of several, the first that was placed is named.
///
/// # Errors
/// `CARD_BLOCKED` for the field.
pub fn require_unblocked(card: &Card, today: NaiveDate, field: &str) -> Result<(), Refused> {
    let mut in_force = card.blocks.iter().filter(|block| block.stands(today) == CardBlockStatus::InForce);
    let Some(block) = in_force.next() else { return Ok(()) };
    let until = block.until.map(|until| format!(" until {until}")).unwrap_or_default();
    let message = format!("the card is blocked{until}: {}", block.reason_code);
    let facts = Facts { block: Some(block.id), blocked_until: block.until, ..Facts::default() };
    Err(Refused { facts: Box::new(facts), ..Refused::of_field(CARD_BLOCKED, field, message) })
}

/// Blocks a card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BlockCard {
    /// Which.
    pub card: CardBy,
    /// Why, as a code of the tenant's own.
    pub reason_code: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// Its first day; the business date when absent.
    pub from: Option<NaiveDate>,
    /// Its last day.
    pub until: Option<NaiveDate>,
}

impl Command for BlockCard {
    const OPERATION: &'static str = "blockCard";
    type Made = Card;

    fn looks_at(&self, wants: &mut Wants) {
        self.card.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, what [`Card::can`] says, `INVALID_INPUT`, `LIMIT_EXCEEDED` for more than 20 that are in
    /// force or to come.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Card>> {
        let (card, _, around) = located(&self.card, work)?;
        let after = card.can(CardAction::BlockCard, &around)?;
        let today = work.today();
        check_reference("reasonCode", Some(&self.reason_code))?;
        let why = noted("reason", self.reason.as_deref())?;
        let from = self.from.unwrap_or(today);
        if from < today {
            return Err(Refused::invalid("from", format!("must not lie before the business date, {today}")).into());
        }
        if self.until.is_some_and(|until| until < from) {
            return Err(Refused::invalid("until", format!("must not lie before the first day, {from}")).into());
        }
        if card.blocks.iter().filter(|block| block.is_live(today)).count() >= MOST {
            let message = format!("at most {MOST} blocks are on a card at once");
            let facts = Box::new(Facts { maximum_count: i32::try_from(MOST).ok(), ..Facts::default() });
            return Err(Refused { facts, ..Refused::of_field(LIMIT_EXCEEDED, "card", message) }.into());
        }
        let block = CardBlock {
            id: work.id(),
            reason_code: self.reason_code.clone(),
            reason: why,
            from,
            until: self.until,
            placed_by: work.origin().client.to_string(),
            placed_at: work.now(),
            lifted: None,
        };
        let card = work.change::<Card, Refused>(card.id, |card| {
            card.status = after;
            card.blocks.push(block);
            let mut over = card.blocks.iter().filter(|block| !block.is_live(today)).count();
            card.blocks.retain(|block| {
                let goes = over > KEPT && !block.is_live(today);
                over -= usize::from(goes);
                !goes
            });
            Ok(())
        })?;
        work.tell(events::of(TOLD_BLOCKED, &card));
        Ok(card)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Takes a block off a card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnblockCard {
    /// Which card.
    pub card: CardBy,
    /// Which block; all that are in force or to come when absent.
    pub block: Option<BlockId>,
    /// Why, for people.
    pub reason: String,
}

impl Command for UnblockCard {
    const OPERATION: &'static str = "unblockCard";
    type Made = Card;

    fn looks_at(&self, wants: &mut Wants) {
        self.card.hint(wants);
    }

    /// Refused as: `NOT_FOUND` for the card, then the block; `INVALID_STATE` for one that is over; what [`Card::can`] says;
    /// `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Card>> {
        let (card, _, around) = located(&self.card, work)?;
        let today = work.today();
        if let Some(id) = self.block {
            let block = card.blocks.iter().find(|block| block.id == id);
            let block = block.ok_or_else(|| Refused::not_found("block", "block"))?;
            if !block.is_live(today) {
                let status = block.stands(today).word();
                let refused = Refused::of_field(INVALID_STATE, "block", format!("the block is {status}"));
                let facts = Box::new(Facts { status: Some(status), ..Facts::default() });
                return Err(Refused { facts, ..refused }.into());
            }
        }
        let after = card.can(CardAction::UnblockCard, &around)?;
        let why = reason("reason", &self.reason)?;
        let lifted = Lifted { by: work.origin().client.to_string(), at: work.now(), reason: why };
        let card = work.change::<Card, Refused>(card.id, |card| {
            card.status = after;
            let named = |block: &CardBlock| self.block.is_none_or(|id| id == block.id);
            for block in card.blocks.iter_mut().filter(|block| named(block) && block.is_live(today)) {
                block.lifted = Some(lifted.clone());
            }
            Ok(())
        })?;
        work.tell(events::of(CARD_UNBLOCKED, &card));
        Ok(card)
    }

    fn weight(&self) -> usize {
        3
    }
}
