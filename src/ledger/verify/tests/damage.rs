//! A table of damages: what is done to a row by somebody who does not know how the digests are made.

use super::*;

/// The columns of a posting behind its place, in a copy that is put elsewhere.
const COPIED: &str =
    "account_id, component, internal_id, 1, currency, kind, value_date, booked_at_us, authorised_on, NULL, NULL, NULL";

const COMMANDS: &[Row<'_>] = &[
    ("DELETE FROM command WHERE sequence = 6", NOBODY, None, "command 6 is missing"),
    ("DELETE FROM command WHERE sequence = 23", NOBODY, None, "the last command is 22, the head says 23"),
    ("UPDATE ledger_head SET command_sequence = 24", NOBODY, None, "the last command is 23, the head says 24"),
    (
        "INSERT INTO command SELECT tenant_id, 0, occurred_at_us, client, customer_id, request_id, operation, outcome, \
         code, target, NULL, NULL FROM command WHERE sequence = 3",
        NOBODY,
        None,
        "command 0 has no place",
    ),
    ("UPDATE command SET outcome = 'LOST' WHERE sequence = 3", NOBODY, None, "a value cannot be read"),
    ("UPDATE command SET outcome = 'REFUSED' WHERE sequence = 3", NOBODY, None, "command 3 has a code, or none"),
    ("UPDATE command SET code = NULL WHERE outcome = 'REFUSED'", NOBODY, None, "command 21 has a code, or none"),
    ("UPDATE command SET target = 'x' WHERE outcome = 'DENIED'", NOBODY, None, "command 23 has made something"),
    (
        "UPDATE command SET key = 'x', request_hash = {bytes} WHERE outcome = 'REPLAYED'",
        NOBODY,
        None,
        "command 22 is remembered under a key",
    ),
    ("UPDATE command SET key = NULL WHERE sequence = 5", NOBODY, None, "command 5 has a key without"),
    ("UPDATE command SET request_hash = {bytes} WHERE sequence = 5", NOBODY, None, "command 5 has a key without"),
    ("UPDATE command SET occurred_at_us = 1 WHERE sequence = 3", NOBODY, None, "command 3 was decided before the one"),
    ("UPDATE ledger_head SET last_booked_us = 1", NOBODY, None, "command 1 was decided after the head was moved last"),
    (
        "UPDATE command SET outcome = 'REFUSED', code = 'X', target = NULL WHERE sequence = 3",
        ONE,
        Some(1),
        "command 3 did nothing",
    ),
    (
        "UPDATE command SET occurred_at_us = occurred_at_us + 1 WHERE sequence = 3",
        ONE,
        Some(1),
        "command 3 was decided at another time",
    ),
];

