//! Custom actions: what a tenant defines to be run by a name of its own, each of its versions, and its runs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // `version` is the number of the version that is run. Secrets are kept as they are, for they sign.
    "CREATE TABLE custom_action (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        code text NOT NULL,
        kind text NOT NULL,
        state text NOT NULL,
        version integer NOT NULL,
        secret text,
        previous_secret text,
        previous_until_us bigint,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX custom_action_ordinal ON custom_action (tenant_id, ordinal)",
    // What it is run by.
    "CREATE UNIQUE INDEX custom_action_code ON custom_action (tenant_id, code)",
    // Never changed, and never taken away: a run says which one it was of. The id is a digest of the action's and the
    // number.
    "CREATE TABLE action_version (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        action_id {uuid} NOT NULL,
        number integer NOT NULL,
        description text NOT NULL,
        binding text NOT NULL,
        families text NOT NULL,
        url text,
        script text,
        client text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, action_id) REFERENCES custom_action (tenant_id, id)
    )",
    // An action's versions, in their order.
    "CREATE UNIQUE INDEX action_version_number ON action_version (tenant_id, action_id, number)",
    // `next_us` is on the server's clock, not the tenant's: when a run that is not over is taken up, by whoever is there.
    // While a server works on it, it lies ahead; it lies behind when that server has died.
    "CREATE TABLE action_run (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        action_id {uuid} NOT NULL,
        version integer NOT NULL,
        account_id {uuid},
        state text NOT NULL,
        dry_run boolean NOT NULL,
        input text NOT NULL,
        output text,
        refusal text,
        failure text,
        commands text NOT NULL,
        steps bigint,
        attempts integer NOT NULL,
        next_us bigint,
        job_id {uuid},
        client text NOT NULL,
        scopes text NOT NULL,
        request_id text NOT NULL,
        created_at_us bigint NOT NULL,
        started_at_us bigint,
        ended_at_us bigint,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, action_id) REFERENCES custom_action (tenant_id, id)
    )",
    // The list of all of them.
    "CREATE UNIQUE INDEX action_run_ordinal ON action_run (tenant_id, ordinal)",
    // Those of an action, and those on an account.
    "CREATE INDEX action_run_action ON action_run (tenant_id, action_id, ordinal)",
    "CREATE INDEX action_run_account ON action_run (tenant_id, account_id, ordinal) WHERE account_id IS NOT NULL",
    // What servers look for, of all tenants: few among many that are over.
    "CREATE INDEX action_run_due ON action_run (next_us, tenant_id, id) WHERE next_us IS NOT NULL",
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
