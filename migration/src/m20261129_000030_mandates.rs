//! Mandates: what a customer has allowed to be collected.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE mandate (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        debtor_id {uuid} NOT NULL,
        reference text NOT NULL,
        known_as text NOT NULL,
        scheme text NOT NULL,
        status text NOT NULL,
        one_off boolean NOT NULL,
        product_references text NOT NULL,
        payer text NOT NULL,
        signed_on date NOT NULL,
        pre_notification_days bigint NOT NULL,
        uses bigint NOT NULL,
        sequence text,
        last_used_on date,
        lapses_on date,
        last_debit_id {uuid},
        reason text,
        created_at_us bigint NOT NULL,
        ended_at_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX mandate_known_as ON mandate (tenant_id, known_as)",
    "CREATE UNIQUE INDEX mandate_ordinal ON mandate (tenant_id, ordinal)",
    "CREATE INDEX mandate_account ON mandate (tenant_id, account_id, ordinal)",
    "CREATE INDEX mandate_debtor ON mandate (tenant_id, debtor_id, ordinal)",
    // What lapses by itself.
    "CREATE INDEX mandate_lapses ON mandate (tenant_id, lapses_on) WHERE status IN ('PENDING', 'ACTIVE', 'SUSPENDED')",
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
