//! The stage: the accounts that play, what the books were last seen to say of them, and the commands for the slot.
//!
//! Each client asks at once for all that it has of one kind, so that a batch is shared; kind after kind, each waited
//! for, so that batches begin and end at the same places each time: they are the links of the books' chain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::Problem;
use super::cast::card_token;
use super::names::Outside;
use super::slot::{Ending, Fate, Played, Queue, Slot, Then, Todo};
use crate::accounts::close::{ClosingKind, ClosingTransaction};
use crate::accounts::{Account, AccountBy, CloseAccount, RequestAccountClosure};
use crate::cards::authorisations::{AuthoriseCard, ReverseAuthorisation};
use crate::cards::clearing::{ClearCard, Cleared, Message};
use crate::cards::{CardBy, OpenAccount};
use crate::customers::Customer;
use crate::database::Database;
use crate::engine::{refusal_codes, steps};
use crate::jobs::runner::{Days, Outcome};
use crate::ledger::{CardChannel, Component, Entry, EntryMode, Hold, Merchant, PaymentChannel, PointOfSale};
use crate::parties::Party;
use crate::payments::{
    CaptureHold, ChargeKind, ClosedThrough, Details, Disburse, EntryBy, ExpireHold, PlaceHold, PostAdjustment,
    PostCharge, PostPayment, ReverseEntry, Transfer,
};
use crate::primitives::{AccountId, Clock, Currency, HoldId, Minor, Money, Origin, TenantId};
use crate::work::{Command, Failure, Idempotency, Mode, Priority, Surroundings, WorkMetrics, Workers};

/// Who expires holds.
const SYSTEM: &str = "system";
/// Who brings what card schemes say.
pub(super) const GATEWAY: &str = "card-gateway";

/// An account that plays: what it is, and what the books were last seen to say of it. Amounts in minor units.
pub(super) struct Actor {
    pub(super) number: String,
    pub(super) currency: Currency,
    pub(super) limit: i64,
    pub(super) balance: i64,
    reserved: i64,
    /// What of the balance counts on a later day.
    arriving: Vec<(NaiveDate, i64)>,
    /// What may still be planned against it in this slot.
    pub(super) free: i64,
    /// Takes part: it is open and nobody has asked to close it.
    pub(super) plays: bool,
}

/// What the workers have booked, and nobody has read yet.
type Booked = Arc<Mutex<Vec<Arc<Entry>>>>;

pub(super) struct Stage {
    pub(super) clock: Clock,
    pub(super) actors: Vec<Actor>,
    pub(super) entries: u64,
    pub(super) refused: u64,
    workers: Workers,
    days: Days,
    tenant: TenantId,
    booked: Booked,
    slot: Slot,
    places: HashMap<AccountId, usize>,
    /// Whose a hold is, and what it still reserves.
    holds: HashMap<HoldId, (usize, i64)>,
    requests: u64,
}

impl Stage {
    /// With workers of its own. Nothing else runs on them: what an engine does by itself (it looks for lapsed holds every
    /// now and then) would fall between the commands where it likes.
    pub(super) fn new(db: &Database, surroundings: Surroundings, tenant: TenantId) -> Self {
        let (booked, clock) = (Booked::default(), surroundings.clock.clone());
        let told = booked.clone();
        let wake = Arc::new(move |_, _, entries: &[Arc<Entry>]| {
            told.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(entries);
        });
        let workers = Workers::new(db.clone(), surroundings, WorkMetrics::new(&refusal_codes()), wake);
        let days = Days::new(workers.clone(), steps(), Vec::new());
        Self {
            clock,
            days,
            actors: Vec::new(),
            entries: 0,
            refused: 0,
            workers,
            tenant,
            booked,
            slot: Slot::default(),
            places: HashMap::new(),
            holds: HashMap::new(),
            requests: 0,
        }
    }

    /// Nothing is asked for any more.
    pub(super) async fn stop(&self) {
        self.workers.stop().await;
    }

