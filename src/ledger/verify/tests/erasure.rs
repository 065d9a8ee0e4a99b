//! What is personal can be erased, as a whole; anything less is damage.

use super::*;
use crate::ledger::erase::erase;
use crate::primitives::EntryId;

async fn count(tx: &DatabaseTransaction, sql: &str) -> i64 {
    let statement = Statement::from_string(tx.get_database_backend(), sql);
    let row = tx.query_one_raw(statement).await.expect("an answer").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_personal_can_be_erased_and_the_books_still_verify() {
    on_both(async |world| {
        let entries = world.books().await;
        let ids: Vec<EntryId> = entries.iter().map(|entry| entry.id).collect();
        let clean = world.verify().await.expect("clean books");
        let tx = world.db.begin().await.expect("a transaction");
        let personal = "SELECT COUNT(*) FROM entry WHERE personal IS NOT NULL OR personal_salt IS NOT NULL";
        let messages = "SELECT COUNT(*) FROM posting WHERE message IS NOT NULL";
        assert_eq!((count(&tx, personal).await, count(&tx, messages).await), (2, 2));
        // Another tenant has no such entries.
        assert_eq!(erase(&tx, TenantId(uuid(0x7f)), &ids).await.expect("the database"), 0);
        assert_eq!((count(&tx, personal).await, count(&tx, messages).await), (2, 2));
        // The second has nothing to erase.
        assert_eq!(erase(&tx, tenant(), &ids).await.expect("the database"), 2);
        assert_eq!((count(&tx, personal).await, count(&tx, messages).await), (0, 0));
        assert_eq!(erase(&tx, tenant(), &ids).await.expect("the database"), 0);
        assert_eq!(erase(&tx, tenant(), &[]).await.expect("the database"), 0);
        assert_eq!(count(&tx, "SELECT COUNT(*) FROM entry WHERE personal_hash IS NOT NULL").await, 2);
        tx.commit().await.expect("a commit");
        assert_eq!(world.verify().await.expect("clean books"), clean);
        let read = journal::entries_by_id(world.db.reader(), tenant(), &ids).await.expect("the entries");
        for (read, written) in read.iter().zip(&entries) {
            assert!(read.personal.is_none() && read.messages().all(|message| message.is_none()), "{read:?}");
            assert_eq!(read.digest(), written.digest());
        }
        // Nothing that decides has changed: what was erased can still be reversed.
        world.done(reverse(&read[0], Some(10))).await;
        assert_eq!(world.verify().await.expect("clean books").entries, clean.entries + 1);
        // What is put where something was erased was never there.
        for sql in [
            "UPDATE entry SET personal = '{}' WHERE sequence = 1",
            "UPDATE entry SET personal_salt = {bytes} WHERE sequence = 1",
            "UPDATE posting SET message = 'text' WHERE entry_sequence = 3 AND line = 1",
        ] {
            let found = world.difference(sql, false).await;
            assert!(found.what.contains("what is personal is neither"), "{found} after {sql}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_erased_by_hand_is_damage() {
    on_both(async |world| {
        world.books().await;
        let what = "what is personal is neither what was sealed nor erased as a whole";
        let table: &[Row<'_>] = &[
            ("UPDATE entry SET personal = '{\"message_to_receiver\":\"x\"}' WHERE sequence = 1", ONE, Some(1), what),
            ("UPDATE entry SET personal = NULL WHERE sequence = 1", ONE, Some(1), what),
            ("UPDATE entry SET personal_salt = NULL WHERE sequence = 1", ONE, Some(1), what),
            // The messages are left.
            ("UPDATE entry SET personal_salt = NULL WHERE sequence = 3", ONE, Some(3), what),
            // The secret is left.
            ("UPDATE posting SET message = NULL WHERE entry_sequence = 3 AND message IS NOT NULL", ONE, Some(3), what),
            // One message is left.
            (
                "UPDATE entry SET personal_salt = NULL WHERE sequence = 3; \
                 UPDATE posting SET message = NULL WHERE entry_sequence = 3 AND line = 1",
                ONE,
                Some(3),
                what,
            ),
            // The same messages, in other places.
            (
                "UPDATE posting SET message = NULL WHERE entry_sequence = 3 AND line = 2; \
                 UPDATE posting SET message = 'text' WHERE entry_sequence = 3 AND line = 3",
                ONE,
                Some(3),
                what,
            ),
        ];
        each_is_found(world, table, false).await;
        // By hand, but as a whole, is what erasing is.
        let sql = "UPDATE entry SET personal = NULL, personal_salt = NULL WHERE sequence = 1";
        world.damaged(sql, false).await.expect("a change").expect("clean books");
    })
    .await;
}
