//! What was spent with a card: maintained sums, so that a limit is decided without looking at what was bought.
//!
//! A row per card and calendar month has what counts on each business day, by channel. It belongs to the card's whole
//! chain of replacements: a new card does not begin anew. What an authorisation counted stands on its hold as well, by
//! day, and is given back where it counted when the hold is reduced, released or expires. What is captured stays counted,
//! and so does what was refunded or charged back: a limit bounds what is bought, not what is kept.

mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::limits::Spent;
use super::model::Card;
use crate::ledger::{CardChannel, Hold};
use crate::primitives::{CardId, CardUsageId, HoldId, Minor};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Work};

/// What was spent with the cards of a chain in a calendar month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardUsage {
    /// Made of the two below: found without being looked for.
    pub id: CardUsageId,
    /// The first card of the chain.
    pub chain: CardId,
    /// The month's first day.
    pub month: NaiveDate,
    /// What counts, by day and channel; nothing is zero. What came by a channel that is not known counts for each.
    pub spent: BTreeMap<(NaiveDate, Option<CardChannel>), Minor>,
}

impl CardUsage {
    /// The id of a month's row.
    #[must_use]
    pub fn id_of(chain: CardId, month: NaiveDate) -> CardUsageId {
        let mut digest = Sha256::new();
        digest.update(chain.0.as_bytes());
        digest.update(month.to_string().as_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        let bytes: [u8; 16] = std::array::from_fn(|place| digest[place]);
        // Its version tells it from the ids that are made.
        CardUsageId(Uuid::from_u128((u128::from_be_bytes(bytes) & !(0xf << 76)) | (0x8 << 76)))
    }

    /// What counts on a day, and in the month; of all channels, and of one: what may have come by it.
    #[must_use]
    pub fn on(&self, day: NaiveDate, channel: CardChannel) -> Spent {
        let mut spent = Spent::default();
        for ((on, by), amount) in &self.spent {
            let sums = [
                (true, &mut spent.month),
                (*on == day, &mut spent.day),
                (by.is_none_or(|by| by == channel), &mut spent.channel_month),
                (*on == day && by.is_none_or(|by| by == channel), &mut spent.channel_day),
            ];
            for (_, sum) in sums.into_iter().filter(|(counts, _)| *counts) {
                sum.0 += amount.0;
            }
        }
        spent
    }
}

fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// What counts for a card today, of each of some channels.
///
/// # Errors
/// That it is not loaded yet.
pub fn spent(work: &mut Work, chain: CardId, channels: &[CardChannel]) -> Decision<Vec<(CardChannel, Spent)>> {
    let today = work.today();
    let row = work.get::<CardUsage>(CardUsage::id_of(chain, month_of(today)))?;
    let of = |channel: &CardChannel| (*channel, row.as_ref().map(|row| row.on(today, *channel)).unwrap_or_default());
    Ok(channels.iter().map(of).collect())
}

/// Counts an amount on a day; a negative one counts less.
///
/// # Errors
/// That something is not loaded yet.
pub fn count(
    work: &mut Work,
    chain: CardId,
    channel: Option<CardChannel>,
    day: NaiveDate,
    amount: Minor,
) -> Decision<()> {
    let (month, key) = (month_of(day), (day, channel));
    let id = CardUsage::id_of(chain, month);
    if work.get::<CardUsage>(id)?.is_none() {
        work.insert(CardUsage { id, chain, month, spent: BTreeMap::from([(key, amount)]) })?;
        return Ok(());
    }
    work.change::<CardUsage, Refused>(id, |usage| {
        let sum = usage.spent.entry(key).or_default();
        sum.0 = sum.0.saturating_add(amount.0);
        usage.spent.retain(|_, sum| sum.0 != 0);
        Ok(())
    })?;
    Ok(())
}

/// Counts what is reserved or taken on top of an authorisation, today.
///
/// # Errors
/// That something is not loaded yet.
pub fn count_more(work: &mut Work, hold: &Hold, amount: Minor) -> Decision<()> {
    let Some((chain, channel)) = counts_for(work, hold)? else { return Ok(()) };
    let today = work.today();
    work.change::<Hold, Refused>(hold.id, |hold| {
        hold.counted.add(today, amount);
        Ok(())
    })?;
    count(work, chain, channel, today, amount)
}

/// Gives back what an authorisation counted, on the days on which it did, the last one first. Does nothing for a hold
/// that no card has placed.
///
/// # Errors
/// That something is not loaded yet.
pub fn give_back(work: &mut Work, id: HoldId, amount: Minor) -> Decision<()> {
    let hold = work.get::<Hold>(id)?.ok_or_else(|| Stop::damaged("a hold that is gone"))?;
    let Some((chain, channel)) = counts_for(work, &hold)? else { return Ok(()) };
    let mut back = Vec::new();
    work.change::<Hold, Refused>(id, |hold| {
        back = hold.counted.take_back(amount);
        Ok(())
    })?;
    for (day, part) in back {
        count(work, chain, channel, day, part.negated())?;
    }
    Ok(())
}

fn counts_for(work: &mut Work, hold: &Hold) -> Decision<Option<(CardId, Option<CardChannel>)>> {
    let Some(card) = hold.card else { return Ok(None) };
    let card: Arc<Card> = work.get::<Card>(card)?.ok_or_else(|| Stop::damaged("a hold's card is gone"))?;
    Ok(Some((card.chain, hold.authorised_at().unwrap_or_default().known_channel())))
}
