//! Who may ask, and for what: tenants, OAuth clients, signing keys, and the tokens that they lead to.
//!
//! [`Access`] is what the rest of Konto holds. It issues tokens for client credentials, and verifies its own
//! tokens and those of external OpenID providers into a [`Principal`]. What always holds: the tenant of a
//! request comes from its token; a token's scopes are at most its client's; a token that is bound to a
//! customer stays bound, and carries no scope of those who run the tenant; no secret is stored, logged or shown again after it was made.

mod cache;
mod clients;
mod error;
mod external;
mod keys;
pub mod principal;
mod secrets;
mod store;
pub mod tenants;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod throttle;
mod tokens;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sea_orm::{DatabaseTransaction, DbErr};

use crate::database::Database;
use crate::primitives::{Clock, CustomerId, IdSource, TenantId};
use crate::work::Settings;

use cache::PrincipalCache;
use external::External;
use keys::KeyRing;
use secrets::SecretHasher;
use throttle::Throttle;

pub use clients::{Client, CreatedClient, NewClient};
pub use error::{AccessError, BootstrapError, ClientError, OAuthError, TenantError, TokenError};
pub use external::{ExternalIssuer, install_tls};
pub use principal::{Principal, Scope};
pub use secrets::{ClientSecret, SecretError};
pub use tenants::{Tenant, create_tenant};

/// How long an access token lasts.
pub const TOKEN_SECONDS: i64 = 3_600;

/// Verified tokens that are remembered, at most twice that.
const CACHE_GENERATION: usize = 8 * 1024;

/// What an operator decides about access.
#[derive(Clone, Debug)]
pub struct AccessConfig {
    /// The `iss` of Konto's own tokens. All servers on one database share it.
    pub issuer: String,
    /// Where clients reach this server (`https://konto.example`), for the metadata document; without it the
    /// document goes by the host that it was asked at.
    pub public_url: Option<String>,
    /// OpenID providers whose tokens are believed too.
    pub external: Vec<ExternalIssuer>,
    /// Keys that are not known are looked for at most this often, and so are new ones for the public key set.
    pub reload_interval: Duration,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self { issuer: "konto".into(), public_url: None, external: Vec::new(), reload_interval: Duration::from_secs(5) }
    }
}

impl AccessConfig {
    /// Whether it makes sense, as far as that can be seen without a database.
    ///
    /// # Errors
    /// [`AccessError::Config`] and [`AccessError::JwksUrl`].
    pub fn check(&self) -> Result<(), AccessError> {
        let mut issuers = BTreeSet::from([self.issuer.as_str()]);
        if self.issuer.is_empty() {
            return Err(AccessError::Config("the issuer is empty".into()));
        }
        if let Some(twice) = self.external.iter().find(|external| !issuers.insert(&external.issuer)) {
            return Err(AccessError::Config(format!("the issuer '{}' is configured twice", twice.issuer)));
        }
        self.external.iter().try_for_each(|external| external::is_plain(&external.jwks_url).map(|_| ()))
    }
}

/// `tenant:client_id:client_secret`, in its form.
struct BootstrapSpec<'a> {
    code: &'a str,
    client_id: &'a str,
    secret: ClientSecret,
}

impl<'a> BootstrapSpec<'a> {
    fn parse(spec: &'a str) -> Result<Self, BootstrapError> {
        let mut parts = spec.splitn(3, ':');
        let (Some(code), Some(client_id), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(BootstrapError::Malformed);
        };
        if !tenants::is_code(code) {
            return Err(TenantError::InvalidCode.into());
        }
        if !clients::is_client_id(client_id) {
            return Err(ClientError::InvalidClientId.into());
        }
        Ok(Self { code, client_id, secret: ClientSecret::given(secret)? })
    }
}

/// Whether [`Access::bootstrap_client`] can make something of the text, as far as that can be seen without a
/// database.
///
/// # Errors
/// [`BootstrapError`].
pub fn check_bootstrap_client(spec: &str) -> Result<(), BootstrapError> {
    BootstrapSpec::parse(spec).map(|_| ())
}

