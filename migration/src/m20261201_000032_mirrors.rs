//! Accounts that mirror one which is kept outside: where it is asked, what became of that, and what it has told.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // The id is the account's.
    "CREATE TABLE account_source (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        url text,
        secret text NOT NULL,
        last_id text,
        refresh_id {uuid},
        refreshed_at_us bigint,
        balance_minor bigint,
        set_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, id) REFERENCES account (tenant_id, id)
    )",
    "CREATE TABLE account_refresh (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        state text NOT NULL,
        pages integer NOT NULL,
        attempts integer NOT NULL,
        next_ask_us bigint,
        taken integer NOT NULL,
        known integer NOT NULL,
        balance_minor bigint,
        difference_minor bigint,
        failure text,
        requested_at_us bigint NOT NULL,
        ended_at_us bigint,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    // Those of an account.
    "CREATE INDEX account_refresh_account ON account_refresh (tenant_id, account_id, ordinal)",
    // Whom the background asks, of all tenants.
    "CREATE INDEX account_refresh_due ON account_refresh (next_ask_us) WHERE next_ask_us IS NOT NULL",
    // The id is a digest of the account and the source's id: a transaction is booked once.
    "CREATE TABLE mirrored_transaction (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        source_id text NOT NULL,
        amount_minor bigint NOT NULL,
        entry_id {uuid} NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
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
