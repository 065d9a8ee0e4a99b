//! Credits that are repaid in instalments, and the instalments.
//!
//! As in the core: `tenant_id` leads every key, moments are microseconds (`*_us`), money is whole minor units (`*_minor`),
//! rates are decimals as text (`*_pct`), and the remarks say what each index is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // A contract has what it was made with: its model may change. `account_id` is the instalment account, once it is in
    // force. `next_number` is the first instalment that is not posted, `next_due` its day while the contract is in force,
    // and `last_number` the last that there is to be: payments beside the plan make that smaller.
    "CREATE TABLE instalment_contract (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        reference text NOT NULL,
        external_reference text,
        model_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        receiving_account_id {uuid} NOT NULL,
        paying_account_id {uuid} NOT NULL,
        account_id {uuid},
        state text NOT NULL,
        currency text NOT NULL,
        channel text NOT NULL,
        msisdn text,
        msisdn_id {uuid},
        contracted_on date NOT NULL,
        activated_on date,
        ended_on date,
        credit_minor bigint NOT NULL,
        rate_annual_pct text NOT NULL,
        method text NOT NULL,
        balloon_minor bigint NOT NULL,
        grace_terms bigint NOT NULL,
        fee_minor bigint NOT NULL,
        fee_timing text NOT NULL,
        posting text NOT NULL,
        terms bigint NOT NULL,
        first_due date NOT NULL,
        interest_minor bigint NOT NULL,
        level_minor bigint NOT NULL,
        regular_minor bigint NOT NULL,
        next_number bigint NOT NULL,
        next_due date,
        last_number bigint NOT NULL,
        principal_posted_minor bigint NOT NULL,
        interest_posted_minor bigint NOT NULL,
        fee_posted_minor bigint NOT NULL,
        payout_id {uuid},
        settled_by text,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, model_id) REFERENCES instalment_model (tenant_id, id),
        FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
        FOREIGN KEY (tenant_id, receiving_account_id) REFERENCES account (tenant_id, id),
        FOREIGN KEY (tenant_id, paying_account_id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX instalment_contract_reference ON instalment_contract (tenant_id, reference)",
    "CREATE UNIQUE INDEX instalment_contract_external ON instalment_contract (tenant_id, external_reference) \
     WHERE external_reference IS NOT NULL",
    // The list, and those of a customer, of a paying account and of an instalment account.
    "CREATE UNIQUE INDEX instalment_contract_ordinal ON instalment_contract (tenant_id, ordinal)",
    "CREATE INDEX instalment_contract_customer ON instalment_contract (tenant_id, customer_id, ordinal)",
    "CREATE INDEX instalment_contract_paying ON instalment_contract (tenant_id, paying_account_id, ordinal)",
    // What is activated by a number and the last digits of a reference.
    "CREATE INDEX instalment_contract_msisdn ON instalment_contract (tenant_id, msisdn_id) WHERE state = 'CREATED'",
    // What the business day finds due.
    "CREATE INDEX instalment_contract_due ON instalment_contract (tenant_id, id, next_due) WHERE next_due IS NOT NULL",
    // Found by its id, which is made of the contract and the number.
    "CREATE TABLE instalment (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        contract_id {uuid} NOT NULL,
        number bigint NOT NULL,
        due date NOT NULL,
        principal_minor bigint NOT NULL,
        interest_minor bigint NOT NULL,
        fee_minor bigint NOT NULL,
        status text NOT NULL,
        posted_on date,
        entries text,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, contract_id) REFERENCES instalment_contract (tenant_id, id)
    )",
    // A contract's plan.
    "CREATE UNIQUE INDEX instalment_number ON instalment (tenant_id, contract_id, number)",
    // What hangs on an account: contracts that it pays for, or the one whose account it is.
    "ALTER TABLE account_position ADD COLUMN ties text",
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
