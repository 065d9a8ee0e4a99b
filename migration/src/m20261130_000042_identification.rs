//! Identification of customers: who vouches for them, and who was identified until when.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // `settings` is what is not looked for; `secret` is sealed.
    "CREATE TABLE identification_provider (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        settings text NOT NULL,
        secret text NOT NULL,
        retired boolean NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // What requests name it by.
    "CREATE UNIQUE INDEX identification_provider_name ON identification_provider (tenant_id, name)",
    // `state_key` is a digest of the state that it came back with, which counts once; `token_key` one of the caller's token.
    "CREATE TABLE identification (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        provider_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        state_key text NOT NULL,
        token_key text NOT NULL,
        valid_until_us bigint NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, provider_id) REFERENCES identification_provider (tenant_id, id),
        FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX identification_state ON identification (tenant_id, state_key)",
    "CREATE INDEX identification_token ON identification (tenant_id, token_key)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let uuid = match connection.get_database_backend() {
            DbBackend::Postgres => "uuid",
            _ => "blob",
        };
        for statement in TABLES {
            connection.execute_unprepared(&statement.replace("{uuid}", uuid)).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("Konto migrates forward only: restore a backup instead".into()))
    }
}
