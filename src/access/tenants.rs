//! Tenants: made with the end of their empty journal, so that the first posting finds a row to lock.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use crate::accounts::catalogue::InstallCatalogue;
use crate::engine::Engine;
use crate::primitives::clock::Micros;
use crate::primitives::{Clock, IdSource, TenantId};
use crate::work::{Settings, found};

use super::error::TenantError;
use super::store;

/// A tenant: every row of everything else belongs to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in configuration, commands and tokens of external issuers.
    pub code: String,
    /// What it has decided about itself.
    pub settings: Settings,
    /// When it was made.
    pub created_at_us: Micros,
}

/// Makes a tenant and its ledger head. The caller's transaction, so that it can add what the tenant starts
/// with (its default products) or nothing at all.
///
/// # Errors
/// [`TenantError`]; a taken code leaves the transaction usable.
pub async fn create_tenant(
    tx: &DatabaseTransaction,
    clock: &Clock,
    ids: &IdSource,
    code: &str,
    settings: Settings,
) -> Result<TenantId, TenantError> {
    if !is_code(code) {
        return Err(TenantError::InvalidCode);
    }
    let settings = settings.checked().map_err(TenantError::InvalidSettings)?;
    let tenant = Tenant { id: TenantId(ids.next()), code: code.to_owned(), settings, created_at_us: clock.micros() };
    if !store::insert_tenant(tx, &tenant).await? {
        return Err(TenantError::CodeTaken);
    }
    store::insert_ledger_head(tx, &tenant).await?;
    Ok(tenant.id)
}

/// What stands between a sandbox's code and the number of a former life of it: no code that anybody gives has one.
const FORMER: char = '~';

/// Begins a sandbox tenant anew: a tenant with nothing but the products that every tenant starts with takes its code, its
/// settings and its clients, and the former one keeps what it has under a code that nobody can ask for. Clients that are
/// bound to a customer stay with that customer. Done again by a token of the former one, it gives the tenant that has taken
/// its place.
///
/// # Errors
/// [`TenantError::NotASandbox`], or the database's.
pub async fn reset_sandbox(engine: &Engine, tenant: TenantId) -> Result<Tenant, TenantError> {
    let tx = engine.db.begin().await?;
    let gone = || TenantError::NotASandbox;
    let former = store::tenant_by_id(&*tx, tenant).await?.filter(|former| former.settings.sandbox).ok_or_else(gone)?;
    if let Some((code, _)) = former.code.split_once(FORMER) {
        return store::tenant_by_code(&*tx, code).await?.ok_or_else(gone);
    }
    let (clock, ids, currency) = (engine.clock(), engine.ids(), former.settings.base_currency);
    store::rename(&tx, tenant, &format!("{}{FORMER}{}", former.code, ids.next().simple())).await?;
    let made = create_tenant(&tx, clock, ids, &former.code, former.settings).await?;
    store::move_clients(&tx, tenant, made).await?;
    let installed = found(&tx, &engine.surroundings, made, InstallCatalogue { currency }).await;
    installed.map_err(|failure| DbErr::Custom(failure.to_string()))?;
    let now = store::tenant_by_id(&*tx, made).await?.ok_or_else(gone)?;
    tx.commit().await?;
    Ok(now)
}

/// 2 to 40 of `a-z`, `0-9` and `-`. An id (`ten_...`) has an underscore, so the two are never confused.
pub(super) fn is_code(code: &str) -> bool {
    (2..=40).contains(&code.len()) && code.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// The tenant with a code.
///
/// # Errors
/// The database's.
pub async fn find_by_code(db: &impl ConnectionTrait, code: &str) -> Result<Option<Tenant>, DbErr> {
    store::tenant_by_code(db, code).await
}

/// The tenant with an id.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, id: TenantId) -> Result<Option<Tenant>, DbErr> {
    store::tenant_by_id(db, id).await
}

/// All tenants, by code.
///
/// # Errors
/// The database's.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Tenant>, DbErr> {
    store::tenants(db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_lower_case_words() {
        for (code, valid) in [
            ("ab", true),
            ("nordic-bank-1", true),
            ("a", false),
            ("", false),
            ("Bank", false),
            ("a_b", false),
            ("\u{e5}bo", false),
            ("ten_01900000000070008000000000000ab", false),
        ] {
            assert_eq!(is_code(code), valid, "{code}");
        }
        assert!(is_code(&"x".repeat(40)) && !is_code(&"x".repeat(41)));
    }
}
