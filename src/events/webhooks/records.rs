//! What servers note about deliveries, in the background, many at a time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, WEBHOOK_DISABLED};
use super::model::{Delivery, DeliveryState, DisabledReason, Webhook, WebhookState};
use crate::primitives::clock::Micros;
use crate::primitives::{WebhookDeliveryId, WebhookId};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Made, Wants, Work};

/// How a delivery stands after an attempt, or without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Its id: a new one, or that of a row.
    pub id: WebhookDeliveryId,
    /// The event's place in the log.
    pub sequence: i64,
    /// The event's type.
    pub event_type: String,
    /// What the event is about.
    pub subject: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again.
    pub next_attempt: Option<Micros>,
    /// When it was tried last.
    pub last_attempt: Option<Micros>,
    /// What the receiver answered last.
    pub last_status: Option<i32>,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// How long the last attempt took.
    pub last_millis: Option<i32>,
    /// When it was first taken up.
    pub created_at: Micros,
}

impl Noted {
    fn row(&self, webhook: WebhookId, ordinal: i64) -> Delivery {
        Delivery {
            id: self.id,
            ordinal,
            webhook,
            sequence: self.sequence,
            event_type: self.event_type.clone(),
            subject: self.subject.clone(),
            state: self.state,
            attempts: self.attempts,
            next_attempt: self.next_attempt,
            last_attempt: self.last_attempt,
            last_status: self.last_status,
            last_error: self.last_error.clone(),
            last_millis: self.last_millis,
            created_at: self.created_at,
        }
    }
}

/// Moves a webhook's cursor, with what became of the events that it passes and of those that were waiting.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordDeliveries {
    /// Which webhook.
    pub webhook: WebhookId,
    /// As it was read: when it was taken back since, all of this is of the past.
    pub generation: i64,
    /// Where the cursor stands: when it stands elsewhere, somebody else is at work.
    pub from: i64,
    /// Where it goes.
    pub to: i64,
    /// Rows that are new.
    pub new: Vec<Noted>,
    /// Rows that are there. Those that are gone stay so.
    pub changed: Vec<Noted>,
    /// Rows that need not be kept.
    pub dropped: Vec<WebhookDeliveryId>,
    /// Since when nothing was delivered though something was tried.
    pub failing_since: Option<Micros>,
    /// That it is to be given up, and why.
    pub disable: Option<DisabledReason>,
    /// The server's time.
    pub now: Micros,
}

impl Command for RecordDeliveries {
    const OPERATION: &'static str = "recordDeliveries";
    type Made = Webhook;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Webhook>(self.webhook);
        for id in self.changed.iter().map(|noted| noted.id).chain(self.dropped.iter().copied()) {
            wants.row::<Delivery>(id);
        }
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Webhook>> {
        let found = work.get::<Webhook>(self.webhook)?.filter(|found| found.state != WebhookState::Deleted);
        let found = found.ok_or_else(|| Refused::not_found("webhook", "webhook"))?;
        if (found.generation, found.cursor) != (self.generation, self.from) || self.to < self.from {
            return Err(Refused::new(INVALID_STATE, "the webhook stands elsewhere").into());
        }
        let ids: Vec<WebhookDeliveryId> = self.changed.iter().map(|noted| noted.id).collect();
        let there = work.get_all::<Delivery>(&ids)?;
        for (noted, row) in self.changed.iter().zip(there) {
            if let Some(row) = row {
                work.change::<Delivery, Refused>(row.id, |row| {
                    *row = Delivery { created_at: row.created_at, ..noted.row(row.webhook, row.ordinal) };
                    Ok(())
                })?;
            }
        }
        let dropped = work.get_all::<Delivery>(&self.dropped)?;
        for row in dropped.into_iter().flatten() {
            work.remove::<Delivery>(row.id)?;
        }
        for noted in &self.new {
            let ordinal = work.ordinal();
            work.insert(noted.row(self.webhook, ordinal))?;
        }
        let gives_up = self.disable.filter(|_| found.is_enabled());
        let webhook = work.change::<Webhook, Refused>(self.webhook, |webhook| {
            webhook.cursor = self.to;
            webhook.failing_since = self.failing_since;
            webhook.previous = webhook.previous.take().filter(|(_, until)| self.now < *until);
            if let Some(reason) = gives_up {
                (webhook.state, webhook.disabled_reason) = (WebhookState::Disabled, Some(reason));
                webhook.revision += 1;
            }
            Ok(())
        })?;
        if gives_up.is_some() {
            work.tell(events::of(WEBHOOK_DISABLED, &webhook));
        }
        Ok(webhook)
    }

    fn weight(&self) -> usize {
        2 + self.new.len() + self.changed.len() + self.dropped.len()
    }
}

/// What is forgotten leaves nothing.
#[derive(Clone, Copy, Debug)]
pub struct Forgotten;

impl Made for Forgotten {
    fn result(&self) -> String {
        String::new()
    }

    fn again(_: &mut Work, _: &str) -> Decision<Arc<Self>> {
        Ok(Arc::new(Self))
    }
}

/// Takes deliveries away whose webhook is deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ForgetDeliveries {
    /// Which.
    pub deliveries: Vec<WebhookDeliveryId>,
}

impl Command for ForgetDeliveries {
    const OPERATION: &'static str = "forgetDeliveries";
    type Made = Forgotten;

    fn looks_at(&self, wants: &mut Wants) {
        for id in &self.deliveries {
            wants.row::<Delivery>(*id);
        }
    }

    /// Never refused: what is gone is gone, and what belongs to a webhook that is there stays.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Forgotten>> {
        for row in work.get_all::<Delivery>(&self.deliveries)?.into_iter().flatten() {
            let webhook = work.get::<Webhook>(row.webhook)?;
            if webhook.is_none_or(|webhook| webhook.state == WebhookState::Deleted) {
                work.remove::<Delivery>(row.id)?;
            }
        }
        Ok(Arc::new(Forgotten))
    }

    fn weight(&self) -> usize {
        1 + self.deliveries.len()
    }
}
