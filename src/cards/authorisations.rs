//! Authorisations: what a scheme asks for before a card is used, and what it says of that until it is cleared.
//!
//! An authorisation is a hold with a card: OPEN while it reserves anything, then CAPTURED, RELEASED or EXPIRED. It can be
//! raised and reduced while it is open. A scheme repeats itself when it hears no answer: the same `networkReference` with
//! the same card and amount is the same authorisation, whoever asks under whatever key.
//!
//! | operation | hold | counts against the card's limits |
//! |---|---|---|
//! | `authoriseCard` | placed | the amount, today |
//! | `increaseAuthorisation` | raised | what is added, today |
//! | `reverseAuthorisation` | reduced, or RELEASED when nothing is left | what is given back counts no more, on the days on which it did |
//! | time | EXPIRED | the same |
//!
//! A message that names no channel is held to the strictest: it may have come by any that the way allows in which the
//! card's data were read ([`PointOfSale::possible_channels`]), is refused where one of these is blocked or has no room, and
//! counts against the limits of every channel unless it can be one alone. An issuer who blocks cash machines means those as
//! well whose acquirer does not say what they are.
//!
//! Refused in this order: what is not there (`NOT_FOUND`), what is no input (`INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`), a
//! reference of something else (`DUPLICATE_REFERENCE`), the card (`CARD_DELETED`, `CARD_REPLACED`, `CARD_EXPIRED`, `CARD_BLOCKED`), the
//! account's currency (`CURRENCY_MISMATCH`), the card's limits (`CARD_COUNTRY_BLOCKED`, `CARD_CHANNEL_BLOCKED`,
//! `CARD_LIMIT_EXCEEDED`), the account (`ACCOUNT_NOT_OPEN`, `INSUFFICIENT_FUNDS`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::blocks;
use super::limits::{Asked, LimitHit};
use super::model::{Card, CardStatus};
use super::point_of_sale::{checked, title};
use super::refusals::{CARD_DELETED, CARD_EXPIRED, CARD_REPLACED};
use super::store::CardBy;
use super::usage;
use crate::accounts::{Account, Product};
use crate::ledger::amounts::positive;
use crate::ledger::rows::NETWORK_REFERENCE;
use crate::ledger::{Hold, HoldStatus, PointOfSale, Refusal};
use crate::primitives::clock::Micros;
use crate::primitives::{Currency, HoldId, Minor, Money};
use crate::refused::{Refused, check_reference, described};
use crate::work::{CardUse, Command, Decision, Named as _, NewHold, Owned as _, Stop, Wants, Work};

/// Days after which an authorisation lapses, where neither the message nor the product says when.
pub const LAPSES_AFTER_DAYS: i64 = 7;

/// Days after which an authorisation lapses at the latest. Schemes hold hotels' and car hirers' open for a month.
pub const LAPSES_AFTER_DAYS_AT_MOST: i64 = 90;

const DAY: Micros = 24 * 60 * 60 * 1_000_000;

/// Reserves an amount for a card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthoriseCard {
    /// Which card.
    pub card: CardBy,
    /// How much, as it is billed to the account.
    pub amount: Money,
    /// Where and how; its channel says what the card's limits look at.
    pub at: PointOfSale,
    /// What the network calls it; unique.
    pub network_reference: Option<String>,
    /// When it lapses; as the product says when absent.
    pub expires_at: Option<Micros>,
    /// For people; the merchant's name when absent.
    pub description: Option<String>,
}

impl Command for AuthoriseCard {
    const OPERATION: &'static str = "authoriseCard";
    type Made = Hold;

    fn looks_at(&self, wants: &mut Wants) {
        self.card.hint(wants);
        // Read together with the card, not after it.
        if let Some(reference) = &self.network_reference {
            wants.unique::<Hold>(&NETWORK_REFERENCE, reference);
        }
    }

