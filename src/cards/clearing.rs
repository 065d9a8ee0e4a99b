//! Clearings: what a scheme says has happened. It is booked, whatever has become of the card, its account and its limits
//! since: the scheme settles it with the house in any case.
//!
//! | operation | debits (money leaves) | credits (money arrives) |
//! |---|---|---|
//! | `clearCard` | the account's principal past its limit; where it may owe nothing its free funds, then SHORTFALL | SCHEME_SETTLEMENT |
//! | `purchaseByCard` | the account's funds or credit | SCHEME_SETTLEMENT |
//! | `refundCard` | SCHEME_SETTLEMENT | the account, past its maximum: shortfall, then debts in its product's order, then funds |
//! | the same, of a purchase that is or was charged back | the account, as a clearing, what it would have twice | CHARGEBACK_RECEIVABLE while it is open, SCHEME_SETTLEMENT once it is won |
//! | `openChargeback` with a provisional credit | CHARGEBACK_RECEIVABLE | the account, as a refund |
//! | `resolveChargeback`, won | SCHEME_SETTLEMENT | CHARGEBACK_RECEIVABLE, or the account where nothing was credited |
//! | `resolveChargeback`, lost | the account, as a clearing, where it was credited | CHARGEBACK_RECEIVABLE |
//!
//! An account that is closed takes nothing and stays empty: CARD_UNPLACED stands in its place, the entry names the account
//! and the card, and `CARD_CLEARED_UNPLACED` is told, so that somebody can turn to its former owner.
//!
//! A clearing of an open authorisation takes it, in parts (`last` gives the rest back) or above what is reserved (the
//! excess raises it first, and no one is asked for that). One of an authorisation that has ended, or of none, is booked
//! without. What is cleared counts against the card's limits as what was authorised does, and is never refused for them.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::authorisations::{end, locate, may_use};
use super::events::{self, CARD_CLEARED_UNPLACED};
use super::model::Card;
use super::point_of_sale::{checked, title};
use super::store::CardBy;
use super::{chargebacks, refunds, usage};
use crate::ledger::amounts::positive;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::{
    AccountStatus, Draft, Entry, ExternalReference, Hold, HoldStatus, InternalRole, PointOfSale, Refusal,
    TransactionKind,
};
use crate::merchants;
use crate::primitives::{AccountId, EntryId, HoldId, Minor, Money};
use crate::refused::{Refused, check_reference, described};
use crate::work::{Command, Decision, Named as _, Owned as _, Stop, Wants, Work};

/// Who posts what a scheme's reference names: the namespace of these references among the entries' external ones.
pub const POSTER: &str = "CARD_SCHEME";

/// The age in days of what a scheme clears, at most. Schemes give merchants half a year, and longer to give back.
pub const CLEARED_WITHIN_DAYS: u64 = 400;

/// What is cleared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Cleared {
    /// What was authorised.
    Authorisation(HoldId),
    /// What was not, or not here.
    Card(CardBy),
}

/// What is refunded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Refunded {
    /// A purchase that was booked.
    Purchase(EntryId),
    /// Something else that was bought with a card.
    Card(CardBy),
}

/// What every message of a scheme that books something has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// How much, as it is billed to the account.
    pub amount: Money,
    /// Where and how.
    pub at: PointOfSale,
    /// What the network calls the message; unique among those that book something.
    pub network_reference: Option<String>,
    /// The day on which the card was used.
    pub transaction_date: Option<NaiveDate>,
    /// For people; the merchant's name when absent.
    pub description: Option<String>,
}

/// A message that was checked.
struct Told {
    amount: Minor,
    at: PointOfSale,
    description: Option<String>,
}

impl Message {
    fn hint(&self, wants: &mut Wants) {
        merchants::hint_of(self.amount.currency, &self.at, wants);
        if let Some(external) = self.external() {
            wants.external(external.key());
        }
    }

    fn external(&self) -> Option<ExternalReference> {
        let reference = self.network_reference.clone()?;
        Some(ExternalReference { reference, date: None, poster: Some(POSTER.into()), code: None })
    }

    fn checked(&self, work: &mut Work, account: AccountId) -> Decision<Told> {
        let amount = positive("amount", self.amount)?;
        let at = checked(&self.at)?;
        check_reference("networkReference", self.network_reference.as_deref())?;
        self.check_date(work.today())?;
        let description = described("description", self.description.as_deref(), "")?;
        if work.position(account)?.currency != self.amount.currency {
            return Decision::Err(Refusal::CurrencyMismatch(account).into()).named(&[]);
        }
        Ok(Told { amount, at, description: Some(description).filter(|text| !text.is_empty()) })
    }