const JOURNAL: &[Row<'_>] = &[
    (
        "UPDATE posting SET amount_minor = -amount_minor WHERE entry_sequence = 1 AND line = 2",
        ONE,
        Some(1),
        "balance after",
    ),
    (
        "UPDATE posting SET amount_minor = -amount_minor WHERE entry_sequence = 1 AND line = 1",
        ONE,
        Some(1),
        "sum to zero",
    ),
    (
        "UPDATE posting SET amount_minor = amount_minor + 1 WHERE entry_sequence = 2 AND line = 1",
        TWO,
        Some(2),
        "balance after",
    ),
    (
        "UPDATE posting SET account_balance_after_minor = 1 WHERE entry_sequence = 5 AND line = 1",
        TWO,
        Some(5),
        "balance after",
    ),
    ("UPDATE posting SET account_amount_minor = 1 WHERE entry_sequence = 5 AND line = 1", TWO, Some(5), "digest"),
    ("UPDATE posting SET account_amount_minor = NULL WHERE entry_sequence = 5 AND line = 1", TWO, Some(5), "digest"),
    ("UPDATE posting SET account_id = {one} WHERE entry_sequence = 2 AND line = 1", ONE, Some(2), "balance after"),
    ("UPDATE posting SET component = 'FEE' WHERE entry_sequence = 5 AND line = 2", TWO, Some(5), "digest"),
    ("UPDATE posting SET component = 'GIFT' WHERE entry_sequence = 1 AND line = 1", ONE, Some(1), "row of a posting"),
    (
        "UPDATE posting SET component = NULL WHERE entry_sequence = 5 AND line = 2",
        NOBODY,
        Some(5),
        "a value cannot be read",
    ),
    ("UPDATE posting SET internal_id = {tenant} WHERE entry_sequence = 1 AND line = 1", ONE, Some(1), "digest"),
    ("UPDATE posting SET currency = 'EUR' WHERE entry_sequence = 1 AND line = 2", ONE, Some(1), "sum to zero"),
    (
        "UPDATE posting SET currency = 'x' WHERE entry_sequence = 3 AND line = 2",
        NOBODY,
        Some(3),
        "a value cannot be read",
    ),
    (
        "UPDATE posting SET value_date = '2026-03-01' WHERE entry_sequence = 5 AND line = 2",
        TWO,
        Some(5),
        "row of a posting",
    ),
    ("UPDATE posting SET kind = 'CREDIT' WHERE entry_sequence = 5 AND line = 2", TWO, Some(5), "row of a posting"),
    ("UPDATE posting SET line = 9 WHERE entry_sequence = 5 AND line = 3", TWO, Some(5), "row of a posting"),
    ("UPDATE posting SET message = 'other' WHERE entry_sequence = 3 AND line = 1", ONE, Some(3), "what is personal"),
    ("UPDATE posting SET message = NULL WHERE entry_sequence = 3 AND line = 1", ONE, Some(3), "what is personal"),
    ("UPDATE posting SET message = 'other' WHERE entry_sequence = 2 AND line = 1", TWO, Some(2), "what is personal"),
    ("DELETE FROM posting WHERE entry_sequence = 3 AND line = 3", TWO, Some(3), "balance after"),
    ("DELETE FROM posting WHERE entry_sequence = 4 AND line = 2", ONE, Some(4), "sum to zero"),
    ("DELETE FROM posting WHERE entry_sequence = 7", NOBODY, Some(7), "sum to zero"),
    ("{copied 1 9} AND line = 2", ONE, Some(1), "balance after"),
    ("{copied 1 9} AND line = 1", ONE, Some(1), "sum to zero"),
    ("{copied 0 1} AND line = 1", NOBODY, Some(0), "postings without an entry"),
    ("{copied 99 1} AND line = 1", NOBODY, Some(99), "postings without an entry"),
    ("UPDATE entry SET description = 'Rent' WHERE sequence = 3", ONE, Some(3), "digest"),
    ("UPDATE entry SET value_date = '2026-03-01' WHERE sequence = 1", ONE, Some(1), "digest"),
    ("UPDATE entry SET business_date = '2026-03-01' WHERE sequence = 1", ONE, Some(1), "digest"),
    ("UPDATE entry SET transaction_date = NULL WHERE sequence = 3", ONE, Some(3), "digest"),
    ("UPDATE entry SET booked_at_us = booked_at_us + 1 WHERE sequence = 3", ONE, Some(3), "digest"),
    ("UPDATE entry SET kind = 'CREDIT' WHERE sequence = 1", ONE, Some(1), "digest"),
    ("UPDATE entry SET kind = 'GIFT' WHERE sequence = 3", NOBODY, Some(3), "a value cannot be read"),
    ("UPDATE entry SET facts = NULL WHERE sequence = 3", ONE, Some(3), "digest"),
    ("UPDATE entry SET metadata = '{}' WHERE sequence = 3", ONE, Some(3), "digest"),
    ("UPDATE entry SET external_reference = 'INV-2' WHERE sequence = 3", ONE, Some(3), "digest"),
    ("UPDATE entry SET external_code = NULL WHERE sequence = 3", ONE, Some(3), "digest"),
    ("UPDATE entry SET external_key = NULL WHERE sequence = 3", ONE, Some(3), "external"),
    ("UPDATE entry SET external_date = '2026-03-01' WHERE sequence = 2", TWO, Some(2), "external"),
    ("UPDATE entry SET reverses_id = NULL WHERE sequence = 5", TWO, Some(5), "digest"),
    ("UPDATE entry SET hold_id = NULL WHERE sequence = 4", ONE, Some(4), "digest"),
    ("UPDATE entry SET event_sequence = 99 WHERE sequence = 11", TWO, Some(11), "digest"),
    ("UPDATE entry SET command_sequence = 1 WHERE sequence = 2", TWO, Some(2), "digest"),
    ("UPDATE entry SET hash = {bytes} WHERE sequence = 2", TWO, Some(2), "digest"),
    ("UPDATE entry SET personal_hash = {bytes} WHERE sequence = 1", ONE, Some(1), "digest"),
    ("UPDATE entry SET personal_hash = {bytes} WHERE sequence = 2", TWO, Some(2), "what is personal"),
    ("UPDATE entry SET personal = '{}' WHERE sequence = 1", ONE, Some(1), "what is personal"),
    ("UPDATE entry SET personal = NULL WHERE sequence = 1", ONE, Some(1), "what is personal"),
    ("UPDATE entry SET personal = '{}' WHERE sequence = 2", TWO, Some(2), "what is personal"),
    ("UPDATE entry SET personal_salt = {bytes} WHERE sequence = 1", ONE, Some(1), "what is personal"),
    ("UPDATE entry SET personal_salt = {bytes} WHERE sequence = 2", TWO, Some(2), "what is personal"),
    ("DELETE FROM entry WHERE sequence = 3", NOBODY, Some(3), "missing"),
    ("DELETE FROM posting WHERE entry_sequence = 3; DELETE FROM entry WHERE sequence = 3", NOBODY, Some(3), "missing"),
    ("DELETE FROM entry WHERE sequence = 11", NOBODY, Some(11), "missing"),
    (
        "INSERT INTO entry SELECT tenant_id, 0, tenant_id, 0, command_sequence, batch_number, kind, value_date, \
         business_date, NULL, booked_at_us, description, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
         metadata, hash FROM entry WHERE sequence = 2",
        NOBODY,
        Some(0),
        "the entry before it is missing",
    ),
];

