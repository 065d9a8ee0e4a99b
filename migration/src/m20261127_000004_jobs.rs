//! Jobs, and commands that wait for a second person.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // What is worked off in the background. `round` is how often it was begun anew, `next` the first item that the round
    // has not come to.
    "CREATE TABLE job (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        kind text NOT NULL,
        operation text NOT NULL,
        scope text NOT NULL,
        mode text NOT NULL,
        state text NOT NULL,
        total integer NOT NULL,
        done integer NOT NULL,
        refused integer NOT NULL,
        failed integer NOT NULL,
        round integer NOT NULL,
        next integer NOT NULL,
        items_kept boolean NOT NULL,
        client text NOT NULL,
        customer_id {uuid},
        request_id text NOT NULL,
        created_at_us bigint NOT NULL,
        started_at_us bigint,
        ended_at_us bigint,
        PRIMARY KEY (tenant_id, id)
    ){packed}",
    // The list of jobs, and that of a customer's.
    "CREATE UNIQUE INDEX job_ordinal ON job (tenant_id, ordinal)",
    "CREATE INDEX job_customer ON job (tenant_id, customer_id, ordinal) WHERE customer_id IS NOT NULL",
    // What every server looks for: jobs that are not over, and items that nobody needs any more.
    "CREATE INDEX job_open ON job (tenant_id, ordinal) WHERE state IN ('QUEUED', 'RUNNING')",
    "CREATE INDEX job_kept ON job (ended_at_us) WHERE items_kept",
    // One command of a job. Its id is a digest of its job and its number.
    "CREATE TABLE job_item (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        job_id {uuid} NOT NULL,
        number integer NOT NULL,
        key text NOT NULL,
        command text,
        state text NOT NULL,
        round integer NOT NULL,
        result text,
        refusal text,
        PRIMARY KEY (tenant_id, id)
    )",
    // A job's items, in their order.
    "CREATE UNIQUE INDEX job_item_place ON job_item (tenant_id, job_id, number)",
    // A command that waits for a second person, and what became of it.
    "CREATE TABLE approval (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        operation text NOT NULL,
        command text NOT NULL,
        key text,
        key_digest text,
        request_hash text,
        client text NOT NULL,
        customer_id {uuid},
        request_id text NOT NULL,
        amount_minor bigint,
        currency text,
        account_id {uuid},
        product_id {uuid},
        state text NOT NULL,
        requested_at_us bigint NOT NULL,
        expires_at_us bigint NOT NULL,
        ended_at_us bigint,
        checker text,
        comment text,
        result text,
        refusal text,
        done_by bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    // The list of approvals, and that of a customer's.
    "CREATE UNIQUE INDEX approval_ordinal ON approval (tenant_id, ordinal)",
    "CREATE INDEX approval_customer ON approval (tenant_id, customer_id, ordinal) WHERE customer_id IS NOT NULL",
    // The same request waits once.
    "CREATE UNIQUE INDEX approval_key ON approval (tenant_id, key_digest) WHERE key_digest IS NOT NULL",
    // Who said yes to a command of somebody's history.
    "CREATE INDEX approval_done ON approval (tenant_id, done_by) WHERE done_by IS NOT NULL",
    // What waits: those whose time is over are looked for.
    "CREATE INDEX approval_pending ON approval (expires_at_us) WHERE state = 'PENDING'",
    // A tenant's rules of what waits, as JSON. The id is the tenant's: there is one row of each.
    "CREATE TABLE approval_rules (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        rules text NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        // A job's row changes with every chunk: room on its page for its next version.
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
