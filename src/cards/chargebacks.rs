//! Chargebacks: a purchase that is disputed with the scheme. OPEN -> WON or LOST, for good.
//!
//! A purchase is disputed once, and by no more than it was less what was reversed and refunded of it. The cardholder may be
//! given the amount at once, provisionally: the scheme owes it meanwhile (CHARGEBACK_RECEIVABLE). A dispute that is won
//! makes that final, or gives it then; one that is lost takes it back, whatever the account has. See the table of postings
//! in [`super::clearing`].
//!
//! What the merchant refunds while the purchase is disputed, or once the dispute is won, is held against it: no more of it
//! is disputed than is left of the purchase, and what the cardholder would have twice is taken back (given back to the
//! scheme, once that has paid). A dispute that is lost holds nothing, and neither does a refund that names no purchase.

mod store;

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::clearing::{book, purchase, side};
use super::events::{self, CHARGEBACK_OPENED, CHARGEBACK_REDUCED, CHARGEBACK_RESOLVED};
use super::model::Card;
use super::refunds;
use super::refusals::{CHARGEBACK_EXISTS, CHARGEBACK_RESOLVED_ALREADY};
use crate::ledger::amounts::positive;
use crate::ledger::entry::Side;
use crate::ledger::rows::Reversed;
use crate::ledger::{Draft, Entry, InternalRole, PointOfSale, Refusal, TransactionKind};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CardId, ChargebackId, Currency, EntryId, Minor, Money};
use crate::refused::{INVALID_STATE, Refused, check_reference, reason};
use crate::work::{Command, Decision, Named as _, Owned, Stop, Wants, Work};

pub use store::{PURCHASE, list};

crate::words! {
    /// Where a chargeback is in its life.
    ChargebackState {
        /// The scheme has not decided.
        Open = "OPEN",
        /// The cardholder was right.
        Won = "WON",
        /// The merchant was right.
        Lost = "LOST",
    }

    /// How a scheme has decided.
    ChargebackOutcome {
        /// The cardholder was right.
        Won = "WON",
        /// The merchant was right.
        Lost = "LOST",
    }
}

/// A chargeback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chargeback {
    /// Its id.
    pub id: ChargebackId,
    /// Its place in lists.
    pub ordinal: i64,
    /// The card.
    pub card: CardId,
    /// Its account.
    pub account: AccountId,
    /// The id of the purchase's entry, as text; unique.
    pub purchase: String,
    /// In which currency.
    pub currency: Currency,
    /// How much of it is disputed.
    pub amount: Minor,
    /// What of that the merchant has refunded since: it is disputed no more.
    pub refunded: Minor,
    /// Its state.
    pub state: ChargebackState,
    /// Why.
    pub reason: String,
    /// What the scheme calls it.
    pub reference: Option<String>,
    /// The entry that gave the amount back provisionally.
    pub credit: Option<EntryId>,
    /// The entry that its outcome was booked with.
    pub outcome: Option<EntryId>,
    /// The business date on which it was opened.
    pub opened_on: NaiveDate,
    /// The business date on which it was decided.
    pub resolved_on: Option<NaiveDate>,
    /// When it was opened.
    pub created_at: Micros,
}

impl Chargeback {
    /// What is disputed still, or was when it was decided.
    #[must_use]
    pub fn disputed(&self) -> Minor {
        Minor(self.amount.0 - self.refunded.0)
    }
}

impl Owned for Chargeback {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        match work.get::<Card>(self.card)? {
            Some(card) => card.is_visible(work),
            None => Ok(false),
        }
    }
}

/// Disputes a purchase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenChargeback {
    /// The purchase's entry.
    pub purchase: EntryId,
    /// How much of it; all that is left of it when absent.
    pub amount: Option<Money>,
    /// Whether the cardholder is given the amount at once.
    pub provisional_credit: bool,
    /// Why.
    pub reason: String,
    /// What the scheme calls it.
    pub reference: Option<String>,
}

impl Command for OpenChargeback {
    const OPERATION: &'static str = "openChargeback";
    type Made = Chargeback;