/// A client's request for a token, as it came.
#[derive(Clone)]
pub struct TokenRequest {
    /// Who asks.
    pub client_id: String,
    /// The proof.
    pub client_secret: String,
    /// The scopes that are wanted; when absent all of the client's, or those of them that fit a customer when
    /// the token is bound to one.
    pub scope: Option<String>,
    /// The customer to bind the token to.
    pub customer: Option<String>,
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A token that was issued.
#[derive(Clone)]
pub struct IssuedToken {
    /// The token.
    pub access_token: String,
    /// How many seconds it lasts.
    pub expires_in: i64,
    /// Its scopes, separated by spaces.
    pub scope: String,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What [`Access::bootstrap_client`] found and made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrapped {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether it was made just now.
    pub tenant_created: bool,
    /// Whether the client was made just now.
    pub client_created: bool,
}

/// Access control of one server. Cloning shares it.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    ids: IdSource,
    issuer: String,
    public_url: Option<String>,
    keys: KeyRing,
    external: Vec<Arc<External>>,
    cache: PrincipalCache,
    hasher: SecretHasher,
    throttle: Throttle,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}

impl Access {
    /// Reads the signing keys of a migrated database, and makes the first. External issuers are not asked
    /// before the first token that needs it.
    ///
    /// # Errors
    /// A configuration that contradicts itself, or the database's.
    pub async fn start(db: Database, clock: Clock, ids: IdSource, config: AccessConfig) -> Result<Self, AccessError> {
        config.check()?;
        install_tls();
        let external = config.external.into_iter().map(|external| External::new(external, config.reload_interval));
        let external = external.map(|made| made.map(Arc::new)).collect::<Result<_, _>>()?;
        let keys = KeyRing::start(db.clone(), clock.clone(), config.reload_interval).await?;
        let hasher = SecretHasher::new();
        hasher.warm_up().await?;
        Ok(Self(Arc::new(Inner {
            throttle: Throttle::new(clock.clone())?,
            db,
            clock,
            ids,
            issuer: config.issuer,
            public_url: config.public_url,
            keys,
            external,
            cache: PrincipalCache::new(CACHE_GENERATION),
            hasher,
        })))
    }

    /// Who a bearer token speaks for.
    ///
    /// # Errors
    /// [`TokenError`]: tell the caller "invalid token" or, unless [`TokenError::is_refusal`], "repeat later".
    pub async fn verify(&self, bearer: &str) -> Result<Principal, TokenError> {
        let inner = &*self.0;
        let now = tokens::seconds(&inner.clock);
        let digest = cache::digest(bearer);
        if let Some(principal) = inner.cache.get(&digest) {
            return if now < principal.expires_at { Ok(principal) } else { Err(TokenError::Expired) };
        }
        let token = tokens::read(bearer)?;
        let principal = if token.issuer == inner.issuer {
            tokens::verify(&inner.keys, &inner.issuer, bearer, &token.header, now).await?
        } else {
            let issuer = inner.external.iter().find(|external| external.config.issuer == token.issuer);
            let issuer = issuer.ok_or(TokenError::UnknownIssuer)?;
            issuer.verify(&inner.db, bearer, &token.header, now).await?
        };
        inner.cache.put(digest, principal.clone());
        Ok(principal)
    }

    /// A token for client credentials (RFC 6749, section 4.4).
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn token(&self, grant: TokenRequest) -> Result<IssuedToken, OAuthError> {
        let inner = &*self.0;
        if !clients::is_client_id(&grant.client_id) {
            return Err(OAuthError::InvalidClient);
        }
        if let Some(retry_after_seconds) = inner.throttle.refuse(&grant.client_id, &grant.client_secret) {
            return Err(OAuthError::TooManyFailures { retry_after_seconds });
        }
        let client = clients::authenticate(&inner.db, &inner.hasher, &grant.client_id, &grant.client_secret).await?;
        let Some(client) = client else {
            inner.throttle.failed(&grant.client_id);
            return Err(OAuthError::InvalidClient);
        };
        inner.throttle.succeeded(&grant.client_id, &grant.client_secret);
        let customer = self.bind(&client, grant.customer.as_deref()).await?;
        let scopes = grantable(&client.scopes, customer.is_some());
        let scopes = narrow(&scopes, grant.scope.as_deref())?;
        let access_token = self.issue_for(client.tenant, &client.client_id, &scopes, customer).await?;
        Ok(IssuedToken { access_token, expires_in: TOKEN_SECONDS, scope: principal::words_of(&scopes) })
    }

