//! Direct debits: what is collected by mandates.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE direct_debit (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        end_to_end text NOT NULL,
        account_id {uuid} NOT NULL,
        overpayment_id {uuid},
        mandate_id {uuid} NOT NULL,
        mandate_reference text NOT NULL,
        sequence text NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        source text NOT NULL,
        state text NOT NULL,
        remittance_info text,
        collection_on date NOT NULL,
        send_on date NOT NULL,
        sent_on date,
        settled_on date,
        available_on date,
        ended_on date,
        rail_on date,
        reason_code text,
        note text,
        attempt bigint NOT NULL,
        retry_of_id {uuid},
        retried_by_id {uuid},
        collected_id {uuid},
        payment_id {uuid},
        taken_back_id {uuid},
        fee_id {uuid},
        created_on date NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    ){packed}",
    "CREATE UNIQUE INDEX direct_debit_end_to_end ON direct_debit (tenant_id, end_to_end)",
    "CREATE UNIQUE INDEX direct_debit_ordinal ON direct_debit (tenant_id, ordinal)",
    "CREATE INDEX direct_debit_account ON direct_debit (tenant_id, account_id, ordinal)",
    // What the business day looks for: what is to be sent, what is to become available, what a sandbox's rail answers.
    "CREATE INDEX direct_debit_send ON direct_debit (tenant_id, send_on) WHERE state = 'CREATED'",
    "CREATE INDEX direct_debit_available ON direct_debit (tenant_id, available_on) WHERE state = 'PAID' AND payment_id IS NULL",
    "CREATE INDEX direct_debit_rail ON direct_debit (tenant_id, rail_on) WHERE rail_on IS NOT NULL",
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
