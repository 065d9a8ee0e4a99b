//! What credits that are repaid in instalments are an instance of.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), money is whole minor units (`*_minor`),
//! rates are decimals as text (`*_pct`), and the remarks say what each index is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE instalment_model (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        reference text NOT NULL,
        kind text NOT NULL,
        status text NOT NULL,
        currency text NOT NULL,
        minimum_minor bigint NOT NULL,
        maximum_minor bigint NOT NULL,
        channel text,
        card_product_id {uuid},
        account_product_id {uuid} NOT NULL,
        terms text NOT NULL,
        default_terms bigint NOT NULL,
        minimum_first_days bigint NOT NULL,
        maximum_first_days bigint NOT NULL,
        default_first_days bigint NOT NULL,
        rate_annual_pct text NOT NULL,
        method text NOT NULL,
        balloon_pct text NOT NULL,
        grace_terms bigint NOT NULL,
        fee_minor bigint NOT NULL,
        fee_timing text NOT NULL,
        posting text NOT NULL,
        maximum_per_customer bigint,
        maximum_per_day bigint,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX instalment_model_reference ON instalment_model (tenant_id, reference)",
    // The list, and the models of a kind for a simulation.
    "CREATE UNIQUE INDEX instalment_model_ordinal ON instalment_model (tenant_id, ordinal)",
    "CREATE INDEX instalment_model_kind ON instalment_model (tenant_id, kind, ordinal)",
    // What a contract's model is derived from.
    "CREATE INDEX instalment_model_card ON instalment_model (tenant_id, card_product_id) WHERE status = 'ACTIVE'",
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
