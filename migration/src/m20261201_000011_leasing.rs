//! Leasing: plans and their instalments; respites and terminations of credits.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // The sums are those of the instalments that are not cancelled.
    "CREATE TABLE lease_plan (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        reference text,
        principal_mode text NOT NULL,
        currency text NOT NULL,
        last_number integer NOT NULL,
        principal_minor bigint NOT NULL,
        interest_minor bigint NOT NULL,
        fee_minor bigint NOT NULL,
        vat_minor bigint NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX lease_plan_account ON lease_plan (tenant_id, account_id, ordinal)",
    // `bill_on` is the billing date, or the due date where there is none.
    "CREATE TABLE lease_instalment (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        plan_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        number integer NOT NULL,
        due_on date NOT NULL,
        billing_on date,
        bill_on date NOT NULL,
        letter_at_us bigint,
        reminder_at_us bigint,
        principal_minor bigint NOT NULL,
        interest_minor bigint NOT NULL,
        fee_minor bigint NOT NULL,
        vat_minor bigint NOT NULL,
        currency text NOT NULL,
        service text NOT NULL,
        residual boolean NOT NULL,
        billed_on date,
        entries text NOT NULL,
        cancelled_on date,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, plan_id) REFERENCES lease_plan (tenant_id, id)
    )",
    // The list of a plan, and those of an account.
    "CREATE UNIQUE INDEX lease_instalment_plan ON lease_instalment (tenant_id, plan_id, number)",
    "CREATE INDEX lease_instalment_account ON lease_instalment (tenant_id, account_id, ordinal)",
    // What the business day looks for.
    "CREATE INDEX lease_instalment_to_bill ON lease_instalment (tenant_id, bill_on, id)
        WHERE billed_on IS NULL AND cancelled_on IS NULL",
    "CREATE TABLE respite (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        days integer NOT NULL,
        dues integer NOT NULL,
        instalments integer NOT NULL,
        granted_on date NOT NULL,
        client text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX respite_account ON respite (tenant_id, account_id, ordinal)",
    // The id is the account's.
    "CREATE TABLE termination (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        status text NOT NULL,
        currency text NOT NULL,
        next_check_on date,
        minimum_minor bigint,
        paid_minor bigint NOT NULL,
        credit_account_id {uuid},
        since_us bigint NOT NULL,
        pre_terminated_on date,
        terminated_on date,
        normal_on date,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, id) REFERENCES account (tenant_id, id)
    )",
    // What the business day looks for.
    "CREATE INDEX termination_check ON termination (tenant_id, next_check_on, id) WHERE status = 'PRE_TERMINATED'",
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
