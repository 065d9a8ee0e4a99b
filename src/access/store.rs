//! Tenants, clients and signing keys as rows. The access module's only door to the tables.

use std::collections::{BTreeSet, HashMap};

use entity::{client, customer, ledger_head, signing_key, tenant};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait as _,
    QueryFilter, QueryOrder, TryInsertResult,
};

use uuid::Uuid;

use crate::primitives::clock::Micros;
use crate::primitives::{ClientRowId, CustomerId, TenantId};
use crate::work::Settings;

use super::clients::Client;
use super::principal::{Scope, scopes_of, words_of};
use super::secrets::SecretHash;
use super::tenants::Tenant;

/// A conflict is not an error here: PostgreSQL would then refuse the rest of the transaction.
fn inserted(result: TryInsertResult<u64>) -> bool {
    matches!(result, TryInsertResult::Inserted(rows) if rows > 0)
}

/// Whether the tenant was inserted; it was not when its code is taken.
pub(super) async fn insert_tenant(tx: &DatabaseTransaction, tenant: &Tenant) -> Result<bool, DbErr> {
    let row = tenant::ActiveModel {
        id: Set(tenant.id.0),
        code: Set(tenant.code.clone()),
        created_at_us: Set(tenant.created_at_us),
    };
    let insert = tenant::Entity::insert(row).on_conflict_do_nothing_on([tenant::Column::Code]);
    insert.exec_without_returning(tx).await.map(inserted)
}

