//! Investments: offers, bids on them, positions, and what was distributed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // Rates are decimals, as text.
    "CREATE TABLE investment_offer (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        code text NOT NULL,
        name text NOT NULL,
        issuer_id {uuid} NOT NULL,
        currency text NOT NULL,
        sought_minor bigint NOT NULL,
        minimum_rate text NOT NULL,
        maximum_rate text NOT NULL,
        term_months integer NOT NULL,
        deadline date NOT NULL,
        status text NOT NULL,
        rate text,
        invested_minor bigint NOT NULL,
        repaid_minor bigint NOT NULL,
        interest_minor bigint NOT NULL,
        created_at_us bigint NOT NULL,
        allocated_on date,
        closed_on date,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, issuer_id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX investment_offer_ordinal ON investment_offer (tenant_id, ordinal)",
    // What bids name it by.
    "CREATE UNIQUE INDEX investment_offer_code ON investment_offer (tenant_id, code)",
    // The id is that of the bid's hold.
    "CREATE TABLE investment_bid (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        offer_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        accepted_minor bigint NOT NULL,
        valid_until_us bigint,
        expires_on date,
        minimum_rate text,
        maximum_rate text,
        minimum_amount_minor bigint,
        maximum_amount_minor bigint,
        note text,
        message text,
        additional_data text,
        status text NOT NULL,
        reason text,
        placed_at_us bigint NOT NULL,
        ended_at_us bigint,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, offer_id) REFERENCES investment_offer (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX investment_bid_ordinal ON investment_bid (tenant_id, ordinal)",
    // Those on an offer, and of an account.
    "CREATE INDEX investment_bid_offer ON investment_bid (tenant_id, offer_id, ordinal)",
    "CREATE INDEX investment_bid_account ON investment_bid (tenant_id, account_id, ordinal)",
    // What the business day pages through.
    "CREATE INDEX investment_bid_expires ON investment_bid (tenant_id, expires_on) WHERE status = 'OPEN'",
    // The id is that of the bid that it came of.
    "CREATE TABLE investment_position (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        bid_id {uuid} NOT NULL,
        offer_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        invested_minor bigint NOT NULL,
        repaid_minor bigint NOT NULL,
        interest_minor bigint NOT NULL,
        rate text NOT NULL,
        opened_on date NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, offer_id) REFERENCES investment_offer (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX investment_position_ordinal ON investment_position (tenant_id, ordinal)",
    // Those in an offer, and of an account.
    "CREATE INDEX investment_position_offer ON investment_position (tenant_id, offer_id, ordinal)",
    "CREATE INDEX investment_position_account ON investment_position (tenant_id, account_id, ordinal)",
    "CREATE TABLE investment_distribution (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        offer_id {uuid} NOT NULL,
        currency text NOT NULL,
        interest_minor bigint NOT NULL,
        repayment_minor bigint NOT NULL,
        paid_on date NOT NULL,
        paid_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, offer_id) REFERENCES investment_offer (tenant_id, id)
    )",
    "CREATE INDEX investment_distribution_offer ON investment_distribution (tenant_id, offer_id, ordinal)",
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
