//! What commands do to holds: place, raise, reduce, take, end.

use std::sync::Arc;

use crate::ledger::Refusal;
use crate::ledger::entry::{Draft, Entry, Side, Spread, TransactionKind};
use crate::ledger::event;
use crate::ledger::hold::{Counted, Hold, HoldStatus};
use crate::ledger::point_of_sale::PointOfSale;
use crate::ledger::position::Position;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CardId, Currency, HoldId, Minor};
use crate::work::command::Decision;
use crate::work::unit::Work;

/// A hold to place.
#[derive(Clone, Debug)]
pub struct NewHold {
    /// On which account.
    pub account: AccountId,
    /// How much; positive.
    pub amount: Minor,
    /// In which currency.
    pub currency: Currency,
    /// When it lapses by itself.
    pub expires_at: Option<Micros>,
    /// For people.
    pub description: String,
    /// The caller's reference.
    pub reference: Option<String>,
    /// Where a card was used.
    pub card: Option<Box<CardUse>>,
}

/// What is noted of a hold that is placed with a card.
#[derive(Clone, Debug)]
pub struct CardUse {
    /// Which.
    pub card: CardId,
    /// What its network calls it; unique.
    pub network_reference: Option<String>,
    /// Where.
    pub at: PointOfSale,
}

impl Work {
    /// Reserves available funds.
    ///
    /// # Errors
    /// [`Refusal::AmountOutOfRange`], [`Refusal::CurrencyMismatch`], then as [`Position::reserve`].
    pub fn place_hold(&mut self, new: &NewHold) -> Decision<Arc<Hold>> {
        let position = self.position(new.account)?;
        if new.amount.0 <= 0 {
            return Err(Refusal::NOT_POSITIVE.into());
        }
        if position.currency != new.currency {
            return Err(Refusal::CurrencyMismatch(new.account).into());
        }
        let today = self.today();
        self.change::<Position, _>(new.account, |position| position.reserve(new.amount, today))?;
        let mut counted = Counted::default();
        if new.card.is_some() {
            counted.add(today, new.amount);
        }
        let hold = Hold {
            id: self.id(),
            ordinal: self.ordinal(),
            account: new.account,
            currency: new.currency,
            amount: new.amount,
            captured: Minor::ZERO,
            status: HoldStatus::Open,
            description: new.description.clone(),
            reference: new.reference.clone(),
            card: new.card.as_ref().map(|used| used.card),
            network_reference: new.card.as_ref().and_then(|used| used.network_reference.clone()),
            point_of_sale: new.card.as_ref().map(|used| used.at.to_text()),
            counted,
            placed_at: self.now(),
            expires_at: new.expires_at,
            closed_at: None,
        };
        let hold = self.insert(hold)?;
        self.tell(event::of_hold(event::HOLD_PLACED, &hold, new.amount));
        Ok(hold)
    }

    /// Turns a hold, or a part of it, into an entry.
    ///
    /// # Errors
    /// [`Refusal::HoldNotFound`], then as [`Hold::capture`], then as [`Work::post`].
    pub fn capture_hold(&mut self, id: HoldId, amount: Option<Minor>, to: &Side) -> Decision<(Arc<Entry>, Arc<Hold>)> {
        let hold = self.get::<Hold>(id)?.ok_or(Refusal::HoldNotFound)?;
        if let Side::Account(to, ..) = to {
            self.position(*to)?;
        }
        let now = self.now();
        let mut taken = Minor::ZERO;
        let hold = self.change::<Hold, _>(hold.id, |hold| {
            taken = hold.capture(amount, now)?;
            Ok::<_, Refusal>(())
        })?;
        self.free_reserved(hold.account, taken)?;
        let from = Side::Account(hold.account, Spread::Reserved, None);
        let mut draft = Draft::new(TransactionKind::Purchase, hold.currency, hold.description.clone());
        // It was authorised when the hold was placed.
        draft.transaction_date = Some(crate::primitives::clock::from_micros(hold.placed_at).date_naive());
        draft.facts.reference.clone_from(&hold.reference);
        draft.facts.point_of_sale =
            hold.authorised_at().map(|at| Box::new(at.clearing(id, taken.in_currency(hold.currency))));
        let entry = self.post_of(&draft.moving(from, to.clone(), taken), Some(id))?;
        self.tell(event::of_hold(event::HOLD_CAPTURED, &hold, taken));
        Ok((entry, hold))
    }

