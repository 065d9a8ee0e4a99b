//! Tokens of an external OpenID provider, verified against the key set that it publishes (RFC 7517).
//!
//! A key decides its algorithm: RSA is RS256, P-256 is ES256, Ed25519 is EdDSA; keys that say they are for
//! something else are not used, and shared secrets (HS256) never. The key set is fetched when the first token
//! comes, so that Konto starts without the provider; again when it is ten minutes old, in the background; and
//! for a key that it lacks, at most once per interval, so that forged key ids do not become a flood of
//! requests. When the provider cannot be reached the last set is used for an hour.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, Header};
use reqwest::redirect::Policy;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::database::Database;
use crate::primitives::jwk::{PublicKey, find, usable_keys};
use crate::primitives::{CustomerId, TenantId};

use super::error::{AccessError, TokenError};
use super::principal::{Principal, Scope, scopes_of};
use super::{store, tokens};

/// How far the provider's clock may be from ours.
const LEEWAY_SECONDS: i64 = 30;
const REFRESH_AFTER: Duration = Duration::from_secs(600);
const GIVE_UP_AFTER: Duration = Duration::from_secs(3_600);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_KEY_SET_BYTES: usize = 256 * 1024;

/// An OpenID provider whose access tokens are believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalIssuer {
    /// The `iss` of its tokens, to the letter.
    pub issuer: String,
    /// What `aud` must be or contain: Konto, as the provider calls it.
    pub audience: String,
    /// Where its keys are: `https://`, or `http://` on this machine.
    pub jwks_url: String,
    /// The claim that names a tenant, by code or by id.
    pub tenant_claim: String,
    /// The claim with Konto's scope words, as one text or a list; other words are skipped, and so are those
    /// that do not fit a customer when the token is bound to one.
    pub scope_claim: String,
    /// The claim with the id of the customer that the token is bound to. A token without it is bound to none,
    /// so the provider must give it to every person who is a customer, and scopes to nobody by default.
    pub customer_claim: String,
}

struct KeySet {
    keys: Vec<PublicKey>,
    at: Instant,
}

/// An external issuer with its keys.
pub(super) struct External {
    pub(super) config: ExternalIssuer,
    http: reqwest::Client,
    reload_interval: Duration,
    key_set: RwLock<Option<Arc<KeySet>>>,
    /// Held while the key set is fetched, with when that was last begun.
    fetching: Mutex<Option<Instant>>,
}