    fn decide(&self, work: &mut Work) -> Decision<Arc<Hold>> {
        let card = self.card.locate(work, "card")?;
        let amount = positive("amount", self.amount)?;
        let mut at = checked(&self.at)?;
        let expires_at = match self.expires_at {
            None => work.now() + lapses_after_days(work, &card)? * DAY,
            Some(end) => ending(end, work.now(), LAPSES_AFTER_DAYS_AT_MOST)?,
        };
        let description = described("description", self.description.as_deref(), &title(&at, "Card payment"))?;
        check_reference("networkReference", self.network_reference.as_deref())?;
        if let Some(reference) = &self.network_reference
            && let Some(before) = work.find::<Hold>(&NETWORK_REFERENCE, reference)?
        {
            let asked_before = before.authorised_at().and_then(|at| at.billed);
            if before.card == Some(card.id) && asked_before == Some(self.amount) {
                return Ok(before);
            }
            return Err(Refused::duplicate("networkReference", "the network's reference").into());
        }
        may_use(work, &card, (amount, self.amount.currency), &at, None)?;
        (at.card, at.billed) = (Some(card.id), Some(self.amount));
        let hold = NewHold {
            account: card.account,
            amount,
            currency: self.amount.currency,
            expires_at: Some(expires_at),
            description,
            reference: at.retrieval_reference.clone(),
            card: Some(Box::new(CardUse {
                card: card.id,
                network_reference: self.network_reference.clone(),
                at: at.clone(),
            })),
        };
        let hold = work.place_hold(&hold).named(&[(card.account, "card")])?;
        let today = work.today();
        usage::count(work, card.chain, at.known_channel(), today, amount)?;
        Ok(hold)
    }

    fn amount(&self, hold: &Hold) -> Option<Money> {
        Some(hold.amount.in_currency(hold.currency))
    }

    fn weight(&self) -> usize {
        5
    }
}

/// Reserves more for an authorisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IncreaseAuthorisation {
    /// Which.
    pub authorisation: HoldId,
    /// By how much.
    pub amount: Money,
}

impl Command for IncreaseAuthorisation {
    const OPERATION: &'static str = "increaseAuthorisation";
    type Made = Hold;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Hold>(self.authorisation);
    }

    /// As for an authorisation, `HOLD_NOT_OPEN` before the card.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Hold>> {
        let (hold, card) = locate(work, self.authorisation, "authorisation")?;
        let amount = positive("amount", self.amount)?;
        let now = work.now();
        Decision::from(hold.require_open(now).map_err(Stop::from)).of_field("authorisation")?;
        let at = hold.authorised_at().unwrap_or_default();
        may_use(work, &card, (amount, self.amount.currency), &at, Some("authorisation"))?;
        let hold = work.raise_hold(hold.id, amount, false).named(&[(card.account, "authorisation")])?;
        usage::count_more(work, &hold, amount)?;
        Ok(work.get::<Hold>(hold.id)?.unwrap_or(hold))
    }

    fn amount(&self, _: &Hold) -> Option<Money> {
        Some(self.amount)
    }

    fn weight(&self) -> usize {
        5
    }
}

/// Gives back an authorisation, or a part of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReverseAuthorisation {
    /// Which.
    pub authorisation: HoldId,
    /// A part; all that is left when absent.
    pub amount: Option<Money>,
}

