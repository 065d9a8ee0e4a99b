//! What people change about webhooks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{
    self, WEBHOOK_CREATED, WEBHOOK_DELETED, WEBHOOK_DISABLED, WEBHOOK_ENABLED, WEBHOOK_REPLAYED,
    WEBHOOK_SECRET_ROTATED, WEBHOOK_UPDATED,
};
use super::model::{Delivery, DeliveryState, DisabledReason, Filter, Webhook, WebhookState};
use super::{sign, store};
use crate::events::message::VERSION;
use crate::ledger::event::EventType;
use crate::ledger::position::Position;
use crate::primitives::clock::Micros;
use crate::primitives::{WebhookDeliveryId, WebhookId};
use crate::refused::{Facts, INVALID_STATE, Refused};
use crate::work::{Command, Decision, Made, Stop, Wants, Work};

/// Webhooks of a tenant.
pub const MOST: usize = 32;
/// What a test is called where events have their type.
pub const TEST: &str = "WEBHOOK_TEST";

/// The places that webhooks take.
fn slots() -> impl Iterator<Item = String> {
    (0..MOST).map(|place| place.to_string())
}

/// That what is filtered by is there.
fn check_filter(work: &mut Work, filter: &Filter) -> Decision<()> {
    let found = work.get_all::<Position>(&filter.accounts)?;
    if found.iter().any(Option::is_none) {
        return Err(Refused::not_found("filter.accounts", "account").into());
    }
    for product in &filter.products {
        let Some(house) = work.house else { return Err(Stop::damaged("products without a house")) };
        if !house.has_product(work, *product)? {
            return Err(Refused::not_found("filter.products", "product").into());
        }
    }
    Ok(())
}

/// `INVALID_STATE`, with the state that it is in.
fn not_in_this_state(status: &'static str, message: &str) -> Refused {
    let facts = Box::new(Facts { status: Some(status), ..Facts::default() });
    Refused { facts, ..Refused::new(INVALID_STATE, message) }
}

/// Changes a webhook that is there, so that whoever is at work with it reads it again, and tells of it.
fn change(
    work: &mut Work,
    id: WebhookId,
    told: EventType,
    change: impl FnOnce(&mut Webhook) -> Result<(), Refused>,
) -> Decision<Arc<Webhook>> {
    let found = store::locate(work, id, "webhook")?;
    let webhook = work.change::<Webhook, Refused>(found.id, |webhook| {
        change(webhook)?;
        webhook.revision += 1;
        *webhook = webhook.clone().checked()?;
        Ok(())
    })?;
    work.tell(events::of(told, &webhook));
    Ok(webhook)
}

/// Creates a webhook, which is at work from the next event on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateWebhook {
    /// Where to.
    pub url: String,
    /// For people.
    pub description: String,
    /// What.
    pub filter: Filter,
}

impl Command for CreateWebhook {
    const OPERATION: &'static str = "createWebhook";
    type Made = Webhook;

    fn looks_at(&self, wants: &mut Wants) {
        for slot in slots() {
            wants.unique::<Webhook>(&store::SLOT, &slot);
        }
        for account in &self.filter.accounts {
            wants.row::<Position>(*account);
        }
    }

    /// Refused as: `INVALID_INPUT`, `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Webhook>> {
        let webhook = Webhook {
            id: work.id(),
            ordinal: work.ordinal(),
            slot: None,
            url: self.url.clone(),
            description: self.description.clone(),
            filter: self.filter.clone(),
            secret: sign::secret(work.secret("webhook")),
            previous: None,
            version: VERSION,
            state: WebhookState::Enabled,
            disabled_reason: None,
            // Behind what tells of it.
            cursor: work.next_place(),
            generation: 0,
            revision: 0,
            failing_since: None,
            created_at: work.now(),
        }
        .checked()?;
        check_filter(work, &self.filter)?;
        for slot in slots() {
            if work.find::<Webhook>(&store::SLOT, &slot)?.is_none() {
                let webhook = work.insert(Webhook { slot: Some(slot), ..webhook })?;
                work.tell(events::of(WEBHOOK_CREATED, &webhook));
                return Ok(webhook);
            }
        }
        Err(Refused::new(INVALID_STATE, format!("there are {MOST} webhooks, which is the most: delete one")).into())
    }
}

