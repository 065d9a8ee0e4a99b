//! What commands do, over a tenant in memory: once with every row at hand, once decided from nothing.

use std::sync::Arc;

use uuid::Uuid;

use crate::events::webhooks::commands::MOST;
use crate::events::webhooks::events::{
    WEBHOOK_CREATED, WEBHOOK_DELETED, WEBHOOK_DISABLED, WEBHOOK_ENABLED, WEBHOOK_REPLAYED, WEBHOOK_SECRET_ROTATED,
    WEBHOOK_UPDATED,
};
use crate::events::webhooks::records::{ForgetDeliveries, Noted, RecordDeliveries};
use crate::events::webhooks::{
    CreateWebhook, DeleteWebhook, Delivery, DeliveryState, DisableWebhook, DisabledReason, EnableWebhook, Filter,
    ReplayWebhook, RetryDelivery, RotateWebhookSecret, SendTestWebhook, UpdateWebhook, Webhook, WebhookState,
};
use crate::primitives::{AccountId, Clock, CustomerId, Origin, TenantId, WebhookDeliveryId, WebhookId};
use crate::refused::{INVALID_INPUT, INVALID_STATE, NOT_FOUND, RefusalCode, Refused};
use crate::work::Command;
use crate::work::memory::Memory;

const TENANT: TenantId = TenantId(Uuid::from_u128(7));

fn both(test: impl Fn(&mut Memory)) {
    test(&mut Memory::new(TENANT, Clock::system()));
    test(&mut Memory::from_nothing(TENANT, Clock::system()));
}

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

fn creation(url: &str) -> CreateWebhook {
    CreateWebhook { url: url.into(), description: "orders".into(), filter: Filter::default() }
}

