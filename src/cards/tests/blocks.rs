//! Blocks on cards, over a tenant in memory.

use chrono::Days;

use super::super::authorisations::IncreaseAuthorisation;
use super::super::blocks::{BlockCard, CardBlockStatus, UnblockCard};
use super::super::clearing::PurchaseByCard;
use super::super::{CardAction, DeleteCard, ReplaceCard};
use super::scheme::{World, authorising, both, card, clearing, message};
use crate::work::tests::domain::{money, paying};

fn blocking(token: &str, code: &str) -> BlockCard {
    BlockCard { card: card(token), reason_code: code.into(), reason: None, from: None, until: None }
}

fn unblocking(token: &str) -> UnblockCard {
    UnblockCard { card: card(token), block: None, reason: "found again".into() }
}

#[test]
fn a_blocked_card_is_not_used_and_what_is_cleared_is_booked() {
    both(|world| {
        world.done(&paying("A", "100"));
        let hold = world.done(&authorising("A", "10"));
        let blocked = world.done(&blocking("A", "LOST"));
        let refused = world.run(&authorising("A", "1")).expect_err("a refusal");
        assert_eq!((refused.code.word(), refused.facts.block), ("CARD_BLOCKED", Some(blocked.blocks[0].id)));
        assert!(refused.message.contains("LOST"), "{}", refused.message);
        let more = IncreaseAuthorisation { authorisation: hold.id, amount: money("1") };
        assert_eq!(world.refused(&more), ("CARD_BLOCKED", "authorisation".into()));
        let purchase = PurchaseByCard { card: card("A"), message: message("1") };
        assert_eq!(world.refused(&purchase), ("CARD_BLOCKED", "card".into()));
        world.done(&clearing(&hold, "10", true));
        // The other card is as it was.
        world.done(&authorising("B", "1"));
        let lifted = world.done(&unblocking("A"));
        assert_eq!(lifted.blocks[0].stands(world.memory.today()), CardBlockStatus::Lifted);
        world.done(&purchase);
    });
}

#[test]
fn a_block_has_a_first_and_a_last_day() {
    both(|world| {
        world.done(&paying("A", "100"));
        let today = world.memory.today();
        let (tomorrow, next) = (today + Days::new(1), today + Days::new(2));
        let made = world.done(&BlockCard { from: Some(tomorrow), until: Some(next), ..blocking("A", "TRAVEL") });
        assert_eq!(made.blocks[0].stands(today), CardBlockStatus::Scheduled);
        world.done(&authorising("A", "1"));
        for _ in 0..2 {
            world.advance(24);
            assert_eq!(world.refused(&authorising("A", "1")), ("CARD_BLOCKED", "card".into()));
        }
        world.advance(24);
        world.done(&authorising("A", "1"));
        assert_eq!(made.blocks[0].stands(world.memory.today()), CardBlockStatus::Expired);
        let late = UnblockCard { block: Some(made.blocks[0].id), ..unblocking("A") };
        assert_eq!(world.refused(&late), ("INVALID_STATE", "block".into()));
        assert_eq!(world.refused(&unblocking("A")), ("INVALID_STATE", "card".into()));
    });
}

#[test]
fn what_is_wrong_with_a_block_is_named() {
    both(|world| {
        let today = world.memory.today();
        let yesterday = today - Days::new(1);
        for (command, code, field) in [
            (blocking("nobody", "X"), "NOT_FOUND", "card"),
            (blocking("A", ""), "INVALID_INPUT", "reasonCode"),
            (BlockCard { reason: Some("x".repeat(2_000)), ..blocking("A", "X") }, "INVALID_INPUT", "reason"),
            (BlockCard { from: Some(yesterday), ..blocking("A", "X") }, "INVALID_INPUT", "from"),
            (BlockCard { until: Some(yesterday), ..blocking("A", "X") }, "INVALID_INPUT", "until"),
        ] {
            assert_eq!(world.refused(&command), (code, field.into()), "{command:?}");
        }
        for _ in 0..20 {
            world.done(&blocking("A", "X"));
        }
        assert_eq!(world.refused(&blocking("A", "X")), ("LIMIT_EXCEEDED", "card".into()));
        let unknown = UnblockCard { block: Some(crate::primitives::BlockId(uuid::Uuid::nil())), ..unblocking("A") };
        assert_eq!(world.refused(&unknown), ("NOT_FOUND", "block".into()));
        assert_eq!(world.refused(&UnblockCard { reason: String::new(), ..unblocking("A") }).1, "reason");
        // Those that are over make room, and the last of them are kept.
        for _ in 0..4 {
            world.done(&unblocking("A"));
            for _ in 0..20 {
                world.done(&blocking("A", "X"));
            }
        }
        let card = world.memory.rows::<super::super::Card>().into_iter().find(|it| it.token == "A").expect("a card");
        assert_eq!(card.blocks.len(), 70);
        assert_eq!(card.blocks.iter().filter(|block| block.is_live(today)).count(), 20);
    });
}

#[test]
fn a_replaced_card_is_not_blocked_and_the_new_one_begins_without() {
    both(|world| {
        world.done(&paying("A", "100"));
        let old = world.done(&blocking("A", "STOLEN"));
        let new = world.done(&ReplaceCard {
            card: card("A"),
            token: None,
            number: None,
            expiry: None,
            embossed_name: None,
            limits: None,
            metadata: None,
        });
        assert!(new.blocks.is_empty());
        world.done(&authorising("A", "1"));
        let by_id = super::super::CardBy::Id(old.id);
        let command = BlockCard { card: by_id.clone(), ..blocking("A", "X") };
        assert_eq!(world.refused(&command), ("CARD_REPLACED", "card".into()));
        // A deleted one is: it may be restored.
        world.done(&DeleteCard { card: card("B") });
        let deleted = world.done(&blocking("B", "X"));
        let around = offered(world, &deleted);
        assert_eq!(
            around,
            [CardAction::ReplaceCard, CardAction::RestoreCard, CardAction::BlockCard, CardAction::UnblockCard]
        );
    });
}

/// What can be done with a card now.
fn offered(world: &World, card: &super::super::Card) -> Vec<CardAction> {
    let around = super::super::model::Around {
        family: crate::accounts::Family::Deposit,
        status: crate::ledger::AccountStatus::Open,
        main: None,
        today: world.memory.today(),
        restore_days: 30,
    };
    card.actions(&around).into_iter().filter(|(_, reason)| reason.is_none()).map(|(action, _)| action).collect()
}
