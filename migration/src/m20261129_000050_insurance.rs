//! Insurance: packages, the contracts that ride on accounts, what was recorded of them and what was charged for them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // `terms` is what is not looked for: products, events, the premium's rule.
    "CREATE TABLE insurance_package (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        code text NOT NULL,
        name text NOT NULL,
        maximum_age integer,
        terms text NOT NULL,
        retired boolean NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX insurance_package_ordinal ON insurance_package (tenant_id, ordinal)",
    // What it is subscribed by.
    "CREATE UNIQUE INDEX insurance_package_code ON insurance_package (tenant_id, code)",
    // `standing` names account and package while the contract is not closed.
    "CREATE TABLE insurance_contract (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        package_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        standing text,
        status text NOT NULL,
        covered boolean NOT NULL,
        starts_on date NOT NULL,
        activates_on date,
        ends_on date,
        end_reason text,
        closed_on date,
        periods integer NOT NULL,
        premium_due_on date,
        last_event_id {uuid},
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, package_id) REFERENCES insurance_package (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    // One of a package on an account at a time.
    "CREATE UNIQUE INDEX insurance_contract_standing ON insurance_contract (tenant_id, standing)",
    "CREATE UNIQUE INDEX insurance_contract_ordinal ON insurance_contract (tenant_id, ordinal)",
    // Those of an account, and of a package.
    "CREATE INDEX insurance_contract_account ON insurance_contract (tenant_id, account_id, ordinal)",
    "CREATE INDEX insurance_contract_package ON insurance_contract (tenant_id, package_id, ordinal)",
    // What the business day pages through.
    "CREATE INDEX insurance_contract_due ON insurance_contract (tenant_id, premium_due_on) WHERE premium_due_on IS NOT NULL",
    "CREATE TABLE insurance_event (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        contract_id {uuid} NOT NULL,
        code text NOT NULL,
        name text NOT NULL,
        action text NOT NULL,
        status text NOT NULL,
        occurred_on date NOT NULL,
        note text,
        client text NOT NULL,
        recorded_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, contract_id) REFERENCES insurance_contract (tenant_id, id)
    )",
    "CREATE INDEX insurance_event_contract ON insurance_event (tenant_id, contract_id, ordinal)",
    // The id is a digest of contract and period: a period is charged once.
    "CREATE TABLE insurance_premium (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        contract_id {uuid} NOT NULL,
        period_from date NOT NULL,
        period_through date NOT NULL,
        amount_minor bigint NOT NULL,
        currency text NOT NULL,
        entry_id {uuid},
        charged_on date NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, contract_id) REFERENCES insurance_contract (tenant_id, id)
    )",
    "CREATE INDEX insurance_premium_contract ON insurance_premium (tenant_id, contract_id, ordinal)",
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
