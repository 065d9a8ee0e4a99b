//! Dues: open items of accounts, and what settled them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // In which order money is spread over the open items of a product's accounts.
    "ALTER TABLE product ADD COLUMN item_order text NOT NULL DEFAULT 'OLDEST_ITEM_FIRST'",
    // The same, of an account that has, or had, items: none, and nothing is looked for when money comes.
    "ALTER TABLE account_position ADD COLUMN item_order text",
    // Open is the amount, less what is settled and cancelled.
    "CREATE TABLE due (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        component text NOT NULL,
        currency text NOT NULL,
        source text NOT NULL,
        reference text,
        due_on date NOT NULL,
        amount_minor bigint NOT NULL,
        settled_minor bigint NOT NULL,
        cancelled_minor bigint NOT NULL,
        status text NOT NULL,
        cancel_reason text,
        created_at_us bigint NOT NULL,
        ended_at_us bigint,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    // The list of an account.
    "CREATE UNIQUE INDEX due_account ON due (tenant_id, account_id, ordinal)",
    // What money is spread over: few among many that are settled.
    "CREATE INDEX due_open ON due (tenant_id, account_id, due_on) WHERE status IN ('OPEN', 'PARTLY_SETTLED')",
    // What an entry has settled of a due, and what of that was taken back when the entry was reversed.
    "CREATE TABLE due_settlement (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        due_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        entry_id {uuid} NOT NULL,
        amount_minor bigint NOT NULL,
        taken_back_minor bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, due_id) REFERENCES due (tenant_id, id)
    )",
    // Those of a due, and those of an entry.
    "CREATE UNIQUE INDEX due_settlement_due ON due_settlement (tenant_id, due_id, ordinal)",
    "CREATE INDEX due_settlement_entry ON due_settlement (tenant_id, entry_id)",
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
