//! The numbers by which states know customers, and who takes part in accounts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // `value` is sealed, `lookup` a keyed hash of kind and value.
    "CREATE TABLE customer_identifier (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        kind text NOT NULL,
        value text NOT NULL,
        lookup text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
    )",
    // A number belongs to one customer, and finds it.
    "CREATE UNIQUE INDEX customer_identifier_lookup ON customer_identifier (tenant_id, lookup)",
    // A customer's numbers.
    "CREATE INDEX customer_identifier_customer ON customer_identifier (tenant_id, customer_id)",
    // `link` is account, customer and role in one text.
    "CREATE TABLE account_participant (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        role text NOT NULL,
        link text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
        FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
    )",
    // Each role of a customer's in an account is there once.
    "CREATE UNIQUE INDEX account_participant_link ON account_participant (tenant_id, link)",
    // Who takes part in an account.
    "CREATE INDEX account_participant_account ON account_participant (tenant_id, account_id)",
    // What a customer takes part in, in the order in which it was told.
    "CREATE INDEX account_participant_customer ON account_participant (tenant_id, customer_id, ordinal)",
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