    /// Runs the work of the business days that have ended.
    pub(super) async fn run_days(&mut self) -> Result<(), Problem> {
        match self.days.catch_up(self.tenant).await? {
            Outcome::Done => {
                self.read_what_was_booked();
                Ok(())
            }
            Outcome::Failed(_) | Outcome::Elsewhere => Err(Problem::Missing("the work of a business day".into())),
        }
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    // ------------------------------------------------------------------------------------- asking for commands

    /// Has a client ask for something at the end of the slot.
    pub(super) fn ask<C: Played>(&mut self, client: &'static str, command: C, then: Then) {
        C::queue(&mut self.slot).0.entry(client).or_default().push((command, then));
    }

    /// Has everything done that was asked for. Gives what follows, each with the number of slots until it is due.
    pub(super) async fn flush(&mut self) -> Result<Vec<(usize, Todo)>, Problem> {
        let follow = std::mem::take(&mut self.slot).play(self).await?;
        self.recount();
        Ok(follow)
    }

    /// Runs a queue: one request of each client's.
    pub(super) async fn run<C: Played>(
        &mut self,
        queue: Queue<C>,
        follow: &mut Vec<(usize, Todo)>,
    ) -> Result<(), Problem> {
        for (client, planned) in queue.0 {
            let (commands, thens): (Vec<C>, Vec<Then>) = planned.into_iter().unzip();
            for (then, answer) in thens.into_iter().zip(self.request(client, commands).await) {
                match answer {
                    Ok(made) => follow.extend(made.teach(self, then)),
                    Err(Failure::Refused(..)) => self.refused += 1,
                    Err(Failure::Fault(fault)) => return Err(fault.into()),
                }
            }
            self.read_what_was_booked();
        }
        Ok(())
    }

    /// One request: commands of one kind, each under a key of its own as clients give them.
    async fn request<C: Command>(&mut self, client: &str, commands: Vec<C>) -> Vec<Result<Arc<C::Made>, Failure>> {
        let (origin, priority) = match client {
            SYSTEM => (Origin::system(self.tenant), Priority::Background),
            client => (self.origin(client), Priority::Front),
        };
        let keyed = |(place, command): (usize, C)| {
            let key = || Idempotency::of(format!("{}-{}", origin.request_id, place + 1), &command);
            ((client != SYSTEM).then(key), command)
        };
        let items = commands.into_iter().enumerate().map(keyed).collect();
        let answers = self.workers.run_all(&origin, items, Mode::Sequential, priority).await;
        answers.into_iter().map(|answer| answer.map(|done| done.value)).collect()
    }

    fn origin(&mut self, client: &str) -> Origin {
        self.requests += 1;
        let request_id = format!("demo-{:06}", self.requests).into();
        Origin { tenant: self.tenant, client: client.into(), customer: None, request_id }
    }

    /// Has something done at once that the others stand on.
    pub(super) async fn require<C: Command>(
        &mut self,
        client: &'static str,
        commands: Vec<C>,
    ) -> Result<Vec<Arc<C::Made>>, Problem> {
        let answers = self.request(client, commands).await;
        answers.into_iter().map(|answer| answer.map_err(Problem::from)).collect()
    }

    // ------------------------------------------------------------------------------------------ what is learned

    /// Takes balances over from what was booked, whichever command booked it.
    fn read_what_was_booked(&mut self) {
        let booked = std::mem::take(&mut *self.booked.lock().unwrap_or_else(PoisonError::into_inner));
        for entry in booked {
            self.entries += 1;
            let mut hold = entry.hold.and_then(|hold| self.holds.get_mut(&hold));
            for line in &entry.postings {
                let (Some(account), Some(total)) = (line.account, line.total) else { continue };
                let Some(place) = self.places.get(&account) else { continue };
                let actor = &mut self.actors[*place];
                actor.balance = total.balance_after.0;
                if entry.value_date > entry.business_date && total.amount.0 > 0 {
                    actor.arriving.push((entry.value_date, total.amount.0));
                }
                if let Some((_, remaining)) = hold.as_mut().filter(|hold| hold.0 == *place) {
                    *remaining += total.amount.0;
                    actor.reserved += total.amount.0;
                }
            }
        }
    }

    fn learn_hold(&mut self, hold: &Hold) {
        let Some(place) = self.places.get(&hold.account) else { return };
        let remaining = hold.remaining().0;
        let before = self.holds.insert(hold.id, (*place, remaining)).map_or(0, |(_, before)| before);
        self.actors[*place].reserved += remaining - before;
    }

    /// Counts anew what may be planned against each account today.
    pub(super) fn recount(&mut self) {
        let today = self.today();
        for actor in &mut self.actors {
            actor.arriving.retain(|(day, _)| *day > today);
            let arriving: i64 = actor.arriving.iter().map(|(_, amount)| amount).sum();
            actor.free = actor.balance + actor.limit - actor.reserved - arriving;
        }
    }

    // ------------------------------------------------------------------------------------------------- commands

    pub(super) fn by(&self, actor: usize) -> AccountBy {
        AccountBy::Number(self.actors[actor].number.clone())
    }

    pub(super) fn money(&self, actor: usize, amount: i64) -> Money {
        Minor(amount).in_currency(self.actors[actor].currency)
    }

    /// Gives an account that is opened its place on the stage. It can be posted on from the next slot on.
    pub(super) fn open(&mut self, number: String, currency: Currency, limit: i64, command: OpenAccount) -> usize {
        let place = self.actors.len();
        self.actors.push(Actor {
            number,
            currency,
            limit,
            balance: 0,
            reserved: 0,
            arriving: Vec::new(),
            free: limit,
            plays: true,
        });
        self.ask("onboarding", command, Then::Opens(place));
        place
    }

    pub(super) fn payment(&self, to: usize, amount: i64, channel: PaymentChannel, text: &str) -> PostPayment {
        PostPayment {
            account: self.by(to),
            amount: self.money(to, amount),
            channel,
            counterparty: None,
            overpayment: None,
            details: described(text),
        }
    }

    pub(super) fn disbursement(&mut self, from: usize, amount: i64, to: &Outside, text: &str) -> Disburse {
        self.actors[from].free -= amount;
        Disburse {
            account: self.by(from),
            amount: self.money(from, amount),
            bank_account: to.account.clone(),
            receiver_name: Some(to.name.clone()),
            message_to_receiver: None,
            own_message: None,
            details: described(text),
        }
    }

    pub(super) fn transfer(&mut self, from: usize, to: usize, amount: i64, text: &str) -> Transfer {
        self.actors[from].free -= amount;
        Transfer {
            from: self.by(from),
            to: self.by(to),
            amount: self.money(from, amount),
            message_to_sender: None,
            message_to_receiver: None,
            details: described(text),
        }
    }

    pub(super) fn charge(&self, actor: usize, kind: ChargeKind, amount: i64, text: &str) -> PostCharge {
        PostCharge { account: self.by(actor), kind, amount: self.money(actor, amount), details: described(text) }
    }

    /// Signed: positive is in the customer's favour.
    pub(super) fn adjustment(&mut self, actor: usize, amount: i64, reason: &str) -> PostAdjustment {
        self.actors[actor].free += amount.min(0);
        PostAdjustment {
            account: self.by(actor),
            amount: self.money(actor, amount),
            component: Component::Principal,
            reason: reason.into(),
            details: described(reason),
        }
    }

    /// Reserves for a merchant.
    pub(super) fn hold(&mut self, actor: usize, merchant: &str, amount: i64, days: i64) -> PlaceHold {
        self.actors[actor].free -= amount;
        let expires = self.clock.now() + chrono::Duration::days(days);
        PlaceHold {
            account: self.by(actor),
            amount: self.money(actor, amount),
            expires_at: Some(expires.timestamp_micros()),
            description: Some(merchant.into()),
            reference: None,
        }
    }

    /// Reserves for a shop that a card is used in.
    pub(super) fn authorisation(&mut self, actor: usize, shop: &str, amount: i64, days: i64) -> AuthoriseCard {
        self.actors[actor].free -= amount;
        let expires = self.clock.now() + chrono::Duration::days(days);
        let country = Some("DE".to_owned());
        AuthoriseCard {
            card: CardBy::Token(card_token(&self.actors[actor].number)),
            amount: self.money(actor, amount),
            at: PointOfSale {
                merchant: Some(Merchant { name: Some(shop.into()), country, ..Merchant::default() }),
                channel: Some(CardChannel::Contactless),
                entry_mode: Some(EntryMode::Contactless),
                ..PointOfSale::default()
            },
            network_reference: None,
            expires_at: Some(expires.timestamp_micros()),
            description: None,
        }
    }

    /// Asks for an account to be closed, which takes it off the stage.
    pub(super) fn request_closure(&mut self, client: &'static str, actor: usize) {
        self.actors[actor].plays = false;
        let account = self.by(actor);
        self.ask(client, RequestAccountClosure { account: account.into() }, Then::Nothing);
    }

    /// Closes an account, which takes it off the stage; what it has or owes goes the way that the closing says.
    pub(super) fn close(&mut self, client: &'static str, actor: usize, code: &str, kind: ClosingKind) {
        self.actors[actor].plays = false;
        let transaction = ClosingTransaction { kind, amount: None, description: None };
        let transactions = if self.actors[actor].balance == 0 { Vec::new() } else { vec![transaction] };
        let command = CloseAccount { account: self.by(actor).into(), closure_code: Some(code.into()), transactions };
        self.ask(client, command, Then::Nothing);
    }

    /// Asks for what the agenda holds.
    pub(super) fn act(&mut self, todo: Todo) {
        match todo {
            Todo::EndHold { hold, amount, ending } => self.end_hold(hold, amount, ending),
            Todo::Reverse { entry, currency, undoing } => {
                let amount = undoing.part.map(|part| Minor(part).in_currency(currency));
                let reason = undoing.reason.into();
                let command = ReverseEntry {
                    entry: EntryBy::Id(entry),
                    amount,
                    value_date: None,
                    reason,
                    description: None,
                    fee: None,
                };
                self.ask(undoing.client, command, Then::Nothing);
            }
        }
    }

    /// What a card was used for is cleared by its scheme, given back or forgotten.
    fn end_authorisation(&mut self, hold: HoldId, amount: Money, ending: Ending) {
        let clearing = |amount: Money| ClearCard {
            of: Cleared::Authorisation(hold),
            last: true,
            message: Message {
                amount,
                at: PointOfSale::default(),
                network_reference: None,
                transaction_date: None,
                description: None,
            },
        };
        match ending.fate {
            Fate::Captured => self.ask(ending.client, clearing(amount), Then::Nothing),
            Fate::CapturedInPart => {
                let part = amount.to_minor().map_or(1, |amount| (amount.0 * 4 / 5).max(1));
                self.ask(ending.client, clearing(Minor(part).in_currency(amount.currency)), Then::Nothing);
            }
            Fate::Returned(undoing) => self.ask(ending.client, clearing(amount), Then::Reverses(undoing)),
            Fate::Released => {
                self.ask(ending.client, ReverseAuthorisation { authorisation: hold, amount: None }, Then::Nothing);
            }
            Fate::Expired => self.ask(SYSTEM, ExpireHold { hold }, Then::Nothing),
        }
    }

    fn end_hold(&mut self, hold: HoldId, amount: Money, ending: Ending) {
        if ending.client == GATEWAY {
            return self.end_authorisation(hold, amount, ending);
        }
        // Whoever buys on an invoice has the goods: it is taken in whole.
        let to = ending.to.filter(|to| self.actors[*to].plays).map(|to| self.by(to));
        self.ask(ending.client, CaptureHold { hold, amount: None, to }, Then::Nothing);
    }
}

fn described(text: &str) -> Details {
    Details { description: Some(text.into()), ..Details::default() }
}

/// What the stage learns from what a command has made.
pub(super) trait Lesson {
    /// Gives what follows, and in how many slots.
    fn teach(&self, stage: &mut Stage, then: Then) -> Option<(usize, Todo)>;
}

impl Lesson for Account {
    fn teach(&self, stage: &mut Stage, then: Then) -> Option<(usize, Todo)> {
        if let Then::Opens(place) = then {
            stage.places.insert(self.id, place);
        }
        None
    }
}

impl Lesson for Hold {
    fn teach(&self, stage: &mut Stage, then: Then) -> Option<(usize, Todo)> {
        stage.learn_hold(self);
        let Then::Ends(ending) = then else { return None };
        let amount = self.amount.in_currency(self.currency);
        Some((ending.slots, Todo::EndHold { hold: self.id, amount, ending }))
    }
}

impl Lesson for Entry {
    /// What it does to balances is read from all that was booked.
    fn teach(&self, _stage: &mut Stage, then: Then) -> Option<(usize, Todo)> {
        let Then::Reverses(undoing) = then else { return None };
        let currency = self.postings.first()?.currency;
        Some((undoing.slots, Todo::Reverse { entry: self.id, currency, undoing }))
    }
}

macro_rules! nothing_to_learn_from {
    ($($made:ty),*) => {$(
        impl Lesson for $made {
            fn teach(&self, _stage: &mut Stage, _then: Then) -> Option<(usize, Todo)> {
                None
            }
        }
    )*};
}

nothing_to_learn_from!(Customer, Party, ClosedThrough);