    /// That the card was used about now: tomorrow at the latest, as it is already where the card is used while the house
    /// has not ended its day; and not so long ago that no scheme would clear it any more.
    fn check_date(&self, today: NaiveDate) -> Result<(), Refused> {
        let (first, last) = (today - Days::new(CLEARED_WITHIN_DAYS), today + Days::new(1));
        match self.transaction_date {
            Some(date) if date > last => {
                Err(Refused::invalid("transactionDate", "must not lie more than a day after the business date"))
            }
            Some(date) if date < first => {
                let message = format!("must not lie more than {CLEARED_WITHIN_DAYS} days before the business date");
                Err(Refused::invalid("transactionDate", message))
            }
            _ => Ok(()),
        }
    }

    /// The entry's draft, without its sides.
    fn draft(&self, kind: TransactionKind, at: PointOfSale, description: Option<String>, title_of: &str) -> Draft {
        let description = description.unwrap_or_else(|| title(&at, title_of));
        let mut draft = Draft::new(kind, self.amount.currency, description);
        draft.transaction_date = self.transaction_date;
        draft.external = self.external();
        draft.facts.reference.clone_from(&at.retrieval_reference);
        draft.facts.point_of_sale = Some(Box::new(PointOfSale { billed: Some(self.amount), ..at }));
        draft
    }
}

/// Books what a scheme has cleared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClearCard {
    /// What.
    pub of: Cleared,
    /// That nothing more of the authorisation is to come.
    pub last: bool,
    /// What the scheme says of it.
    pub message: Message,
}

