//! Payments that were matched with what is open on receivables, and promises to pay.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), money is whole minor units (`*_minor`),
//! and the remarks say what each index is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // `tracking` is the provider and its tracking id, which is unique there. `entries` are the ids of what was booked.
    "CREATE TABLE payment_match (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        receivable_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        matched_minor bigint NOT NULL,
        strategy text NOT NULL,
        provider text,
        tracking_id text,
        tracking text,
        payment_reference text,
        entries text NOT NULL,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, receivable_id) REFERENCES receivable (tenant_id, id)
    )",
    // A receivable's, in their order, and that a payment is told of once.
    "CREATE UNIQUE INDEX payment_match_ordinal ON payment_match (tenant_id, ordinal)",
    "CREATE INDEX payment_match_receivable ON payment_match (tenant_id, receivable_id, ordinal)",
    "CREATE UNIQUE INDEX payment_match_tracking ON payment_match (tenant_id, tracking)",
    // What waited on the account and is used by an entry.
    "ALTER TABLE receivable_entry ADD COLUMN source_id {uuid}",
    // What money can go to, and what of it waits.
    "CREATE INDEX receivable_entry_open ON receivable_entry (tenant_id, receivable_id) WHERE open_minor > 0",
    // `counted` is the place of the last payment that was counted in `paid_minor`.
    "CREATE TABLE promise_to_pay (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        claim_id {uuid} NOT NULL,
        life integer NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        paid_minor bigint NOT NULL,
        counted bigint NOT NULL,
        due_date date NOT NULL,
        by_debtor boolean NOT NULL,
        status text NOT NULL,
        reason text,
        judged_on date,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, claim_id) REFERENCES claim (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX promise_to_pay_ordinal ON promise_to_pay (tenant_id, ordinal)",
    "CREATE INDEX promise_to_pay_claim ON promise_to_pay (tenant_id, claim_id, ordinal)",
    // What the business day pages through.
    "CREATE INDEX promise_to_pay_live ON promise_to_pay (tenant_id, id) WHERE status IN ('OPEN', 'KEPT')",
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