/// Changes a webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateWebhook {
    /// Which.
    pub webhook: WebhookId,
    /// Where to.
    pub url: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// What.
    pub filter: Option<Filter>,
}

impl Command for UpdateWebhook {
    const OPERATION: &'static str = "updateWebhook";
    type Made = Webhook;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Webhook>(self.webhook);
        for account in self.filter.iter().flat_map(|filter| &filter.accounts) {
            wants.row::<Position>(*account);
        }
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Webhook>> {
        store::locate(work, self.webhook, "webhook")?;
        if let Some(filter) = &self.filter {
            check_filter(work, filter)?;
        }
        change(work, self.webhook, WEBHOOK_UPDATED, |webhook| {
            if let Some(url) = &self.url {
                webhook.url.clone_from(url);
            }
            if let Some(description) = &self.description {
                webhook.description.clone_from(description);
            }
            if let Some(filter) = &self.filter {
                webhook.filter.clone_from(filter);
            }
            Ok(())
        })
    }
}

/// Lets a webhook go on from where it stopped.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnableWebhook {
    /// Which.
    pub webhook: WebhookId,
}

impl Command for EnableWebhook {
    const OPERATION: &'static str = "enableWebhook";
    type Made = Webhook;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Webhook>(self.webhook);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Webhook>> {
        change(work, self.webhook, WEBHOOK_ENABLED, |webhook| {
            if webhook.is_enabled() {
                return Err(not_in_this_state(webhook.state.word(), "the webhook is enabled already"));
            }
            (webhook.state, webhook.disabled_reason, webhook.failing_since) = (WebhookState::Enabled, None, None);
            Ok(())
        })
    }
}

/// Stops a webhook. Its place in the log is kept, and what waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisableWebhook {
    /// Which.
    pub webhook: WebhookId,
}

impl Command for DisableWebhook {
    const OPERATION: &'static str = "disableWebhook";
    type Made = Webhook;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Webhook>(self.webhook);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Webhook>> {
        change(work, self.webhook, WEBHOOK_DISABLED, |webhook| {
            if !webhook.is_enabled() {
                return Err(not_in_this_state(webhook.state.word(), "the webhook is disabled already"));
            }
            (webhook.state, webhook.disabled_reason) = (WebhookState::Disabled, Some(DisabledReason::Operator));
            Ok(())
        })
    }
}

/// Gives a webhook a new secret. Until a moment it signs with the former one as well.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RotateWebhookSecret {
    /// Which.
    pub webhook: WebhookId,
    /// How long both are used, in seconds.
    pub overlap_seconds: u32,
}

/// A day is enough for receivers to change over, and a week is the most.
pub const LONGEST_OVERLAP: u32 = 7 * 24 * 3_600;

impl Command for RotateWebhookSecret {
    const OPERATION: &'static str = "rotateWebhookSecret";
    type Made = Webhook;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Webhook>(self.webhook);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Webhook>> {
        let secret = sign::secret(work.secret("webhook"));
        let until = work.now().saturating_add(Micros::from(self.overlap_seconds) * 1_000_000);
        change(work, self.webhook, WEBHOOK_SECRET_ROTATED, |webhook| {
            if self.overlap_seconds > LONGEST_OVERLAP {
                return Err(Refused::invalid("overlapSeconds", format!("must be at most {LONGEST_OVERLAP}, a week")));
            }
            let former = std::mem::replace(&mut webhook.secret, secret);
            webhook.previous = (self.overlap_seconds > 0).then_some((former, until));
            Ok(())
        })
    }
}

/// Takes a webhook away. Its secrets go at once, its deliveries soon.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteWebhook {
    /// Which.
    pub webhook: WebhookId,
}

impl Command for DeleteWebhook {
    const OPERATION: &'static str = "deleteWebhook";
    type Made = Webhook;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Webhook>(self.webhook);
    }

    /// Refused as: `NOT_FOUND`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Webhook>> {
        change(work, self.webhook, WEBHOOK_DELETED, |webhook| {
            (webhook.state, webhook.disabled_reason, webhook.slot) = (WebhookState::Deleted, None, None);
            (webhook.secret, webhook.previous) = (String::new(), None);
            Ok(())
        })
    }
}

