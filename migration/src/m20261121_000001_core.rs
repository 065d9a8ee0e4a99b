//! The core: tenants and access, the books, the event log, customers, products and accounts.
//!
//! `tenant_id` leads every key, so that the tables can be distributed by it. Moments are whole microseconds
//! since 1970 (`*_us`), so that both engines order and hash them alike; money is whole minor units
//! (`*_minor`); JSON is text, byte for byte as it was written, because entries are hashed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE tenant (
        id {uuid} PRIMARY KEY,
        code text NOT NULL UNIQUE,
        name text NOT NULL,
        base_currency text NOT NULL,
        sandbox boolean NOT NULL,
        created_at_us bigint NOT NULL
    )",
    "CREATE TABLE client (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        client_id text NOT NULL UNIQUE,
        secret_hash text NOT NULL,
        scopes text NOT NULL,
        customer_id {uuid},
        disabled boolean NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE TABLE signing_key (
        kid text PRIMARY KEY,
        private_der {bytes} NOT NULL,
        public_x text NOT NULL,
        created_at_us bigint NOT NULL,
        retired_at_us bigint
    )",
    "CREATE TABLE ledger_head (
        tenant_id {uuid} PRIMARY KEY REFERENCES tenant (id),
        entry_sequence bigint NOT NULL,
        event_sequence bigint NOT NULL,
        batch_number bigint NOT NULL,
        chain_hash {bytes} NOT NULL,
        business_date date,
        closed_through date
    )",
    "CREATE TABLE ledger_account (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        account_id {uuid},
        component text,
        role text,
        currency text NOT NULL,
        balance_minor bigint NOT NULL,
        status text,
        closed_on date,
        debt_rule text,
        repayment_order text,
        credit_limit_minor bigint NOT NULL,
        maximum_balance_minor bigint,
        reserved_minor bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX ledger_account_of_account ON ledger_account (tenant_id, account_id, component) WHERE account_id IS NOT NULL",
    "CREATE UNIQUE INDEX ledger_account_of_tenant ON ledger_account (tenant_id, role, currency) WHERE account_id IS NULL",
    "CREATE TABLE entry (
        tenant_id {uuid} NOT NULL,
        sequence bigint NOT NULL,
        id {uuid} NOT NULL,
        batch_number bigint NOT NULL,
        kind text NOT NULL,
        value_date date NOT NULL,
        booked_at_us bigint NOT NULL,
        description text NOT NULL,
        external_reference text,
        external_date date,
        external_poster text,
        external_code text,
        external_key text,
        idempotency_key text,
        reverses_id {uuid},
        hold_id {uuid},
        metadata text NOT NULL,
        hash {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, sequence)
    )",
    "CREATE UNIQUE INDEX entry_id ON entry (tenant_id, id)",
    "CREATE UNIQUE INDEX entry_external_key ON entry (tenant_id, external_key) WHERE external_key IS NOT NULL",
    "CREATE UNIQUE INDEX entry_reverses ON entry (tenant_id, reverses_id) WHERE reverses_id IS NOT NULL",
    "CREATE TABLE posting (
        tenant_id {uuid} NOT NULL,
        entry_sequence bigint NOT NULL,
        line integer NOT NULL,
        ledger_account_id {uuid} NOT NULL,
        account_id {uuid},
        amount_minor bigint NOT NULL,
        currency text NOT NULL,
        kind text NOT NULL,
        value_date date NOT NULL,
        booked_at_us bigint NOT NULL,
        account_amount_minor bigint,
        account_balance_after_minor bigint,
        message text,
        PRIMARY KEY (tenant_id, entry_sequence, line)
    )",
    "CREATE UNIQUE INDEX posting_transaction ON posting (tenant_id, account_id, entry_sequence) WHERE account_amount_minor IS NOT NULL",
    "CREATE TABLE batch (
        tenant_id {uuid} NOT NULL,
        number bigint NOT NULL,
        first_sequence bigint NOT NULL,
        last_sequence bigint NOT NULL,
        committed_at_us bigint NOT NULL,
        previous_hash {bytes} NOT NULL,
        hash {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, number)
    )",
    "CREATE TABLE hold (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        captured_minor bigint NOT NULL,
        status text NOT NULL,
        description text NOT NULL,
        reference text,
        placed_at_us bigint NOT NULL,
        expires_at_us bigint,
        closed_at_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE INDEX hold_account ON hold (tenant_id, account_id, status, id)",
    "CREATE INDEX hold_expiry ON hold (expires_at_us) WHERE status = 'OPEN' AND expires_at_us IS NOT NULL",
    "CREATE TABLE event (
        tenant_id {uuid} NOT NULL,
        sequence bigint NOT NULL,
        type text NOT NULL,
        occurred_at_us bigint NOT NULL,
        entry_sequence bigint,
        account_id {uuid},
        customer_id {uuid},
        payload text NOT NULL,
        PRIMARY KEY (tenant_id, sequence)
    )",
    "CREATE INDEX event_account ON event (tenant_id, account_id, sequence) WHERE account_id IS NOT NULL",
    "CREATE TABLE idempotency_key (
        tenant_id {uuid} NOT NULL,
        client text NOT NULL,
        key text NOT NULL,
        operation text NOT NULL,
        request_hash {bytes} NOT NULL,
        result text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, client, key)
    )",
    "CREATE TABLE audit_record (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        occurred_at_us bigint NOT NULL,
        client text NOT NULL,
        customer_id {uuid},
        request_id text NOT NULL,
        operation text NOT NULL,
        outcome text NOT NULL,
        code text,
        target text,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE TABLE customer (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        number text NOT NULL,
        external_reference text,
        type text NOT NULL,
        first_name text,
        last_name text,
        company_name text,
        name_folded text NOT NULL,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX customer_number ON customer (tenant_id, number)",
    "CREATE UNIQUE INDEX customer_external_reference ON customer (tenant_id, external_reference) WHERE external_reference IS NOT NULL",
    "CREATE TABLE product (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        code text NOT NULL,
        alias text NOT NULL,
        family text NOT NULL,
        working_mode text,
        currency text NOT NULL,
        debt_rule text NOT NULL,
        repayment_order text NOT NULL,
        default_credit_limit_minor bigint NOT NULL,
        maximum_credit_limit_minor bigint,
        maximum_balance_minor bigint,
        retired boolean NOT NULL,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX product_code ON product (tenant_id, code)",
    "CREATE TABLE account (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        number text NOT NULL,
        external_reference text,
        product_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        family text NOT NULL,
        currency text NOT NULL,
        opened_on date NOT NULL,
        closure_code text,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id),
        FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX account_number ON account (tenant_id, number)",
    "CREATE UNIQUE INDEX account_external_reference ON account (tenant_id, external_reference) WHERE external_reference IS NOT NULL",
    "CREATE INDEX account_customer ON account (tenant_id, customer_id, id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let (uuid, bytes) = match connection.get_database_backend() {
            DbBackend::Postgres => ("uuid", "bytea"),
            _ => ("blob", "blob"),
        };
        for statement in TABLES {
            let statement = statement.replace("{uuid}", uuid).replace("{bytes}", bytes);
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("Konto migrates forward only: restore a backup instead".into()))
    }
}
