//! What was booked on receivables, one by one, as their creditors tell it.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), money is whole minor units (`*_minor`),
//! and the remarks say what each index is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // `name` is the receivable's id and the entry's reference, which is unique there. What an invoice or a fee still has open,
    // and what of a payment or another credit is not used, is `open_minor`; `undone_minor` what was charged back of it.
    "CREATE TABLE receivable_entry (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        receivable_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        reference text NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        open_minor bigint NOT NULL,
        undone_minor bigint NOT NULL,
        target_id {uuid},
        claim_id {uuid},
        entry_id {uuid},
        label text,
        due_date date,
        product_reference text,
        payment_reference text,
        provider text,
        happened_at_us bigint,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // The payments of an invoice or a fee, when they are taken back.
    "CREATE INDEX receivable_entry_target ON receivable_entry (tenant_id, target_id) WHERE kind = 'PAYMENT'",
    // An account's entries, and that a reference is there once.
    "CREATE UNIQUE INDEX receivable_entry_ordinal ON receivable_entry (tenant_id, ordinal)",
    "CREATE INDEX receivable_entry_receivable ON receivable_entry (tenant_id, receivable_id, ordinal)",
    "CREATE UNIQUE INDEX receivable_entry_name ON receivable_entry (tenant_id, name)",
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
