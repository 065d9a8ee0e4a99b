//! Printing: what a tenant has set about its paper, in versions.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), and the remarks say what each index
//! is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // Which version of a part is printed. The id is made of the tenant and the part: `BRAND`, or `BILL:EN` and its like.
    "CREATE TABLE print_design (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        part text NOT NULL,
        version integer NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // The id is made of the design and the number. `said` is the version, as JSON.
    "CREATE TABLE print_version (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        part text NOT NULL,
        number integer NOT NULL,
        said text NOT NULL,
        client text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // The versions of all parts, and of one.
    "CREATE UNIQUE INDEX print_version_ordinal ON print_version (tenant_id, ordinal)",
    "CREATE INDEX print_version_part ON print_version (tenant_id, part, ordinal)",
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
