//! Payment service providers, and the payments that are made through them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // The secret signs what goes to the provider and what comes from it; it is sealed where there are keys.
    "CREATE TABLE payment_provider (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        code text NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        url text,
        secret text NOT NULL,
        retired boolean NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX payment_provider_ordinal ON payment_provider (tenant_id, ordinal)",
    // What it is named by.
    "CREATE UNIQUE INDEX payment_provider_code ON payment_provider (tenant_id, code)",
    // `transaction_key` is the provider's and its own id of the payment; `next_ask_us` is on the server's clock.
    "CREATE TABLE provider_payment (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        provider_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        state text NOT NULL,
        transaction_id text,
        transaction_key text,
        redirect_url text,
        additional_input text,
        additional_output text,
        asking text,
        asking_minor bigint NOT NULL,
        asks integer NOT NULL,
        attempts integer NOT NULL,
        next_ask_us bigint,
        captured_minor bigint NOT NULL,
        refunded_minor bigint NOT NULL,
        entry_id {uuid},
        payout_id {uuid},
        failure text,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, provider_id) REFERENCES payment_provider (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    ){packed}",
    "CREATE UNIQUE INDEX provider_payment_ordinal ON provider_payment (tenant_id, ordinal)",
    "CREATE UNIQUE INDEX provider_payment_transaction ON provider_payment (tenant_id, transaction_key)",
    "CREATE INDEX provider_payment_account ON provider_payment (tenant_id, account_id, ordinal)",
    // What is still to be asked, by whoever is there.
    "CREATE INDEX provider_payment_due ON provider_payment (next_ask_us) WHERE next_ask_us IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let (uuid, packed) = match connection.get_database_backend() {
            DbBackend::Postgres => ("uuid", " WITH (fillfactor = 70)"),
            _ => ("blob", ""),
        };
        for statement in TABLES {
            connection.execute_unprepared(&statement.replace("{uuid}", uuid).replace("{packed}", packed)).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("Konto migrates forward only: restore a backup instead".into()))
    }
}
