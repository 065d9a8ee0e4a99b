//! Merchants: contracts, what is paid by them, and what that is made of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // `standing` is the currency and what acquirers call the merchant, while the contract is not ended.
    "CREATE TABLE merchant_contract (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        party_id {uuid} NOT NULL,
        merchant text NOT NULL,
        standing text,
        name text NOT NULL,
        currency text NOT NULL,
        fee_pct text NOT NULL,
        fee_fixed_minor bigint NOT NULL,
        cycle text NOT NULL,
        next_on date,
        bank_account text NOT NULL,
        open_id {uuid},
        created_at_us bigint NOT NULL,
        ended_on date,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, party_id) REFERENCES party (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX merchant_contract_ordinal ON merchant_contract (tenant_id, ordinal)",
    // What clearings find it by.
    "CREATE UNIQUE INDEX merchant_contract_standing ON merchant_contract (tenant_id, standing)",
    "CREATE INDEX merchant_contract_party ON merchant_contract (tenant_id, party_id, ordinal)",
    // What the business day pages through.
    "CREATE INDEX merchant_contract_next ON merchant_contract (tenant_id, next_on) WHERE next_on IS NOT NULL",
    "CREATE TABLE merchant_payment (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        contract_id {uuid} NOT NULL,
        party_id {uuid} NOT NULL,
        currency text NOT NULL,
        state text NOT NULL,
        gross_minor bigint NOT NULL,
        fee_minor bigint NOT NULL,
        transactions integer NOT NULL,
        from_day date NOT NULL,
        through_day date NOT NULL,
        entry_id {uuid},
        paid_on date,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, contract_id) REFERENCES merchant_contract (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX merchant_payment_ordinal ON merchant_payment (tenant_id, ordinal)",
    // Those by a contract, and to a party.
    "CREATE INDEX merchant_payment_contract ON merchant_payment (tenant_id, contract_id, ordinal)",
    "CREATE INDEX merchant_payment_party ON merchant_payment (tenant_id, party_id, ordinal)",
    // The id is the entry's.
    "CREATE TABLE merchant_transaction (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        contract_id {uuid} NOT NULL,
        party_id {uuid} NOT NULL,
        payment_id {uuid} NOT NULL,
        kind text NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        fee_minor bigint NOT NULL,
        booked_on date NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, payment_id) REFERENCES merchant_payment (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX merchant_transaction_ordinal ON merchant_transaction (tenant_id, ordinal)",
    // Those of a payment, of a contract and of a party.
    "CREATE INDEX merchant_transaction_payment ON merchant_transaction (tenant_id, payment_id, ordinal)",
    "CREATE INDEX merchant_transaction_contract ON merchant_transaction (tenant_id, contract_id, ordinal)",
    "CREATE INDEX merchant_transaction_party ON merchant_transaction (tenant_id, party_id, ordinal)",
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
