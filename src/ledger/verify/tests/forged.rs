//! What the digests alone do not tell: the books of somebody who has computed them all anew, or of a program that
//! booked what it should not have.

use super::*;

const FORGED: &[Row<'_>] = &[
    (
        "UPDATE posting SET account_amount_minor = 1 WHERE entry_sequence = 2 AND line = 1",
        TWO,
        Some(2),
        "row of a posting",
    ),
    ("UPDATE posting SET currency = 'EUR' WHERE entry_sequence = 6", ONE, Some(6), "in another currency"),
    ("UPDATE entry SET personal_hash = hash WHERE sequence = 1", ONE, Some(1), "what is personal"),
    ("UPDATE entry SET personal_hash = NULL WHERE sequence = 1", ONE, Some(1), "what is personal"),
    // Its place: in time, among the commands, in the log.
    (
        "UPDATE entry SET booked_at_us = 1 WHERE sequence = 2; UPDATE posting SET booked_at_us = 1 WHERE entry_sequence = 2",
        TWO,
        Some(2),
        "booked before the one before it",
    ),
    (
        "UPDATE entry SET booked_at_us = booked_at_us + 1 WHERE sequence = 2; \
         UPDATE posting SET booked_at_us = booked_at_us + 1 WHERE entry_sequence = 2",
        TWO,
        Some(2),
        "command 4 was decided at another time",
    ),
    ("UPDATE entry SET command_sequence = 99 WHERE sequence = 2", TWO, Some(2), "command 99 does not exist"),
    ("UPDATE entry SET command_sequence = 0 WHERE sequence = 2", TWO, Some(2), "command 0 does not exist"),
    ("UPDATE entry SET command_sequence = 21 WHERE sequence = 2", TWO, Some(2), "command 21 did nothing"),
    ("UPDATE entry SET command_sequence = 9 WHERE sequence = 8", ONE, Some(8), "in the log before the one before it"),
    ("UPDATE entry SET event_sequence = 0 WHERE sequence = 1", ONE, Some(1), "in the log before the one before it"),
    ("UPDATE entry SET event_sequence = 99 WHERE sequence = 11", NOBODY, None, "gap: event 17 is missing"),
    (
        "DELETE FROM event WHERE sequence > 17; UPDATE entry SET event_sequence = 99 WHERE sequence = 11",
        NOBODY,
        None,
        "event 17 is missing, before 99",
    ),
    // Reversals.
    (
        "UPDATE entry SET value_date = '2026-02-27' WHERE sequence = 5; \
         UPDATE posting SET value_date = '2026-02-27' WHERE entry_sequence = 5",
        TWO,
        Some(5),
        "valued before the one that it reverses",
    ),
    (
        "UPDATE entry SET kind = 'PAYMENT' WHERE sequence = 5; UPDATE posting SET kind = 'PAYMENT' WHERE entry_sequence = 5",
        TWO,
        Some(5),
        "is no reversal",
    ),
    ("{reverses 10 5}", ONE, Some(10), "or the other one is"),
    ("{reverses 5 5}", TWO, Some(5), "one that does not stand before it"),
    ("{reverses 5 8}", TWO, Some(5), "one that does not stand before it"),
    ("UPDATE entry SET reverses_id = {tenant} WHERE sequence = 5", TWO, Some(5), "one that does not stand before it"),
    ("UPDATE entry SET reverses_id = NULL WHERE sequence = 5", TWO, Some(5), "a reversal of nothing"),
    // Three times what it took: more than there was.
    (
        "UPDATE posting SET amount_minor = 3 * amount_minor, account_amount_minor = 3 * account_amount_minor, \
         account_balance_after_minor = account_balance_after_minor - 400 WHERE entry_sequence = 10",
        ONE,
        Some(10),
        "something else than what is left",
    ),
    // The other way round: it gives once more.
    (
        "UPDATE posting SET amount_minor = -amount_minor, account_amount_minor = -account_amount_minor, \
         account_balance_after_minor = account_balance_after_minor + 400 WHERE entry_sequence = 10",
        ONE,
        Some(10),
        "something else than what is left",
    ),
    // Half of it: which it might have done, but it is not what is noted.
    (
        "UPDATE posting SET amount_minor = amount_minor / 2, account_amount_minor = account_amount_minor / 2, \
         account_balance_after_minor = account_balance_after_minor + 100 WHERE entry_sequence = 10",
        ONE,
        Some(9),
        "of its lines, [-200, 200] is noted as reversed, its reversals sum to [-100, 100]",
    ),
    // To another than it was taken from.
    (
        "UPDATE posting SET account_id = NULL, component = NULL, internal_id = (SELECT internal_id FROM posting AS p \
         WHERE p.entry_sequence = 1 AND p.line = 1), account_amount_minor = NULL, account_balance_after_minor = NULL \
         WHERE entry_sequence = 5 AND line = 3",
        TWO,
        Some(5),
        "something else than what is left",
    ),
    // An entry that is reversed twice.
    ("{reverses 10 3}", ONE, Some(10), "something else than what is left"),
    // What the books keep beside it.
    (
        "UPDATE entry SET business_date = '2026-03-12' WHERE sequence = 9; \
         UPDATE posting SET authorised_on = '2026-03-12' WHERE entry_sequence = 9",
        ONE,
        None,
        "2026-03-12:300 is on its way, the entries say nothing",
    ),
    (
        "UPDATE entry SET business_date = '2026-03-12' WHERE sequence = 10; \
         UPDATE posting SET authorised_on = '2026-03-12' WHERE entry_sequence = 10",
        ONE,
        None,
        "2026-03-12:300 is on its way, the entries say nothing",
    ),
    ("UPDATE entry SET hold_id = NULL WHERE sequence = 4", ONE, None, "its captures sum to 0"),
    (
        "UPDATE entry SET value_date = '2026-02-20' WHERE sequence = 11; \
         UPDATE posting SET value_date = '2026-02-20' WHERE entry_sequence = 11",
        NOBODY,
        Some(11),
        "in a period that was closed before, through 2026-02-20",
    ),
];

