//! Credit transfers: money on its way out to a bank account.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE credit_transfer (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        end_to_end text NOT NULL,
        account_id {uuid} NOT NULL,
        entry text NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        state text NOT NULL,
        send_on date NOT NULL,
        sent_on date,
        settled_on date,
        ended_on date,
        rail_on date,
        reason text,
        back_id {uuid},
        created_on date NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    ){packed}",
    "CREATE UNIQUE INDEX credit_transfer_end_to_end ON credit_transfer (tenant_id, end_to_end)",
    // What has come back is found by what left.
    "CREATE UNIQUE INDEX credit_transfer_entry ON credit_transfer (tenant_id, entry)",
    "CREATE UNIQUE INDEX credit_transfer_ordinal ON credit_transfer (tenant_id, ordinal)",
    "CREATE INDEX credit_transfer_account ON credit_transfer (tenant_id, account_id, ordinal)",
    "CREATE INDEX credit_transfer_send ON credit_transfer (tenant_id, send_on) WHERE state = 'CREATED'",
    "CREATE INDEX credit_transfer_rail ON credit_transfer (tenant_id, rail_on) WHERE rail_on IS NOT NULL",
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