const REVERSALS: &[Row<'_>] = &[
    ("UPDATE reversed_entry SET lines = '-200,199' WHERE NOT complete", ONE, Some(9), "is noted as reversed"),
    ("UPDATE reversed_entry SET lines = '-200' WHERE NOT complete", ONE, Some(9), "is noted as reversed"),
    ("UPDATE reversed_entry SET lines = 'all' WHERE NOT complete", NOBODY, None, "a value cannot be read"),
    (
        "UPDATE reversed_entry SET complete = true WHERE NOT complete",
        ONE,
        Some(9),
        "reversed as a whole, and was in part",
    ),
    ("UPDATE reversed_entry SET complete = false WHERE complete", ONE, Some(3), "reversed in part, and was as a whole"),
    (
        "UPDATE reversed_entry SET last_reversal_id = {tenant} WHERE complete",
        ONE,
        Some(3),
        "is noted as last reversed by",
    ),
    ("UPDATE reversed_entry SET entry_id = {tenant} WHERE complete", NOBODY, None, "nothing reverses it"),
    ("DELETE FROM reversed_entry WHERE complete", ONE, Some(3), "that is not noted"),
];

const CHAIN: &[Row<'_>] = &[
    (
        "DELETE FROM posting WHERE entry_sequence = 11; DELETE FROM entry WHERE sequence = 11",
        NOBODY,
        Some(11),
        "chain is broken at batch 9",
    ),
    (
        "DELETE FROM posting WHERE entry_sequence = 11; DELETE FROM entry WHERE sequence = 11; \
         DELETE FROM batch WHERE number = 9",
        NOBODY,
        Some(11),
        "missing at the end",
    ),
    ("UPDATE entry SET batch_number = 7 WHERE sequence = 8", NOBODY, Some(6), "chain is broken at batch 6"),
    ("UPDATE batch SET hash = previous_hash WHERE number = 2", NOBODY, Some(2), "chain is broken at batch 2"),
    ("UPDATE batch SET previous_hash = hash WHERE number = 4", NOBODY, Some(4), "chain is broken at batch 4"),
    ("UPDATE batch SET last_sequence = 7 WHERE number = 6", NOBODY, Some(6), "chain is broken at batch 6"),
    ("UPDATE batch SET committed_at_us = committed_at_us + 1 WHERE number = 6", NOBODY, Some(6), "at another time"),
    ("DELETE FROM batch WHERE number = 2", NOBODY, Some(3), "chain is broken at batch 3"),
    ("DELETE FROM batch WHERE number = 9", NOBODY, Some(11), "batch 9 is missing"),
    ("DELETE FROM batch", NOBODY, Some(1), "batch 1 is missing"),
    ("UPDATE ledger_head SET entry_sequence = 12", NOBODY, Some(12), "missing at the end"),
    ("UPDATE ledger_head SET batch_number = 10", NOBODY, Some(11), "end of the chain"),
    (
        "UPDATE ledger_head SET chain_hash = (SELECT hash FROM batch WHERE number = 8)",
        NOBODY,
        Some(11),
        "end of the chain",
    ),
    ("DELETE FROM ledger_head", NOBODY, None, "the ledger head is missing"),
];