fn in_full(sql: &str) -> String {
    let mut sql = sql.to_owned();
    for (by, of) in [(10, 5), (5, 5), (5, 8), (10, 3)] {
        let reverses = format!(
            "UPDATE entry SET reverses_id = (SELECT id FROM entry AS e WHERE e.sequence = {of}) WHERE sequence = {by}"
        );
        sql = sql.replace(&format!("{{reverses {by} {of}}}"), &reverses);
    }
    sql
}

#[tokio::test(flavor = "multi_thread")]
async fn fitting_digests_do_not_hide_what_cannot_be() {
    on_both(async |world| {
        world.books().await;
        let full: Vec<String> = FORGED.iter().map(|(sql, ..)| in_full(sql)).collect();
        let table: Vec<Row<'_>> = FORGED
            .iter()
            .zip(&full)
            .map(|((_, named, sequence, what), sql)| (sql.as_str(), *named, *sequence, *what))
            .collect();
        each_is_found(world, &table, true).await;
        world.verify().await.expect("clean books");
    })
    .await;
}

/// A batch whose hashes were all computed anew still differs from what the next one was chained to.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_entry_breaks_the_chain_even_with_a_fitting_digest() {
    on_both(async |world| {
        let third = world.books().await.remove(2);
        let forged = Entry { description: "Rent".into(), ..(*third).clone() };
        let tx = world.db.begin().await.expect("a transaction");
        let sql = "UPDATE entry SET description = 'Rent', hash = $1 WHERE sequence = 3";
        world.execute(&tx, sql, vec![forged.digest().to_vec().into()]).await;
        let Err(VerifyError::Difference(found)) = verify(&*tx).await else { panic!("the forgery was not found") };
        assert_eq!((found.sequence, found.what.as_str()), (Some(3), "the chain is broken at batch 3"));
    })
    .await;
}
