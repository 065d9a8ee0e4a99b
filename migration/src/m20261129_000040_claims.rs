//! Collections: what debtors owe, account by account and claim by claim.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), money is whole minor units (`*_minor`),
//! and the remarks say what each index is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // What is owed on some accounts is kept item by item: nothing else is booked on them.
    "ALTER TABLE account_position ADD COLUMN itemised boolean NOT NULL DEFAULT FALSE",
    // A creditor's account of a debtor, as the creditor names it. Its account in the books is opened with its first debtor.
    "CREATE TABLE receivable (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        reference text NOT NULL,
        currency text NOT NULL,
        account_id {uuid},
        party_id {uuid},
        payment_reference text,
        portfolio_reference text,
        products text NOT NULL,
        scores text NOT NULL,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // The list of all, and what the creditor calls it.
    "CREATE UNIQUE INDEX receivable_ordinal ON receivable (tenant_id, ordinal)",
    "CREATE UNIQUE INDEX receivable_reference ON receivable (tenant_id, reference)",
    // Who owes on it. `link` is both ids, so that nobody is a debtor twice.
    "CREATE TABLE receivable_debtor (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        receivable_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        link text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // An account's debtors, a debtor's accounts, and that there is one link of both.
    "CREATE INDEX receivable_debtor_receivable ON receivable_debtor (tenant_id, receivable_id, ordinal)",
    "CREATE INDEX receivable_debtor_customer ON receivable_debtor (tenant_id, customer_id, ordinal)",
    "CREATE UNIQUE INDEX receivable_debtor_link ON receivable_debtor (tenant_id, link)",
    // What is owed, one by one. A deleted claim keeps its reference.
    "CREATE TABLE claim (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        reference text NOT NULL,
        receivable_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        managed boolean NOT NULL,
        status text NOT NULL,
        resolution text,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        fees_minor bigint NOT NULL,
        fees text NOT NULL,
        original_due_date date NOT NULL,
        current_due_date date NOT NULL,
        limitation_date date,
        product_reference text,
        payment_reference text,
        portfolio_reference text,
        creditor_reference text,
        scores text NOT NULL,
        metadata text NOT NULL,
        begun integer NOT NULL,
        created_at_us bigint NOT NULL,
        changed_at_us bigint NOT NULL,
        ended_at_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    // The list of all, and what the creditor calls it.
    "CREATE UNIQUE INDEX claim_ordinal ON claim (tenant_id, ordinal)",
    "CREATE UNIQUE INDEX claim_reference ON claim (tenant_id, reference)",
    // An account's claims, and a debtor's.
    "CREATE INDEX claim_receivable ON claim (tenant_id, receivable_id, ordinal)",
    "CREATE INDEX claim_customer ON claim (tenant_id, customer_id, ordinal)",
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
