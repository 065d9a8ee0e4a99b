//! The stage: the database under a hand-set clock, the accounts that play, and the batch that is being filled.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::Problem;
use crate::accounts::{self, Account, Product};
use crate::customers::{self, Customer};
use crate::database::Database;
use crate::ledger::entry::{Entry, Side, Spread};
use crate::ledger::order::{Action, NewEvent, NewHold, Order, Outcome, Submission};
use crate::ledger::post::Surroundings;
use crate::ledger::{Component, Draft, ExternalReference, InternalRole, Session, TransactionKind};
use crate::primitives::{AccountId, Currency, HoldId, Minor, Origin, TenantId};

/// An account that plays: its row, and what the books were last seen to say.
pub(super) struct Actor {
    pub(super) account: Account,
    pub(super) limit: i64,
    pub(super) balance: i64,
    pub(super) reserved: i64,
    /// What may still be planned against it in this batch.
    pub(super) free: i64,
    /// Takes part: it is open and nobody has asked to close it.
    pub(super) plays: bool,
}

/// One end of a movement: an account by its place on the stage, or the house.
#[derive(Clone, Copy)]
pub(super) enum End {
    Account(usize),
    Charged(usize, Component),
    Corrected(usize, Component),
    House(InternalRole),
}

/// What is to be done once an order has been applied.
pub(super) enum Then {
    Nothing,
    /// A hold was placed: what becomes of it, so many slots later.
    Hold {
        actor: usize,
        fate: Fate,
        slots: usize,
    },
    /// Reverse the entry, so many slots later.
    Undo {
        slots: usize,
    },
    /// The bank sends a disbursement back, so many slots later.
    Bounce {
        actor: usize,
        amount: i64,
        slots: usize,
    },
}

/// What becomes of a hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Captured,
    CapturedInPart,
    Released,
    Expired,
}

/// What the agenda holds for a slot.
pub(super) enum Todo {
    EndHold { actor: usize, hold: HoldId, amount: i64, fate: Fate },
    Reverse(Arc<Entry>),
    Bounce { actor: usize, amount: i64 },
}

/// A movement, before it becomes an order.
pub(super) struct Move {
    pub(super) kind: TransactionKind,
    pub(super) from: End,
    pub(super) to: End,
    pub(super) amount: i64,
    pub(super) text: String,
    pub(super) metadata: Json,
    pub(super) reference: Option<String>,
    pub(super) message: Option<String>,
    pub(super) then: Then,
}

impl Move {
    pub(super) fn new(kind: TransactionKind, from: End, to: End, amount: i64, text: impl Into<String>) -> Self {
        let (text, metadata) = (text.into(), Json::Null);
        Self { kind, from, to, amount, text, metadata, reference: None, message: None, then: Then::Nothing }
    }
}

/// The name that the API has for an operation, and the client that would have asked for it.
fn operation(kind: TransactionKind) -> (&'static str, &'static str) {
    use TransactionKind as Kind;
    match kind {
        Kind::Payment => ("postPayment", "bank-files"),
        Kind::Transfer => ("transfer", "mobile-bank"),
        Kind::Disbursement => ("disburse", "mobile-bank"),
        Kind::Adjustment => ("postAdjustment", "back-office"),
        Kind::Interest
        | Kind::AdministrationFee
        | Kind::BillingFee
        | Kind::CollectionFee
        | Kind::LateFee
        | Kind::ReminderFee => ("postCharge", "core-batch"),
        _ => ("loadDemo", "core-batch"),
    }
}

pub(super) struct Stage<'a> {
    pub(super) db: &'a Database,
    pub(super) surroundings: Surroundings,
    pub(super) tenant: TenantId,
    pub(super) actors: Vec<Actor>,
    pub(super) entries: u64,
    pub(super) refused: u64,
    orders: Vec<Order>,
    thens: Vec<Then>,
    customers: Vec<Customer>,
    accounts: Vec<Account>,
    holds: HashMap<HoldId, i64>,
    requests: u64,
}

impl<'a> Stage<'a> {
    pub(super) fn new(db: &'a Database, surroundings: Surroundings, tenant: TenantId) -> Self {
        Self {
            db,
            surroundings,
            tenant,
            actors: Vec::new(),
            entries: 0,
            refused: 0,
            orders: Vec::new(),
            thens: Vec::new(),
            customers: Vec::new(),
            accounts: Vec::new(),
            holds: HashMap::new(),
            requests: 0,
        }
    }

    fn origin(&mut self, client: &str) -> Origin {
        self.requests += 1;
        let request_id = format!("demo-{:06}", self.requests).into();
        Origin { tenant: self.tenant, client: client.into(), customer: None, request_id }
    }

    fn push(&mut self, client: &'static str, operation: &'static str, action: Action, then: Then) {
        let origin = self.origin(client);
        self.orders.push(Order::new(&origin, operation, action));
        self.thens.push(then);
    }