const BOOKS: &[Row<'_>] = &[
    (
        "UPDATE account_position SET principal_minor = 1 WHERE account_id = {one}",
        ONE,
        None,
        "PRINCIPAL has a balance of 1, its postings sum to 1262",
    ),
    (
        "UPDATE account_position SET interest_minor = 0 WHERE account_id = {two}",
        TWO,
        None,
        "INTEREST has a balance of 0, its postings sum to -8",
    ),
    (
        "UPDATE account_position SET fee_minor = 5 WHERE account_id = {one}",
        ONE,
        None,
        "FEE has a balance of 5, its postings sum to 0",
    ),
    (
        "UPDATE account_position SET currency = 'EUR' WHERE account_id = {one}",
        ONE,
        None,
        "is kept in EUR, its postings are in SEK",
    ),
    (
        "UPDATE account_position SET arriving = NULL WHERE account_id = {one}",
        ONE,
        None,
        "nothing is on its way, the entries say 2026-03-12:300",
    ),
    (
        "UPDATE account_position SET arriving = '2026-03-12:301' WHERE account_id = {one}",
        ONE,
        None,
        "2026-03-12:301 is on its way",
    ),
    (
        "UPDATE account_position SET arriving = '2026-03-13:5' WHERE account_id = {two}",
        TWO,
        None,
        "the entries say nothing",
    ),
    ("UPDATE account_position SET arriving = 'soon' WHERE account_id = {one}", ONE, None, "a value cannot be read"),
    ("UPDATE account_position SET debt_rule = 'SOME' WHERE account_id = {two}", TWO, None, "a value cannot be read"),
    ("DELETE FROM account_position WHERE account_id = {one}", ONE, None, "not in the books"),
    (
        "UPDATE internal_account SET balance_minor = 0 WHERE role = 'SETTLEMENT_BANK'",
        NOBODY,
        None,
        "its postings sum to",
    ),
    ("UPDATE internal_account SET currency = 'EUR' WHERE role = 'SETTLEMENT_BANK'", NOBODY, None, "is kept in EUR"),
    (
        "UPDATE internal_account SET role = 'SUSPENSE' WHERE role = 'SETTLEMENT_BANK'",
        NOBODY,
        None,
        "has not the id of its role",
    ),
    (
        "UPDATE internal_account SET role = 'GIFTS' WHERE role = 'SETTLEMENT_BANK'",
        NOBODY,
        None,
        "a value cannot be read",
    ),
    (
        "UPDATE internal_account SET party_id = NULL WHERE role = 'CLIENT_MONEY'",
        NOBODY,
        None,
        "has not the id of its role",
    ),
    ("UPDATE internal_account SET id = {tenant} WHERE role = 'SETTLEMENT_BANK'", NOBODY, None, "its postings sum to 0"),
    (
        "INSERT INTO internal_account SELECT tenant_id, tenant_id, 'SUSPENSE', currency, NULL, 0 FROM internal_account \
         WHERE role = 'SETTLEMENT_BANK'",
        NOBODY,
        None,
        "has not the id of its role",
    ),
    ("DELETE FROM internal_account WHERE role = 'SETTLEMENT_BANK'", NOBODY, None, "not in the chart"),
];

