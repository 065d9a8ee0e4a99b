//! Webhooks: where events are sent to, and how each of the deliveries stands that are listed or still due.
//!
//! Moments are the server's, not the tenant's: a sandbox may jump, a receiver does not.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // `event_sequence` is the cursor: what lies up to it has been delivered, or has a row of its own that says how it
    // stands. `generation` counts replays, which take the cursor back; `revision` counts what a server that delivers has
    // to read anew. Secrets are kept as they are, for they sign.
    "CREATE TABLE webhook (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        slot text,
        url text NOT NULL,
        description text NOT NULL,
        filter text NOT NULL,
        secret text NOT NULL,
        previous_secret text,
        previous_until_us bigint,
        payload_version integer NOT NULL,
        state text NOT NULL,
        disabled_reason text,
        event_sequence bigint NOT NULL,
        generation bigint NOT NULL,
        revision bigint NOT NULL,
        failing_since_us bigint,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX webhook_ordinal ON webhook (tenant_id, ordinal)",
    // Bounds how many a tenant has: there are so many slots.
    "CREATE UNIQUE INDEX webhook_slot ON webhook (tenant_id, slot) WHERE slot IS NOT NULL",
    // What servers look for: those at work, of all tenants; and those whose deliveries are to go.
    "CREATE INDEX webhook_enabled ON webhook (tenant_id, id) WHERE state = 'ENABLED'",
    "CREATE INDEX webhook_deleted ON webhook (tenant_id, id) WHERE state = 'DELETED'",
    "CREATE TABLE webhook_delivery (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        webhook_id {uuid} NOT NULL,
        event_sequence bigint NOT NULL,
        event_type text NOT NULL,
        subject text NOT NULL,
        state text NOT NULL,
        attempts integer NOT NULL,
        next_attempt_us bigint,
        last_attempt_us bigint,
        last_status integer,
        last_error text,
        last_millis integer,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // A webhook's list, and the end of it that goes.
    "CREATE INDEX webhook_delivery_list ON webhook_delivery (tenant_id, webhook_id, ordinal)",
    // What a server takes up when it begins: few among many that are done.
    "CREATE INDEX webhook_delivery_waiting ON webhook_delivery (tenant_id, webhook_id, event_sequence) WHERE state IN ('PENDING', 'RETRYING')",
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
