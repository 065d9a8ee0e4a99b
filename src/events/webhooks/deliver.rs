//! A webhook at work: reads the log, sends, and notes what became of it, until it is told to stop.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::commands::TEST;
use super::metrics::WebhookMetrics;
use super::model::{DisabledReason, Webhook};
use super::post::{Answer, Message, Poster};
use super::queue::{Next, Queue, Verdict};
use super::records::RecordDeliveries;
use super::store;
use crate::events::outbound::{Pages, Surface};
use crate::events::{Event, message, store as log};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Origin, TenantId, WebhookDeliveryId, WebhookId};
use crate::telemetry::spans;
use crate::work::{Failure, Mode, Priority, read};

/// Messages of a webhook on their way at once.
const SENDING: usize = 32;
/// Answers that are worth a note at once, and how long fewer wait for one.
const NEWS: usize = 256;
const NOTE_AFTER: Duration = Duration::from_millis(400);
/// Events that are passed by before that is noted, and how long fewer wait.
const PASSED: i64 = 4_096;
const PASS_AFTER: Duration = Duration::from_secs(30);
/// How often it is looked whether something is due, while something waits.
const LOOK: Duration = Duration::from_millis(100);
/// How often the lease is held on to.
const HOLD: Duration = Duration::from_secs(5);
/// Failures in a row after which a success means that the receiver is back.
const AWAY: u32 = 10;
/// How long a fault is waited out.
const PAUSE: Duration = Duration::from_secs(1);
/// Deliveries that are listed: the last so many that arrived, and nothing older than this.
const KEPT: u64 = 1_000;
const KEPT_FOR: Micros = 30 * 24 * 3_600 * 1_000_000;
/// After so many that arrived, and after this long, it is looked for what need not be kept.
const TIDY: usize = 500;
const TIDY_AFTER: Duration = Duration::from_secs(3_600);
/// Two moments that are this close are one, when it is asked since when all has failed.
const CLOSE: Micros = 60 * 1_000_000;

/// What a webhook at work needs. Cloning shares it.
#[derive(Clone)]
pub struct Deliverer {
    pub surface: Surface,
    pub poster: Poster,
    pub metrics: WebhookMetrics,
    /// Messages on their way at once, of all webhooks.
    pub room: Arc<Semaphore>,
}

/// What was sent, and the answer; none when the event could not be read.
struct Sent {
    subject: String,
    answer: Option<Answer>,
    is_test: bool,
}

/// A webhook at work.
struct AtWork {
    deliverer: Deliverer,
    tenant: TenantId,
    webhook: Arc<Webhook>,
    queue: Queue,
    sending: JoinSet<Sent>,
    /// Rows that need not be kept.
    dropped: Vec<WebhookDeliveryId>,
    arrived: usize,
    tidied: Instant,
    noted: Instant,
    failing_since: Option<Micros>,
    failures: u32,
    disable: Option<DisabledReason>,
}

impl Deliverer {
    /// The name of the lease on a webhook.
    fn lease(webhook: WebhookId) -> String {
        format!("webhook:{webhook}")
    }

    /// Delivers, if nobody else does, until it is told to stop, or the webhook is no longer as it was.
    pub async fn run(self, tenant: TenantId, webhook: WebhookId, stop: CancellationToken) {
        let leases = self.surface.leases.clone();
        if !leases.hold(tenant, Self::lease(webhook)).await {
            // Another server does it: it is asked again when this one has ended.
            stop.run_until_cancelled(tokio::time::sleep(HOLD)).await;
            return;
        }
        let metrics = self.metrics.clone();
        if let Err(fault) = self.work(tenant, webhook, stop).await {
            tracing::warn!(%fault, %webhook, "a webhook could not be delivered; trying again");
            tokio::time::sleep(PAUSE).await;
        }
        metrics.leaves(webhook);
        leases.release(tenant, Self::lease(webhook)).await;
    }

    async fn work(self, tenant: TenantId, id: WebhookId, stop: CancellationToken) -> Result<(), Arc<LedgerFault>> {
        let db = self.surface.db.reader();
        let webhook = read::by_id::<Webhook>(db, tenant, id).await?.filter(Webhook::is_enabled);
        let Some(webhook) = webhook else { return Ok(()) };
        let (queue, dropped) = Queue::new(webhook.cursor, store::waiting(db, tenant, id).await?);
        let pages = self.surface.pages(tenant, webhook.cursor);
        let failing_since = webhook.failing_since;
        let at_work = AtWork {
            deliverer: self,
            tenant,
            webhook: Arc::new(webhook),
            queue,
            sending: JoinSet::new(),
            dropped,
            arrived: TIDY,
            tidied: Instant::now(),
            noted: Instant::now(),
            failing_since,
            failures: 0,
            disable: None,
        };
        at_work.run(pages, stop).await
    }
}

