//! What merchants gave back of purchases with cards, and what of that was taken off a dispute.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const STATEMENTS: &[&str] = &[
    // A row per purchase of which anything was refunded, found by the purchase's entry; written over with each refund.
    "CREATE TABLE refunded_purchase (
        tenant_id {uuid} NOT NULL,
        entry_id {uuid} NOT NULL,
        refunded_minor bigint NOT NULL,
        PRIMARY KEY (tenant_id, entry_id)
    )",
    "ALTER TABLE chargeback ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let uuid = match connection.get_database_backend() {
            DbBackend::Postgres => "uuid",
            _ => "blob",
        };
        for statement in STATEMENTS {
            connection.execute_unprepared(&statement.replace("{uuid}", uuid)).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("Konto migrates forward only: restore a backup instead".into()))
    }
}