/// Takes a webhook back to an earlier place in the log, from where everything is sent again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplayWebhook {
    /// Which.
    pub webhook: WebhookId,
    /// The last event that is not sent again.
    pub after: i64,
}

impl Command for ReplayWebhook {
    const OPERATION: &'static str = "replayWebhook";
    type Made = Webhook;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Webhook>(self.webhook);
    }

    /// Refused as: `NOT_FOUND`. A place that it has not reached yet is left to come.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Webhook>> {
        change(work, self.webhook, WEBHOOK_REPLAYED, |webhook| {
            webhook.cursor = webhook.cursor.min(self.after.max(0));
            webhook.generation += 1;
            Ok(())
        })
    }
}

/// A delivery that was asked for. It is not kept for ever: whoever asks again under the same key may find it gone.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// How it stands.
    pub delivery: Option<Delivery>,
}

impl Asked {
    fn of(delivery: &Delivery) -> Arc<Self> {
        Arc::new(Self { id: delivery.id, delivery: Some(delivery.clone()) })
    }
}

impl Made for Asked {
    fn result(&self) -> String {
        self.id.to_string()
    }

    fn again(work: &mut Work, result: &str) -> Decision<Arc<Self>> {
        let id = result.parse().map_err(|_| Stop::damaged("the result of a key is no delivery"))?;
        let delivery = work.get::<Delivery>(id)?.map(|delivery| (*delivery).clone());
        Ok(Arc::new(Self { id, delivery }))
    }
}

/// Sends a webhook something that is no event, once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendTestWebhook {
    /// Which.
    pub webhook: WebhookId,
}

impl Command for SendTestWebhook {
    const OPERATION: &'static str = "sendTestWebhook";
    type Made = Asked;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Webhook>(self.webhook);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Asked>> {
        let webhook = store::locate(work, self.webhook, "webhook")?;
        if !webhook.is_enabled() {
            return Err(not_in_this_state(webhook.state.word(), "the webhook is disabled: enable it first").into());
        }
        let (id, ordinal): (WebhookDeliveryId, i64) = (work.id(), work.ordinal());
        let now = work.now();
        let delivery = work.insert(Delivery {
            id,
            ordinal,
            webhook: webhook.id,
            sequence: 0,
            event_type: TEST.to_owned(),
            subject: id.to_string(),
            state: DeliveryState::Pending,
            attempts: 0,
            next_attempt: None,
            last_attempt: None,
            last_status: None,
            last_error: None,
            last_millis: None,
            created_at: now,
        })?;
        revise(work, webhook.id)?;
        Ok(Asked::of(&delivery))
    }
}

/// Tries a delivery again at once, as often as one that is new: a dead letter, or one that waits for its next attempt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RetryDelivery {
    /// Which.
    pub delivery: WebhookDeliveryId,
}

impl Command for RetryDelivery {
    const OPERATION: &'static str = "retryDelivery";
    type Made = Asked;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Delivery>(self.delivery);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Asked>> {
        let found = work.get::<Delivery>(self.delivery)?.filter(|_| work.origin().customer.is_none());
        let found = found.ok_or_else(|| Refused::not_found("delivery", "delivery"))?;
        let webhook = store::locate(work, found.webhook, "delivery")?;
        let delivery = work.change::<Delivery, Refused>(found.id, |delivery| {
            if delivery.state == DeliveryState::Delivered {
                return Err(not_in_this_state(
                    delivery.state.word(),
                    "the receiver has it: replay the webhook instead",
                ));
            }
            (delivery.state, delivery.attempts, delivery.next_attempt) = (DeliveryState::Retrying, 0, None);
            Ok(())
        })?;
        revise(work, webhook.id)?;
        Ok(Asked::of(&delivery))
    }
}

/// Whoever is at work with it has to look again.
fn revise(work: &mut Work, webhook: WebhookId) -> Decision<()> {
    work.change::<Webhook, Refused>(webhook, |webhook| {
        webhook.revision += 1;
        Ok(())
    })?;
    Ok(())
}