    /// Reserves more: as far as funds are available, or (of what a scheme has cleared) whatever there is.
    ///
    /// # Errors
    /// [`Refusal::HoldNotFound`], then as [`Hold::raise`], then as [`Position::reserve`].
    pub fn raise_hold(&mut self, id: HoldId, by: Minor, anyway: bool) -> Decision<Arc<Hold>> {
        let hold = self.get::<Hold>(id)?.ok_or(Refusal::HoldNotFound)?;
        self.position(hold.account)?;
        let (now, today) = (self.now(), self.today());
        let hold = self.change::<Hold, _>(id, |hold| hold.raise(by, now))?;
        self.change::<Position, _>(hold.account, |position| match anyway {
            true => position.reserve_anyway(by),
            false => position.reserve(by, today),
        })?;
        self.tell(event::of_hold(event::HOLD_RAISED, &hold, by));
        Ok(hold)
    }

    /// Gives back a part of what a hold reserves; it stays open.
    ///
    /// # Errors
    /// [`Refusal::HoldNotFound`], then as [`Hold::reduce`].
    pub fn reduce_hold(&mut self, id: HoldId, by: Minor) -> Decision<Arc<Hold>> {
        self.get::<Hold>(id)?.ok_or(Refusal::HoldNotFound)?;
        let now = self.now();
        let hold = self.change::<Hold, _>(id, |hold| hold.reduce(by, now))?;
        self.free_reserved(hold.account, by)?;
        self.tell(event::of_hold(event::HOLD_REDUCED, &hold, by));
        Ok(hold)
    }

    /// Books an entry that takes a part of a hold.
    ///
    /// # Errors
    /// [`Refusal::HoldNotFound`], then as [`Hold::capture`], then as [`Work::post`].
    pub fn clear_hold(&mut self, id: HoldId, amount: Minor, draft: &Draft) -> Decision<(Arc<Entry>, Arc<Hold>)> {
        self.get::<Hold>(id)?.ok_or(Refusal::HoldNotFound)?;
        let now = self.now();
        let hold = self.change::<Hold, _>(id, |hold| hold.capture(Some(amount), now).map(|_| ()))?;
        self.free_reserved(hold.account, amount)?;
        let entry = self.post_of(draft, Some(id))?;
        self.tell(event::of_hold(event::HOLD_CAPTURED, &hold, amount));
        Ok((entry, hold))
    }

    /// Ends a hold: released by hand, or expired by time.
    ///
    /// # Errors
    /// [`Refusal::HoldNotFound`], then as [`Hold::end`].
    pub fn end_hold(&mut self, id: HoldId, status: HoldStatus) -> Decision<Arc<Hold>> {
        self.get::<Hold>(id)?.ok_or(Refusal::HoldNotFound)?;
        let now = self.now();
        let mut freed = Minor::ZERO;
        let hold = self.change::<Hold, _>(id, |hold| {
            freed = hold.end(status, now)?;
            Ok::<_, Refusal>(())
        })?;
        self.free_reserved(hold.account, freed)?;
        let type_ = if status == HoldStatus::Expired { event::HOLD_EXPIRED } else { event::HOLD_RELEASED };
        self.tell(event::of_hold(type_, &hold, freed));
        self.close_if_nothing_holds_it_back(hold.account)?;
        Ok(hold)
    }

    fn free_reserved(&mut self, account: AccountId, amount: Minor) -> Decision<()> {
        self.position(account)?;
        self.change::<Position, Refusal>(account, |position| {
            position.reserved = Minor(position.reserved.0 - amount.0);
            Ok(())
        })?;
        Ok(())
    }
}
