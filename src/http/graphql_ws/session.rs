//! The reading half of a socket: the protocol's messages, and the operations that they start.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use axum::extract::ws::{Message, WebSocket};
use futures_util::future::{BoxFuture, OptionFuture};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;
use tracing::field::Empty;

use super::writer::{Last, Life, Operation, Operations, Out, error_message, write};
use super::{BUFFER, code};
use crate::access::Principal;
use crate::api::fault::{Fault, FaultCode};
use crate::api::limits::RequestId;
use crate::http::AuthFailure;
use crate::http::answer::{Answer, Outcome, to_json};
use crate::http::gateway::{Gateway, token};
use crate::http::graphql_params::Params;
use crate::http::graphql_sse::ends;
use crate::http::json::{self, NotJson};
use crate::http::line::Allowance;
use crate::http::trace::{self, new_id};

/// What a client may send until its token is known, in bytes, all messages together.
pub(super) const STRANGER: usize = 64 * 1024;
/// What a frame takes beside its payload, in bytes, at most.
const FRAME: usize = 14;
/// How long a closing socket waits for the client's close frame.
const CLOSING: Duration = Duration::from_secs(2);

/// What a socket is opened with.
pub(super) struct Opening {
    /// Of the upgrade.
    pub id: RequestId,
    /// Whether the client asked for the subprotocol.
    pub speaks: bool,
    /// Of the upgrade, for clients that do not send it in `connection_init`.
    pub token: Option<String>,
    /// What may be read until the token is known.
    pub allowance: Allowance,
}

/// Talks until one side ends it.
pub(super) async fn run(gateway: Gateway, socket: WebSocket, opening: Opening) {
    let (sink, mut stream) = socket.split();
    let config = &gateway.config().stream;
    let (drain_time, write_time) = (config.drain_time, gateway.config().connection.write_time);
    let (out, queue) = mpsc::channel(config.queue.max(1));
    let (end, ending) = oneshot::channel();
    let operations = Operations::default();
    let slow = gateway.metrics().slow.clone();
    let writer = write(sink, queue, ending, operations.clone(), drain_time, write_time, slow);
    let writer = AbortOnDropHandle::new(tokio::spawn(writer));
    let Opening { id, speaks, token, allowance } = opening;
    let mut session = Session { gateway: gateway.clone(), id, operations, out, token, allowance, caller: None };
    let last = if speaks {
        session.read(&mut stream).await
    } else {
        Some(Last::new(code::NO_SUBPROTOCOL, "Subprotocol not acceptable"))
    };
    session.operations.cancel_all();
    match last {
        Some(last) => drop(end.send(last)),
        None => drop(end),
    }
    // Reads on until the client has confirmed: to drop a socket with unread messages would reset the connection,
    // and the close frame might be lost with it.
    let closing = async {
        let _ = writer.await;
        let _ = tokio::time::timeout(CLOSING, async { while let Some(Ok(_)) = stream.next().await {} }).await;
    };
    let _ = tokio::time::timeout(drain_time + write_time + CLOSING, closing).await;
}

struct Session {
    gateway: Gateway,
    id: RequestId,
    operations: Operations,
    out: mpsc::Sender<Out>,
    /// Of the upgrade, for clients that do not send it in `connection_init`.
    token: Option<String>,
    allowance: Allowance,
    /// Known once the connection is acknowledged.
    caller: Option<Principal>,
}

type Incoming = futures_util::stream::SplitStream<WebSocket>;

