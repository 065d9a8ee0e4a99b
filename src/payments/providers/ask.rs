//! Asking providers: one trait, the simulator and the generic one over HTTP; and who asks.
//!
//! What is to be asked stands on the payment before anybody is asked, with a number; the answer is noted under that number.
//! A provider that is asked again, because no answer came or a server died, sees the same id. Whoever has asked for it asks
//! the provider at once, and so has its answer; a server in the background asks when that did not come to an end.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::model::{
    LONGEST_JSON, PaymentProvider, ProviderKind, ProviderOperation, ProviderPayment, ProviderPaymentState,
};
use super::store;
use super::tell::{NoteProviderAnswer, Outcome, Told};
use crate::database::Database;
use crate::events::outbound::Outbound;
use crate::events::webhooks::{Message, Poster, sign};
use crate::ledger::LedgerFault;
use crate::primitives::clock::Micros;
use crate::primitives::{Clock, Currency, Money, Origin, ProviderPaymentId, TenantId};
use crate::work::{Failure, Mode, Priority, Workers, read};

/// How long whoever has asked has, before a server in the background asks as well.
pub const FIRST_PAUSE: Micros = 15_000_000;
/// How long it pauses at most.
const LONGEST_PAUSE: Micros = 3_600_000_000;
/// How often a payment is tried to be initiated.
const TRIES: i32 = 10;
/// How often it is looked for what is to be asked.
const LOOK: Duration = Duration::from_millis(500);
/// Providers that are asked at once in the background.
const AT_ONCE: u64 = 16;

/// What a provider is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Which provider.
    pub provider: &'a PaymentProvider,
    /// Of which payment.
    pub payment: &'a ProviderPayment,
    /// What.
    pub operation: ProviderOperation,
    /// The server's time.
    pub now: Micros,
}

impl Asked<'_> {
    fn amount(&self) -> Money {
        self.payment.asking_amount.in_currency(self.payment.currency)
    }

    /// Not now: with growing pauses; a payment that cannot be initiated is given up in the end.
    fn later(&self, why: String) -> Outcome {
        if self.operation == ProviderOperation::Initiate && self.payment.attempts + 1 >= TRIES {
            return Outcome::No(why);
        }
        let pause = FIRST_PAUSE << self.payment.attempts.clamp(0, 10);
        Outcome::Later(why, self.now + pause.min(LONGEST_PAUSE))
    }
}

/// A payment service provider, however it is reached.
pub trait Provider: Send + Sync {
    /// Asks it. The same payment and number are one request, however often it is asked.
    fn ask<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Outcome>;
}

/// A provider that is played: it does at once what `additionalInput.simulate` says, and nothing by chance.
///
/// | `simulate` | what happens |
/// |---|---|
/// | absent, or `CAPTURED` | the money is captured at once |
/// | `PENDING` | the payer is sent to an address; call-backs tell the rest |
/// | `AUTHORISED` | the payer has agreed; it is to be captured |
/// | `FAILED` | the payment fails |
/// | `REFUSES` | it is authorised, and will neither capture, cancel nor refund |
/// | `KEEPS` | it is captured, and will not refund |
#[derive(Clone, Copy, Debug)]
pub struct Simulator;

impl Simulator {
    /// What it answers.
    #[must_use]
    pub fn answer(asked: Asked<'_>) -> Outcome {
        use ProviderPaymentState as S;
        let input: Value = asked
            .payment
            .additional_input
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let wish = input["simulate"].as_str().unwrap_or("CAPTURED");
        let state = match (asked.operation, wish) {
            (ProviderOperation::Initiate, "PENDING") => S::Pending,
            (ProviderOperation::Initiate, "AUTHORISED" | "REFUSES") => S::Authorised,
            (ProviderOperation::Initiate, "FAILED") => {
                return Outcome::No("the payment failed, as was asked for".into());
            }
            (ProviderOperation::Initiate, _) => S::Captured,
            (ProviderOperation::Refund, "KEEPS") | (_, "REFUSES") => {
                return Outcome::No("it will not, as was asked for".into());
            }
            (ProviderOperation::Capture, _) => S::Captured,
            (ProviderOperation::Cancel, _) => S::Cancelled,
            (ProviderOperation::Refund, _) => S::PartlyRefunded,
        };
        let amount = match asked.operation {
            ProviderOperation::Refund => None,
            _ => Some(asked.amount()),
        };
        let transaction = Some(format!("sim-{}", asked.payment.id));
        let redirect_url = (state == S::Pending).then(|| format!("https://simulator.invalid/pay/{}", asked.payment.id));
        let told = Told { state, transaction, amount, reason: None };
        Outcome::Told { told, redirect_url, additional_output: Some(json!({ "simulated": wish }).to_string()) }
    }
}