/// What became of a note.
type Recorded = Result<(RecordDeliveries, Arc<Webhook>), Option<Arc<LedgerFault>>>;

impl AtWork {
    fn now(&self) -> Micros {
        self.deliverer.surface.clock.micros()
    }

    async fn run(mut self, mut pages: Pages, stop: CancellationToken) -> Result<(), Arc<LedgerFault>> {
        let (mut closing, mut held) = (false, Instant::now());
        let mut recording: Option<BoxFuture<'static, Recorded>> = None;
        loop {
            if held.elapsed() >= HOLD {
                let name = Deliverer::lease(self.webhook.id);
                closing |= !self.deliverer.surface.leases.hold(self.tenant, name).await;
                held = Instant::now();
            }
            if !closing {
                self.send();
            }
            if recording.is_none() && (self.is_worth_a_note() || (closing && self.sending.is_empty())) {
                recording = self.record();
                if recording.is_none() && closing && self.sending.is_empty() {
                    return Ok(());
                }
            }
            let lag = pages.latest() - self.queue.cursor();
            self.deliverer.metrics.stands(self.webhook.id, lag, self.queue.waiting());
            tokio::select! {
                Some(sent) = self.sending.join_next() => match sent {
                    Ok(sent) => closing |= self.answered(sent),
                    // A defect: what was on its way is sent again by whoever comes next.
                    Err(_) => return Ok(()),
                },
                recorded = async { match recording.as_mut() { Some(future) => future.await, None => std::future::pending().await } } => {
                    recording = None;
                    match recorded {
                        Ok((record, webhook)) => {
                            self.queue.noted(record.to);
                            self.noted = Instant::now();
                            closing |= !webhook.is_enabled();
                            self.webhook = webhook;
                        }
                        // Somebody else is at work, or it was taken back or deleted.
                        Err(None) => return Ok(()),
                        Err(Some(fault)) => return Err(fault),
                    }
                }
                Some(events) = pages.next(), if !closing && self.queue.has_room() => self.take(events).await?,
                () = tokio::time::sleep(if self.queue.is_idle() && self.queue.news() == 0 { PAUSE } else { LOOK }) => {}
                () = stop.cancelled(), if !closing => closing = true,
            }
        }
    }

    /// Takes a page of the log in hand.
    async fn take(&mut self, events: Vec<Arc<Event>>) -> Result<(), Arc<LedgerFault>> {
        let filter = &self.webhook.filter;
        let of_products = if filter.products.is_empty() {
            HashSet::new()
        } else {
            let touched: HashSet<AccountId> = events.iter().flat_map(|event| event.accounts()).collect();
            let db = self.deliverer.surface.db.reader();
            store::of_products(db, self.tenant, &filter.products, touched).await?
        };
        let now = self.now();
        for event in events {
            if self.webhook.filter.passes(&event, &of_products) {
                let id = WebhookDeliveryId(self.deliverer.surface.ids.next());
                self.queue.push(event, id, now);
            } else {
                self.queue.skip(event.sequence);
            }
        }
        Ok(())
    }

    /// Sends what is due, as far as there is room.
    fn send(&mut self) {
        let now = self.now();
        while self.sending.len() < SENDING
            && let Ok(permit) = self.deliverer.room.clone().try_acquire_owned()
            && let Some(next) = self.queue.take(now)
        {
            let (deliverer, tenant, webhook) = (self.deliverer.clone(), self.tenant, self.webhook.clone());
            self.sending.spawn(one(deliverer, tenant, webhook, next, permit).instrument(spans::delivery()));
        }
    }

    /// Something was answered. Whether the webhook is to stop.
    fn answered(&mut self, sent: Sent) -> bool {
        let (now, metrics) = (self.now(), &self.deliverer.metrics);
        let Some(answer) = sent.answer else {
            self.queue.give_back(&sent.subject, now.saturating_add(1_000_000));
            return false;
        };
        let verdict = self.queue.answered(&sent.subject, &answer, now, rand::random());
        metrics.times.took(answer.took);
        match verdict {
            Verdict::Delivered => metrics.delivered.inc(),
            Verdict::Later | Verdict::Dead(_) => metrics.failed.inc(),
        };
        if sent.is_test {
            return false;
        }
        match verdict {
            Verdict::Delivered => {
                self.arrived += 1;
                self.failing_since = None;
                if std::mem::take(&mut self.failures) >= AWAY {
                    self.queue.wake(now);
                }
            }
            Verdict::Later | Verdict::Dead(_) => {
                self.failures = self.failures.saturating_add(1);
                self.failing_since.get_or_insert(now);
            }
        }
        if let Verdict::Dead(since) = verdict {
            metrics.dead.inc();
            // Nothing arrived for as long as this one was tried: the receiver is gone, and the others need not follow.
            if self.failing_since.is_some_and(|failing| failing <= since.saturating_add(CLOSE)) {
                self.disable = Some(DisabledReason::Failing);
            }
        }
        if answer.is_gone() {
            self.disable = Some(DisabledReason::Gone);
        }
        self.disable.is_some()
    }

