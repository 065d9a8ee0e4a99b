//! Cards: what an account is used with. Only what is left of a number when its middle is hidden is kept.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), and the remarks say what each index
//! is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // A card on an account. `chain_id` is the first card of its chain of replacements, itself where it is that one, and
    // `newest_id` is kept on that first card alone, once it has been replaced. `token` is what the card is called; the
    // first card of a chain that is called so takes it (`token_taken`), for ever.
    "CREATE TABLE card (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        holder_id {uuid} NOT NULL,
        token text NOT NULL,
        token_taken text,
        is_main boolean NOT NULL,
        status text NOT NULL,
        masked_number text,
        expires_on date,
        embossed_name text,
        limits text NOT NULL,
        chain_id {uuid} NOT NULL,
        newest_id {uuid},
        replaces_id {uuid},
        replaced_by_id {uuid},
        ended_on date,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
        FOREIGN KEY (tenant_id, holder_id) REFERENCES customer (tenant_id, id)
    )",
    // Named by its token; a token that was taken stays so.
    "CREATE UNIQUE INDEX card_token ON card (tenant_id, token_taken) WHERE token_taken IS NOT NULL",
    "CREATE UNIQUE INDEX card_ordinal ON card (tenant_id, ordinal)",
    // The cards of an account, and its main card; those of a holder.
    "CREATE INDEX card_account ON card (tenant_id, account_id, ordinal)",
    "CREATE INDEX card_holder ON card (tenant_id, holder_id, ordinal)",
    // What came after the first card of a chain.
    "CREATE INDEX card_chain ON card (tenant_id, chain_id, ordinal) WHERE replaces_id IS NOT NULL",
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