    /// A new customer, with the event that the use case would log.
    pub(super) fn create_customer(&mut self, customer: Customer) {
        let origin = self.origin("onboarding");
        let mut order = Order::new(&origin, "createCustomer", Action::Record);
        order.result = Some(customer.id.to_string());
        order.events.push(customers::event("customer.created", &customer));
        self.orders.push(order);
        self.thens.push(Then::Nothing);
        self.customers.push(customer);
    }

    /// A new account. It can be posted on from the next batch on.
    pub(super) fn open_account(&mut self, account: Account, product: &Product, limit: i64) -> usize {
        let position = accounts::position(&self.surroundings.ids, &account, product, Minor(limit));
        self.push("onboarding", "openAccount", Action::Open(Box::new(position)), Then::Nothing);
        self.accounts.push(account.clone());
        self.actors.push(Actor { account, limit, balance: 0, reserved: 0, free: limit, plays: true });
        self.actors.len() - 1
    }

    fn id(&self, actor: usize) -> AccountId {
        self.actors[actor].account.id
    }

    fn side(&self, end: End, message: Option<String>) -> Side {
        match end {
            End::Account(actor) => Side::Account(self.id(actor), Spread::Flow, message),
            End::Charged(actor, component) => Side::Account(self.id(actor), Spread::Charge(component), message),
            End::Corrected(actor, component) => Side::Account(self.id(actor), Spread::On(component), message),
            End::House(role) => Side::Internal(role),
        }
    }

    fn currency_of(&self, ends: [End; 2]) -> Option<Currency> {
        ends.iter().find_map(|end| match end {
            End::Account(actor) | End::Charged(actor, _) | End::Corrected(actor, _) => {
                Some(self.actors[*actor].account.currency)
            }
            End::House(_) => None,
        })
    }

    /// Plans a movement.
    pub(super) fn plan(&mut self, step: Move) {
        let Some(currency) = self.currency_of([step.from, step.to]) else { return };
        if let End::Account(actor) = step.from {
            self.actors[actor].free -= step.amount;
        }
        let mut draft = Draft::new(step.kind, currency, step.text);
        let (from, to) = (self.side(step.from, None), self.side(step.to, step.message));
        draft = draft.moving(from, to, Minor(step.amount));
        if step.metadata.is_object() {
            draft.metadata = step.metadata.to_string();
        }
        draft.external = step.reference.map(|reference| ExternalReference {
            reference,
            date: Some(self.surroundings.clock.today()),
            poster: Some("bank-files".into()),
            code: None,
        });
        let (operation, client) = operation(step.kind);
        self.push(client, operation, Action::Post(draft), step.then);
    }

    /// Plans a hold by a card terminal.
    pub(super) fn hold(
        &mut self,
        actor: usize,
        merchant: &'static str,
        amount: i64,
        days: i64,
        fate: Fate,
        slots: usize,
    ) {
        let expires = self.surroundings.clock.now() + chrono::Duration::days(days);
        let new = NewHold {
            account: self.id(actor),
            amount: Minor(amount),
            currency: self.actors[actor].account.currency,
            expires_at: Some(expires.timestamp_micros()),
            description: merchant.into(),
            reference: Some(format!("AUTH{:08}", self.requests + 1)),
        };
        self.actors[actor].free -= amount;
        self.push("card-gateway", "placeHold", Action::PlaceHold(new), Then::Hold { actor, fate, slots });
    }

    /// Plans what the agenda holds.
    pub(super) fn act(&mut self, todo: Todo) {
        match todo {
            Todo::EndHold { actor, hold, amount, fate } => {
                let account = self.id(actor);
                let (client, operation, action) = match fate {
                    Fate::Captured | Fate::CapturedInPart => {
                        let part = (fate == Fate::CapturedInPart).then_some(Minor(amount * 4 / 5));
                        let to = Side::Internal(InternalRole::SettlementCard);
                        ("card-gateway", "captureHold", Action::CaptureHold { hold, account, amount: part, to })
                    }
                    Fate::Released => {
                        ("card-gateway", "releaseHold", Action::EndHold { hold, account, expired: false })
                    }
                    Fate::Expired => ("system", "expireHold", Action::EndHold { hold, account, expired: true }),
                };
                self.push(client, operation, action, Then::Nothing);
                if fate == Fate::CapturedInPart {
                    // What the shop did not take is given back.
                    self.push(
                        "card-gateway",
                        "releaseHold",
                        Action::EndHold { hold, account, expired: false },
                        Then::Nothing,
                    );
                }
            }
            Todo::Reverse(original) => {
                let description = format!("Reversal: {}", original.description);
                let metadata = json!({ "reason": "goodwill" }).to_string();
                self.push(
                    "back-office",
                    "reverseEntry",
                    Action::Reverse { original, description, metadata },
                    Then::Nothing,
                );
            }
            Todo::Bounce { actor, amount } => {
                let (from, to) = (End::House(InternalRole::SettlementBank), End::Account(actor));
                let text = "Returned: the receiver's account is closed";
                self.plan(Move::new(TransactionKind::DisbursementReturned, from, to, amount, text));
            }
        }
    }

