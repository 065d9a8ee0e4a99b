//! OAuth clients: what may ask for tokens, with which scopes, for which customer.
//!
//! A client id is unique over all tenants, because a token request names nothing else. Disabling a client
//! stops new tokens at once; the ones it holds end within the hour that a token lasts.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use crate::database::Database;
use crate::primitives::clock::Micros;
use crate::primitives::{ClientRowId, Clock, CustomerId, IdSource, TenantId};

use super::error::{ClientError, OAuthError};
use super::principal::Scope;
use super::secrets::{ClientSecret, SecretHash, SecretHasher};
use super::store;

/// A client as it is kept; its secret only as a hash.
#[derive(Clone, Debug)]
pub struct Client {
    /// Whose it is.
    pub tenant: TenantId,
    /// The row's id.
    pub id: ClientRowId,
    /// What it calls itself in a token request.
    pub client_id: String,
    pub(super) secret_hash: SecretHash,
    /// The most that its tokens may do.
    pub scopes: BTreeSet<Scope>,
    /// The one customer that all its tokens are bound to, if any.
    pub customer: Option<CustomerId>,
    /// Whether it gets no more tokens.
    pub disabled: bool,
    /// When it was made.
    pub created_at_us: Micros,
}

/// What a new client is made of.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// 3 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`; no other client's.
    pub client_id: String,
    /// One is made when there is none.
    pub secret: Option<ClientSecret>,
    /// At least one; for a client that is bound to a customer, those that [`Scope::fits_customer`].
    pub scopes: BTreeSet<Scope>,
    /// The one customer that all its tokens are bound to, if any.
    pub customer: Option<CustomerId>,
}

/// A new client, and the only time that its secret is told.
#[derive(Clone, Debug)]
pub struct CreatedClient {
    /// The row's id.
    pub id: ClientRowId,
    /// What it calls itself.
    pub client_id: String,
    /// To hand to its owner.
    pub secret: ClientSecret,
}

/// A client that is checked and hashed, ready to be inserted: hashing takes longer than a write transaction
/// should.
pub(super) struct Prepared {
    new: NewClient,
    secret: ClientSecret,
    hash: SecretHash,
}

pub(super) async fn prepare(hasher: &SecretHasher, new: NewClient) -> Result<Prepared, ClientError> {
    if !is_client_id(&new.client_id) {
        return Err(ClientError::InvalidClientId);
    }
    if new.scopes.is_empty() {
        return Err(ClientError::NoScope);
    }
    let unfit: BTreeSet<_> = new.scopes.iter().copied().filter(|scope| !scope.fits_customer()).collect();
    if new.customer.is_some() && !unfit.is_empty() {
        return Err(ClientError::BoundScopes(unfit));
    }
    let secret = match &new.secret {
        Some(secret) => secret.clone(),
        None => ClientSecret::generate()?,
    };
    let hash = hasher.hash(secret.clone()).await?;
    Ok(Prepared { new, secret, hash })
}

/// Inserts a prepared client. A taken client id leaves the transaction usable.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    clock: &Clock,
    ids: &IdSource,
    tenant: TenantId,
    prepared: Prepared,
) -> Result<CreatedClient, ClientError> {
    if store::tenant_by_id(tx, tenant).await?.is_none() {
        return Err(ClientError::UnknownTenant);
    }
    if let Some(customer) = prepared.new.customer
        && !store::customer_is_present(tx, tenant, customer).await?
    {
        return Err(ClientError::UnknownCustomer);
    }
    let client = Client {
        tenant,
        id: ClientRowId(ids.next()),
        client_id: prepared.new.client_id,
        secret_hash: prepared.hash,
        scopes: prepared.new.scopes,
        customer: prepared.new.customer,
        disabled: false,
        created_at_us: clock.micros(),
    };
    if !store::insert_client(tx, &client).await? {
        return Err(ClientError::ClientIdTaken);
    }
    Ok(CreatedClient { id: client.id, client_id: client.client_id, secret: prepared.secret })
}

/// Makes a client of a tenant.
pub(super) async fn create(
    db: &Database,
    hasher: &SecretHasher,
    clock: &Clock,
    ids: &IdSource,
    tenant: TenantId,
    new: NewClient,
) -> Result<CreatedClient, ClientError> {
    let prepared = prepare(hasher, new).await?;
    let tx = db.begin().await?;
    let created = insert(&tx, clock, ids, tenant, prepared).await?;
    tx.commit().await?;
    Ok(created)
}

/// Gives a client no more tokens.
pub(super) async fn disable(db: &Database, tenant: TenantId, client_id: &str) -> Result<(), ClientError> {
    let tx = db.begin().await?;
    if !store::disable_client(&tx, tenant, client_id).await? {
        return Err(ClientError::UnknownClient);
    }
    tx.commit().await?;
    Ok(())
}

/// The client, if it exists, is enabled and the secret is its own. The same work is done in each case, so
/// that the time tells nothing.
pub(super) async fn authenticate(
    db: &Database,
    hasher: &SecretHasher,
    client_id: &str,
    secret: &str,
) -> Result<Option<Client>, OAuthError> {
    let client = store::client_by_client_id(db.reader(), client_id).await?;
    let right = hasher.verify(secret, client.as_ref().map(|client| &client.secret_hash)).await?;
    Ok(client.filter(|client| right && !client.disabled))
}

/// The clients of a tenant, by client id.
///
/// # Errors
/// The database's.
pub async fn list(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Client>, DbErr> {
    store::clients(db, tenant).await
}

/// 3 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`; not the name that Konto itself goes by.
pub(super) fn is_client_id(text: &str) -> bool {
    // What Konto does by itself is done by `system`.
    let is_free = text != "system";
    is_free
        && (3..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_need_no_escaping_anywhere() {
        for (text, valid) in [
            ("web", true),
            ("Batch.Loader_2-x", true),
            ("ab", false),
            ("a:b", false),
            ("a b", false),
            ("a#b", false),
            ("system", false),
        ] {
            assert_eq!(is_client_id(text), valid, "{text}");
        }
        assert!(is_client_id(&"x".repeat(64)) && !is_client_id(&"x".repeat(65)));
    }
}
