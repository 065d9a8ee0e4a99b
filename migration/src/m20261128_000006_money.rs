//! What restricts an account's money, and who wants more credit.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), money is whole minor units (`*_minor`),
//! and the remarks say what each index is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // A block on an account or a customer (`subject`), and what it sets aside. What decides about money is a digest of those
    // in force, on the account's position; here is what people see of them, and their past.
    "CREATE TABLE block (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        subject text NOT NULL,
        subject_id {uuid} NOT NULL,
        kind text NOT NULL,
        status text NOT NULL,
        reason_code text NOT NULL,
        reason text,
        until date,
        garnished_minor bigint,
        currency text,
        paid_minor bigint NOT NULL,
        placed_at_us bigint NOT NULL,
        ended_at_us bigint,
        lift_reason text,
        PRIMARY KEY (tenant_id, id)
    )",
    // The list of all, and that of an account or a customer.
    "CREATE UNIQUE INDEX block_ordinal ON block (tenant_id, ordinal)",
    "CREATE INDEX block_subject ON block (tenant_id, subject_id, ordinal)",
    // What is in force on one thing, when its digest is made anew.
    "CREATE INDEX block_in_force ON block (tenant_id, subject_id) WHERE status = 'IN_FORCE'",
    // An application for a higher credit limit, and what became of it. `former_minor` is the limit when it was made.
    "CREATE TABLE limit_application (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        currency text NOT NULL,
        wanted_minor bigint NOT NULL,
        former_minor bigint NOT NULL,
        granted_minor bigint,
        reason text,
        status text NOT NULL,
        maker text NOT NULL,
        maker_customer_id {uuid},
        valid_through date NOT NULL,
        submitted_at_us bigint NOT NULL,
        ended_at_us bigint,
        decided_by text,
        comment text,
        PRIMARY KEY (tenant_id, id)
    )",
    // The list of all, an account's, and what a token that is bound to a customer lists.
    "CREATE UNIQUE INDEX limit_application_ordinal ON limit_application (tenant_id, ordinal)",
    "CREATE INDEX limit_application_account ON limit_application (tenant_id, account_id, ordinal)",
    "CREATE INDEX limit_application_customer ON limit_application (tenant_id, customer_id, ordinal)",
    // Those whose time is over, when a business day ends; and the net below what commands check: one is open at most.
    "CREATE UNIQUE INDEX limit_application_open ON limit_application (tenant_id, account_id) WHERE status = 'SUBMITTED'",
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
