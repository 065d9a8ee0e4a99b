//! Messages to debtors: what they are made of, how they are sent, whom nobody writes to. And what product a document is of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // The product of a receivable that a document is of, as the creditor calls it.
    "ALTER TABLE document ADD COLUMN product_reference text",
    // `key` is code and language.
    "CREATE TABLE message_template (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        key text NOT NULL,
        code text NOT NULL,
        language text NOT NULL,
        kind text NOT NULL,
        name text NOT NULL,
        version integer NOT NULL,
        subject text,
        body text NOT NULL,
        created_at_us bigint NOT NULL,
        changed_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX message_template_key ON message_template (tenant_id, key)",
    "CREATE UNIQUE INDEX message_template_ordinal ON message_template (tenant_id, ordinal)",
    // One of a tenant: its id is the tenant's. `secrets` is sealed.
    "CREATE TABLE message_settings (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        terms text NOT NULL,
        secrets text NOT NULL,
        changed_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // One of a customer: its id is the customer's.
    "CREATE TABLE debtor_contact (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        cease text,
        since_us bigint,
        contacted text NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, id) REFERENCES customer (tenant_id, id)
    )",
    "CREATE TABLE message (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        claim_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        template text NOT NULL,
        template_name text NOT NULL,
        template_version integer NOT NULL,
        language text NOT NULL,
        kind text NOT NULL,
        recipient text NOT NULL,
        subject text,
        body text NOT NULL,
        status text NOT NULL,
        attempts integer NOT NULL,
        next_try_us bigint,
        failure text,
        document_id {uuid},
        cause text,
        created_at_us bigint NOT NULL,
        sent_at_us bigint,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, claim_id) REFERENCES claim (tenant_id, id),
        FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX message_ordinal ON message (tenant_id, ordinal)",
    // Those about a claim, and to a customer.
    "CREATE INDEX message_claim ON message (tenant_id, claim_id, ordinal)",
    "CREATE INDEX message_customer ON message (tenant_id, customer_id)",
    // What is still to be sent, of all tenants.
    "CREATE INDEX message_next ON message (next_try_us) WHERE next_try_us IS NOT NULL",
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