    /// The customer that a token is bound to: the client's own, or else the one that it asks for.
    async fn bind(&self, client: &Client, wanted: Option<&str>) -> Result<Option<CustomerId>, OAuthError> {
        let Some(wanted) = wanted else {
            let Some(own) = client.customer else { return Ok(None) };
            // It may have been made while its customer was merged or erased.
            let is_there = store::customer_is_present(self.0.db.reader(), client.tenant, own).await?;
            return if is_there { Ok(Some(own)) } else { Err(OAuthError::InvalidClient) };
        };
        let wanted = wanted.parse().map_err(|_| OAuthError::InvalidRequest("'customer' is no customer id"))?;
        if client.customer.is_some_and(|own| own != wanted) {
            return Err(OAuthError::InvalidRequest("the client is bound to another customer"));
        }
        if !store::customer_is_present(self.0.db.reader(), client.tenant, wanted).await? {
            return Err(OAuthError::InvalidRequest("there is no such customer"));
        }
        Ok(Some(wanted))
    }

    /// A token without a request for one: for the demo and for Konto's own commands. Carries what it is told
    /// to, also where a request would be refused. Asks for no secret, so
    /// nothing that a caller of the API can reach may call it.
    ///
    /// # Errors
    /// The database's, or a damaged signing key.
    pub async fn issue_for(
        &self,
        tenant: TenantId,
        client_id: &str,
        scopes: &BTreeSet<Scope>,
        customer: Option<CustomerId>,
    ) -> Result<String, AccessError> {
        let key = self.0.keys.signing().await?;
        let subject = tokens::Subject { tenant, client_id, scopes, customer };
        tokens::issue(&key, &self.0.issuer, &subject, tokens::seconds(&self.0.clock))
    }

    /// What signed links are signed with: the key's id and its secret for links.
    ///
    /// # Errors
    /// The database's.
    pub async fn link_key(&self) -> Result<(String, [u8; 32]), AccessError> {
        let key = self.0.keys.signing().await?;
        Ok((key.kid.clone(), key.link_secret))
    }

    /// What a link of this key is verified with; none for a key that is unknown or over.
    ///
    /// # Errors
    /// The database's.
    pub async fn link_secret(&self, kid: &str) -> Result<Option<[u8; 32]>, AccessError> {
        Ok(self.0.keys.verifying(kid).await?.map(|key| key.link_secret))
    }

    /// Signs with a new key from now on; the other servers do within a minute. Tokens that were issued before
    /// stay good until they are over.
    ///
    /// # Errors
    /// The database's.
    pub async fn rotate_keys(&self) -> Result<(), AccessError> {
        self.0.keys.rotate().await
    }

    /// The public keys of all servers on the database, as a JSON web key set.
    pub async fn jwks(&self) -> serde_json::Value {
        self.0.keys.jwks().await
    }

    /// The `iss` of Konto's own tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Where clients reach this server, if it was configured.
    #[must_use]
    pub fn public_url(&self) -> Option<&str> {
        self.0.public_url.as_deref()
    }

    /// Makes a client of a tenant.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_client(&self, tenant: TenantId, new: NewClient) -> Result<CreatedClient, ClientError> {
        let inner = &*self.0;
        clients::create(&inner.db, &inner.hasher, &inner.clock, &inner.ids, tenant, new).await
    }

    /// Gives a client no more tokens. The ones that it holds end within [`TOKEN_SECONDS`].
    ///
    /// # Errors
    /// [`ClientError::UnknownClient`], or the database's.
    pub async fn disable_client(&self, tenant: TenantId, client_id: &str) -> Result<(), ClientError> {
        clients::disable(&self.0.db, tenant, client_id).await
    }

    /// The clients of a tenant, by client id.
    ///
    /// # Errors
    /// The database's.
    pub async fn clients(&self, tenant: TenantId) -> Result<Vec<Client>, DbErr> {
        clients::list(self.0.db.reader(), tenant).await
    }

