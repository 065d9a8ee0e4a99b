//! Cards at the point of sale: what was spent with them, and what of it is disputed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // What counts against a card's limits, a row per month. The id is made of the chain and the month, so the key is all
    // that is needed to find one; rows are written over and over.
    "CREATE TABLE card_usage (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        chain_id {uuid} NOT NULL,
        month date NOT NULL,
        spent text NOT NULL,
        PRIMARY KEY (tenant_id, id)
    ){packed}",
    "CREATE TABLE chargeback (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        card_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        purchase text NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        state text NOT NULL,
        reason text NOT NULL,
        reference text,
        credit_id {uuid},
        outcome_id {uuid},
        opened_on date NOT NULL,
        resolved_on date,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // A purchase is disputed once.
    "CREATE UNIQUE INDEX chargeback_purchase ON chargeback (tenant_id, purchase)",
    // The list, and those of a card or an account.
    "CREATE UNIQUE INDEX chargeback_ordinal ON chargeback (tenant_id, ordinal)",
    "CREATE INDEX chargeback_card ON chargeback (tenant_id, card_id, ordinal)",
    "CREATE INDEX chargeback_account ON chargeback (tenant_id, account_id, ordinal)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
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