const HOLDS: &[Row<'_>] = &[
    ("UPDATE account_position SET reserved_minor = 61 WHERE account_id = {one}", ONE, None, "61 is reserved"),
    ("UPDATE hold SET captured_minor = 41 WHERE status = 'OPEN'", ONE, None, "the open holds sum to 59"),
    ("UPDATE hold SET status = 'RELEASED' WHERE status = 'OPEN'", ONE, None, "the open holds sum to 0"),
    ("UPDATE hold SET status = 'LOST' WHERE status = 'OPEN'", ONE, None, "a value cannot be read"),
    ("DELETE FROM hold WHERE status = 'OPEN'", ONE, None, "the open holds sum to 0"),
    (
        "INSERT INTO hold SELECT tenant_id, tenant_id, ordinal, tenant_id, currency, amount_minor, captured_minor, status, \
         description, reference, card_id, network_reference, point_of_sale, counted, placed_at_us, expires_at_us, closed_at_us FROM hold WHERE status = 'RELEASED'",
        Some(0x7e),
        None,
        "a hold on an account that does not exist",
    ),
    ("{reserving 59} SET captured_minor = 41 WHERE status = 'OPEN'", ONE, None, "its captures sum to 40"),
    ("{reserving -10} SET amount_minor = 30 WHERE status = 'OPEN'", ONE, None, "is OPEN, with 40 of 30 captured"),
    ("{reserving 0} SET amount_minor = 40 WHERE status = 'OPEN'", ONE, None, "is OPEN, with 40 of 40 captured"),
    (
        "{reserving 0} SET status = 'CAPTURED', closed_at_us = 1 WHERE status = 'OPEN'",
        ONE,
        None,
        "is CAPTURED, with 40 of 100",
    ),
    ("{reserving 0} SET status = 'RELEASED' WHERE status = 'OPEN'", ONE, None, "is RELEASED, with no closing time"),
    (
        "{reserving 0} SET status = 'EXPIRED', closed_at_us = 1 WHERE status = 'OPEN'",
        ONE,
        None,
        "the event log says OPEN",
    ),
    (
        "{reserving 61} SET amount_minor = 101 WHERE status = 'OPEN'",
        ONE,
        None,
        "is of 1.01 SEK, the event log says 1.00 SEK",
    ),
    ("UPDATE hold SET closed_at_us = 1 WHERE status = 'OPEN'", ONE, None, "is OPEN, with a closing time"),
    (
        "DELETE FROM hold WHERE status = 'OPEN'; UPDATE account_position SET reserved_minor = 0 WHERE account_id = {one}",
        ONE,
        Some(4),
        "which does not exist",
    ),
    (
        "UPDATE hold SET currency = 'EUR' WHERE status = 'OPEN'",
        ONE,
        None,
        "is of 1.00 EUR, the event log says 1.00 SEK",
    ),
    ("UPDATE hold SET placed_at_us = placed_at_us + 1 WHERE status = 'OPEN'", ONE, None, "at another time"),
    ("UPDATE hold SET closed_at_us = closed_at_us + 1 WHERE status = 'RELEASED'", ONE, None, "at another time"),
    ("UPDATE hold SET account_id = {two} WHERE status = 'RELEASED'", TWO, None, "on another account"),
    ("UPDATE hold SET id = {tenant} WHERE status = 'RELEASED'", ONE, None, "does not tell of hold"),
    ("DELETE FROM hold WHERE status = 'RELEASED'", ONE, None, "the event log tells of hold"),
];

const LOG: &[Row<'_>] = &[
    ("DELETE FROM event WHERE sequence = 6", NOBODY, None, "gap: event 6 is missing"),
    ("DELETE FROM event WHERE sequence = 22", NOBODY, None, "has 21 events, the head says 22"),
    ("UPDATE event SET sequence = 99 WHERE sequence = 6", NOBODY, None, "gap: event 6 is missing"),
    ("UPDATE event SET sequence = 0 WHERE sequence = 6", ONE, None, "event 0 has no place in the log"),
    ("UPDATE event SET sequence = 7 WHERE sequence = 8", ONE, None, "event 7 has no place in the log"),
    ("UPDATE ledger_head SET event_sequence = 3", NOBODY, None, "has 22 events, the head says 3"),
    ("UPDATE event SET type = 'ENTRY_POSTED' WHERE sequence = 6", ONE, None, "an entry is its own event"),
    ("UPDATE event SET payload = '{' WHERE sequence = 6", ONE, None, "is not a JSON object"),
    ("UPDATE event SET payload = '[]' WHERE sequence = 6", ONE, None, "is not a JSON object"),
    ("UPDATE event SET payload = '{}' WHERE sequence = 6", ONE, None, "it names no hold"),
    ("UPDATE event SET command_sequence = 99 WHERE sequence = 6", ONE, None, "command 99 does not exist"),
    ("UPDATE event SET command_sequence = 21 WHERE sequence = 6", ONE, None, "command 21 did nothing"),
    ("UPDATE event SET occurred_at_us = occurred_at_us + 1 WHERE sequence = 6", ONE, None, "decided at another time"),
    (
        "UPDATE event SET command_sequence = 3 - command_sequence WHERE sequence < 3",
        TWO,
        None,
        "behind what a later command",
    ),
    ("UPDATE event SET command_sequence = 12 WHERE sequence = 11", NOBODY, Some(7), "behind what a later command"),
    ("UPDATE event SET subject = 'x' WHERE sequence = 1", ONE, None, "about something else"),
    ("UPDATE event SET subject = 'x' WHERE sequence = 6", ONE, None, "about something else"),
    ("UPDATE event SET account_id = {two} WHERE sequence = 1", TWO, None, "about something else"),
    ("UPDATE event SET account_id = NULL WHERE sequence = 6", NOBODY, None, "it names no account"),
    ("UPDATE event SET payload = '{}' WHERE type = 'PERIOD_CLOSED'", NOBODY, None, "its day is none"),
    ("UPDATE event SET subject = 'x' WHERE type = 'PERIOD_CLOSED'", NOBODY, None, "another tenant's"),
    ("UPDATE event SET type = 'PERIOD_LOST' WHERE type = 'PERIOD_CLOSED'", NOBODY, None, "the event log says no day"),
    ("UPDATE ledger_head SET closed_through = NULL", NOBODY, None, "through no day, the event log says 2026-02-20"),
    ("UPDATE ledger_head SET closed_through = '2026-02-21'", NOBODY, None, "through 2026-02-21, the event log says"),
];

