//! What changes cards: add, replace, update, delete, restore.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, CARD_ADDED, CARD_CHANGED, CARD_DELETED, CARD_REPLACED, CARD_RESTORED};
use super::limits::NewLimits;
use super::model::{Around, Card, CardAction, CardStatus};
use super::number::{Expiry, MaskedNumber};
use super::refusals::{DUPLICATE_CARD_TOKEN, MAIN_CARD_HOLDER_NOT_OWNER};
use super::store::{CardBy, MAIN, TOKEN};
use crate::accounts::{Account, AccountBy, NewOwner};
use crate::customers::Customer;
use crate::ledger::Position;
use crate::primitives::{CardId, CustomerId, text};
use crate::refused::{Refused, check_reference};
use crate::work::{Change, Command, Decision, Stop, Wants, Work};

/// The longest name on a card: two lines of 26 characters, and a space.
const EMBOSSED: usize = 53;

/// A card to add.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewCard {
    /// What it is called by those who process cards; made when absent.
    pub token: Option<String>,
    /// Whether it is the account's main card.
    pub main: bool,
    /// Whose it is; the account's owner when absent.
    pub holder: Option<NewOwner>,
    /// What is shown of its number.
    pub number: Option<String>,
    /// Its last month.
    pub expiry: Option<Expiry>,
    /// What is printed on it.
    pub embossed_name: Option<String>,
    /// What it may be used for; for everything when absent.
    pub limits: Option<NewLimits>,
    /// A JSON object, as text.
    pub metadata: String,
}

impl NewCard {
    /// What it looks up, for commands that add one as a part of theirs.
    pub fn hints(&self, wants: &mut Wants) {
        if let Some(token) = &self.token {
            wants.unique::<Card>(&TOKEN, token);
        }
        match &self.holder {
            Some(NewOwner::Existing(by)) => by.hint(wants),
            Some(NewOwner::Created(new)) => new.hints(wants),
            None => {}
        }
    }

    /// Rows that it writes, at most.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self.holder {
            Some(NewOwner::Created(_)) => 6,
            Some(NewOwner::Existing(_)) | None => 3,
        }
    }

    /// Adds it to an account.
    ///
    /// # Errors
    /// Of the account: `CARDS_NOT_OFFERED`, `ACCOUNT_NOT_OPEN`, `MAIN_CARD_IN_FORCE`; then below `card`: what a holder is
    /// refused for (`NOT_FOUND`, or a new customer's), `MAIN_CARD_HOLDER_NOT_OWNER`, `INVALID_INPUT`,
    /// `AMOUNT_OUT_OF_RANGE`, `DUPLICATE_CARD_TOKEN`, in this order.
    pub fn add(&self, work: &mut Work, account: &Account) -> Decision<Arc<Card>> {
        around(work, account)?.takes(self.main)?;
        self.insert(work, account).map_err(|stop| under(stop, "card"))
    }

    fn insert(&self, work: &mut Work, account: &Account) -> Decision<Arc<Card>> {
        let holder = self.holder(work, account)?;
        let id = work.id::<CardId>();
        let limits = self.limits.as_ref().map(|limits| limits.checked(account.currency));
        let card = Card {
            id,
            ordinal: work.ordinal(),
            account: account.id,
            holder,
            token: self.token.clone().unwrap_or_else(|| id.0.hyphenated().to_string()),
            takes_token: true,
            is_main: self.main,
            status: CardStatus::Active,
            number: number(self.number.as_deref())?,
            expires_on: expires_on(self.expiry, work)?,
            embossed_name: self.embossed_name.clone(),
            limits: limits.transpose().map_err(|refused| refused.under("limits"))?.unwrap_or_default(),
            blocks: Vec::new(),
            chain: id,
            newest: None,
            replaces: None,
            replaced_by: None,
            ended_on: None,
            metadata: self.metadata.clone(),
            created_at: work.now(),
        };
        let card = put(work, card)?;
        work.tell(events::of(CARD_ADDED, &card));
        Ok(card)
    }

    fn holder(&self, work: &mut Work, account: &Account) -> Decision<CustomerId> {
        let holder = match &self.holder {
            None => return Ok(account.owner),
            Some(NewOwner::Existing(by)) => by.locate(work, "holder")?.id,
            // Whoever is created with the card is not the account's owner, who is there.
            Some(NewOwner::Created(_)) if self.main => return Err(not_the_owner().into()),
            Some(NewOwner::Created(new)) => new.decide(work).map_err(|stop| under(stop, "holder.create"))?.id,
        };
        if self.main && holder != account.owner {
            return Err(not_the_owner().into());
        }
        Ok(holder)
    }
}

fn not_the_owner() -> Refused {
    let message = "the main card is its account's owner's";
    Refused::of_field(MAIN_CARD_HOLDER_NOT_OWNER, "holder", message)
}

/// What decides what can be done with the cards of an account.
///
/// # Errors
/// That something is not loaded yet.
pub fn around(work: &mut Work, account: &Account) -> Decision<Around> {
    let status = work.position(account.id)?.status;
    let main = work.all::<Card, Account>(MAIN, account.id)?.first().map(|card| card.id);
    let restore_days = work.settings().card_restore_days;
    Ok(Around { family: account.family, status, main, today: work.today(), restore_days })
}