impl Command for ReverseAuthorisation {
    const OPERATION: &'static str = "reverseAuthorisation";
    type Made = Hold;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Hold>(self.authorisation);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE` for no amount, `HOLD_NOT_OPEN`,
    /// `CURRENCY_MISMATCH`, `AMOUNT_OUT_OF_RANGE` for more than is left.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Hold>> {
        let (hold, card) = locate(work, self.authorisation, "authorisation")?;
        let amount = match self.amount {
            None => None,
            Some(money) => Some((positive("amount", money)?, money.currency)),
        };
        let now = work.now();
        Decision::from(hold.require_open(now).map_err(Stop::from)).of_field("authorisation")?;
        if amount.is_some_and(|(_, currency)| currency != hold.currency) {
            return Decision::Err(Refusal::CurrencyMismatch(card.account).into()).named(&[]);
        }
        let remaining = hold.remaining();
        match amount {
            Some((part, _)) if part != remaining => {
                work.reduce_hold(hold.id, part).named(&[(card.account, "authorisation")])?;
                usage::give_back(work, hold.id, part)?;
            }
            _ => {
                end(work, hold.id, HoldStatus::Released).named(&[(card.account, "authorisation")])?;
            }
        }
        Ok(work.get::<Hold>(hold.id)?.unwrap_or(hold))
    }

    fn weight(&self) -> usize {
        5
    }
}

/// After how many days an authorisation of a card lapses by itself: as the account's product says.
fn lapses_after_days(work: &mut Work, card: &Card) -> Decision<i64> {
    // What the limits and the funds look at is missed together with the account.
    let (account, _, _) =
        (work.get::<Account>(card.account), work.position(card.account), usage::spent(work, card.chain, &[]));
    let account = account?.ok_or_else(|| Stop::damaged("a card of no account"))?;
    let product = work.get::<Product>(account.product)?;
    let days = product.and_then(|product| product.authorisation_days);
    Ok(days.map_or(LAPSES_AFTER_DAYS, i64::from))
}

/// When a hold is to end by itself: in the future, in so many days at most.
///
/// # Errors
/// `INVALID_INPUT` for `expiresAt`.
pub fn ending(end: Micros, now: Micros, most_days: i64) -> Result<Micros, Refused> {
    if end <= now {
        return Err(Refused::invalid("expiresAt", "must lie in the future"));
    }
    if end > now + most_days * DAY {
        return Err(Refused::invalid("expiresAt", format!("must not lie more than {most_days} days ahead")));
    }
    Ok(end)
}

/// Ends a hold, as released or expired; what it counted against a card's limits is given back.
///
/// # Errors
/// As [`Work::end_hold`].
pub fn end(work: &mut Work, id: HoldId, status: HoldStatus) -> Decision<Arc<Hold>> {
    let hold = work.get::<Hold>(id)?.ok_or(Refusal::HoldNotFound)?;
    let freed = hold.remaining();
    let ended = work.end_hold(id, status)?;
    if hold.card.is_none() {
        return Ok(ended);
    }
    usage::give_back(work, id, freed)?;
    Ok(work.get::<Hold>(id)?.unwrap_or(ended))
}

/// An authorisation that the origin sees, and its card.
pub(super) fn locate(work: &mut Work, id: HoldId, field: &str) -> Decision<(Arc<Hold>, Arc<Card>)> {
    let not_found = || Stop::from(Refused::not_found(field, "authorisation"));
    let hold = work.get::<Hold>(id)?.ok_or_else(not_found)?;
    let card = hold.card.ok_or_else(not_found)?;
    let card = work.get::<Card>(card)?.ok_or_else(|| Stop::damaged("a hold's card is gone"))?;
    if card.is_visible(work)? { Ok((hold, card)) } else { Err(not_found()) }
}

/// Whether a card may be used for so much: all but the funds. `named` is the field that stands for the card and what is
/// known of the place, where the input names neither.
pub(super) fn may_use(
    work: &mut Work,
    card: &Card,
    (amount, currency): (Minor, Currency),
    at: &PointOfSale,
    named: Option<&str>,
) -> Decision<()> {
    // All that is missing is missed at once.
    let channels = at.possible_channels();
    let (position, spent) = (work.position(card.account), usage::spent(work, card.chain, channels));
    let (position, spent) = (position?, spent?);
    in_force(work, card, named.unwrap_or("card"))?;
    blocks::require_unblocked(card, work.today(), named.unwrap_or("card"))?;
    if position.currency != currency {
        return Decision::Err(Refusal::CurrencyMismatch(card.account).into()).named(&[]);
    }
    let country = at.merchant.as_ref().and_then(|merchant| merchant.country.as_deref());
    // Of each channel that it may have come by: the strictest decides.
    let hits = spent
        .iter()
        .filter_map(|(channel, spent)| card.limits.check(&Asked { amount, channel: *channel, country }, spent).err());
    hits.min_by_key(LimitHit::precedence).map_or(Ok(()), |hit| {
        let field = match hit {
            LimitHit::Amount { .. } => "amount",
            LimitHit::Country => named.unwrap_or("pointOfSale.merchant.country"),
            LimitHit::Channel => named.unwrap_or("pointOfSale.channel"),
        };
        Err(hit.refused(field, currency).into())
    })
}

fn in_force(work: &Work, card: &Card, field: &str) -> Result<(), Refused> {
    let (code, message) = match card.status {
        CardStatus::Active if card.is_usable(work.today()) => return Ok(()),
        CardStatus::Active => (CARD_EXPIRED, "the card's last day is over"),
        CardStatus::Deleted => (CARD_DELETED, "the card is deleted"),
        CardStatus::Replaced => (CARD_REPLACED, "the card was replaced by another"),
    };
    let mut refused = Refused::of_field(code, field, message);
    refused.facts.status = Some(card.status.word());
    refused.facts.latest = card.expires_on.filter(|_| code == CARD_EXPIRED);
    Err(refused)
}