const GUARDS: &[Row<'_>] = &[
    (
        "UPDATE account_position SET status = 'CLOSED' WHERE account_id = {one}",
        ONE,
        None,
        "is CLOSED, the event log says OPEN",
    ),
    (
        "UPDATE account_position SET status = 'PENDING_CLOSE' WHERE account_id = {one}",
        ONE,
        None,
        "the event log says OPEN",
    ),
    (
        "UPDATE account_position SET status = 'OPEN' WHERE account_id = {three}",
        THREE,
        None,
        "the event log says CLOSED",
    ),
    ("UPDATE account_position SET closed_on = NULL WHERE account_id = {three}", THREE, None, "with no closing day"),
    ("UPDATE account_position SET closed_on = '2026-03-02' WHERE account_id = {one}", ONE, None, "with a closing day"),
    ("UPDATE account_position SET currency = 'EUR' WHERE account_id = {three}", THREE, None, "the event log says SEK"),
    (
        "UPDATE event SET type = 'ACCOUNT_LOST' WHERE type = 'ACCOUNT_CLOSED'",
        THREE,
        None,
        "the event log says PENDING_CLOSE",
    ),
    (
        "INSERT INTO event SELECT b.tenant_id, 23, b.command_sequence, 'ACCOUNT_CLOSED', b.occurred_at_us, a.subject, \
         a.account_id, NULL, '{}' FROM event AS a, event AS b WHERE a.sequence = 1 AND b.sequence = 22; \
         UPDATE ledger_head SET event_sequence = 23; \
         UPDATE account_position SET status = 'CLOSED', closed_on = '2026-03-02' WHERE account_id = {one}",
        ONE,
        None,
        "still has a balance or a hold",
    ),
    (
        "UPDATE account_position SET credit_limit_minor = 500 WHERE account_id = {three}",
        THREE,
        None,
        "is 5.00, the event log says 2.00",
    ),
    (
        "UPDATE account_position SET credit_limit_minor = 7 WHERE account_id = {two}",
        TWO,
        None,
        "is 0.07, the event log says 0.00",
    ),
    ("UPDATE account_position SET credit_limit_minor = -1 WHERE account_id = {two}", TWO, None, "is negative"),
    ("UPDATE account_position SET credit_limit_minor = 7 WHERE account_id = {one}", ONE, None, "may not owe"),
    ("UPDATE event SET type = 'ACCOUNT_LOST' WHERE type = 'ACCOUNT_OPENED'", ONE, None, "the account's opening"),
    ("DELETE FROM account_position WHERE account_id = {three}", THREE, None, "not in the books"),
];