impl Provider for Simulator {
    fn ask<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { Self::answer(asked) })
    }
}

/// A provider over HTTP: a signed message out, as webhooks are, and JSON back.
#[derive(Debug)]
pub struct Http<'a>(&'a Poster);

/// What one answers, and what call-backs say.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// A word of the states.
    pub state: String,
    /// The provider's own id.
    pub transaction_id: Option<String>,
    /// How much.
    pub amount: Option<SaidAmount>,
    /// Why, for people.
    pub reason: Option<String>,
    /// Where the payer goes on.
    pub redirect_url: Option<String>,
    /// Whatever else.
    pub additional_output: Option<Value>,
}

/// An amount as providers say it.
#[derive(Clone, Debug, Deserialize)]
pub struct SaidAmount {
    /// A decimal, as a text.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
}

impl Said {
    /// What it tells.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn told(&self) -> Result<Told, &'static str> {
        let state = ProviderPaymentState::from_word(&self.state).ok_or("a state that there is not")?;
        let amount = match &self.amount {
            None => None,
            Some(said) => Some(Money {
                amount: said.amount.parse().map_err(|_| "an amount that is none")?,
                currency: said.currency.parse::<Currency>().map_err(|_| "a currency that is none")?,
            }),
        };
        let texts = [&self.transaction_id, &self.reason, &self.redirect_url];
        if texts.into_iter().flatten().any(|text| text.len() > 2_000 || text.chars().any(char::is_control)) {
            return Err("a text that is too long, or has control characters");
        }
        Ok(Told { state, transaction: self.transaction_id.clone(), amount, reason: self.reason.clone() })
    }
}

impl Provider for Http<'_> {
    fn ask<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Asked { provider, payment, operation, now } = asked;
            let (id, timestamp) = (format!("{}:{}", payment.id, payment.asks), now.div_euclid(1_000_000));
            let input: Option<Value> =
                payment.additional_input.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let amount = asked.amount();
            let body = json!({
                "operation": operation.word(),
                "payment": payment.id.to_string(),
                "account": payment.account.to_string(),
                "transactionId": payment.transaction,
                "amount": { "amount": amount.amount.to_string(), "currency": amount.currency.code() },
                "additionalInput": input,
            })
            .to_string();
            let signatures = sign::signatures(std::iter::once(provider.secret.0.as_str()), &id, timestamp, &body);
            let url = provider.url.clone().unwrap_or_default();
            let (answer, written) = self.0.ask(Message { url, id, timestamp, signatures, body }, now).await;
            match (answer.status, answer.error) {
                (Some(_), None) => {
                    read_answer(written.ok()).unwrap_or_else(|why| asked.later(format!("it answered {why}")))
                }
                (Some(400..=407 | 409..=424 | 426..=428 | 430..=499), error) => {
                    Outcome::No(format!("it {}", error.unwrap_or_default()))
                }
                (_, error) => asked.later(error.unwrap_or_default()),
            }
        })
    }
}

fn read_answer(written: Option<Vec<u8>>) -> Result<Outcome, String> {
    let written = written.ok_or("more than is read")?;
    let said: Said = serde_json::from_slice(&written).map_err(|_| "what is no answer of the protocol")?;
    let told = said.told()?;
    let output = said.additional_output.filter(|output| !output.is_null()).map(|output| output.to_string());
    // PostgreSQL keeps no NUL, not even as an escape that is read one day.
    if output.as_ref().is_some_and(|output| output.len() > LONGEST_JSON || output.contains("\\u0000")) {
        return Err("more than is kept".into());
    }
    Ok(Outcome::Told { told, redirect_url: said.redirect_url, additional_output: output })
}

