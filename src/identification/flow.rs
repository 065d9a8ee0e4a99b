//! The way of a customer: out to whoever vouches for them, and back.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::commands::{NoteIdentification, differs};
use super::model::{IdentificationKind, IdentificationProvider};
use super::oidc::{Asker, Code, encoded, encoded_text};
use super::refusals::{
    CUSTOMER_TOKEN_INVALID, IDENTIFICATION_PROVIDER_FAILED, IDENTIFICATION_STATE_USED, NO_IDENTIFICATION_PROVIDER,
};
use super::store;
use super::token::{Unbelieved, verified};
use crate::customers::refusals::DATA_KEYS_MISSING;
use crate::customers::{CustomerBy, store as customers};
use crate::database::Database;
use crate::events::outbound::Outbound;
use crate::ledger::LedgerFault;
use crate::primitives::clock::Micros;
use crate::primitives::{Clock, CustomerId, IdentificationProviderId, Origin, TenantId};
use crate::refused::{RefusalCode, Refused};
use crate::sealing::{self, KeyRing, Place};
use crate::work::{Failure, Mode, Priority, Workers, present, read};

/// How long a customer may take to come back.
const WAY: Micros = 15 * 60_000_000;
/// The longest token of a caller.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Who asks to be shown what is a customer's.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The customer whose it is.
    pub customer: CustomerId,
    /// The caller's token of the customer.
    pub token: &'a str,
    /// Who vouches.
    pub provider: &'a str,
    /// Where the customer is to come back to.
    pub return_url: &'a str,
}

/// Whether it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The customer is identified.
    Yes,
    /// Not before the customer has been there.
    After(String),
}

/// Why it is neither.
#[derive(Debug)]
pub enum NotShown {
    /// A business answer.
    Refused(Box<Refused>),
    /// The database's.
    Fault(Arc<LedgerFault>),
}