impl Session {
    /// Reads until the socket is to be closed, and tells how; without an answer it is closed already.
    async fn read(&mut self, stream: &mut Incoming) -> Option<Last> {
        let gateway = self.gateway.clone();
        let (limits, config) = (gateway.config(), &gateway.config().stream);
        let mut init_time = std::pin::pin!(tokio::time::sleep(config.init_time));
        // Together with when the token ends that it waits for, as another one may take its place.
        let mut expired: Option<(i64, BoxFuture<'static, ()>)> = None;
        let mut beat = tokio::time::interval(config.keep_alive);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let allowance = self.allowance.clone();
        loop {
            tokio::select! {
                () = self.out.closed() => return None,
                () = gateway.lifecycle().shutdown.cancelled() => {
                    return Some(Last::new(code::GOING_AWAY, "The server is stopping"));
                }
                () = allowance.spent() => {
                    return Some(Last::new(code::TOO_BIG, "the message is too long"));
                }
                () = &mut init_time, if self.caller.is_none() => {
                    return Some(Last::new(code::INIT_TIMEOUT, "Connection initialisation timeout"));
                }
                Some(()) = OptionFuture::from(expired.as_mut().map(|(_, end)| end)) => {
                    return Some(self.expire());
                }
                _ = beat.tick() => {
                    if heard.elapsed() > 2 * config.keep_alive {
                        return None;
                    }
                    // A full queue shows by itself whether the client is there.
                    let _ = self.out.try_send(Out::Ping);
                }
                message = stream.next() => {
                    heard = Instant::now();
                    let done = match message {
                        None | Some(Ok(Message::Close(_))) => return None,
                        Some(Err(error)) => Err(broken(&error)),
                        Some(Ok(Message::Ping(bytes) | Message::Pong(bytes))) => {
                            allowance.extend(bytes.len() + FRAME);
                            Ok(())
                        }
                        Some(Ok(Message::Binary(_))) => Err(invalid("messages are text")),
                        Some(Ok(Message::Text(text))) => {
                            let done = self.message(&text, init_time.deadline()).await;
                            if let Some(caller) = &self.caller {
                                // For the next message; some of the one after it may be read along.
                                allowance.limit(limits.body_bytes_of(caller).saturating_add(BUFFER));
                            }
                            done
                        }
                    };
                    if let Err(last) = done {
                        return Some(last);
                    }
                    if let Some(caller) = &self.caller
                        && expired.as_ref().is_none_or(|(until, _)| *until != caller.expires_at)
                    {
                        let (gateway, caller) = (gateway.clone(), caller.clone());
                        expired = Some((caller.expires_at, async move { gateway.expired(&caller).await }.boxed()));
                    }
                }
            }
        }
    }

    async fn message(&mut self, text: &str, init_by: tokio::time::Instant) -> Result<(), Last> {
        let limit = match &self.caller {
            Some(caller) => self.gateway.config().body_bytes_of(caller),
            None => self.gateway.config().body_bytes.min(STRANGER),
        };
        if text.len() > limit {
            return Err(Last::new(code::TOO_BIG, format!("a message may have {limit} bytes")));
        }
        let mut message = match json::parse(text) {
            Ok(Value::Object(message)) => message,
            Ok(_) | Err(NotJson::Malformed) => return Err(invalid("a message is a JSON object")),
            Err(error) => return Err(invalid(&error.reason("the message"))),
        };
        match message.get("type").and_then(Value::as_str) {
            Some("connection_init") => self.init(payload(&mut message)?, init_by).await,
            Some("ping") => {
                let payload = payload(&mut message)?;
                let pong = match payload {
                    // A token is never said back.
                    Some(payload) if credentials(&payload).is_some() => self.renew(&payload).await,
                    Some(payload) => format!(r#"{{"type":"pong","payload":{}}}"#, to_json(&payload)),
                    None => r#"{"type":"pong"}"#.to_owned(),
                };
                self.say(pong).await;
                Ok(())
            }
            Some("pong") => payload(&mut message).map(drop),
            Some("subscribe") => {
                let Some(caller) = self.caller.clone() else {
                    return Err(Last::new(code::UNAUTHORIZED, "Unauthorized"));
                };
                let id = operation_id(&mut message)?;
                let payload = payload(&mut message)?.ok_or_else(|| invalid("subscribe takes a payload"))?;
                let params = Params::from_value(Value::Object(payload)).map_err(|reason| invalid(&reason.0))?;
                self.subscribe(id, params, caller).await
            }
            Some("complete") => {
                self.operations.cancel(&operation_id(&mut message)?);
                Ok(())
            }
            _ => Err(invalid("the type of the message is unknown")),
        }
    }

    async fn init(&mut self, payload: Option<Map<String, Value>>, by: tokio::time::Instant) -> Result<(), Last> {
        if self.caller.is_some() {
            return Err(Last::new(code::SECOND_INIT, "Too many initialisation requests"));
        }
        let given = match payload.as_ref().and_then(credentials) {
            Some(credentials) => credentials.token(),
            None => self.token.as_deref(),
        };
        let Some(token) = given else { return Err(Last::new(code::UNAUTHORIZED, "Unauthorized")) };
        match tokio::time::timeout_at(by, self.gateway.verify(token)).await {
            Err(_) => Err(Last::new(code::INIT_TIMEOUT, "Connection initialisation timeout")),
            Ok(Err(AuthFailure::Invalid)) => Err(Last::new(code::FORBIDDEN, "Forbidden")),
            Ok(Err(AuthFailure::Unavailable)) => Err(Last::new(code::TRY_AGAIN, "Tokens cannot be verified now")),
            Ok(Ok(caller)) => {
                self.caller = Some(caller);
                self.token = None;
                self.say(r#"{"type":"connection_ack"}"#.to_owned()).await;
                Ok(())
            }
        }
    }

    /// Takes another token of the same caller in the place of the present one, so that a page that is open lives longer
    /// than a token. Gives the pong. What is not taken changes nothing: the present token holds until it ends.
    async fn renew(&mut self, payload: &Map<String, Value>) -> String {
        let kept =
            |reason: &str| format!(r#"{{"type":"pong","payload":{{"renewed":false,"reason":{}}}}}"#, to_json(reason));
        let (Some(caller), Some(token)) = (self.caller.clone(), credentials(payload).and_then(Credentials::token))
        else {
            return kept("there is no token that could be renewed");
        };
        let renewed = match self.gateway.verify(token).await {
            Ok(renewed) => renewed,
            Err(AuthFailure::Invalid) => return kept("the token is expired, forged or unknown"),
            Err(AuthFailure::Unavailable) => return kept("tokens cannot be verified now"),
        };
        if !renewed.stands_in_for(&caller) {
            return kept("the token is of another tenant, client or customer, or may do less");
        }
        if renewed.expires_at < caller.expires_at {
            return kept("the token ends before the present one");
        }
        let until = renewed.expires_at;
        self.caller = Some(renewed);
        format!(r#"{{"type":"pong","payload":{{"renewed":true,"expiresAt":{until}}}}}"#)
    }

    async fn subscribe(&self, id: String, params: Params, caller: Principal) -> Result<(), Last> {
        let request_id = new_id(self.gateway.ids());
        let count = {
            let mut operations = self.operations.lock();
            if operations.contains_key(&id) {
                return Err(Last::new(code::DUPLICATE_ID, format!("Subscriber for {id} already exists")));
            }
            if operations.len() < self.gateway.config().stream.operations {
                let life = Arc::new(Life::new(request_id.clone()));
                let span = tracing::info_span!(
                    "request",
                    method = "WS",
                    request_id = &*request_id.0,
                    socket = &*self.id.0,
                    operation = Empty,
                    root = Empty,
                    kind = Empty,
                    outcome = Empty,
                    elapsed_ms = Empty,
                );
                let work = Work {
                    gateway: self.gateway.clone(),
                    caller,
                    request_id,
                    out: Outlet { id: id.clone(), life: life.clone(), out: self.out.clone() },
                };
                let task = AbortOnDropHandle::new(tokio::spawn(trace::watch(span, |()| None, work.run(params))));
                operations.insert(id, Operation { life, _task: task });
                return Ok(());
            }
            operations.len()
        };
        let message = format!("{count} operations are at work on this socket, which is the most there may be");
        let answer = Answer::failed(Fault::new(FaultCode::OverLimit, &message), &request_id);
        self.say(error_message(&id, &answer)).await;
        Ok(())
    }

    /// The token has expired: every operation learns it, then the socket closes.
    fn expire(&self) -> Last {
        let answer = Gateway::unauthenticated("the token has expired", &self.id);
        let before = self.operations.cancel_all().iter().map(|(id, _)| error_message(id, &answer)).collect();
        Last { before, code: code::UNAUTHORIZED, reason: "Token expired".into() }
    }

    /// A writer that has ended is noticed by the reader.
    async fn say(&self, text: String) {
        let _ = self.out.send(Out::Text(text)).await;
    }
}

/// One operation at work.
struct Work {
    gateway: Gateway,
    caller: Principal,
    request_id: RequestId,
    out: Outlet,
}

impl Work {
    async fn run(self, params: Params) {
        let last = match AssertUnwindSafe(self.operate(params)).catch_unwind().await {
            Ok(last) => last,
            Err(_) => {
                let answer = Answer::failed(Fault::internal(&"a subscription panicked"), &self.request_id);
                Some(error_message(&self.out.id, &answer))
            }
        };
        let complete = || format!(r#"{{"id":{},"type":"complete"}}"#, to_json(&self.out.id));
        self.out.end(last.unwrap_or_else(complete)).await;
    }

    /// Sends the results. Returns the `error` that ends the operation, if it is not a `complete`.
    async fn operate(&self, params: Params) -> Option<String> {
        let (gateway, id) = (&self.gateway, &self.request_id);
        let ready = match gateway.prepare(params, id).and_then(|prepared| gateway.admit(prepared, &self.caller, id)) {
            Ok(ready) => ready,
            Err(answer) => return Some(self.failed(&answer)),
        };
        if ready.kind() == OperationType::Subscription {
            let mut answers = gateway.subscribe(ready);
            while let Some(answer) = answers.next().await {
                if ends(&answer) {
                    return Some(self.failed(&answer));
                }
                self.out.next(&answer).await;
            }
            trace::note("outcome", "OK");
            return None;
        }
        let answer = match gateway.enter(id) {
            Ok(place) => gateway.run(ready, place).await,
            Err(answer) => answer,
        };
        if answer.outcome != Outcome::Executed {
            return Some(self.failed(&answer));
        }
        self.out.next(&answer).await;
        None
    }

    fn failed(&self, answer: &Answer) -> String {
        trace::note("outcome", answer.word());
        error_message(&self.out.id, answer)
    }
}

/// An operation's way out.
struct Outlet {
    id: String,
    life: Arc<Life>,
    out: mpsc::Sender<Out>,
}

impl Outlet {
    async fn next(&self, answer: &Answer) {
        let text = format!(r#"{{"id":{},"type":"next","payload":{}}}"#, to_json(&self.id), answer.to_json());
        let _ = self.out.send(Out::Of(self.life.clone(), text, answer.cursor.clone())).await;
    }

    async fn end(&self, text: String) {
        let _ = self.out.send(Out::EndOf(self.id.clone(), self.life.clone(), text)).await;
    }
}

fn invalid(reason: &str) -> Last {
    Last::new(code::INVALID_MESSAGE, reason)
}

fn broken(error: &axum::Error) -> Last {
    // The library under axum keeps its error type to itself; this is how it says that a message is too long.
    if error.to_string().starts_with("Space limit exceeded") {
        Last::new(code::TOO_BIG, "the message is too long")
    } else {
        Last::new(code::BROKEN, "not a WebSocket message")
    }
}

/// What a payload says about who is calling.
enum Credentials<'a> {
    /// With a scheme, as in the header.
    Header(&'a str),
    /// A token alone.
    Plain(&'a str),
}

impl<'a> Credentials<'a> {
    /// The token, if it is one of the scheme that is spoken here.
    fn token(self) -> Option<&'a str> {
        match self {
            Self::Header(credentials) => token(credentials),
            Self::Plain(token) => Some(token),
        }
    }
}

fn credentials(payload: &Map<String, Value>) -> Option<Credentials<'_>> {
    let given = |name| payload.get(name).and_then(Value::as_str);
    let header = given("authorization").or_else(|| given("Authorization")).map(Credentials::Header);
    header.or_else(|| given("token").map(Credentials::Plain))
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, Last> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err(invalid("payload must be an object")),
    }
}

fn operation_id(message: &mut Map<String, Value>) -> Result<String, Last> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err(invalid("id must be a string that is not empty")),
    }
}