    /// All tenants, by code.
    ///
    /// # Errors
    /// The database's.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, DbErr> {
        tenants::list(self.0.db.reader()).await
    }

    /// Sets up `tenant:client_id:client_secret`: the tenant (its code is its name where the settings have none) and
    /// the client with all scopes, where they are missing. `on_new_tenant` adds what a tenant starts with, in
    /// the transaction that makes it. Doing it again changes nothing, also on several servers at once. A
    /// client that was disabled stays so.
    ///
    /// # Errors
    /// [`BootstrapError`]; nothing was made then.
    pub async fn bootstrap_client<F>(
        &self,
        spec: &str,
        settings: Settings,
        on_new_tenant: F,
    ) -> Result<Bootstrapped, BootstrapError>
    where
        F: for<'a> FnOnce(&'a DatabaseTransaction, TenantId) -> BoxFuture<'a, Result<(), DbErr>>,
    {
        let inner = &*self.0;
        let BootstrapSpec { code, client_id, secret } = BootstrapSpec::parse(spec)?;
        let new = NewClient {
            client_id: client_id.to_owned(),
            secret: Some(secret.clone()),
            scopes: Scope::ALL.iter().copied().collect(),
            customer: None,
        };
        let name = if settings.name.is_empty() { code.to_owned() } else { settings.name };
        let settings = Settings { name, ..settings };
        let prepared = clients::prepare(&inner.hasher, new).await?;
        let tx = inner.db.begin().await?;
        let made = create_tenant(&tx, &inner.clock, &inner.ids, code, settings).await;
        let (tenant, tenant_created) = match made {
            Ok(tenant) => {
                on_new_tenant(&tx, tenant).await?;
                (tenant, true)
            }
            Err(TenantError::CodeTaken) => {
                let found = tenants::find_by_code(&*tx, code).await?;
                (found.ok_or(TenantError::CodeTaken)?.id, false)
            }
            Err(refused) => return Err(refused.into()),
        };
        let client_created = match clients::insert(&tx, &inner.clock, &inner.ids, tenant, prepared).await {
            Ok(_) => true,
            Err(ClientError::ClientIdTaken) => false,
            Err(refused) => return Err(refused.into()),
        };
        if !client_created {
            self.check_same_client(&tx, tenant, client_id, secret.expose()).await?;
        }
        tx.commit().await?;
        Ok(Bootstrapped { tenant, tenant_created, client_created })
    }

    async fn check_same_client(
        &self,
        tx: &DatabaseTransaction,
        tenant: TenantId,
        client_id: &str,
        secret: &str,
    ) -> Result<(), BootstrapError> {
        let found = store::client_by_client_id(tx, client_id).await?.ok_or(ClientError::UnknownClient)?;
        if found.tenant != tenant {
            return Err(BootstrapError::OtherTenant(client_id.to_owned()));
        }
        let same = self.0.hasher.verify(secret, Some(&found.secret_hash)).await.map_err(ClientError::from)?;
        if same { Ok(()) } else { Err(BootstrapError::OtherSecret(client_id.to_owned())) }
    }
}

/// What a client may ask for: all that it has, or what of it fits a customer.
fn grantable(own: &BTreeSet<Scope>, bound: bool) -> BTreeSet<Scope> {
    own.iter().copied().filter(|scope| !bound || scope.fits_customer()).collect()
}

/// What the token may do: what is asked for, as long as the client has it; else nothing is issued, rather
/// than less than was asked for.
fn narrow(own: &BTreeSet<Scope>, wanted: Option<&str>) -> Result<BTreeSet<Scope>, OAuthError> {
    let Some(wanted) = wanted else {
        return if own.is_empty() { Err(OAuthError::InvalidScope) } else { Ok(own.clone()) };
    };
    let scopes = wanted.split_ascii_whitespace().map(|word| Scope::from_word(word).filter(|scope| own.contains(scope)));
    let scopes = scopes.collect::<Option<BTreeSet<_>>>().filter(|scopes| !scopes.is_empty());
    scopes.ok_or(OAuthError::InvalidScope)
}
