//! Claims on their way: strategies and journeys. And the links to debtors' pages.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE collection_strategy (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        code text NOT NULL,
        name text NOT NULL,
        version integer NOT NULL,
        automatic boolean NOT NULL,
        retired boolean NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX collection_strategy_code ON collection_strategy (tenant_id, code)",
    "CREATE UNIQUE INDEX collection_strategy_ordinal ON collection_strategy (tenant_id, ordinal)",
    // The id is a digest of strategy and version.
    "CREATE TABLE strategy_version (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        strategy_id {uuid} NOT NULL,
        version integer NOT NULL,
        steps text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, strategy_id) REFERENCES collection_strategy (tenant_id, id)
    )",
    // The id is a digest of the claim and how often it has begun: one journey a life.
    "CREATE TABLE claim_journey (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        claim_id {uuid} NOT NULL,
        life integer NOT NULL,
        strategy_id {uuid} NOT NULL,
        version integer NOT NULL,
        status text NOT NULL,
        step integer NOT NULL,
        act_on date,
        waiting_days integer,
        reason text,
        description text,
        log text NOT NULL,
        started_on date NOT NULL,
        ended_on date,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, claim_id) REFERENCES claim (tenant_id, id),
        FOREIGN KEY (tenant_id, strategy_id) REFERENCES collection_strategy (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX claim_journey_ordinal ON claim_journey (tenant_id, ordinal)",
    "CREATE UNIQUE INDEX claim_journey_claim ON claim_journey (tenant_id, claim_id, life)",
    // What the business day pages through.
    "CREATE INDEX claim_journey_open ON claim_journey (tenant_id, id) WHERE ended_on IS NULL",
    // `token` is the SHA-256 of what is in the link.
    "CREATE TABLE page_link (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        claim_id {uuid} NOT NULL,
        token text NOT NULL,
        expires_at_us bigint NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, claim_id) REFERENCES claim (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX page_link_token ON page_link (tenant_id, token)",
    "CREATE TABLE debtor_answer (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        claim_id {uuid} NOT NULL,
        life integer NOT NULL,
        kind text NOT NULL,
        currency text NOT NULL,
        amount_minor bigint,
        promised_on date,
        message text,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, claim_id) REFERENCES claim (tenant_id, id)
    )",
    // What was said about a claim.
    "CREATE INDEX debtor_answer_claim ON debtor_answer (tenant_id, claim_id, ordinal)",
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