fn created(memory: &mut Memory) -> Arc<Webhook> {
    run(memory, &creation("https://example.com/hook")).expect("a webhook")
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(answer: Result<T, Refused>, code: RefusalCode, field: &str) {
    let refused = answer.expect_err("a refusal");
    let path = refused.fields.first().map(|problem| problem.path.join(".")).unwrap_or_default();
    assert_eq!((refused.code, path.as_str()), (code, field), "{}", refused.message);
}

#[test]
fn a_webhook_begins_behind_what_tells_of_it_and_has_a_secret_of_its_own() {
    both(|memory| {
        let (one, other) = (created(memory), created(memory));
        assert!(one.is_enabled() && one.secret.starts_with("whsec_") && one.secret != other.secret);
        assert_eq!((one.cursor, other.cursor), (1, 2));
        let told: Vec<_> = memory.events().iter().map(|logged| (logged.event.type_, logged.sequence)).collect();
        assert_eq!(told, [(WEBHOOK_CREATED, 1), (WEBHOOK_CREATED, 2)]);
        let payload = memory.events()[0].event.payload.to_string();
        assert!(!payload.contains("whsec_") && !payload.contains("example.com"), "{payload}");
        assert!(!format!("{one:?}").contains("whsec_"), "nor is it written anywhere");
    });
}

#[test]
fn what_is_not_acceptable_or_not_there_is_refused_by_its_field() {
    both(|memory| {
        let made = created(memory);
        is_refused(run(memory, &creation("nonsense")), INVALID_INPUT, "url");
        let long = CreateWebhook { description: "x".repeat(501), ..creation("https://example.com") };
        is_refused(run(memory, &long), INVALID_INPUT, "description");
        let negative = Filter { minimum_amount: Some(rust_decimal::Decimal::NEGATIVE_ONE), ..Filter::default() };
        let command = CreateWebhook { filter: negative, ..creation("https://example.com") };
        is_refused(run(memory, &command), INVALID_INPUT, "filter.minimumAmount");
        let unknown = Filter { accounts: vec![AccountId(Uuid::from_u128(1))], ..Filter::default() };
        let command = CreateWebhook { filter: unknown.clone(), ..creation("https://example.com") };
        is_refused(run(memory, &command), NOT_FOUND, "filter.accounts");
        let change = UpdateWebhook { webhook: made.id, url: None, description: None, filter: None };
        let command = UpdateWebhook { filter: Some(unknown), ..change.clone() };
        is_refused(run(memory, &command), NOT_FOUND, "filter.accounts");
        let command = UpdateWebhook { url: Some("nonsense".into()), ..change };
        is_refused(run(memory, &command), INVALID_INPUT, "url");
        let overlap = RotateWebhookSecret { webhook: made.id, overlap_seconds: 7 * 24 * 3_600 + 1 };
        is_refused(run(memory, &overlap), INVALID_INPUT, "overlapSeconds");
        assert_eq!((memory.rows::<Webhook>().len(), memory.events().len()), (1, 1));
    });
}

#[test]
fn there_is_room_for_so_many_and_one_that_is_deleted_makes_room() {
    both(|memory| {
        let all: Vec<_> = (0..MOST).map(|_| created(memory)).collect();
        is_refused(run(memory, &creation("https://example.com")), INVALID_STATE, "");
        run(memory, &DeleteWebhook { webhook: all[3].id }).expect("deleted");
        let last = created(memory);
        assert_eq!(last.slot.as_deref(), Some("3"));
        is_refused(run(memory, &creation("https://example.com")), INVALID_STATE, "");
    });
}

#[test]
fn states_follow_each_other_and_each_change_is_told() {
    both(|memory| {
        let id = created(memory).id;
        is_refused(run(memory, &EnableWebhook { webhook: id }), INVALID_STATE, "");
        let off = run(memory, &DisableWebhook { webhook: id }).expect("disabled");
        assert_eq!((off.state, off.disabled_reason), (WebhookState::Disabled, Some(DisabledReason::Operator)));
        is_refused(run(memory, &DisableWebhook { webhook: id }), INVALID_STATE, "");
        is_refused(run(memory, &SendTestWebhook { webhook: id }), INVALID_STATE, "");
        let on = run(memory, &EnableWebhook { webhook: id }).expect("enabled");
        assert_eq!((on.state, on.disabled_reason, on.cursor), (WebhookState::Enabled, None, off.cursor));
        let change = UpdateWebhook {
            webhook: id,
            url: Some("https://example.com/other".into()),
            description: None,
            filter: Some(Filter { types: vec!["PARTY_CREATED".into()], ..Filter::default() }),
        };
        let changed = run(memory, &change).expect("changed");
        assert_eq!((changed.url.as_str(), changed.description.as_str()), ("https://example.com/other", "orders"));
        let before = changed.secret.clone();
        let rotated = run(memory, &RotateWebhookSecret { webhook: id, overlap_seconds: 60 }).expect("rotated");
        let (former, until) = rotated.previous.clone().expect("the former one");
        assert_eq!(former, before);
        assert_eq!(rotated.signatures(until - 1, "x", 1, "").split(' ').count(), 2);
        assert_eq!(rotated.signatures(until, "x", 1, "").split(' ').count(), 1);
        let at_once = run(memory, &RotateWebhookSecret { webhook: id, overlap_seconds: 0 }).expect("rotated");
        assert_eq!(at_once.previous, None);
        let back = run(memory, &ReplayWebhook { webhook: id, after: 0 }).expect("replayed");
        assert_eq!((back.cursor, back.generation), (0, 1));
        let stays = run(memory, &ReplayWebhook { webhook: id, after: 1_000 }).expect("replayed");
        assert_eq!((stays.cursor, stays.generation), (0, 2), "what it has not reached is not skipped");
        let gone = run(memory, &DeleteWebhook { webhook: id }).expect("deleted");
        assert!(gone.secret.is_empty() && gone.previous.is_none() && gone.slot.is_none());
        let told: Vec<_> = memory.events().iter().map(|logged| logged.event.type_).collect();
        let expected = [
            WEBHOOK_CREATED,
            WEBHOOK_DISABLED,
            WEBHOOK_ENABLED,
            WEBHOOK_UPDATED,
            WEBHOOK_SECRET_ROTATED,
            WEBHOOK_SECRET_ROTATED,
            WEBHOOK_REPLAYED,
            WEBHOOK_REPLAYED,
            WEBHOOK_DELETED,
        ];
        assert_eq!(told, expected);
    });
}

#[test]
fn one_that_is_not_there_deleted_or_not_seen_is_not_found() {
    both(|memory| {
        let (kept, gone) = (created(memory).id, created(memory).id);
        run(memory, &DeleteWebhook { webhook: gone }).expect("deleted");
        for webhook in [gone, WebhookId(Uuid::from_u128(1))] {
            is_refused(run(memory, &EnableWebhook { webhook }), NOT_FOUND, "webhook");
            is_refused(run(memory, &DisableWebhook { webhook }), NOT_FOUND, "webhook");
            is_refused(run(memory, &DeleteWebhook { webhook }), NOT_FOUND, "webhook");
            is_refused(run(memory, &ReplayWebhook { webhook, after: 0 }), NOT_FOUND, "webhook");
            is_refused(run(memory, &SendTestWebhook { webhook }), NOT_FOUND, "webhook");
            is_refused(run(memory, &RotateWebhookSecret { webhook, overlap_seconds: 0 }), NOT_FOUND, "webhook");
            let change = UpdateWebhook { webhook, url: None, description: None, filter: None };
            is_refused(run(memory, &change), NOT_FOUND, "webhook");
        }
        let delivery = WebhookDeliveryId(Uuid::from_u128(1));
        is_refused(run(memory, &RetryDelivery { delivery }), NOT_FOUND, "delivery");
        let bound = Origin { customer: Some(CustomerId(Uuid::from_u128(2))), ..Origin::system(TENANT) };
        is_refused(memory.run(&bound, None, &DisableWebhook { webhook: kept }), NOT_FOUND, "webhook");
    });
}

fn noted(number: u128, sequence: i64, state: DeliveryState) -> Noted {
    Noted {
        id: WebhookDeliveryId(Uuid::from_u128(number)),
        sequence,
        event_type: "PARTY_CREATED".into(),
        subject: "pty_1".into(),
        state,
        attempts: 1,
        next_attempt: None,
        last_attempt: Some(5),
        last_status: Some(500),
        last_error: Some("answered 500".into()),
        last_millis: Some(3),
        created_at: 4,
    }
}

fn record(webhook: &Webhook, to: i64) -> RecordDeliveries {
    RecordDeliveries {
        webhook: webhook.id,
        generation: webhook.generation,
        from: webhook.cursor,
        to,
        new: Vec::new(),
        changed: Vec::new(),
        dropped: Vec::new(),
        failing_since: None,
        disable: None,
        now: 10,
    }
}

#[test]
fn notes_move_the_cursor_from_where_it_stands_and_tell_nothing() {
    both(|memory| {
        let webhook = created(memory);
        use DeliveryState::{Dead, Delivered, Retrying};
        let first = RecordDeliveries {
            new: vec![noted(1, 2, Delivered), noted(2, 3, Retrying)],
            failing_since: Some(5),
            ..record(&webhook, 3)
        };
        let after = run(memory, &first).expect("noted");
        assert_eq!((after.cursor, after.failing_since), (3, Some(5)));
        // The same note again, of whoever else is at work, changes nothing.
        is_refused(run(memory, &first), INVALID_STATE, "");
        is_refused(run(memory, &RecordDeliveries { to: 2, ..record(&after, 3) }), INVALID_STATE, "");
        let second = RecordDeliveries {
            // One of them is gone: it stays so.
            changed: vec![noted(2, 3, Dead), noted(9, 3, Dead)],
            dropped: vec![WebhookDeliveryId(Uuid::from_u128(1)), WebhookDeliveryId(Uuid::from_u128(8))],
            ..record(&after, 3)
        };
        let after = run(memory, &second).expect("noted");
        let rows: Vec<_> = memory.rows::<Delivery>().iter().map(|row| (row.sequence, row.state)).collect();
        assert_eq!((after.failing_since, rows), (None, vec![(3, Dead)]));
        assert_eq!(memory.events().len(), 1, "but for the creation nothing was told");
        // What was noted for the time before a replay is refused.
        run(memory, &ReplayWebhook { webhook: webhook.id, after: 3 }).expect("replayed");
        is_refused(run(memory, &record(&after, 4)), INVALID_STATE, "");
    });
}

#[test]
fn a_webhook_is_given_up_once_and_that_is_told() {
    both(|memory| {
        let webhook = created(memory);
        let given_up = RecordDeliveries { disable: Some(DisabledReason::Failing), ..record(&webhook, 1) };
        let after = run(memory, &given_up).expect("noted");
        assert_eq!((after.state, after.disabled_reason), (WebhookState::Disabled, Some(DisabledReason::Failing)));
        let again = RecordDeliveries { disable: Some(DisabledReason::Gone), ..record(&after, 1) };
        let after = run(memory, &again).expect("noted");
        assert_eq!(after.disabled_reason, Some(DisabledReason::Failing));
        let told: Vec<_> = memory.events().iter().map(|logged| logged.event.type_).collect();
        assert_eq!(told, [WEBHOOK_CREATED, WEBHOOK_DISABLED]);
    });
}

#[test]
fn a_dead_letter_is_tried_again_what_arrived_is_not_and_what_is_of_nobody_is_forgotten() {
    both(|memory| {
        let webhook = created(memory);
        use DeliveryState::{Dead, Delivered, Retrying};
        let new = vec![noted(1, 2, Dead), noted(2, 3, Delivered)];
        run(memory, &RecordDeliveries { new, ..record(&webhook, 3) }).expect("noted");
        let [dead, arrived] = [1, 2].map(|number| WebhookDeliveryId(Uuid::from_u128(number)));
        let again = run(memory, &RetryDelivery { delivery: dead }).expect("tried again");
        let again = again.delivery.as_ref().expect("a delivery");
        assert_eq!((again.state, again.attempts, again.next_attempt), (Retrying, 0, None));
        is_refused(run(memory, &RetryDelivery { delivery: arrived }), INVALID_STATE, "");
        let test = run(memory, &SendTestWebhook { webhook: webhook.id }).expect("a test");
        assert!(test.delivery.as_ref().is_some_and(|delivery| delivery.is_test() && delivery.is_waiting()));
        let all = memory.rows::<Delivery>().iter().map(|row| row.id).collect::<Vec<_>>();
        let forget = ForgetDeliveries { deliveries: all.clone() };
        run(memory, &forget).expect("done");
        assert_eq!(memory.rows::<Delivery>().len(), 3, "they belong to one that is there");
        run(memory, &DeleteWebhook { webhook: webhook.id }).expect("deleted");
        is_refused(run(memory, &RetryDelivery { delivery: dead }), NOT_FOUND, "delivery");
        run(memory, &forget).expect("done");
        assert!(memory.rows::<Delivery>().is_empty());
    });
}