/// What a table's shorthands stand for.
fn in_full(sql: &str) -> String {
    let mut sql = sql.to_owned();
    for (sequence, line) in [(1, 9), (0, 1), (99, 1)] {
        let copy = format!(
            "INSERT INTO posting SELECT tenant_id, {sequence}, {line}, {COPIED} FROM posting WHERE entry_sequence = 1"
        );
        sql = sql.replace(&format!("{{copied {sequence} {line}}}"), &copy);
    }
    for reserved in [59, -10, 0, 61] {
        let reserving =
            format!("UPDATE account_position SET reserved_minor = {reserved} WHERE account_id = {{one}}; UPDATE hold");
        sql = sql.replace(&format!("{{reserving {reserved}}}"), &reserving);
    }
    sql
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_damage_is_found_and_named() {
    on_both(async |world| {
        world.books().await;
        for table in [COMMANDS, JOURNAL, REVERSALS, CHAIN, BOOKS, HOLDS, LOG, GUARDS] {
            let full: Vec<String> = table.iter().map(|(sql, ..)| in_full(sql)).collect();
            let table: Vec<Row<'_>> = table
                .iter()
                .zip(&full)
                .map(|((_, named, sequence, what), sql)| (sql.as_str(), *named, *sequence, *what))
                .collect();
            each_is_found(world, &table, false).await;
        }
        let found = world.difference("UPDATE entry SET description = 'Rent' WHERE sequence = 3", false).await;
        assert!(
            found.to_string().contains(&format!("tenant {} account {} sequence 3: ", tenant(), account(1))),
            "{found}"
        );
        world.verify().await.expect("clean books");
    })
    .await;
}

/// SQLite stores what it is given, whatever the column is declared as.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_type_is_a_difference() {
    on_both(async |world| {
        if world.db.backend() == DbBackend::Postgres {
            return;
        }
        world.books().await;
        let table: &[Row<'_>] = &[
            ("UPDATE command SET occurred_at_us = 'then' WHERE sequence = 3", NOBODY, None, ""),
            ("UPDATE command SET sequence = 'last' WHERE sequence = 23", NOBODY, None, ""),
            ("UPDATE posting SET amount_minor = 'much' WHERE entry_sequence = 5", NOBODY, Some(5), ""),
            ("UPDATE posting SET amount_minor = 1.5 WHERE entry_sequence = 5", NOBODY, Some(5), ""),
            ("UPDATE entry SET booked_at_us = 'then' WHERE sequence = 3", NOBODY, Some(3), ""),
            ("UPDATE entry SET id = x'00' WHERE sequence = 3", NOBODY, Some(3), ""),
            ("UPDATE entry SET reverses_id = x'00' WHERE sequence = 3", NOBODY, Some(3), ""),
            ("UPDATE entry SET personal_salt = 'salt' WHERE sequence = 1", ONE, Some(1), ""),
            ("UPDATE entry SET sequence = 'last' WHERE sequence = 11", NOBODY, Some(11), ""),
            ("UPDATE batch SET last_sequence = 'last' WHERE number = 3", NOBODY, Some(3), ""),
            ("UPDATE ledger_head SET event_sequence = 1.5", NOBODY, None, ""),
            ("UPDATE ledger_head SET command_sequence = 1.5", NOBODY, None, ""),
            ("UPDATE account_position SET principal_minor = 'much' WHERE account_id = {one}", ONE, None, ""),
            ("UPDATE account_position SET reserved_minor = 1.5 WHERE account_id = {one}", ONE, None, ""),
            ("UPDATE account_position SET credit_limit_minor = 'much' WHERE account_id = {one}", ONE, None, ""),
            ("UPDATE internal_account SET balance_minor = 1.5 WHERE role = 'SETTLEMENT_BANK'", NOBODY, None, ""),
            ("UPDATE hold SET captured_minor = 40.5 WHERE status = 'OPEN'", ONE, None, ""),
            ("UPDATE event SET payload = x'ff' WHERE sequence = 6", ONE, None, ""),
            ("UPDATE event SET sequence = 'last' WHERE sequence = 22", ONE, None, ""),
        ];
        each_is_found(world, table, false).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_to_a_party_is_what_its_accounts_owe() {
    on_both(async |world| {
        let party = Some(PartyId(uuid(0xc1)));
        let claim = Position { party, ..position(1, DebtRule::Unlimited, 0) };
        world.done(open(claim)).await;
        world.done(post(draft(TransactionKind::Disbursement, Side::account(account(1)), BANK, 50))).await;
        let payment = world.booked(post(payment(account(1), 70))).await;
        world.done(reverse(&payment, Some(30))).await;
        world.verify().await.expect("clean books");
        for (sql, what) in [
            ("UPDATE account_position SET party_id = NULL", "is owed to pty_"),
            ("UPDATE account_position SET party_id = tenant_id", "its accounts owe 0"),
        ] {
            let found = world.difference(sql, false).await;
            assert!(found.what.contains(what), "{sql}: {found}");
        }
    })
    .await;
}