    fn is_worth_a_note(&self) -> bool {
        let (news, waited) = (self.queue.news(), self.noted.elapsed());
        let ahead = self.queue.ahead();
        news >= NEWS
            || (news > 0 && waited >= NOTE_AFTER)
            || !self.dropped.is_empty()
            || ahead >= PASSED
            || (ahead > 0 && waited >= PASS_AFTER)
    }

    /// Begins a note of what is new, if anything is.
    fn record(&mut self) -> Option<BoxFuture<'static, Recorded>> {
        self.noted = Instant::now();
        let dropped = std::mem::take(&mut self.dropped);
        let from = self.queue.cursor();
        let notes = match self.queue.note() {
            Some(notes) => notes,
            None if dropped.is_empty() && self.disable.is_none() => return None,
            None => super::queue::Notes { to: from, ..Default::default() },
        };
        let mut record = RecordDeliveries {
            webhook: self.webhook.id,
            generation: self.webhook.generation,
            from,
            to: notes.to,
            new: notes.new,
            changed: notes.changed,
            dropped,
            failing_since: self.failing_since,
            disable: self.disable.take(),
            now: self.now(),
        };
        let (surface, tenant) = (self.deliverer.surface.clone(), self.tenant);
        let tidies = self.arrived >= TIDY || self.tidied.elapsed() >= TIDY_AFTER;
        if tidies {
            (self.arrived, self.tidied) = (0, Instant::now());
        }
        Some(Box::pin(async move {
            if tidies {
                let (db, bounds) = (surface.db.reader(), (KEPT, record.now - KEPT_FOR, 2 * KEPT));
                let outlived = store::outlived(db, tenant, record.webhook, bounds).await;
                record.dropped.extend(outlived.map_err(|fault| Some(Arc::new(fault)))?);
            }
            loop {
                let commands = vec![(None, record.clone())];
                let origin = Origin::system(tenant);
                let answers = surface.workers.run_all(&origin, commands, Mode::EachAlone, Priority::Background).await;
                match answers.into_iter().next() {
                    Some(Ok(done)) => return Ok((record, done.value)),
                    Some(Err(Failure::Refused(..))) => return Err(None),
                    // Nothing was done for want of room: what is known is kept, and noted later.
                    Some(Err(Failure::Fault(fault))) if matches!(*fault, LedgerFault::Overloaded) => {
                        tokio::time::sleep(PAUSE).await;
                    }
                    Some(Err(Failure::Fault(fault))) => return Err(Some(fault)),
                    None => return Err(Some(Arc::new(LedgerFault::Inconsistent("no answer")))),
                }
            }
        }))
    }
}

/// Sends one message.
async fn one(
    deliverer: Deliverer,
    tenant: TenantId,
    webhook: Arc<Webhook>,
    next: Next,
    _permit: OwnedSemaphorePermit,
) -> Sent {
    let Next { noted, event } = next;
    let is_test = noted.sequence == 0;
    let now = deliverer.surface.clock.micros();
    let text = if is_test {
        Some(message::envelope(TEST, now, &json!({ "id": noted.id.to_string(), "webhook": webhook.id.to_string() })))
    } else {
        match event {
            Some(event) => Some(message::text(tenant, &event)),
            None => again(&deliverer, tenant, noted.sequence).await,
        }
    };
    let Some(body) = text else { return Sent { subject: noted.subject, answer: None, is_test } };
    let id = match is_test {
        true => noted.id.to_string(),
        false => message::id_of(tenant, noted.sequence).to_string(),
    };
    let timestamp = now.div_euclid(1_000_000);
    let signatures = webhook.signatures(now, &id, timestamp, &body);
    let message = Message { url: webhook.url.clone(), id, timestamp, signatures, body };
    let answer = deliverer.poster.post(message, now).await;
    Sent { subject: noted.subject, answer: Some(answer), is_test }
}

/// The text of an event of which only the place is known.
async fn again(deliverer: &Deliverer, tenant: TenantId, sequence: i64) -> Option<String> {
    let page = Page { after: Some(sequence - 1), before: None, limit: 1, backward: false };
    let found = log::page(deliverer.surface.db.reader(), tenant, &log::EventFilter::default(), page).await;
    match found {
        Ok(events) => events.first().map(|event| message::text(tenant, event)),
        Err(fault) => {
            tracing::warn!(%fault, "an event could not be read for a webhook; trying again");
            None
        }
    }
}
