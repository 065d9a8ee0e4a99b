//! Which keys a database was filled with.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// For the key of what is looked up, and for each key that seals: a known text, as that key leaves it. The keys are the
/// installation's, one set for all tenants, so it has no tenant.
const TABLE: &str = "CREATE TABLE data_key (
        name text PRIMARY KEY,
        proof text NOT NULL
    )";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(TABLE).await?;
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("Konto migrates forward only: restore a backup instead".into()))
    }
}
