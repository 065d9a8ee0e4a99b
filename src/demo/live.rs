//! The gentle flow: one small movement every second or two among the demo's accounts, until it is stopped.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Problem;
use super::names::{Dice, FRIENDLY, GROCER, SHOP};
use crate::accounts::AccountBy;
use crate::accounts::store::{self, AccountFilter, ProductBy};
use crate::engine::Engine;
use crate::ledger::journal::{self, Page};
use crate::ledger::{AccountStatus, PaymentChannel};
use crate::payments::{CaptureHold, Details, PlaceHold, PostPayment, ReleaseHold, Transfer};
use crate::primitives::{AccountId, Currency, HoldId, IdSource, Minor, Money, Origin, TenantId};
use crate::work::{Command, Failure, Idempotency};

/// Accounts that take part, at most.
const ACCOUNTS: u64 = 150;
/// Whoever has less gets money in, so that the flow does not run dry. In minor units.
const ENOUGH: i64 = 50_000;
/// How long a card terminal's hold lasts.
const HOLD_DAYS: i64 = 7;

/// Who takes part: current accounts, and cards with what may be spent on them.
#[derive(Clone, Debug)]
pub struct Players {
    tenant: TenantId,
    currency: Currency,
    current: Vec<AccountId>,
    cards: Vec<AccountId>,
}

impl Players {
    /// The open current accounts and cards of the demo tenant.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn find(engine: &Engine, tenant: TenantId) -> Result<Self, Problem> {
        let currency = super::currency("EUR")?;
        let current = of_product(engine, tenant, "current").await?;
        let mut cards = of_product(engine, tenant, "credit-card").await?;
        cards.extend(of_product(engine, tenant, "prepaid-card").await?);
        if current.len() < 2 || cards.is_empty() {
            return Err(Problem::Missing("the demo's accounts".into()));
        }
        Ok(Self { tenant, currency, current, cards })
    }
}

async fn of_product(engine: &Engine, tenant: TenantId, code: &str) -> Result<Vec<AccountId>, Problem> {
    let reader = engine.db.reader();
    let product = store::product(reader, tenant, &ProductBy::Code(code.into())).await?;
    let product = product.ok_or_else(|| Problem::Missing(format!("the product '{code}'")))?;
    let filter =
        AccountFilter { product: Some(product.id), status: Some(AccountStatus::Open), ..AccountFilter::default() };
    let page = Page { after: None, before: None, limit: ACCOUNTS, backward: false };
    let accounts = store::list(reader, tenant, &filter, page).await?;
    Ok(accounts.into_iter().map(|account| account.id).collect())
}

/// Keeps money moving until it is stopped, or the engine is. A refusal (somebody has spent the money by hand)
/// is a part of life; a fault is waited out.
pub async fn run(engine: Engine, players: Players, stop: CancellationToken) {
    let seed = IdSource::random(engine.clock().clone()).next().as_u64_pair().1;
    let mut flow = Flow { engine, players, dice: Dice::new(seed), open: Vec::new() };
    loop {
        let pause = u64::try_from(flow.dice.between(900, 2_100)).unwrap_or(1_500);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
        if let Err(problem) = flow.step().await {
            tracing::debug!(%problem, "the demo's flow missed a step");
        }
    }
}

struct Flow {
    engine: Engine,
    players: Players,
    dice: Dice,
    /// What shops have reserved and not taken yet, the oldest first.
    open: Vec<HoldId>,
}

impl Flow {
    async fn step(&mut self) -> Result<(), Problem> {
        match self.dice.index(10) {
            0..=3 => self.transfer().await,
            4 => self.payment().await,
            _ if self.open.len() > 3 => self.capture().await,
            5..=6 => self.groceries().await,
            _ => self.purchase().await,
        }
    }