impl From<Refused> for NotShown {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl From<LedgerFault> for NotShown {
    fn from(fault: LedgerFault) -> Self {
        Self::Fault(Arc::new(fault))
    }
}

/// Where a customer goes who has come back.
#[derive(Debug)]
pub enum Back {
    /// On to the address that they came for, with what came of it.
    To(String),
    /// Nowhere: it is not of ours, or too late.
    Nowhere(&'static str),
}

/// What a customer leaves with, sealed.
#[derive(Serialize, Deserialize)]
struct State {
    /// Whose purchase it is.
    customer: CustomerId,
    /// A digest of the caller's token.
    token_key: String,
    /// What the provider's token has to repeat.
    nonce: String,
    /// What the challenge was made of.
    verifier: String,
    /// Where to go on to.
    return_url: String,
    /// When it runs out.
    until: Micros,
}

/// Identifies customers. Cloning shares it.
#[derive(Clone)]
pub struct Identifications(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    workers: Workers,
    outbound: Outbound,
    asker: OnceLock<Asker>,
}

fn place(tenant: TenantId, provider: IdentificationProviderId) -> Place {
    Place { tenant, row: provider.0, field: "identification.state" }
}

/// What a text is remembered as.
fn digest(of: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in of {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text that nobody can guess.
fn chance() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

impl Identifications {
    /// One that knows no provider yet.
    #[must_use]
    pub fn new(db: Database, clock: Clock, workers: Workers, outbound: Outbound) -> Self {
        Self(Arc::new(Inner { db, clock, workers, outbound, asker: OnceLock::new() }))
    }

    fn asker(&self) -> &Asker {
        self.0.asker.get_or_init(|| Asker::new(self.0.outbound.allows_private()))
    }

    /// Whether what is a customer's may be shown, or where they have to go first.
    ///
    /// # Errors
    /// Refused as: `NO_IDENTIFICATION_PROVIDER`, `RETURN_ADDRESS_NOT_ALLOWED`, `CUSTOMER_TOKEN_INVALID`,
    /// `IDENTIFIED_PERSON_DIFFERS`, `DATA_KEYS_MISSING`, `IDENTIFICATION_PROVIDER_FAILED`, in this order.
    pub async fn ask(&self, tenant: TenantId, asked: Asked<'_>) -> Result<Shown, NotShown> {
        let reader = self.0.db.reader();
        let found = store::named(reader, tenant, asked.provider).await?;
        let Some(provider) = found.filter(|provider| !provider.retired) else {
            let message = "there is no such provider, or it is used no more";
            return Err(Refused::of_field(NO_IDENTIFICATION_PROVIDER, "provider", message).into());
        };
        let return_url = provider.allowed(asked.return_url)?.to_string();
        if asked.token.is_empty() || asked.token.len() > LONGEST_TOKEN {
            return Err(token_invalid("must not be empty, nor longer than 16 KB").into());
        }
        match provider.kind {
            IdentificationKind::Own => self.ask_own(tenant, &provider, asked, &return_url).await,
            IdentificationKind::OpenIdConnect => self.ask_other(tenant, &provider, asked, return_url).await,
        }
    }

    /// By a token of the tenant's own.
    async fn ask_own(
        &self,
        tenant: TenantId,
        provider: &IdentificationProvider,
        asked: Asked<'_>,
        return_url: &str,
    ) -> Result<Shown, NotShown> {
        let settings = &provider.settings;
        let keys = settings.keys.as_deref().and_then(|keys| serde_json::from_str(keys).ok()).unwrap_or_default();
        let now = self.0.clock.micros().div_euclid(1_000_000);
        let claims = verified(asked.token, &keys, (&settings.issuer, &settings.client_id), now);
        let claims = match claims {
            Ok(claims) => claims,
            Err(Unbelieved::Expired) => return Ok(after_login(provider, return_url)),
            Err(error) => return Err(token_invalid(&error.to_string()).into()),
        };
        let issued = claims.get("iat").and_then(serde_json::Value::as_i64);
        let Some(issued) = issued else {
            return Err(token_invalid("the token does not say when it was issued").into());
        };
        if now >= issued.saturating_add(settings.minutes * 60) {
            return Ok(after_login(provider, return_url));
        }
        let person = claims.get(&settings.claim).and_then(serde_json::Value::as_str);
        let person = person.and_then(|person| provider.person(person));
        let Some(person) = person else {
            return Err(token_invalid("the token does not say who the customer is").into());
        };
        if self.found(tenant, &person).await? == Some(asked.customer) { Ok(Shown::Yes) } else { Err(differs().into()) }
    }

    async fn found(&self, tenant: TenantId, person: &CustomerBy) -> Result<Option<CustomerId>, LedgerFault> {
        let reader = self.0.db.reader();
        let present = present::of(reader, &self.0.clock, tenant).await?;
        let found = customers::find(reader, tenant, person, present.today).await?;
        Ok(found.filter(|customer| customer.require_present("").is_ok()).map(|customer| customer.id))
    }

    /// By a provider of OpenID Connect.
    async fn ask_other(
        &self,
        tenant: TenantId,
        provider: &IdentificationProvider,
        asked: Asked<'_>,
        return_url: String,
    ) -> Result<Shown, NotShown> {
        let token_key = digest(&[&provider.id.to_string(), asked.token]);
        let now = self.0.clock.micros();
        if let Some(identified) = store::valid(self.0.db.reader(), tenant, provider.id, &token_key, now).await? {
            // A token is one customer's.
            return if identified.customer == asked.customer { Ok(Shown::Yes) } else { Err(differs().into()) };
        }
        let ring = sealing::ring().ok_or_else(|| {
            let message = "the server has no data keys, which what a customer leaves with is sealed with";
            Refused::new(DATA_KEYS_MISSING, message)
        })?;
        let settings = &provider.settings;
        let metadata = self.asker().metadata(&settings.issuer).await.map_err(|why| failed(&why))?;
        let state = State {
            customer: asked.customer,
            token_key,
            nonce: chance(),
            verifier: chance(),
            return_url,
            until: now + WAY,
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(state.verifier.as_bytes()));
        let mut scope = vec!["openid"];
        scope.extend(settings.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
        let query = encoded(&[
            ("response_type", "code"),
            ("client_id", &settings.client_id),
            ("redirect_uri", settings.callback_url.as_deref().unwrap_or_default()),
            ("scope", &scope.join(" ")),
            ("state", &sealed(&ring, tenant, provider.id, &state)),
            ("nonce", &state.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(Shown::After(with_query(&metadata.authorization_endpoint, &query)))
    }

    /// Takes a customer back from a provider: checks the state, exchanges the code, verifies the token, and notes whom it
    /// names. Where to they go on; the refusal's code goes with them.
    ///
    /// # Errors
    /// The database's.
    pub async fn come_back(&self, state: &str, code: Result<&str, &str>) -> Result<Back, Arc<LedgerFault>> {
        let Some((tenant, provider_id, opened)) = opened(state) else {
            return Ok(Back::Nowhere("the state is none of ours"));
        };
        if self.0.clock.micros() >= opened.until {
            return Ok(Back::Nowhere("the customer took too long: begin again"));
        }
        let on = |outcome: &str| {
            Ok(Back::To(with_query(&opened.return_url, &format!("identification={}", encoded_text(outcome)))))
        };
        let reader = self.0.db.reader();
        let provider = read::by_id::<IdentificationProvider>(reader, tenant, provider_id).await?;
        let Some(provider) = provider.filter(|provider| !provider.retired) else {
            return on(NO_IDENTIFICATION_PROVIDER.word());
        };
        // It was on the list when they left, and has to be on it still.
        if let Err(refused) = provider.allowed(&opened.return_url) {
            return Ok(Back::Nowhere(refused.code.word()));
        }
        let state_key = digest(&[state]);
        if store::is_used(reader, tenant, &state_key).await? {
            return self.turned_away(tenant, IDENTIFICATION_STATE_USED, &opened).await;
        }
        let Ok(code) = code else { return on("DENIED") };
        let code = Code { code, verifier: &opened.verifier };
        let person = match self.asker().exchange(&provider, code).await {
            Ok((token, keys)) => self.person(&provider, &token, &keys, &opened.nonce),
            Err(why) => Err(failed(&why)),
        };
        let person = match person {
            Ok(person) => person,
            Err(refused) => return self.turned_away(tenant, refused.code, &opened).await,
        };
        let token_key = opened.token_key.clone();
        let command = NoteIdentification {
            provider: provider.id,
            customer: opened.customer,
            person,
            state_key,
            token_key,
            valid_until: self.0.clock.micros() + provider.validity(),
        };
        let answers = self
            .0
            .workers
            .run_all(&Origin::system(tenant), vec![(None, command)], Mode::EachAlone, Priority::Front)
            .await;
        match answers.into_iter().next() {
            Some(Ok(_)) => on("DONE"),
            Some(Err(Failure::Refused(refused, _))) => on(refused.code.word()),
            Some(Err(Failure::Fault(fault))) => Err(fault),
            None => Err(Arc::new(LedgerFault::Inconsistent("no answer"))),
        }
    }

    /// Whom a provider's token names, if it is for this.
    fn person(
        &self,
        provider: &IdentificationProvider,
        token: &str,
        keys: &serde_json::Value,
        nonce: &str,
    ) -> Result<CustomerBy, Refused> {
        let settings = &provider.settings;
        let now = self.0.clock.micros().div_euclid(1_000_000);
        let claims = verified(token, keys, (&settings.issuer, &settings.client_id), now);
        let claims = claims.map_err(|error| token_invalid(&error.to_string()))?;
        let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
        if text("nonce") != Some(nonce) {
            return Err(token_invalid("the token is of another attempt"));
        }
        if claims.contains_key("azp") && text("azp") != Some(settings.client_id.as_str()) {
            return Err(token_invalid("the token is another client's"));
        }
        let person = text(&settings.claim).and_then(|person| provider.person(person));
        person.ok_or_else(|| token_invalid("the token does not say who the customer is"))
    }

    /// Notes in the audit trail that a customer was turned away, and sends them on with the reason.
    async fn turned_away(&self, tenant: TenantId, code: RefusalCode, state: &State) -> Result<Back, Arc<LedgerFault>> {
        let verdicts = vec![crate::work::Verdict::Refused(code)];
        self.0.workers.turn_away(&Origin::system(tenant), "noteIdentification", verdicts).await?;
        let query = format!("identification={}", encoded_text(code.word()));
        Ok(Back::To(with_query(&state.return_url, &query)))
    }
}

fn sealed(ring: &KeyRing, tenant: TenantId, provider: IdentificationProviderId, state: &State) -> String {
    let text = serde_json::to_string(state).unwrap_or_default();
    let sealed = ring.seal(&place(tenant, provider), &text);
    format!("{tenant}.{provider}.{}", URL_SAFE_NO_PAD.encode(sealed))
}

fn opened(state: &str) -> Option<(TenantId, IdentificationProviderId, State)> {
    let mut parts = state.splitn(3, '.');
    let (tenant, provider, sealed) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    let sealed = String::from_utf8(URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
    let text = sealing::ring()?.open(&place(tenant, provider), &sealed).ok()?;
    Some((tenant, provider, serde_json::from_str(&text).ok()?))
}

/// The tenant's own page, with where to come back to.
fn after_login(provider: &IdentificationProvider, return_url: &str) -> Shown {
    let login = provider.settings.login_url.as_deref().unwrap_or_default();
    Shown::After(with_query(login, &encoded(&[("returnUrl", return_url)])))
}

/// An address with more of a query.
fn with_query(url: &str, query: &str) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{query}")
}

fn token_invalid(why: &str) -> Refused {
    Refused::of_field(CUSTOMER_TOKEN_INVALID, "customerAuthToken", why)
}

fn failed(why: &str) -> Refused {
    Refused::of_field(IDENTIFICATION_PROVIDER_FAILED, "provider", format!("the provider failed: {why}"))
}