/// The end of an empty journal: what the tenant's first batch is chained to.
pub(super) async fn insert_ledger_head(tx: &DatabaseTransaction, tenant: &Tenant) -> Result<(), DbErr> {
    let row = ledger_head::ActiveModel {
        tenant_id: Set(tenant.id.0),
        epoch: Set(0),
        command_sequence: Set(0),
        entry_sequence: Set(0),
        event_sequence: Set(0),
        batch_number: Set(0),
        last_booked_us: Set(0),
        chain_hash: Set(vec![0; 32]),
        business_date: Set(None),
        day_ends_us: Set(None),
        day_open: Set(None),
        day_done: Set(None),
        clock_ahead_us: Set(0),
        settings: Set(tenant.settings.to_text()),
        closed_through: Set(None),
    };
    ledger_head::Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

pub(super) async fn tenant_by_id(db: &impl ConnectionTrait, id: TenantId) -> Result<Option<Tenant>, DbErr> {
    with_settings(db, tenant::Entity::find_by_id(id.0).one(db).await?).await
}

pub(super) async fn tenant_by_code(db: &impl ConnectionTrait, code: &str) -> Result<Option<Tenant>, DbErr> {
    with_settings(db, tenant::Entity::find().filter(tenant::Column::Code.eq(code)).one(db).await?).await
}

async fn with_settings(db: &impl ConnectionTrait, row: Option<tenant::Model>) -> Result<Option<Tenant>, DbErr> {
    let Some(row) = row else { return Ok(None) };
    let head = ledger_head::Entity::find_by_id(row.id).one(db).await?;
    tenant_of(row, head).map(Some)
}

/// Gives a tenant another code.
pub(super) async fn rename(tx: &DatabaseTransaction, tenant: TenantId, code: &str) -> Result<(), DbErr> {
    let update = tenant::Entity::update_many()
        .col_expr(tenant::Column::Code, Expr::value(code))
        .filter(tenant::Column::Id.eq(tenant.0));
    update.exec(tx).await.map(|_| ())
}

/// Gives a tenant's clients, but for those that are bound to a customer, to another tenant.
pub(super) async fn move_clients(tx: &DatabaseTransaction, from: TenantId, to: TenantId) -> Result<(), DbErr> {
    let update = client::Entity::update_many()
        .col_expr(client::Column::TenantId, Expr::value(to.0))
        .filter(client::Column::TenantId.eq(from.0))
        .filter(client::Column::CustomerId.is_null());
    update.exec(tx).await.map(|_| ())
}

/// All tenants, by code.
pub(super) async fn tenants(db: &impl ConnectionTrait) -> Result<Vec<Tenant>, DbErr> {
    let rows = tenant::Entity::find().order_by_asc(tenant::Column::Code).all(db).await?;
    let heads = ledger_head::Entity::find().all(db).await?;
    let mut heads: HashMap<Uuid, _> = heads.into_iter().map(|head| (head.tenant_id, head)).collect();
    rows.into_iter()
        .map(|row| {
            let head = heads.remove(&row.id);
            tenant_of(row, head)
        })
        .collect()
}

fn tenant_of(row: tenant::Model, head: Option<ledger_head::Model>) -> Result<Tenant, DbErr> {
    let id = TenantId(row.id);
    let head = head.ok_or_else(|| DbErr::Type(format!("tenant {id} has no head")))?;
    let settings = Settings::from_text(&head.settings);
    let settings = settings.map_err(|_| DbErr::Type(format!("the settings of tenant {id} cannot be read")))?;
    Ok(Tenant { id, code: row.code, settings, created_at_us: row.created_at_us })
}

/// Whether the client was inserted; it was not when its client id is taken, by whatever tenant.
pub(super) async fn insert_client(tx: &DatabaseTransaction, client: &Client) -> Result<bool, DbErr> {
    let row = client::ActiveModel {
        tenant_id: Set(client.tenant.0),
        id: Set(client.id.0),
        client_id: Set(client.client_id.clone()),
        secret_hash: Set(client.secret_hash.0.clone()),
        scopes: Set(words_of(&client.scopes)),
        customer_id: Set(client.customer.map(|customer| customer.0)),
        disabled: Set(client.disabled),
        created_at_us: Set(client.created_at_us),
    };
    let insert = client::Entity::insert(row).on_conflict_do_nothing_on([client::Column::ClientId]);
    insert.exec_without_returning(tx).await.map(inserted)
}

pub(super) async fn client_by_client_id(db: &impl ConnectionTrait, client_id: &str) -> Result<Option<Client>, DbErr> {
    let row = client::Entity::find().filter(client::Column::ClientId.eq(client_id)).one(db).await?;
    Ok(row.map(client_of))
}

/// The tenant's clients, by client id.
pub(super) async fn clients(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Client>, DbErr> {
    let rows = client::Entity::find()
        .filter(client::Column::TenantId.eq(tenant.0))
        .order_by_asc(client::Column::ClientId)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(client_of).collect())
}

/// Whether there is such a client; it is disabled then.
pub(super) async fn disable_client(tx: &DatabaseTransaction, tenant: TenantId, client_id: &str) -> Result<bool, DbErr> {
    let update = client::Entity::update_many()
        .col_expr(client::Column::Disabled, Expr::value(true))
        .filter(client::Column::TenantId.eq(tenant.0))
        .filter(client::Column::ClientId.eq(client_id));
    Ok(update.exec(tx).await?.rows_affected > 0)
}

/// Scope words that this version does not know are dropped: a client never gets more than it was given.
fn client_of(row: client::Model) -> Client {
    Client {
        tenant: TenantId(row.tenant_id),
        id: ClientRowId(row.id),
        client_id: row.client_id,
        secret_hash: SecretHash(row.secret_hash),
        scopes: scopes_of(&row.scopes).collect::<BTreeSet<Scope>>(),
        customer: row.customer_id.map(CustomerId),
        disabled: row.disabled,
        created_at_us: row.created_at_us,
    }
}

/// Whether there is such a customer, and it is somebody: neither merged into another nor erased.
pub(super) async fn customer_is_present(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    customer: CustomerId,
) -> Result<bool, DbErr> {
    let found = customer::Entity::find_by_id((tenant.0, customer.0))
        .filter(customer::Column::MergedInto.is_null())
        .filter(customer::Column::ErasedAtUs.is_null());
    Ok(found.count(db).await? > 0)
}

/// A signing key as it is kept.
pub(super) struct StoredKey {
    pub(super) kid: String,
    /// PKCS #8, version 1.
    pub(super) private_der: Vec<u8>,
    /// The public key, base64url: the `x` of its JWK.
    pub(super) public_x: String,
    pub(super) created_at_us: Micros,
    pub(super) retired_at_us: Option<Micros>,
}

pub(super) async fn insert_signing_key(tx: &DatabaseTransaction, key: &StoredKey) -> Result<(), DbErr> {
    let row = signing_key::ActiveModel {
        kid: Set(key.kid.clone()),
        private_der: Set(key.private_der.clone()),
        public_x: Set(key.public_x.clone()),
        created_at_us: Set(key.created_at_us),
        retired_at_us: Set(key.retired_at_us),
    };
    signing_key::Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

/// All keys that are kept, the newest last.
pub(super) async fn signing_keys(db: &impl ConnectionTrait) -> Result<Vec<StoredKey>, DbErr> {
    let rows = signing_key::Entity::find()
        .order_by_asc(signing_key::Column::CreatedAtUs)
        .order_by_asc(signing_key::Column::Kid)
        .all(db)
        .await?;
    let stored = |row: signing_key::Model| StoredKey {
        kid: row.kid,
        private_der: row.private_der,
        public_x: row.public_x,
        created_at_us: row.created_at_us,
        retired_at_us: row.retired_at_us,
    };
    Ok(rows.into_iter().map(stored).collect())
}

/// Retires every key that signs.
pub(super) async fn retire_signing_keys(tx: &DatabaseTransaction, at: Micros) -> Result<(), DbErr> {
    let update = signing_key::Entity::update_many()
        .col_expr(signing_key::Column::RetiredAtUs, Expr::value(at))
        .filter(signing_key::Column::RetiredAtUs.is_null());
    update.exec(tx).await.map(|_| ())
}

/// Forgets the keys that were retired before a moment.
pub(super) async fn delete_signing_keys_retired_before(tx: &DatabaseTransaction, at: Micros) -> Result<(), DbErr> {
    let delete = signing_key::Entity::delete_many().filter(signing_key::Column::RetiredAtUs.lt(at));
    delete.exec(tx).await.map(|_| ())
}

/// For tests, which cannot ask the customers module.
#[cfg(test)]
pub(super) async fn insert_bare_customer(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    id: CustomerId,
) -> Result<(), DbErr> {
    let row = customer::ActiveModel {
        tenant_id: Set(tenant.0),
        id: Set(id.0),
        ordinal: Set(i64::try_from(id.0.as_u64_pair().1 >> 1).unwrap_or_default()),
        number: Set(id.to_string()),
        external_reference: Set(None),
        type_: Set("PERSON".into()),
        first_name: Set(None),
        middle_name: Set(None),
        last_name: Set(None),
        company_name: Set(None),
        name_folded: Set(String::new()),
        birth_date: Set(None),
        languages: Set("[]".into()),
        contact_points: Set("[]".into()),
        metadata: Set("{}".into()),
        merged_into: Set(None),
        erased_at_us: Set(None),
        erasure: Set(None),
        restrictions: Set(None),
        created_at_us: Set(0),
    };
    customer::Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

/// For tests: the entry sequence and the chain hash.
#[cfg(test)]
pub(super) async fn ledger_head_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<(i64, Vec<u8>)>, DbErr> {
    let row = ledger_head::Entity::find_by_id(tenant.0).one(db).await?;
    Ok(row.map(|row| (row.entry_sequence, row.chain_hash)))
}
