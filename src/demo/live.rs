//! The gentle flow: one small movement every second or two among the demo's accounts, until it is stopped.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Problem;
use super::names::{Dice, FRIENDLY, GROCER, SHOP};
use crate::accounts::store::{self, AccountFilter, ProductBy};
use crate::engine::Engine;
use crate::ledger::entry::Side;
use crate::ledger::journal::{self, Page};
use crate::ledger::order::{Action, NewHold, Order};
use crate::ledger::{AccountStatus, Draft, InternalRole, TransactionKind};
use crate::primitives::{AccountId, Currency, HoldId, IdSource, Minor, Origin, TenantId};

/// Accounts that take part, at most.
const ACCOUNTS: u64 = 150;
/// Whoever has less gets money in, so that the flow does not run dry. In minor units.
const ENOUGH: i64 = 50_000;

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
    open: Vec<(HoldId, AccountId)>,
}

impl Flow {
    async fn step(&mut self) -> Result<(), Problem> {
        match self.dice.index(10) {
            0..=3 => self.transfer().await,
            4..=5 => self.purchase().await,
            6 => self.payment().await,
            _ if self.open.len() > 3 => self.capture().await,
            _ => self.hold().await,
        }
    }

    fn draft(&self, kind: TransactionKind, text: &str) -> Draft {
        Draft::new(kind, self.players.currency, text.into())
    }

    async fn submit(&self, client: &str, operation: &'static str, action: Action) -> Result<Option<HoldId>, Problem> {
        let request_id = format!("live-{}", self.engine.ids().next().simple()).into();
        let origin = Origin { tenant: self.players.tenant, client: client.into(), customer: None, request_id };
        let outcome = self.engine.submit(Order::new(&origin, operation, action)).await?;
        Ok(outcome.ok().and_then(|applied| applied.hold).map(|hold| hold.id))
    }

    /// Between two people, the richer of two candidates paying.
    async fn transfer(&mut self) -> Result<(), Problem> {
        let (one, two) = (*self.dice.pick(&self.players.current), *self.dice.pick(&self.players.current));
        if one == two {
            return Ok(());
        }
        let (from, to) = if self.funds(one).await? >= self.funds(two).await? { (one, two) } else { (two, one) };
        let text = *self.dice.pick(FRIENDLY);
        let draft = self.draft(TransactionKind::Transfer, text);
        let amount = Minor(self.dice.price(3, 60));
        let draft = draft.moving(Side::account(from), Side::account(to), amount);
        self.submit("mobile-bank", "transfer", Action::Post(draft)).await.map(|_| ())
    }

    async fn funds(&self, account: AccountId) -> Result<i64, Problem> {
        let positions = journal::positions(self.engine.db.reader(), self.players.tenant, [account].into()).await?;
        Ok(positions.get(&account).map_or(0, |position| position.available().0))
    }

    async fn purchase(&mut self) -> Result<(), Problem> {
        let account = *self.dice.pick(&self.players.current);
        if self.funds(account).await? < ENOUGH {
            return self.pay_in(account).await;
        }
        let grocer = *self.dice.pick(GROCER);
        let amount = Minor(self.dice.price(4, 70));
        let draft = self.draft(TransactionKind::Purchase, grocer);
        let draft = draft.moving(Side::account(account), Side::Internal(InternalRole::SettlementCard), amount);
        self.submit("card-gateway", "liveDemo", Action::Post(draft)).await.map(|_| ())
    }

    async fn payment(&mut self) -> Result<(), Problem> {
        let account = *self.dice.pick(&self.players.current);
        self.pay_in(account).await
    }

    async fn pay_in(&mut self, account: AccountId) -> Result<(), Problem> {
        let mut draft = self.draft(TransactionKind::Payment, "Incoming payment");
        draft.metadata = json!({ "channel": "BANK_TRANSFER" }).to_string();
        let amount = Minor(self.dice.price(40, 260));
        let draft = draft.moving(Side::Internal(InternalRole::SettlementBank), Side::account(account), amount);
        self.submit("bank-files", "postPayment", Action::Post(draft)).await.map(|_| ())
    }

    async fn hold(&mut self) -> Result<(), Problem> {
        let account = *self.dice.pick(&self.players.cards);
        let (shop, low, high) = *self.dice.pick(SHOP);
        let amount = Minor(self.dice.price(low, high));
        if self.funds(account).await? < amount.0 {
            return self.payment().await;
        }
        let expires = self.engine.clock().now() + chrono::Duration::days(7);
        let new = NewHold {
            account,
            amount,
            currency: self.players.currency,
            expires_at: Some(expires.timestamp_micros()),
            description: shop.into(),
            reference: None,
        };
        if let Some(hold) = self.submit("card-gateway", "placeHold", Action::PlaceHold(new)).await? {
            self.open.push((hold, account));
        }
        Ok(())
    }

    async fn capture(&mut self) -> Result<(), Problem> {
        let (hold, account) = self.open.remove(0);
        let (operation, action) = if self.dice.chance(150) {
            ("releaseHold", Action::EndHold { hold, account, expired: false })
        } else {
            let to = Side::Internal(InternalRole::SettlementCard);
            ("captureHold", Action::CaptureHold { hold, account, amount: None, to })
        };
        self.submit("card-gateway", operation, action).await.map(|_| ())
    }
}
