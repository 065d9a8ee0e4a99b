//! The core: tenants and access, the books, the event log, customers, products and accounts.
//!
//! `tenant_id` leads every key, so that the tables can be distributed by it. Moments are whole microseconds
//! since 1970 (`*_us`), so that both engines order and hash them alike; money is whole minor units
//! (`*_minor`); JSON is text, byte for byte as it was written, because entries are hashed. What is listed has an
//! `ordinal` that rises in the order of commits: an id is made before its command is decided, so a list by ids would
//! let a reader's cursor pass by what commits late. The remarks say what each
//! table and each index is for; a primary key without a remark finds the row by its id.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[&str] = &[
    // Who shares the database: everything else belongs to one. Its operator names it by its code.
    "CREATE TABLE tenant (
        id {uuid} PRIMARY KEY,
        code text NOT NULL UNIQUE,
        created_at_us bigint NOT NULL
    )",
    // Who may ask for tokens, with which scopes, and for one customer alone or for all. Found by the name that it gives,
    // which is unique over all tenants, as that is all that a request for a token tells.
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
    // What tokens are signed with: the last one signs, and the former ones verify until their tokens have ended. One set
    // for all tenants, so it has no tenant.
    "CREATE TABLE signing_key (
        kid text PRIMARY KEY,
        private_der {bytes} NOT NULL,
        public_x text NOT NULL,
        created_at_us bigint NOT NULL,
        retired_at_us bigint
    )",
    // The end of a tenant's journal: everybody who writes moves `command_sequence`, so that what was read stays
    // current until it does. `epoch` fences off writers that do not know it. What the tenant has decided about itself
    // (`settings`) and its business date are here, so that every decision sees them without another row.
    "CREATE TABLE ledger_head (
        tenant_id {uuid} PRIMARY KEY REFERENCES tenant (id),
        epoch bigint NOT NULL,
        command_sequence bigint NOT NULL,
        entry_sequence bigint NOT NULL,
        event_sequence bigint NOT NULL,
        batch_number bigint NOT NULL,
        last_booked_us bigint NOT NULL,
        chain_hash {bytes} NOT NULL,
        business_date date,
        day_ends_us bigint,
        day_open date,
        day_done date,
        clock_ahead_us bigint NOT NULL DEFAULT 0,
        settings text NOT NULL DEFAULT '',
        closed_through date
    )",
    // Who did what, when, from which request, under which key, with what result: the audit trail and the memory of
    // keys in one row.
    "CREATE TABLE command (
        tenant_id {uuid} NOT NULL,
        sequence bigint NOT NULL,
        occurred_at_us bigint NOT NULL,
        client text NOT NULL,
        customer_id {uuid},
        request_id text NOT NULL,
        operation text NOT NULL,
        outcome text NOT NULL,
        code text,
        target text,
        key text,
        request_hash {bytes},
        PRIMARY KEY (tenant_id, sequence)
    )",
    // One effect per key: of a client, and of each customer whose tokens it asks for.
    "CREATE UNIQUE INDEX command_key ON command (tenant_id, client, key) WHERE key IS NOT NULL AND customer_id IS NULL",
    "CREATE UNIQUE INDEX command_customer_key ON command (tenant_id, client, customer_id, key) WHERE key IS NOT NULL AND customer_id IS NOT NULL",
    // An account in the books: its components' balances, and what decides its postings: what is blocked on it and on its
    // owner (`restrictions`), and what it gives to charity, stand here so that no posting loads anything for them.
    "CREATE TABLE account_position (
        tenant_id {uuid} NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        party_id {uuid},
        status text NOT NULL,
        closed_on date,
        debt_rule text NOT NULL,
        repayment_order text NOT NULL,
        credit_limit_minor bigint NOT NULL,
        maximum_balance_minor bigint,
        reserved_minor bigint NOT NULL,
        principal_minor bigint NOT NULL,
        interest_minor bigint NOT NULL,
        fee_minor bigint NOT NULL,
        shortfall_minor bigint NOT NULL,
        arriving text,
        restrictions text,
        charity text,
        PRIMARY KEY (tenant_id, account_id)
    ){packed}",
    // The tenant's own ledger accounts, and those that hold money for a party. The id is a digest of role, currency and
    // party, so the key is all that is needed to find one.
    "CREATE TABLE internal_account (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        role text NOT NULL,
        currency text NOT NULL,
        party_id {uuid},
        balance_minor bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    ){packed}",
    // The list of a party's.
    "CREATE INDEX internal_account_party ON internal_account (tenant_id, party_id) WHERE party_id IS NOT NULL",
    // The journal. Its key is the order of commits, in which it is listed, verified and hashed; it is only ever added to.
    "CREATE TABLE entry (
        tenant_id {uuid} NOT NULL,
        sequence bigint NOT NULL,
        id {uuid} NOT NULL,
        event_sequence bigint NOT NULL,
        command_sequence bigint NOT NULL,
        batch_number bigint NOT NULL,
        kind text NOT NULL,
        value_date date NOT NULL,
        business_date date NOT NULL,
        transaction_date date,
        booked_at_us bigint NOT NULL,
        description text NOT NULL,
        external_reference text,
        external_date date,
        external_poster text,
        external_code text,
        external_key text,
        reverses_id {uuid},
        hold_id {uuid},
        facts text,
        personal text,
        personal_salt {bytes},
        personal_hash {bytes},
        metadata text NOT NULL,
        hash {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, sequence)
    )",
    // By id, from the API; and in the order of the log, of which an entry is itself an event.
    "CREATE UNIQUE INDEX entry_id ON entry (tenant_id, id)",
    "CREATE UNIQUE INDEX entry_event ON entry (tenant_id, event_sequence)",
    // The caller's own name of an entry is unique together with its date and poster; most entries have none.
    "CREATE UNIQUE INDEX entry_external_key ON entry (tenant_id, external_key) WHERE external_key IS NOT NULL",
    // What reverses an entry: several may, each a part of it.
    "CREATE INDEX entry_reverses ON entry (tenant_id, reverses_id, sequence) WHERE reverses_id IS NOT NULL",
    // How much of an entry has been reversed, line by line.
    "CREATE TABLE reversed_entry (
        tenant_id {uuid} NOT NULL,
        entry_id {uuid} NOT NULL,
        lines text NOT NULL,
        complete boolean NOT NULL,
        last_reversal_id {uuid} NOT NULL,
        PRIMARY KEY (tenant_id, entry_id)
    )",
    // `kind`, `value_date`, `booked_at_us` and `authorised_on` are the entry's: an account's transactions are listed without it.
    "CREATE TABLE posting (
        tenant_id {uuid} NOT NULL,
        entry_sequence bigint NOT NULL,
        line integer NOT NULL,
        account_id {uuid},
        component text,
        internal_id {uuid},
        amount_minor bigint NOT NULL,
        currency text NOT NULL,
        kind text NOT NULL,
        value_date date NOT NULL,
        booked_at_us bigint NOT NULL,
        authorised_on date NOT NULL,
        account_amount_minor bigint,
        account_balance_after_minor bigint,
        message text,
        PRIMARY KEY (tenant_id, entry_sequence, line)
    )",
    // The list of an account's transactions.
    "CREATE UNIQUE INDEX posting_transaction ON posting (tenant_id, account_id, entry_sequence) WHERE account_amount_minor IS NOT NULL",
    // The chain: a link for each commit with entries, which the next one hashes on.
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
    // What is reserved on an account, until it is captured, released or has expired.
    "CREATE TABLE hold (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        account_id {uuid} NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        captured_minor bigint NOT NULL,
        status text NOT NULL,
        description text NOT NULL,
        reference text,
        card_id {uuid},
        network_reference text,
        point_of_sale text,
        counted text,
        placed_at_us bigint NOT NULL,
        expires_at_us bigint,
        closed_at_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    // A card network's message is one, however often it is sent.
    "CREATE UNIQUE INDEX hold_network_reference ON hold (tenant_id, network_reference) WHERE network_reference IS NOT NULL",
    // A card's reservations; and all that are open, of the whole tenant.
    "CREATE INDEX hold_card ON hold (tenant_id, card_id, ordinal) WHERE card_id IS NOT NULL",
    "CREATE INDEX hold_open ON hold (tenant_id, ordinal) WHERE status = 'OPEN'",
    // The list of an account's holds; and those that a sweeper ends because their time is over.
    "CREATE INDEX hold_account ON hold (tenant_id, account_id, ordinal)",
    "CREATE INDEX hold_expiry ON hold (tenant_id, expires_at_us) WHERE status = 'OPEN' AND expires_at_us IS NOT NULL",
    // The log, but for what entries are in it themselves.
    "CREATE TABLE event (
        tenant_id {uuid} NOT NULL,
        sequence bigint NOT NULL,
        command_sequence bigint NOT NULL,
        type text NOT NULL,
        occurred_at_us bigint NOT NULL,
        subject text NOT NULL,
        account_id {uuid},
        customer_id {uuid},
        payload text NOT NULL,
        PRIMARY KEY (tenant_id, sequence)
    )",
    // The history of anything that has an id: a read of the log by its subject.
    "CREATE INDEX event_subject ON event (tenant_id, subject, sequence)",
    // What a customer's token follows: the events of its accounts.
    "CREATE INDEX event_account ON event (tenant_id, account_id, sequence) WHERE account_id IS NOT NULL",
    // Whom money is owed to, where that is not the tenant.
    "CREATE TABLE party (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        number text NOT NULL,
        external_reference text,
        name text NOT NULL,
        name_folded text NOT NULL,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // Named by either; and listed in the order of commits.
    "CREATE UNIQUE INDEX party_number ON party (tenant_id, number)",
    "CREATE UNIQUE INDEX party_external_reference ON party (tenant_id, external_reference) WHERE external_reference IS NOT NULL",
    "CREATE UNIQUE INDEX party_ordinal ON party (tenant_id, ordinal)",
    // Who owns accounts. `name_folded` is what lists are searched by: the name without regard to case. `languages` and
    // `contact_points` are JSON. `erasure` is what was erased and what is kept, and why, as JSON. `restrictions` are the blocks in force,
    // for the accounts that are opened later.
    "CREATE TABLE customer (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        number text NOT NULL,
        external_reference text,
        type text NOT NULL,
        first_name text,
        middle_name text,
        last_name text,
        company_name text,
        name_folded text NOT NULL,
        birth_date date,
        languages text NOT NULL,
        contact_points text NOT NULL,
        metadata text NOT NULL,
        merged_into {uuid},
        erased_at_us bigint,
        erasure text,
        restrictions text,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // Named by either; and listed in the order of commits.
    "CREATE UNIQUE INDEX customer_number ON customer (tenant_id, number)",
    "CREATE UNIQUE INDEX customer_external_reference ON customer (tenant_id, external_reference) WHERE external_reference IS NOT NULL",
    "CREATE UNIQUE INDEX customer_ordinal ON customer (tenant_id, ordinal)",
    // The records that were merged into one: they are erased with it.
    "CREATE INDEX customer_merged ON customer (tenant_id, merged_into) WHERE merged_into IS NOT NULL",
    // What accounts are instances of; what decides postings is copied to an account when it is opened.
    "CREATE TABLE product (
        tenant_id {uuid} NOT NULL REFERENCES tenant (id),
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
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
        charity text,
        reference_scheme text,
        payee text,
        retired boolean NOT NULL,
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // Named by its code; and listed in the order of commits.
    "CREATE UNIQUE INDEX product_code ON product (tenant_id, code)",
    "CREATE UNIQUE INDEX product_ordinal ON product (tenant_id, ordinal)",
    // An account as people know it; how it stands in the books is its `account_position`. `application_id` is its application
    // for a higher limit that is not decided yet: one at most. The foreign keys are the net below
    // what commands check.
    "CREATE TABLE account (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        ordinal bigint NOT NULL,
        number text NOT NULL,
        external_reference text,
        product_id {uuid} NOT NULL,
        customer_id {uuid} NOT NULL,
        party_id {uuid},
        family text NOT NULL,
        currency text NOT NULL,
        opened_on date NOT NULL,
        closure_code text,
        payment_reference text,
        application_id {uuid},
        metadata text NOT NULL,
        created_at_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id),
        FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
        FOREIGN KEY (tenant_id, party_id) REFERENCES party (tenant_id, id)
    )",
    // Named by either; and listed in the order of commits, all of them, a customer's, and those that are owed to a party.
    "CREATE UNIQUE INDEX account_number ON account (tenant_id, number)",
    "CREATE UNIQUE INDEX account_external_reference ON account (tenant_id, external_reference) WHERE external_reference IS NOT NULL",
    // What incoming payments are found by.
    "CREATE UNIQUE INDEX account_payment_reference ON account (tenant_id, payment_reference) WHERE payment_reference IS NOT NULL",
    "CREATE UNIQUE INDEX account_ordinal ON account (tenant_id, ordinal)",
    "CREATE INDEX account_customer ON account (tenant_id, customer_id, ordinal)",
    "CREATE INDEX account_party ON account (tenant_id, party_id, ordinal) WHERE party_id IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        // Rows that change with every posting leave room on their page for their next version, so that no index moves.
        let (uuid, bytes, packed) = match connection.get_database_backend() {
            DbBackend::Postgres => ("uuid", "bytea", " WITH (fillfactor = 70)"),
            _ => ("blob", "blob", ""),
        };
        for statement in TABLES {
            let statement = statement.replace("{uuid}", uuid).replace("{bytes}", bytes).replace("{packed}", packed);
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("Konto migrates forward only: restore a backup instead".into()))
    }
}
