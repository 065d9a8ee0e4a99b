//! Purchases on invoices and loans: a product's terms for them, the accounts that they are on, and the purchases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // The id is the product's. `terms` is what is not looked for.
    "CREATE TABLE purchase_terms (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        kind text NOT NULL,
        terms text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, id) REFERENCES product (tenant_id, id)
    )",
    // The id is the account's. `turns_on` is the due date that has not been dealt with yet.
    "CREATE TABLE purchase_account (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        kind text NOT NULL,
        currency text NOT NULL,
        original_minor bigint NOT NULL,
        minimum_minor bigint NOT NULL,
        carried_minor bigint NOT NULL,
        opened_on date NOT NULL,
        due_on date,
        turns_on date,
        postponed boolean NOT NULL,
        overdue_on date,
        transferred_to_id {uuid},
        transferred_from_id {uuid},
        credit text,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX purchase_account_ordinal ON purchase_account (tenant_id, ordinal)",
    // What the business day pages through.
    "CREATE INDEX purchase_account_turns ON purchase_account (tenant_id, id) WHERE turns_on IS NOT NULL",
    "CREATE TABLE purchase (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        reference text NOT NULL,
        account_id {uuid} NOT NULL,
        amount_minor bigint NOT NULL,
        currency text NOT NULL,
        content text NOT NULL,
        entry_id {uuid} NOT NULL,
        registered_on date NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX purchase_ordinal ON purchase (tenant_id, ordinal)",
    // What the merchant calls it.
    "CREATE UNIQUE INDEX purchase_reference ON purchase (tenant_id, reference)",
    "CREATE INDEX purchase_of_account ON purchase (tenant_id, account_id, ordinal)",
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
