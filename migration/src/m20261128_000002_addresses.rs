//! Where customers are reached.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // One version of an address under a label. What it says is one JSON text, and so is what it is used for: nothing is
    // searched in them, and a customer's addresses are always read together.
    "CREATE TABLE address (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        customer_id {uuid} NOT NULL,
        external_reference text,
        label text NOT NULL,
        type text NOT NULL,
        content text,
        usages text NOT NULL,
        entity_reference text,
        status text NOT NULL,
        invalid boolean NOT NULL,
        starts_on date NOT NULL,
        ends_on date,
        out_of_use_since date,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
    )",
    // A customer's: what decisions and pages of customers load.
    "CREATE INDEX address_customer ON address (tenant_id, customer_id)",
    // Named by the tenant's own reference.
    "CREATE UNIQUE INDEX address_external_reference ON address (tenant_id, external_reference) WHERE external_reference IS NOT NULL",
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
