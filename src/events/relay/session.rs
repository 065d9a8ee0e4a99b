//! A tenant's log and its stream, from what the stream has to the end and on, until something breaks.

use std::future::IntoFuture as _;
use std::time::Duration;

use async_nats::jetstream::context::{ContextBuilder, GetStreamErrorKind, PublishAckFuture, PublishError};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::stream::{Config, Stream};
use async_nats::jetstream::{Context, ErrorCode};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{LEASE, Relay, RelayFault};
use crate::events::{Event, message, store};
use crate::primitives::TenantId;

/// Events on their way to a stream at once.
pub const WINDOW: usize = 1_024;
/// How long NATS may take to answer.
const TIME: Duration = Duration::from_secs(5);
/// How often the lease is held on to.
const HOLD: Duration = Duration::from_secs(5);
/// How long a stream is held without anything to send.
const IDLE: Duration = Duration::from_secs(60);
/// The header that says which event it is.
const SEQUENCE: &str = "Konto-Sequence";

/// The answers to what is on its way, in the order of the log: the event's place there, and what the stream says.
type OnTheirWay = FuturesOrdered<BoxFuture<'static, (i64, Result<PublishAck, PublishError>)>>;

impl Relay {
    /// Relays until it is told to stop, has nothing to do, or somebody else does it.
    pub(super) async fn session(
        &self,
        tenant: TenantId,
        code: &str,
        stop: &CancellationToken,
    ) -> Result<(), RelayFault> {
        if !self.hold(tenant).await {
            self.metrics.leaves(tenant);
            stop.run_until_cancelled(tokio::time::sleep(HOLD)).await;
            return Ok(());
        }
        let relayed = self.relay(tenant, code, stop).await;
        if relayed.is_err() {
            self.metrics.broken.inc();
        }
        relayed
    }

    async fn hold(&self, tenant: TenantId) -> bool {
        self.surface.leases.hold(tenant, LEASE.to_owned()).await
    }

    async fn relay(&self, tenant: TenantId, code: &str, stop: &CancellationToken) -> Result<(), RelayFault> {
        let client = self.client().await?;
        let builder = ContextBuilder::new().timeout(TIME).ack_timeout(TIME).max_ack_inflight(4 * WINDOW);
        let nats = builder.build(client.clone());
        let name = self.config.stream_of(code);
        let last = self.place(&nats, &name, code).await?;
        let end = store::last_sequence(self.surface.db.reader(), tenant).await?;
        if end < last {
            return Err(RelayFault::Ahead { stream: name, last, end });
        }
        let mut pages = self.surface.pages(tenant, last);
        let (mut held, mut worked, mut done) = (Instant::now(), Instant::now(), last);
        let mut on_their_way = OnTheirWay::new();
        while !stop.is_cancelled() {
            if held.elapsed() >= HOLD {
                if !self.hold(tenant).await {
                    return Ok(());
                }
                held = Instant::now();
            }
            self.metrics.stands(tenant, pages.latest() - done);
            tokio::select! {
                () = stop.cancelled() => break,
                Some((sequence, taken)) = on_their_way.next() => {
                    done = self.taken(sequence, taken)?;
                    worked = Instant::now();
                }
                Some(events) = pages.next(), if on_their_way.len() < WINDOW => {
                    for event in events {
                        let ack = self.send(&nats, &name, code, tenant, &event).await?.into_future();
                        on_their_way.push_back(Box::pin(async move { (event.sequence, ack.await) }));
                    }
                }
                () = tokio::time::sleep(HOLD) => {
                    // Whoever has nothing to do for long lets go, and looks again when there is something.
                    if worked.elapsed() >= IDLE && on_their_way.is_empty() {
                        self.surface.leases.release(tenant, LEASE.to_owned()).await;
                        self.metrics.leaves(tenant);
                        stop.run_until_cancelled(pages.next()).await;
                        return Ok(());
                    }
                }
            }
        }
        // What is on its way arrives or not: the next one to come sees what the stream has.
        Ok(())
    }

    /// The last event that a stream has, which is made if need be and wanted.
    async fn place(&self, nats: &Context, name: &str, code: &str) -> Result<i64, RelayFault> {
        let stream = match nats.get_stream(name).await {
            Ok(stream) => stream,
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    if !self.config.create {
                        return Err(RelayFault::NoStream(name.to_owned()));
                    }
                    self.make(nats, name, code).await?
                }
                _ => return Err(RelayFault::Nats(error.to_string())),
            },
        };
        let state = &stream.cached_info().state;
        let last = i64::try_from(state.last_sequence).unwrap_or(i64::MAX);
        // A stream that keeps its messages only for a while still knows how far it came.
        if state.messages > 0 && state.last_sequence > 0 {
            let message = stream.get_raw_message(state.last_sequence).await;
            let message = message.map_err(|error| RelayFault::Nats(error.to_string()))?;
            let told = message.headers.get(SEQUENCE).and_then(|value| value.as_str().parse::<i64>().ok());
            if told != Some(last) {
                return Err(RelayFault::NotOurs(name.to_owned()));
            }
        }
        Ok(last)
    }

    async fn make(&self, nats: &Context, name: &str, code: &str) -> Result<Stream, RelayFault> {
        let config = Config {
            name: name.to_owned(),
            subjects: vec![self.config.subject_of(code, ">")],
            description: Some(format!("The events of the tenant {code}")),
            ..Config::default()
        };
        tracing::info!(stream = name, "the relay makes a stream");
        nats.get_or_create_stream(config).await.map_err(|error| RelayFault::Nats(error.to_string()))
    }

    async fn send(
        &self,
        nats: &Context,
        stream: &str,
        code: &str,
        tenant: TenantId,
        event: &Event,
    ) -> Result<PublishAckFuture, RelayFault> {
        let before = u64::try_from(event.sequence - 1).unwrap_or(0);
        let publish = PublishMessage::build()
            .message_id(message::id_of(tenant, event.sequence).to_string())
            .header(SEQUENCE, event.sequence.to_string().as_str())
            .expected_stream(stream)
            .expected_last_sequence(before)
            .payload(message::text(tenant, event).into());
        let sent = nats.send_publish(self.config.subject_of(code, &event.type_), publish).await;
        sent.map_err(|error| RelayFault::NotTaken(error.to_string()))
    }

    /// Counts what a stream has taken; gives its place.
    fn taken(&self, sequence: i64, taken: Result<PublishAck, PublishError>) -> Result<i64, RelayFault> {
        let ack = taken.map_err(|error| RelayFault::NotTaken(error.to_string()))?;
        if Ok(ack.sequence) != u64::try_from(sequence) {
            return Err(RelayFault::NotTaken(format!("event {sequence} stands at {}", ack.sequence)));
        }
        if ack.duplicate {
            self.metrics.repeated.inc()
        } else {
            self.metrics.taken.inc()
        };
        Ok(sequence)
    }
}
