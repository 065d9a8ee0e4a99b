//! The business day: who works on a tenant's background, and the days that have ended.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // Which server does a kind of the tenant's background work, and until when. The id is a digest of the name, so the
    // key is all that is needed to find one.
    "CREATE TABLE lease (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        name text NOT NULL,
        holder text NOT NULL,
        until_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // A business day that has ended, and how far its steps have come.
    "CREATE TABLE business_day (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        day date NOT NULL,
        next_day date NOT NULL,
        state text NOT NULL,
        steps text NOT NULL,
        ended_at_us bigint NOT NULL,
        started_at_us bigint,
        done_at_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    // A day once, and the list of days in their order.
    "CREATE UNIQUE INDEX business_day_day ON business_day (tenant_id, day)",
    // Accounts that are to be closed: few at a time, looked at with every new day.
    "CREATE INDEX account_position_closing ON account_position (tenant_id, account_id) WHERE status = 'PENDING_CLOSE'",
    // What a sandbox's rails still have to do: transfers that are to come back. Its rows go when that is done.
    "CREATE TABLE simulation (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        due date NOT NULL,
        entry_id {uuid} NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // Heads whose date is to roll, and those with days to be put into the list: looked for in the same way. These change
    // with the day alone.
    "CREATE INDEX ledger_head_day_ends ON ledger_head ((day_ends_us - clock_ahead_us))",
    "CREATE INDEX ledger_head_day_open ON ledger_head (tenant_id) WHERE day_open IS NULL OR day_open < business_date",
    // Days whose steps are still to be run: looked for on every server all the time.
    "CREATE INDEX business_day_open ON business_day (tenant_id, day) WHERE state <> 'DONE'",
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