/// Asks providers. Cloning shares it.
#[derive(Clone)]
pub struct Providers(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    workers: Workers,
    outbound: Outbound,
    poster: OnceLock<Poster>,
}

impl Providers {
    /// One that does nothing yet.
    #[must_use]
    pub fn new(db: Database, clock: Clock, workers: Workers, outbound: Outbound) -> Self {
        Self(Arc::new(Inner { db, clock, workers, outbound, poster: OnceLock::new() }))
    }

    /// Asks what is to be asked, until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let looked = async {
                tokio::time::sleep(LOOK).await;
                let now = self.0.clock.micros();
                match store::to_ask(self.0.db.reader(), now, AT_ONCE).await {
                    Err(fault) => tracing::warn!(%fault, "payments through providers could not be looked for"),
                    Ok(due) => {
                        let asked = due.into_iter().map(|(tenant, payment)| self.ask(tenant, payment));
                        for outcome in futures_util::future::join_all(asked).await {
                            if let Err(fault) = outcome {
                                tracing::warn!(%fault, "a provider could not be asked");
                            }
                        }
                    }
                }
            };
            if stop.run_until_cancelled(looked).await.is_none() {
                return;
            }
        }
    }

    /// Asks the provider of a payment for what it is to be asked, and notes the answer. Gives the payment as it is then.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask(
        &self,
        tenant: TenantId,
        payment: ProviderPaymentId,
    ) -> Result<Option<ProviderPayment>, Arc<LedgerFault>> {
        let reader = self.0.db.reader();
        let Some(payment) = read::by_id::<ProviderPayment>(reader, tenant, payment).await? else { return Ok(None) };
        let Some(operation) = payment.asking else { return Ok(Some(payment)) };
        let Some(provider) = read::by_id::<PaymentProvider>(reader, tenant, payment.provider).await? else {
            return Ok(Some(payment));
        };
        let asked = Asked { provider: &provider, payment: &payment, operation, now: self.0.clock.micros() };
        let mut outcome = match provider.kind {
            ProviderKind::Simulator => Simulator.ask(asked).await,
            ProviderKind::Http => {
                let poster = self.0.poster.get_or_init(|| Poster::new(self.0.outbound.allows_private()));
                Http(poster).ask(asked).await
            }
        };
        if operation == ProviderOperation::Refund {
            outcome = as_a_whole(outcome, &payment);
        }
        let note = |outcome| NoteProviderAnswer { payment: payment.id, number: payment.asks, outcome };
        let refused = match self.note(tenant, note(outcome)).await? {
            Ok(payment) => return Ok(Some(payment)),
            Err(message) => message,
        };
        // What it answered cannot be: it is asked again, and somebody may look at it meanwhile.
        let noted = self.note(tenant, note(asked.later(format!("its answer was refused: {refused}")))).await?;
        Ok(Some(noted.unwrap_or(payment)))
    }

    async fn note(
        &self,
        tenant: TenantId,
        command: NoteProviderAnswer,
    ) -> Result<Result<ProviderPayment, String>, Arc<LedgerFault>> {
        let origin = Origin::system(tenant);
        let answers = self.0.workers.run_all(&origin, vec![(None, command)], Mode::EachAlone, Priority::Front).await;
        match answers.into_iter().next() {
            Some(Ok(done)) => Ok(Ok(Arc::unwrap_or_clone(done.value))),
            Some(Err(Failure::Refused(refused, _))) => Ok(Err(refused.message)),
            Some(Err(Failure::Fault(fault))) => Err(fault),
            None => Err(Arc::new(LedgerFault::Inconsistent("no answer"))),
        }
    }
}

/// An answer to a refund that does not say how much was given back in all: as much as was asked for.
fn as_a_whole(outcome: Outcome, payment: &ProviderPayment) -> Outcome {
    match outcome {
        Outcome::Told { mut told, redirect_url, additional_output } => {
            let is_done = matches!(told.state, ProviderPaymentState::Refunded | ProviderPaymentState::PartlyRefunded);
            if is_done && told.amount.is_none() {
                told.amount = Some(payment.refunded.in_currency(payment.currency));
            }
            Outcome::Told { told, redirect_url, additional_output }
        }
        outcome => outcome,
    }
}