/// The card that an input names, its account, and what surrounds it.
pub(super) fn located(by: &CardBy, work: &mut Work) -> Decision<(Arc<Card>, Arc<Account>, Around)> {
    let card = by.locate(work, "card")?;
    let account = work.get::<Account>(card.account)?.ok_or_else(|| Stop::damaged("a card without its account"))?;
    let around = around(work, &account)?;
    Ok((card, account, around))
}

/// What is looked up of an account that a card is added to.
fn hint_account(by: &AccountBy, wants: &mut Wants) {
    by.hint(wants);
    if let AccountBy::Id(id) = by {
        wants.row::<Position>(*id);
        wants.set::<Card>(MAIN, id.0);
    }
}

fn put(work: &mut Work, card: Card) -> Decision<Arc<Card>> {
    check_reference("token", Some(&card.token))?;
    if let Some(name) = &card.embossed_name {
        text::required(name, EMBOSSED).map_err(|problem| Refused::invalid("embossedName", problem.to_string()))?;
    }
    work.insert(card).map_err(|stop| match stop {
        Stop::Refused(refused) if refused.is_taken("token") => taken().into(),
        stop => stop,
    })
}

fn taken() -> Refused {
    Refused::of_field(DUPLICATE_CARD_TOKEN, "token", "another card has this token, or had it")
}

fn number(text: Option<&str>) -> Result<Option<MaskedNumber>, Refused> {
    let number = text.map(MaskedNumber::of).transpose();
    number.map_err(|problem| Refused::invalid("maskedNumber", problem.to_string()))
}

fn expires_on(expiry: Option<Expiry>, work: &Work) -> Result<Option<chrono::NaiveDate>, Refused> {
    let Some(expiry) = expiry else { return Ok(None) };
    let last = expiry.last_day().ok_or_else(|| Refused::invalid("expiry.month", "there is no such month"))?;
    if last < work.today() {
        return Err(Refused::invalid("expiry", "the card has expired"));
    }
    Ok(Some(last))
}

fn under(stop: Stop, path: &str) -> Stop {
    match stop {
        Stop::Refused(refused) => refused.under(path).into(),
        stop => stop,
    }
}

/// Adds a card to an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddCard {
    /// Which account.
    pub account: AccountBy,
    /// The card.
    pub card: NewCard,
}

impl Command for AddCard {
    const OPERATION: &'static str = "addCard";
    type Made = Card;

    fn looks_at(&self, wants: &mut Wants) {
        hint_account(&self.account, wants);
        self.card.hints(wants);
    }

    /// Refused as: `NOT_FOUND` for the account, then what [`NewCard::add`] says.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Card>> {
        let account = self.account.locate(work, "account")?;
        self.card.add(work, &account)
    }

    fn weight(&self) -> usize {
        self.card.weight()
    }
}

/// Puts a new card in the place of one that is there: on its account, for its holder, with its part as the main card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplaceCard {
    /// Which.
    pub card: CardBy,
    /// What the new one is called; as the replaced one when absent.
    pub token: Option<String>,
    /// What is shown of its number.
    pub number: Option<String>,
    /// Its last month.
    pub expiry: Option<Expiry>,
    /// What is printed on it; as on the replaced one when absent.
    pub embossed_name: Option<String>,
    /// What it may be used for; as the replaced one when absent.
    pub limits: Option<NewLimits>,
    /// A JSON object, as text; that of the replaced one when absent.
    pub metadata: Option<String>,
}

impl Command for ReplaceCard {
    const OPERATION: &'static str = "replaceCard";
    type Made = Card;

    fn looks_at(&self, wants: &mut Wants) {
        self.card.hint(wants);
        if let Some(token) = &self.token {
            wants.unique::<Card>(&TOKEN, token);
        }
    }

    /// Refused as: `NOT_FOUND`, what [`Card::can`] says, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `DUPLICATE_CARD_TOKEN`, in
    /// this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Card>> {
        let (old, account, around) = located(&self.card, work)?;
        let after = old.can(CardAction::ReplaceCard, &around)?;
        let token = self.token.clone().unwrap_or_else(|| old.token.clone());
        check_reference("token", Some(&token))?;
        let limits = self.limits.as_ref().map(|limits| limits.checked(account.currency));
        let limits = limits.transpose().map_err(|refused| refused.under("limits"))?;
        let id = work.id::<CardId>();
        let new = Card {
            id,
            ordinal: work.ordinal(),
            account: old.account,
            holder: old.holder,
            takes_token: self.takes_token(work, &token, &old)?,
            token,
            is_main: old.is_main,
            status: CardStatus::Active,
            number: number(self.number.as_deref())?,
            expires_on: expires_on(self.expiry, work)?,
            embossed_name: self.embossed_name.clone().or_else(|| old.embossed_name.clone()),
            limits: limits.unwrap_or_else(|| old.limits.clone()),
            blocks: Vec::new(),
            chain: old.chain,
            newest: None,
            replaces: Some(old.id),
            replaced_by: None,
            ended_on: None,
            metadata: self.metadata.clone().unwrap_or_else(|| old.metadata.clone()),
            created_at: work.now(),
        };
        let today = work.today();
        let replaced = work.change::<Card, Refused>(old.id, |card| {
            card.status = after;
            card.replaced_by = Some(id);
            // One that was deleted before is out of force since then.
            card.ended_on = card.ended_on.or(Some(today));
            Ok(())
        })?;
        work.change::<Card, Refused>(old.chain, |first| {
            first.newest = Some(id);
            Ok(())
        })?;
        let new = put(work, new)?;
        work.tell(events::of(CARD_REPLACED, &replaced));
        work.tell(events::of(CARD_ADDED, &new));
        Ok(new)
    }

    fn weight(&self) -> usize {
        6
    }
}