    /// What was made, unless it was refused.
    async fn ask<C: Command>(&self, client: &str, command: C) -> Result<Option<Arc<C::Made>>, Problem> {
        let request_id = format!("live-{}", self.engine.ids().next().simple());
        let key = Idempotency::of(request_id.clone(), &command);
        let tenant = self.players.tenant;
        let origin = Origin { tenant, client: client.into(), customer: None, request_id: request_id.into() };
        match self.engine.run(&origin, Some(key), command).await {
            Ok(done) => Ok(Some(done.value)),
            Err(Failure::Refused(..)) => Ok(None),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    fn money(&self, amount: i64) -> Money {
        Minor(amount).in_currency(self.players.currency)
    }

    async fn funds(&self, account: AccountId) -> Result<i64, Problem> {
        let (reader, clock) = (self.engine.db.reader(), self.engine.clock());
        let positions = journal::positions(reader, clock, self.players.tenant, [account].into()).await?;
        Ok(positions.get(&account).map_or(0, |standing| standing.available().0))
    }

    /// Between two people, the richer of two candidates paying.
    async fn transfer(&mut self) -> Result<(), Problem> {
        let (one, two) = (*self.dice.pick(&self.players.current), *self.dice.pick(&self.players.current));
        if one == two {
            return Ok(());
        }
        let (from, to) = if self.funds(one).await? >= self.funds(two).await? { (one, two) } else { (two, one) };
        let text = *self.dice.pick(FRIENDLY);
        let amount = self.dice.price(3, 60);
        let command = Transfer {
            from: AccountBy::Id(from),
            to: AccountBy::Id(to),
            amount: self.money(amount),
            message_to_sender: None,
            message_to_receiver: Some(text.into()),
            details: described(text),
        };
        self.ask("mobile-bank", command).await.map(|_| ())
    }

    async fn payment(&mut self) -> Result<(), Problem> {
        let account = *self.dice.pick(&self.players.current);
        self.pay_in(account).await
    }

    async fn pay_in(&mut self, account: AccountId) -> Result<(), Problem> {
        let amount = self.dice.price(40, 260);
        let command = PostPayment {
            account: AccountBy::Id(account),
            amount: self.money(amount),
            channel: PaymentChannel::BankTransfer,
            counterparty: Some(self.dice.company().counterparty()),
            overpayment: None,
            details: described("Incoming payment"),
        };
        self.ask("bank-files", command).await.map(|_| ())
    }

    async fn groceries(&mut self) -> Result<(), Problem> {
        let account = *self.dice.pick(&self.players.current);
        if self.funds(account).await? < ENOUGH {
            return self.pay_in(account).await;
        }
        let grocer = *self.dice.pick(GROCER);
        let amount = self.dice.price(4, 70);
        self.hold(account, grocer, amount).await
    }

    async fn purchase(&mut self) -> Result<(), Problem> {
        let card = *self.dice.pick(&self.players.cards);
        let (shop, low, high) = *self.dice.pick(SHOP);
        let amount = self.dice.price(low, high);
        if self.funds(card).await? < amount { self.payment().await } else { self.hold(card, shop, amount).await }
    }

    /// Reserves for a shop, which takes it a little later.
    async fn hold(&mut self, account: AccountId, shop: &str, amount: i64) -> Result<(), Problem> {
        let expires = self.engine.clock().now() + chrono::Duration::days(HOLD_DAYS);
        let command = PlaceHold {
            account: AccountBy::Id(account),
            amount: self.money(amount),
            expires_at: Some(expires.timestamp_micros()),
            description: Some(shop.into()),
            reference: None,
        };
        self.open.extend(self.ask("card-gateway", command).await?.map(|hold| hold.id));
        Ok(())
    }

    async fn capture(&mut self) -> Result<(), Problem> {
        let hold = self.open.remove(0);
        if self.dice.chance(150) {
            self.ask("card-gateway", ReleaseHold { hold }).await.map(|_| ())
        } else {
            self.ask("card-gateway", CaptureHold { hold, amount: None, to: None }).await.map(|_| ())
        }
    }
}

fn described(text: &str) -> Details {
    Details { description: Some(text.into()), ..Details::default() }
}
