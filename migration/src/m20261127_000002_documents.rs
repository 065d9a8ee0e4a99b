//! Documents: what is kept beside the books about anything in them. The bytes are in the store; a row names them.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), and the remarks say what each index
//! is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // How long documents of a kind are kept, and whether they may go at all. A kind without a row has no rule.
    "CREATE TABLE document_kind (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        code text NOT NULL,
        retention_days integer,
        legal_hold boolean NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // A kind by its code, when a document of it is added or removed.
    "CREATE UNIQUE INDEX document_kind_code ON document_kind (tenant_id, code)",
    "CREATE UNIQUE INDEX document_kind_ordinal ON document_kind (tenant_id, ordinal)",
    // `sha256` and `place` are the address of the bytes in the store; both are absent while they are expected.
    // `customer_id` is whose the subject is, where it is one customer's. `history_item` is the audit record's id.
    "CREATE TABLE document (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        status text NOT NULL,
        name text NOT NULL,
        media_type text,
        size_bytes bigint,
        sha256 text,
        place {uuid},
        kind text NOT NULL,
        subject text NOT NULL,
        account_id {uuid},
        customer_id {uuid},
        history_item text,
        history_sequence bigint,
        client text NOT NULL,
        retain_until date,
        legal_hold boolean NOT NULL,
        created_at_us bigint NOT NULL,
        removed_at_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    // The list of all.
    "CREATE UNIQUE INDEX document_ordinal ON document (tenant_id, ordinal)",
    // The documents of a thing, and their part of its history.
    "CREATE INDEX document_subject ON document (tenant_id, subject, ordinal)",
    // What a token that is bound to a customer lists.
    "CREATE INDEX document_customer ON document (tenant_id, customer_id, ordinal) WHERE customer_id IS NOT NULL",
    // One document per history item; and which one, when items are shown.
    "CREATE UNIQUE INDEX document_history_item ON document (tenant_id, history_item) WHERE history_item IS NOT NULL",
    "CREATE INDEX document_history_sequence ON document (tenant_id, history_sequence) WHERE history_sequence IS NOT NULL",
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