impl ReplaceCard {
    /// Whether the new card takes its token: a card of its chain may have had it before, and nobody else.
    fn takes_token(&self, work: &mut Work, token: &str, old: &Card) -> Decision<bool> {
        if token == old.token {
            return Ok(false);
        }
        match work.find::<Card>(&TOKEN, token)? {
            None => Ok(true),
            Some(card) if card.chain == old.chain => Ok(false),
            Some(_) => Err(taken().into()),
        }
    }
}

/// Changes a card that is in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateCard {
    /// Which.
    pub card: CardBy,
    /// What is shown of its number, where that was not known.
    pub number: Option<String>,
    /// Its last month.
    pub expiry: Option<Expiry>,
    /// What is printed on it.
    pub embossed_name: Change<String>,
    /// What it may be used for, as a whole; emptied, for everything.
    pub limits: Change<NewLimits>,
    /// A JSON object, as text; emptied, it is the empty object.
    pub metadata: Change<String>,
}

impl Command for UpdateCard {
    const OPERATION: &'static str = "updateCard";
    type Made = Card;

    fn looks_at(&self, wants: &mut Wants) {
        self.card.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, what [`Card::can`] says, `CUSTOMER_ERASED` of its holder, `INVALID_INPUT`,
    /// `AMOUNT_OUT_OF_RANGE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Card>> {
        let (card, account, around) = located(&self.card, work)?;
        card.can(CardAction::UpdateCard, &around)?;
        if let Some(holder) = work.get::<Customer>(card.holder)? {
            holder.require_present("card")?;
        }
        let number = number(self.number.as_deref())?;
        if number.is_some() && card.number.is_some() && card.number != number {
            let message = "a card keeps its number: another number is another card, which replaces it";
            return Err(Refused::invalid("maskedNumber", message).into());
        }
        let expires_on = expires_on(self.expiry, work)?;
        if let Change::Set(name) = &self.embossed_name {
            text::required(name, EMBOSSED).map_err(|problem| Refused::invalid("embossedName", problem.to_string()))?;
        }
        let limits = match &self.limits {
            Change::Keep => None,
            Change::Clear => Some(Default::default()),
            Change::Set(limits) => Some(limits.checked(account.currency).map_err(|refused| refused.under("limits"))?),
        };
        let card = work.change::<Card, Refused>(card.id, |card| {
            card.number = number.or_else(|| card.number.take());
            card.expires_on = expires_on.or(card.expires_on);
            self.embossed_name.apply(&mut card.embossed_name);
            card.limits = limits.unwrap_or_else(|| std::mem::take(&mut card.limits));
            self.metadata.apply_or(&mut card.metadata, "{}".into());
            Ok(())
        })?;
        work.tell(events::of(CARD_CHANGED, &card));
        Ok(card)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Puts a card out of force. It stays readable, and can be restored for some time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteCard {
    /// Which.
    pub card: CardBy,
}

impl Command for DeleteCard {
    const OPERATION: &'static str = "deleteCard";
    type Made = Card;

    fn looks_at(&self, wants: &mut Wants) {
        self.card.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, what [`Card::can`] says.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Card>> {
        let (card, _, around) = located(&self.card, work)?;
        let (after, today) = (card.can(CardAction::DeleteCard, &around)?, work.today());
        let card = work.change::<Card, Refused>(card.id, |card| {
            card.status = after;
            card.ended_on = Some(today);
            Ok(())
        })?;
        work.tell(events::of(CARD_DELETED, &card));
        Ok(card)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Puts a deleted card into force again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreCard {
    /// Which.
    pub card: CardBy,
}

impl Command for RestoreCard {
    const OPERATION: &'static str = "restoreCard";
    type Made = Card;

    fn looks_at(&self, wants: &mut Wants) {
        self.card.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, what [`Card::can`] says.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Card>> {
        let (card, _, around) = located(&self.card, work)?;
        let after = card.can(CardAction::RestoreCard, &around)?;
        let card = work.change::<Card, Refused>(card.id, |card| {
            card.status = after;
            card.ended_on = None;
            Ok(())
        })?;
        work.tell(events::of(CARD_RESTORED, &card));
        Ok(card)
    }

    fn weight(&self) -> usize {
        3
    }
}