    /// Plans a request to close an account, which takes it off the stage.
    pub(super) fn request_closure(&mut self, actor: usize) {
        self.actors[actor].plays = false;
        let action = Action::RequestClosure(self.id(actor));
        self.push("mobile-bank", "requestAccountClosure", action, Then::Nothing);
    }

    /// Closes an account in a batch of its own, its funds going to another.
    pub(super) async fn close(&mut self, actor: usize, to: usize, code: &'static str) -> Result<(), Problem> {
        let origin = self.origin("back-office");
        let Actor { account, balance, .. } = &mut self.actors[actor];
        account.closure_code = Some(code.into());
        let (account, balance) = (account.clone(), *balance);
        let mut orders = Vec::new();
        if balance > 0 {
            let draft = Draft::new(TransactionKind::Transfer, account.currency, "Closing transfer".into());
            let own = Side::Account(account.id, Spread::Settle, None);
            let draft = draft.moving(own, Side::account(self.id(to)), Minor(balance));
            orders.push(Order::new(&origin, "closeAccount", Action::Post(draft)));
        }
        let mut close = Order::new(&origin, "closeAccount", Action::Close(account.id));
        let payload = json!({ "closureCode": code });
        close.events.push(NewEvent {
            type_: "account.closure_recorded",
            account: Some(account.id),
            customer: None,
            payload,
        });
        orders.push(close);
        let locked = BTreeSet::from([account.id, self.id(to)]);
        let tx = self.db.begin().await?;
        accounts::store::update(&tx, self.tenant, &account).await?;
        let session = Session::open(&tx, &self.surroundings, self.tenant, locked).await?;
        let finished = session.finish(&[Submission { orders, atomic: true }]).await?;
        let outcomes: Vec<Outcome> = finished.outcomes.into_iter().flatten().collect();
        if outcomes.iter().all(Result::is_ok) {
            tx.commit().await?;
            self.actors[actor].plays = false;
            self.learn(&outcomes);
        }
        Ok(())
    }

    /// Writes the batch in one transaction, and gives what follows from it: each with the number of slots
    /// until it is due.
    pub(super) async fn flush(&mut self) -> Result<Vec<(usize, Todo)>, Problem> {
        if self.orders.is_empty() {
            return Ok(Vec::new());
        }
        let orders = std::mem::take(&mut self.orders);
        let thens = std::mem::take(&mut self.thens);
        let locked = orders.iter().flat_map(|order| order.action.accounts()).collect();
        let tx = self.db.begin().await?;
        customers::store::insert_many(&tx, self.tenant, &std::mem::take(&mut self.customers)).await?;
        accounts::store::insert_many(&tx, self.tenant, &std::mem::take(&mut self.accounts)).await?;
        let session = Session::open(&tx, &self.surroundings, self.tenant, locked).await?;
        let finished = session.finish(&[Submission { orders, atomic: false }]).await?;
        tx.commit().await?;
        let outcomes: Vec<Outcome> = finished.outcomes.into_iter().flatten().collect();
        self.learn(&outcomes);
        let follow = thens.into_iter().zip(outcomes).filter_map(|(then, outcome)| {
            let applied = outcome.ok()?;
            match then {
                Then::Nothing => None,
                Then::Hold { actor, fate, slots } => {
                    let hold = applied.hold?;
                    Some((slots, Todo::EndHold { actor, hold: hold.id, amount: hold.amount.0, fate }))
                }
                Then::Undo { slots } => Some((slots, Todo::Reverse(applied.entry?))),
                Then::Bounce { actor, amount, slots } => Some((slots, Todo::Bounce { actor, amount })),
            }
        });
        Ok(follow.collect())
    }

    /// Takes balances and reserved amounts over from what was applied.
    fn learn(&mut self, outcomes: &[Outcome]) {
        let places: HashMap<AccountId, usize> =
            self.actors.iter().enumerate().map(|(place, actor)| (actor.account.id, place)).collect();
        for applied in outcomes {
            let Ok(applied) = applied else {
                self.refused += 1;
                continue;
            };
            if let Some(entry) = &applied.entry {
                self.entries += 1;
                for line in &entry.postings {
                    if let (Some(account), Some(total)) = (line.account, line.total)
                        && let Some(place) = places.get(&account)
                    {
                        self.actors[*place].balance = total.balance_after.0;
                    }
                }
            }
            if let Some(hold) = &applied.hold
                && let Some(place) = places.get(&hold.account)
            {
                let before = self.holds.insert(hold.id, hold.remaining().0).unwrap_or(0);
                self.actors[*place].reserved += hold.remaining().0 - before;
            }
        }
        for actor in &mut self.actors {
            actor.free = actor.balance + actor.limit - actor.reserved;
        }
    }
}
