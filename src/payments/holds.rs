//! Holds: place, capture, release, expire.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::charity;
use crate::accounts::AccountBy;
use crate::accounts::store::is_seen;
use crate::cards::authorisations::{end, ending};
use crate::investments;
use crate::investments::refusals::HOLD_OF_BID;
use crate::ledger::amounts::positive;
use crate::ledger::entry::Side;
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::ledger::{Entry, Hold, HoldStatus, InternalRole};
use crate::primitives::clock::Micros;
use crate::primitives::{HoldId, Money};
use crate::refused::{Facts, Refused, described, noted};
use crate::work::{Command, Decision, Named as _, NewHold, Owned, Wants, Work};

/// Days after which a hold lapses at the latest, where it does by itself.
pub const LAPSES_AFTER_DAYS_AT_MOST: i64 = 366;

/// Reserves available funds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlaceHold {
    /// On which account.
    pub account: AccountBy,
    /// How much.
    pub amount: Money,
    /// When it lapses by itself.
    pub expires_at: Option<Micros>,
    /// For people.
    pub description: Option<String>,
    /// The caller's reference; not unique.
    pub reference: Option<String>,
}

impl Command for PlaceHold {
    const OPERATION: &'static str = "placeHold";
    type Made = Hold;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Hold>> {
        let account = self.account.locate_id(work, "account")?;
        let amount = positive("amount", self.amount)?;
        if let Some(end) = self.expires_at {
            ending(end, work.now(), LAPSES_AFTER_DAYS_AT_MOST)?;
        }
        let hold = NewHold {
            account,
            amount,
            currency: self.amount.currency,
            expires_at: self.expires_at,
            description: described("description", self.description.as_deref(), "Reservation")?,
            reference: noted("reference", self.reference.as_deref())?,
            card: None,
        };
        work.place_hold(&hold).named(&[(account, "account")])
    }

    fn amount(&self, hold: &Hold) -> Option<Money> {
        Some(hold.amount.in_currency(hold.currency))
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Turns a hold, or a part of it, into a purchase: to SETTLEMENT_CARD, or to a merchant's account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaptureHold {
    /// Which.
    pub hold: HoldId,
    /// A part; all that is left when absent.
    pub amount: Option<Money>,
    /// Whose account it goes to.
    pub to: Option<AccountBy>,
}

impl Command for CaptureHold {
    const OPERATION: &'static str = "captureHold";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Hold>(self.hold);
        investments::hint_of_bid(self.hold, wants);
        if let Some(to) = &self.to {
            to.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND` (hold, then to), `HOLD_OF_BID`, `INVALID_INPUT`, `CURRENCY_MISMATCH`, `AMOUNT_OUT_OF_RANGE`,
    /// then the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let hold = locate(work, self.hold)?;
        let to = match &self.to {
            None => None,
            Some(by) => Some(by.locate_id(work, "to")?),
        };
        of_no_bid(work, hold.id)?;
        let amount = match self.amount {
            None => None,
            Some(money) if money.currency != hold.currency => {
                let message = format!("the hold is in {}", hold.currency);
                let refused = Refused::of_field(CURRENCY_MISMATCH, "amount.currency", message);
                let facts = Box::new(Facts { account: Some(hold.account), ..Facts::default() });
                return Err(Refused { facts, ..refused }.into());
            }
            Some(money) => Some(positive("amount", money)?),
        };
        let mut names = vec![(hold.account, "hold")];
        names.extend(to.map(|to| (to, "to")));
        let to = to.map_or(Side::Internal(InternalRole::SettlementCard), Side::account);
        let (entry, _) = work.capture_hold(hold.id, amount, &to).named(&names)?;
        charity::give(work, &entry, hold.account)?;
        Ok(entry)
    }

    fn weight(&self) -> usize {
        10
    }
}

/// Gives back what a hold reserves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReleaseHold {
    /// Which.
    pub hold: HoldId,
}

impl Command for ReleaseHold {
    const OPERATION: &'static str = "releaseHold";
    type Made = Hold;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Hold>(self.hold);
        investments::hint_of_bid(self.hold, wants);
    }

    /// Refused as: `NOT_FOUND`, `HOLD_OF_BID`, `HOLD_NOT_OPEN`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Hold>> {
        let hold = locate(work, self.hold)?;
        of_no_bid(work, hold.id)?;
        end(work, hold.id, HoldStatus::Released).named(&[(hold.account, "hold")])
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Gives back what a hold reserves whose time has run out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExpireHold {
    /// Which.
    pub hold: HoldId,
}

impl Command for ExpireHold {
    const OPERATION: &'static str = "expireHold";
    type Made = Hold;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Hold>(self.hold);
    }

    /// Refused as: `NOT_FOUND`, `HOLD_NOT_OPEN` when somebody was faster, or its time has not run out.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Hold>> {
        let hold = locate(work, self.hold)?;
        end(work, hold.id, HoldStatus::Expired).named(&[(hold.account, "hold")])
    }

    fn weight(&self) -> usize {
        4
    }
}

/// A hold of an account that the origin sees.
fn locate(work: &mut Work, id: HoldId) -> Decision<Arc<Hold>> {
    let not_found = || Refused::not_found("hold", "hold");
    let hold = work.get::<Hold>(id)?.ok_or_else(not_found)?;
    if hold.is_visible(work)? { Ok(hold) } else { Err(not_found().into()) }
}

/// That no bid stands on it: who has bid withdraws the bid.
fn of_no_bid(work: &mut Work, hold: HoldId) -> Decision<()> {
    if investments::of_bid(work, hold)? {
        return Err(Refused::of_field(HOLD_OF_BID, "hold", "the hold is that of a bid, and ends with it").into());
    }
    Ok(())
}

impl Owned for Hold {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}