    fn looks_at(&self, wants: &mut Wants) {
        wants.entry(self.purchase);
        hint(self.purchase, wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE` for no amount, `CHARGEBACK_EXISTS`,
    /// `ALREADY_REVERSED`, `INVALID_STATE` when all of it was refunded, `CURRENCY_MISMATCH`, `AMOUNT_OUT_OF_RANGE` for
    /// more than is left of the purchase.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Chargeback>> {
        let (entry, at, card) = purchase(work, self.purchase, "purchase")?;
        let why = reason("reason", &self.reason)?;
        check_reference("reference", self.reference.as_deref())?;
        let asked = match self.amount {
            None => None,
            Some(money) => Some((positive("amount", money)?, money.currency)),
        };
        if work.find::<Chargeback>(&PURCHASE, &self.purchase.to_string())?.is_some() {
            let message = "the purchase is or was disputed already";
            return Err(Refused::of_field(CHARGEBACK_EXISTS, "purchase", message).into());
        }
        let (left, currency) = open_for_dispute(work, &entry, &at)?;
        let amount = match asked {
            Some((_, other)) if other != currency => {
                return Decision::Err(Refusal::CurrencyMismatch(card.account).into()).named(&[]);
            }
            Some((amount, _)) if amount > left => {
                let refusal = Refusal::ReversalTooLarge { remaining: left.in_currency(currency) };
                return Decision::Err(refusal.into()).named(&[]);
            }
            Some((amount, _)) => amount,
            None => left,
        };
        let credit = match self.provisional_credit {
            false => None,
            true => {
                let draft =
                    draft(currency, &card, entry.id, amount, at.merchant.clone(), "Chargeback, provisional credit");
                Some(give(work, &card, draft, InternalRole::ChargebackReceivable, amount)?)
            }
        };
        let chargeback = Chargeback {
            id: work.id(),
            ordinal: work.ordinal(),
            card: card.id,
            account: card.account,
            purchase: entry.id.to_string(),
            currency,
            amount,
            refunded: Minor::ZERO,
            state: ChargebackState::Open,
            reason: why,
            reference: self.reference.clone(),
            credit,
            outcome: None,
            opened_on: work.today(),
            resolved_on: None,
            created_at: work.now(),
        };
        let chargeback = work.insert(chargeback)?;
        work.tell(events::of_chargeback(CHARGEBACK_OPENED, &chargeback));
        Ok(chargeback)
    }

    fn amount(&self, chargeback: &Chargeback) -> Option<Money> {
        Some(chargeback.amount.in_currency(chargeback.currency))
    }

    fn weight(&self) -> usize {
        12
    }
}

/// What is left of a purchase to be disputed, and its currency.
fn open_for_dispute(work: &mut Work, entry: &Entry, at: &PointOfSale) -> Decision<(Minor, Currency)> {
    let left = refunds::left(work, entry, at)?;
    let billed = at.billed.ok_or_else(|| Stop::damaged("a purchase that billed nothing"))?;
    if let Some(Reversed { complete: true, last, .. }) = work.get::<Reversed>(entry.id)?.as_deref() {
        return Decision::Err(Refusal::AlreadyReversed { by: *last }.into()).of_field("purchase");
    }
    if left == Minor::ZERO {
        let message = "nothing is left of the purchase: it was refunded";
        return Err(Refused::of_field(INVALID_STATE, "purchase", message).into());
    }
    Ok((left, billed.currency))
}

/// What is looked up when a purchase is disputed or refunded.
pub(super) fn hint(purchase: EntryId, wants: &mut Wants) {
    refunds::hint(purchase, wants);
    wants.unique::<Chargeback>(&PURCHASE, &purchase.to_string());
}

/// Holds a refund that was just counted against the purchase's chargeback, if it has one that is open or won: no more is
/// disputed than is left of the purchase, and what the cardholder has twice is taken back.
///
/// # Errors
/// That something is not loaded yet.
pub(super) fn hold_against(work: &mut Work, card: &Card, bought: &Entry, at: &PointOfSale) -> Decision<()> {
    let Some(chargeback) = work.find::<Chargeback>(&PURCHASE, &bought.id.to_string())? else { return Ok(()) };
    let excess = Minor(chargeback.disputed().0 - refunds::left(work, bought, at)?.0);
    if chargeback.state == ChargebackState::Lost || excess.0 <= 0 {
        return Ok(());
    }
    let to = match (chargeback.state, chargeback.credit) {
        (ChargebackState::Won, _) => Some(InternalRole::SchemeSettlement),
        (_, Some(_)) => Some(InternalRole::ChargebackReceivable),
        // Nothing was given yet.
        (_, None) => None,
    };
    if let Some(to) = to {
        let (own, placed) = side(work, card.account)?;
        let title = "Chargeback, refunded by the merchant";
        let draft = draft(chargeback.currency, card, bought.id, excess, at.merchant.clone(), title);
        book(work, card, &placed_on(draft.moving(own, Side::Internal(to), excess), card, placed), placed)?;
    }
    let chargeback = work.change::<Chargeback, Refused>(chargeback.id, |chargeback| {
        chargeback.refunded = Minor(chargeback.refunded.0 + excess.0);
        Ok(())
    })?;
    work.tell(events::of_chargeback(CHARGEBACK_REDUCED, &chargeback));
    Ok(())
}

/// Notes how the scheme has decided, and books it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResolveChargeback {
    /// Which.
    pub chargeback: ChargebackId,
    /// How.
    pub outcome: ChargebackOutcome,
}

impl Command for ResolveChargeback {
    const OPERATION: &'static str = "resolveChargeback";
    type Made = Chargeback;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Chargeback>(self.chargeback);
    }

    /// Refused as: `NOT_FOUND`, `CHARGEBACK_RESOLVED_ALREADY`. Where all that was disputed has been refunded meanwhile,
    /// nothing is booked.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Chargeback>> {
        let not_found = || Stop::from(Refused::not_found("chargeback", "chargeback"));
        let chargeback = work.get::<Chargeback>(self.chargeback)?.ok_or_else(not_found)?;
        let card = work.get::<Card>(chargeback.card)?.ok_or_else(|| Stop::damaged("a chargeback's card is gone"))?;
        if !card.is_visible(work)? {
            return Err(not_found());
        }
        if chargeback.state != ChargebackState::Open {
            let mut refused =
                Refused::of_field(CHARGEBACK_RESOLVED_ALREADY, "chargeback", "the scheme has decided already");
            refused.facts.status = Some(chargeback.state.word());
            return Err(refused.into());
        }
        let purchase = chargeback.purchase.parse().map_err(|_| Stop::damaged("a chargeback of no entry"))?;
        let (currency, amount) = (chargeback.currency, chargeback.disputed());
        let drafted = |title| draft(currency, &card, purchase, amount, None, title);
        let receivable = Side::Internal(InternalRole::ChargebackReceivable);
        let entry = match (self.outcome, chargeback.credit) {
            _ if amount == Minor::ZERO => None,
            (ChargebackOutcome::Won, Some(_)) => {
                let settlement = Side::Internal(InternalRole::SchemeSettlement);
                let draft = drafted("Chargeback won").moving(settlement, receivable, amount);
                Some(book(work, &card, &draft, true)?.id)
            }
            (ChargebackOutcome::Won, None) => {
                Some(give(work, &card, drafted("Chargeback won"), InternalRole::SchemeSettlement, amount)?)
            }
            (ChargebackOutcome::Lost, Some(_)) => {
                let (own, placed) = side(work, card.account)?;
                let draft = drafted("Chargeback lost").moving(own, receivable, amount);
                Some(book(work, &card, &placed_on(draft, &card, placed), placed)?.id)
            }
            (ChargebackOutcome::Lost, None) => None,
        };
        let today = work.today();
        let chargeback = work.change::<Chargeback, Refused>(chargeback.id, |chargeback| {
            chargeback.state = match self.outcome {
                ChargebackOutcome::Won => ChargebackState::Won,
                ChargebackOutcome::Lost => ChargebackState::Lost,
            };
            (chargeback.outcome, chargeback.resolved_on) = (entry, Some(today));
            Ok(())
        })?;
        work.tell(events::of_chargeback(CHARGEBACK_RESOLVED, &chargeback));
        Ok(chargeback)
    }

    fn weight(&self) -> usize {
        12
    }
}

/// Gives the cardholder an amount; where the other side of it stands is said.
fn give(work: &mut Work, card: &Card, draft: Draft, from: InternalRole, amount: Minor) -> Decision<EntryId> {
    let (own, placed) = side(work, card.account)?;
    let draft = draft.moving(Side::Internal(from), own, amount);
    Ok(book(work, card, &placed_on(draft, card, placed), placed)?.id)
}

/// Where it could not be booked on the account, the entry names it.
fn placed_on(mut draft: Draft, card: &Card, placed: bool) -> Draft {
    if let Some(at) = &mut draft.facts.point_of_sale {
        at.account = (!placed).then_some(card.account);
    }
    draft
}

fn draft(
    currency: Currency,
    card: &Card,
    purchase: EntryId,
    amount: Minor,
    merchant: Option<crate::ledger::Merchant>,
    title: &str,
) -> Draft {
    let mut draft = Draft::new(TransactionKind::Chargeback, currency, title.into());
    draft.facts.point_of_sale = Some(Box::new(PointOfSale {
        card: Some(card.id),
        purchase: Some(purchase),
        billed: Some(amount.in_currency(currency)),
        merchant,
        ..PointOfSale::default()
    }));
    draft
}

/// That an entry may be reversed: no purchase that is disputed or was refunded, which would be given back twice; nothing
/// that came of a dispute; no refund that was held against one.
///
/// # Errors
/// `INVALID_STATE`, or that something is not loaded yet.
pub fn allows_reversal(work: &mut Work, entry: &Entry, field: &str) -> Decision<()> {
    let message = match entry.kind {
        TransactionKind::Chargeback => "it came of a chargeback, which is resolved instead",
        TransactionKind::Purchase if entry.noted().point_of_sale.is_some() => {
            let chargeback = work.find::<Chargeback>(&PURCHASE, &entry.id.to_string());
            let (refunded, chargeback) = (refunds::of(work, entry.id)?, chargeback?);
            match chargeback {
                Some(chargeback) if chargeback.state != ChargebackState::Lost => "the purchase is or was charged back",
                _ if refunded.0 > 0 => "the purchase was refunded: a refund that was none is reversed first",
                _ => return Ok(()),
            }
        }
        TransactionKind::Credit => {
            let Some(purchase) = refunds::refunds(entry) else { return Ok(()) };
            match work.find::<Chargeback>(&PURCHASE, &purchase.to_string())? {
                Some(chargeback) if chargeback.refunded.0 > 0 => "the refund was held against a chargeback",
                _ => return Ok(()),
            }
        }
        _ => return Ok(()),
    };
    Err(Refused::of_field(INVALID_STATE, field, message).into())
}
