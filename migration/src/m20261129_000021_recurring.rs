//! Recurring payments: settings, consents, payment orders.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // What a product says of the recurring payments of its accounts: JSON; none where nothing is said.
    "ALTER TABLE product ADD COLUMN recurring text",
    // One per account, kept when it is removed. `next_on` is the day of the next order before the calendar has rolled it,
    // `schedule_on` the business day that makes it.
    "CREATE TABLE recurring_payment (
        tenant_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        state text NOT NULL,
        method text NOT NULL,
        scope text NOT NULL,
        fixed_minor bigint,
        currency text NOT NULL,
        terms text NOT NULL,
        next_on date NOT NULL,
        schedule_on date NOT NULL,
        set_up_at_us bigint NOT NULL,
        changed_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, account_id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    // What a business day has to make.
    "CREATE INDEX recurring_payment_schedule ON recurring_payment (tenant_id, schedule_on, account_id) WHERE state = 'ACTIVE'",
    // One per account: what is given anew stands in the place of what was revoked.
    "CREATE TABLE debit_consent (
        tenant_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        method text NOT NULL,
        reference text,
        given_at_us bigint NOT NULL,
        given_by text NOT NULL,
        by_customer boolean NOT NULL,
        revoked_at_us bigint,
        revoked_by text,
        PRIMARY KEY (tenant_id, account_id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    // Its id is a digest of the account and the period, so that a period has one. `act_on` is the business day that has
    // something to do with it.
    "CREATE TABLE payment_order (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        period date NOT NULL,
        method text NOT NULL,
        scope text NOT NULL,
        currency text NOT NULL,
        planned_minor bigint NOT NULL,
        collected_minor bigint,
        execution_on date NOT NULL,
        act_on date,
        status text NOT NULL,
        reason text,
        attempts integer NOT NULL,
        entry_id {uuid},
        bounces boolean NOT NULL,
        scheduled_at_us bigint NOT NULL,
        ended_at_us bigint,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    // The list of all of them, and those of an account.
    "CREATE UNIQUE INDEX payment_order_ordinal ON payment_order (tenant_id, ordinal)",
    "CREATE UNIQUE INDEX payment_order_account ON payment_order (tenant_id, account_id, ordinal)",
    // What a business day has to do: few among many that are over.
    "CREATE INDEX payment_order_due ON payment_order (tenant_id, act_on, id) WHERE act_on IS NOT NULL",
    "CREATE INDEX payment_order_scheduled ON payment_order (tenant_id, account_id, execution_on) WHERE status = 'SCHEDULED'",
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