/// Lets reqwest use the same TLS as the database driver. [`super::Access::start`] does it; whoever makes an
/// HTTP client before that must do it first, because reqwest panics without. Harmless when it was done before.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl External {
    pub(super) fn new(config: ExternalIssuer, reload_interval: Duration) -> Result<Self, AccessError> {
        let plain = is_plain(&config.jwks_url)?;
        let http = reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(Policy::none());
        // Without TLS there is no need to have, or to read, the machine's certificates.
        let http = if plain { http.no_proxy().tls_certs_only([]) } else { http.https_only(true) };
        Ok(Self {
            config,
            http: http.build()?,
            reload_interval,
            key_set: RwLock::new(None),
            fetching: Mutex::new(None),
        })
    }

    /// Verifies a token of this issuer, at a moment.
    pub(super) async fn verify(
        self: &Arc<Self>,
        db: &Database,
        token: &str,
        header: &Header,
        now: i64,
    ) -> Result<Principal, TokenError> {
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA) {
            return Err(TokenError::WrongAlgorithm);
        }
        let key_set = self.key_set_with(header.kid.as_deref()).await?;
        let key = find(&key_set.keys, header.kid.as_deref()).ok_or(TokenError::UnknownKey)?;
        if key.algorithm != header.alg {
            return Err(TokenError::WrongAlgorithm);
        }
        let config = &self.config;
        let claims = tokens::check_signature(token, &key.decoding, key.algorithm, &config.issuer, &config.audience)?;
        let expires_at = claims.seconds("exp")?.saturating_add(LEEWAY_SECONDS);
        if now >= expires_at {
            return Err(TokenError::Expired);
        }
        if claims.seconds_if_present("nbf")?.is_some_and(|from| now < from.saturating_sub(LEEWAY_SECONDS)) {
            return Err(TokenError::NotYetValid);
        }
        let customer: Option<CustomerId> = match claims.text_if_present(&config.customer_claim)? {
            Some(text) => Some(text.parse().map_err(|_| TokenError::Claim(config.customer_claim.clone()))?),
            None => None,
        };
        // Konto's own client ids have no '#', so a subject of the provider never passes for one of them.
        let client = format!("{}#{}", config.issuer, claims.text("sub")?);
        let fits = |scope: &Scope| customer.is_none() || scope.fits_customer();
        let scopes = scopes_of(&claims.words(&config.scope_claim)?).filter(fits).collect::<BTreeSet<_>>();
        let tenant = tenant(db, &claims.text(&config.tenant_claim)?).await?;
        Ok(Principal { tenant, client: client.into(), customer, scopes: scopes.into(), expires_at })
    }

    /// The last key set that was fetched, unless that is too long ago.
    fn known(&self) -> Option<Arc<KeySet>> {
        let key_set = self.key_set.read().unwrap_or_else(PoisonError::into_inner).clone();
        key_set.filter(|set| set.at.elapsed() < GIVE_UP_AFTER)
    }

    /// A key set that has the key, or the newest that there is.
    async fn key_set_with(self: &Arc<Self>, kid: Option<&str>) -> Result<Arc<KeySet>, TokenError> {
        let known = self.known();
        if let Some(set) = &known
            && find(&set.keys, kid).is_some()
        {
            if set.at.elapsed() >= REFRESH_AFTER {
                let (this, seen) = (self.clone(), set.clone());
                tokio::spawn(async move { this.fetch_if_due(Some(&seen)).await });
            }
            return Ok(set.clone());
        }
        self.fetch_if_due(known.as_ref()).await;
        self.known().ok_or(TokenError::KeysUnavailable)
    }

    /// Fetches the key set, unless somebody else has since `seen`, or tried a moment ago.
    async fn fetch_if_due(&self, seen: Option<&Arc<KeySet>>) {
        let mut last = self.fetching.lock().await;
        let changed = self.known().is_some_and(|now| seen.is_none_or(|seen| !Arc::ptr_eq(&now, seen)));
        if changed || last.is_some_and(|at| at.elapsed() < self.reload_interval) {
            return;
        }
        *last = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                let set = Arc::new(KeySet { keys, at: Instant::now() });
                *self.key_set.write().unwrap_or_else(PoisonError::into_inner) = Some(set);
            }
            Err(error) => {
                tracing::warn!(issuer = %self.config.issuer, %error, "the keys of an external issuer were not fetched");
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<PublicKey>, FetchError> {
        let mut response = self.http.get(&self.config.jwks_url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_KEY_SET_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(usable_keys(&serde_json::from_slice(&body)?))
    }
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("not a JSON web key set: {0}")]
    Json(#[from] serde_json::Error),
    #[error("more than {MAX_KEY_SET_BYTES} bytes")]
    TooLarge,
}

async fn tenant(db: &Database, name: &str) -> Result<TenantId, TokenError> {
    let found = match name.parse() {
        Ok(id) => store::tenant_by_id(db.reader(), id).await?,
        Err(_) => store::tenant_by_code(db.reader(), name).await?,
    };
    found.map(|tenant| tenant.id).ok_or(TokenError::UnknownTenant)
}

/// Whether the address is plain HTTP, which only this machine may be asked by: who can change the keys on
/// their way can sign any token.
pub(super) fn is_plain(address: &str) -> Result<bool, AccessError> {
    let refuse = || AccessError::JwksUrl(address.to_owned());
    let url = reqwest::Url::parse(address).map_err(|_| refuse())?;
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let loopback = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(false),
        "http" if loopback => Ok(true),
        _ => Err(refuse()),
    }
}