impl Command for ClearCard {
    const OPERATION: &'static str = "clearCard";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        match &self.of {
            Cleared::Authorisation(hold) => wants.row::<Hold>(*hold),
            Cleared::Card(card) => card.hint(wants),
        }
        self.message.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`, `DUPLICATE_REFERENCE`; for
    /// nothing else.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let (hold, card) = match &self.of {
            Cleared::Authorisation(id) => {
                locate(work, *id, "of.authorisation").map(|(hold, card)| (Some(hold), card))?
            }
            Cleared::Card(by) => (None, by.locate(work, "of.card")?),
        };
        let told = self.message.checked(work, card.account)?;
        let now = work.now();
        let hold = match hold {
            // Its time has run out, and the chore that ends it has not come by.
            Some(hold) if hold.status == HoldStatus::Open && !hold.is_open(now) => {
                Some(end(work, hold.id, HoldStatus::Expired)?)
            }
            hold => hold,
        };
        let mut at = told.at;
        if let Some(hold) = &hold {
            at = at.or(hold.authorised_at().unwrap_or_default().clearing(hold.id, self.message.amount));
        }
        at.card = Some(card.id);
        let (side, placed) = side(work, card.account)?;
        at.account = (!placed).then_some(card.account);
        let description = told.description.or_else(|| hold.as_ref().map(|hold| hold.description.clone()));
        let counts_as = at.known_channel();
        let mut draft = self.message.draft(TransactionKind::Purchase, at, description, "Card purchase");
        if let (None, Some(hold)) = (draft.transaction_date, &hold) {
            // It was authorised when the hold was placed.
            draft.transaction_date = Some(crate::primitives::clock::from_micros(hold.placed_at).date_naive());
        }
        let draft = draft.moving(side, Side::Internal(InternalRole::SchemeSettlement), told.amount);
        let entry = match hold.filter(|hold| hold.is_open(now)) {
            Some(hold) => named(self.take(work, &hold, told.amount, &draft))?,
            None => {
                let today = work.today();
                usage::count(work, card.chain, counts_as, today, told.amount)?;
                book(work, &card, &draft, placed)?
            }
        };
        merchants::cleared(work, &entry)?;
        Ok(entry)
    }

    fn weight(&self) -> usize {
        10
    }
}

impl ClearCard {
    /// Takes it from the authorisation: raised first where it is more than is reserved, reduced where it is the last.
    fn take(&self, work: &mut Work, hold: &Hold, amount: Minor, draft: &Draft) -> Decision<Arc<Entry>> {
        let remaining = hold.remaining();
        if amount > remaining {
            let excess = Minor(amount.0 - remaining.0);
            let hold = work.raise_hold(hold.id, excess, true)?;
            usage::count_more(work, &hold, excess)?;
        } else if self.last && amount < remaining {
            let rest = Minor(remaining.0 - amount.0);
            work.reduce_hold(hold.id, rest)?;
            usage::give_back(work, hold.id, rest)?;
        }
        work.clear_hold(hold.id, amount, draft).map(|(entry, _)| entry)
    }
}

/// Books a purchase that is asked for and cleared in one message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PurchaseByCard {
    /// With which card.
    pub card: CardBy,
    /// What the scheme says of it.
    pub message: Message,
}

impl Command for PurchaseByCard {
    const OPERATION: &'static str = "purchaseByCard";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.card.hint(wants);
        self.message.hint(wants);
    }

    /// Refused as an authorisation is; `DUPLICATE_REFERENCE` behind the limits, before the funds.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let card = self.card.locate(work, "card")?;
        let told = self.message.checked(work, card.account)?;
        may_use(work, &card, (told.amount, self.message.amount.currency), &told.at, None)?;
        let at = PointOfSale { card: Some(card.id), ..told.at };
        let counts_as = at.known_channel();
        let draft = self.message.draft(TransactionKind::Purchase, at, told.description, "Card purchase");
        let own = Side::account(card.account);
        let draft = draft.moving(own, Side::Internal(InternalRole::SchemeSettlement), told.amount);
        let entry = named(work.post(&draft)).named(&[(card.account, "card")])?;
        let today = work.today();
        usage::count(work, card.chain, counts_as, today, told.amount)?;
        merchants::cleared(work, &entry)?;
        Ok(entry)
    }

    fn weight(&self) -> usize {
        10
    }
}

/// Books what a merchant gives back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefundCard {
    /// Of what.
    pub of: Refunded,
    /// What the scheme says of it.
    pub message: Message,
}

impl Command for RefundCard {
    const OPERATION: &'static str = "refundCard";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        match &self.of {
            Refunded::Purchase(entry) => {
                wants.entry(*entry);
                chargebacks::hint(*entry, wants);
            }
            Refunded::Card(card) => card.hint(wants),
        }
        self.message.hint(wants);
    }

    /// Refused as a clearing is. What a refund gives twice, because the purchase is or was charged back, is taken off the
    /// chargeback in the same decision.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let (card, earlier, bought) = match &self.of {
            Refunded::Card(by) => (by.locate(work, "of.card")?, PointOfSale::default(), None),
            Refunded::Purchase(id) => {
                let (bought, at, card) = purchase(work, *id, "of.purchase")?;
                let (merchant, acquirer) = (at.merchant.clone(), at.acquirer.clone());
                let earlier = PointOfSale { purchase: Some(*id), merchant, acquirer, ..PointOfSale::default() };
                (card, earlier, Some((bought, at)))
            }
        };
        let told = self.message.checked(work, card.account)?;
        let (side, placed) = side(work, card.account)?;
        let mut at = told.at.or(earlier);
        at.card = Some(card.id);
        at.account = (!placed).then_some(card.account);
        let draft = self.message.draft(TransactionKind::Credit, at, told.description, "Card refund");
        let draft = draft.moving(Side::Internal(InternalRole::SchemeSettlement), side, told.amount);
        let entry = book(work, &card, &draft, placed)?;
        merchants::cleared(work, &entry)?;
        if let Some((bought, at)) = bought {
            refunds::count(work, bought.id, told.amount)?;
            chargebacks::hold_against(work, &card, &bought, &at)?;
        }
        Ok(entry)
    }

    fn weight(&self) -> usize {
        10
    }
}

/// Where what a scheme has decided is booked: on the account, whatever it has; in its place, when it is closed. And
/// whether that is the account.
pub(super) fn side(work: &mut Work, account: AccountId) -> Decision<(Side, bool)> {
    Ok(match work.position(account)?.status {
        AccountStatus::Closed => (Side::Internal(InternalRole::CardUnplaced), false),
        AccountStatus::Open | AccountStatus::PendingClose => (Side::Account(account, Spread::Cleared, None), true),
    })
}

/// Books it, and tells of what could not be placed.
pub(super) fn book(work: &mut Work, card: &Card, draft: &Draft, placed: bool) -> Decision<Arc<Entry>> {
    let entry = named(work.post(draft))?;
    if !placed {
        work.tell(events::unplaced(CARD_CLEARED_UNPLACED, card, entry.id));
    }
    Ok(entry)
}

/// The books' refusals in the words of a message.
fn named<T>(decision: Decision<T>) -> Decision<T> {
    match decision {
        Err(Stop::Books(Refusal::DuplicateExternalReference)) => decision.of_field("networkReference"),
        decision => decision.named(&[]),
    }
}

/// A purchase with a card that the origin sees: the entry, what it says, and the card.
pub(super) fn purchase(work: &mut Work, id: EntryId, field: &str) -> Decision<(Arc<Entry>, PointOfSale, Arc<Card>)> {
    let not_found = || Stop::from(Refused::not_found(field, "card purchase"));
    let entry = work.entry(id)?.filter(|entry| entry.kind == TransactionKind::Purchase).ok_or_else(not_found)?;
    let at = *entry.noted().point_of_sale.ok_or_else(not_found)?;
    let card = at.card.ok_or_else(not_found)?;
    let card = work.get::<Card>(card)?.ok_or_else(|| Stop::damaged("a purchase's card is gone"))?;
    if card.is_visible(work)? { Ok((entry, at, card)) } else { Err(not_found()) }
}
