//! Billing: how products are billed, where accounts stand in their cycles, statements, bills.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // The id is the product's. `terms` is what is not looked for.
    "CREATE TABLE billing_plan (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        terms text NOT NULL,
        starts_on date NOT NULL,
        changed_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, id) REFERENCES product (tenant_id, id)
    )",
    // The id is the account's.
    "CREATE TABLE billing_account (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        opened_on date NOT NULL,
        next_closure date NOT NULL,
        last_closure date,
        last_cut bigint NOT NULL,
        scan_from bigint NOT NULL,
        own_first bigint NOT NULL,
        own_last bigint NOT NULL,
        last_statement_id {uuid},
        statements integer NOT NULL,
        balance_minor bigint NOT NULL,
        memory text NOT NULL,
        open_bill_id {uuid},
        delinquent_since date,
        lifted_through date,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, id) REFERENCES account (tenant_id, id)
    )",
    // What the business day pages through: what is to be closed, and what is open or overdue.
    "CREATE INDEX billing_account_closure ON billing_account (tenant_id, next_closure, id)",
    "CREATE INDEX billing_account_open ON billing_account (tenant_id, id) WHERE open_bill_id IS NOT NULL OR delinquent_since IS NOT NULL",
    "CREATE TABLE statement (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        number integer NOT NULL,
        from_on date NOT NULL,
        closed_on date NOT NULL,
        previous_closed_on date,
        next_closed_on date NOT NULL,
        previous_cut bigint NOT NULL,
        scan_from bigint NOT NULL,
        previous_own_first bigint NOT NULL,
        previous_own_last bigint NOT NULL,
        cut bigint NOT NULL,
        own_first bigint NOT NULL,
        own_last bigint NOT NULL,
        previous_balance_minor bigint NOT NULL,
        payments_minor bigint NOT NULL,
        interest_minor bigint NOT NULL,
        fees_minor bigint NOT NULL,
        balance_minor bigint NOT NULL,
        amount_due_minor bigint NOT NULL,
        remaining_due_minor bigint NOT NULL,
        past_due_minor bigint NOT NULL,
        theoretical_direct_debit_minor bigint NOT NULL,
        direct_debit_minor bigint,
        due_on date NOT NULL,
        issue_on date NOT NULL,
        state text NOT NULL,
        interest_free boolean NOT NULL,
        lines text NOT NULL,
        created_at_us bigint NOT NULL,
        issued_at_us bigint,
        document_id {uuid},
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX statement_ordinal ON statement (tenant_id, ordinal)",
    // An account closes a day once; and its statements by period.
    "CREATE UNIQUE INDEX statement_closure ON statement (tenant_id, account_id, closed_on)",
    // What the business day issues.
    "CREATE INDEX statement_to_issue ON statement (tenant_id, issue_on, id) WHERE state = 'CLOSED'",
    // What is to be printed: the few that wait, over all tenants.
    "CREATE INDEX statement_to_print ON statement (issued_at_us) WHERE document_id IS NULL AND state = 'ISSUED'",
    "CREATE TABLE bill (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        statement_id {uuid} NOT NULL,
        number text NOT NULL,
        kind text NOT NULL,
        ended text,
        follows_id {uuid},
        amount_minor bigint NOT NULL,
        minimum_minor bigint NOT NULL,
        fee_minor bigint NOT NULL,
        due_on date NOT NULL,
        made_on date NOT NULL,
        follow_on date,
        ended_on date,
        created_at_us bigint NOT NULL,
        document_id {uuid},
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
        FOREIGN KEY (tenant_id, statement_id) REFERENCES statement (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX bill_ordinal ON bill (tenant_id, ordinal)",
    // What it is called outside.
    "CREATE UNIQUE INDEX bill_number ON bill (tenant_id, number)",
    "CREATE INDEX bill_account ON bill (tenant_id, account_id, ordinal)",
    "CREATE INDEX bill_statement ON bill (tenant_id, statement_id, ordinal)",
    // What the business day reminds of.
    "CREATE INDEX bill_follow ON bill (tenant_id, follow_on, id) WHERE follow_on IS NOT NULL",
    "CREATE INDEX bill_to_print ON bill (created_at_us) WHERE document_id IS NULL",
    "CREATE TABLE statement_reprint (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        statement_id {uuid} NOT NULL,
        requested_at_us bigint NOT NULL,
        client text NOT NULL,
        document_id {uuid},
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, statement_id) REFERENCES statement (tenant_id, id)
    )",
    "CREATE INDEX statement_reprint_statement ON statement_reprint (tenant_id, statement_id, ordinal)",
    "CREATE INDEX statement_reprint_to_print ON statement_reprint (requested_at_us) WHERE document_id IS NULL",
    // What is overdue of what was billed.
    "CREATE INDEX due_billed ON due (tenant_id, account_id, due_on) WHERE source IN ('BILL', 'TERMINATION') AND status IN ('OPEN', 'PARTLY_SETTLED')",
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
