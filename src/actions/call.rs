//! The call of a webhook, and what its answer means.
//!
//! The message is signed as events are, and its id is the run's: a receiver that is called again for a run, because no
//! answer came or a server died, can tell.

use serde_json::{Value, json};

use super::json::DEPTH;
use super::model::{ActionRun, ActionVersion, CustomAction, Failure, FailureKind, LONGEST_JSON};
use crate::events::message;
use crate::events::webhooks::address::{self, NotAllowed};
use crate::events::webhooks::{Message, Poster, TooLong};
use crate::primitives::card_number;
use crate::primitives::clock::Micros;

/// What a message is called where events have their type.
pub const TYPE: &str = "ACTION_RUN";

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Called {
    /// The receiver did it, and says this: JSON, as text.
    Done(Option<String>),
    /// It did not, and will not.
    Failed(Failure),
    /// It did not, and may later: after this long, if it says so.
    Later(Failure, Option<Micros>),
}

/// What a receiver is told.
#[must_use]
pub fn body(action: &CustomAction, run: &ActionRun) -> String {
    let input: Value = serde_json::from_str(&run.input).unwrap_or_default();
    let data = json!({
        "run": run.id.to_string(),
        "action": action.code,
        "version": run.version,
        "account": run.account.map(|account| account.to_string()),
        "input": input,
    });
    message::envelope(TYPE, run.created_at, &data)
}

/// Calls a webhook. `allow_private`: whether the operator lets it go to private networks, and without TLS.
pub(crate) async fn call(
    poster: &Poster,
    allow_private: bool,
    (action, version, run): (&CustomAction, &ActionVersion, &ActionRun),
    now: Micros,
) -> Called {
    let url = version.url.clone().unwrap_or_default();
    let allowed = address::parse(&url).and_then(|parsed| if allow_private { Ok(()) } else { address::check(&parsed) });
    if let Err(problem) = allowed {
        return Called::Failed(Failure::new(FailureKind::AddressNotAllowed, format!("the address {problem}")));
    }
    let (id, body, timestamp) = (run.id.to_string(), body(action, run), now.div_euclid(1_000_000));
    let signatures = action.signatures(now, &id, timestamp, &body);
    let (answer, written) = poster.ask(Message { url, id, timestamp, signatures, body }, now).await;
    let status = answer.status.map(i32::from);
    let failed = |kind, message: String| Failure { status, ..Failure::new(kind, message) };
    match (answer.status, answer.error) {
        (Some(_), None) => outcome(written).unwrap_or_else(|why| {
            Called::Failed(failed(FailureKind::AnswerInvalid, format!("the receiver's answer {why}")))
        }),
        (None, error) => {
            let error = error.unwrap_or_default();
            match error == NotAllowed.to_string() {
                true => Called::Failed(failed(FailureKind::AddressNotAllowed, error)),
                false => Called::Later(failed(FailureKind::NoAnswer, error), None),
            }
        }
        // Not now, or a fault of its own: later perhaps.
        (Some(408 | 425 | 429 | 500..), error) => Called::Later(
            failed(FailureKind::ReceiverFailed, format!("the receiver {}", error.unwrap_or_default())),
            answer.retry_after,
        ),
        (Some(_), error) => {
            Called::Failed(failed(FailureKind::ReceiverRejected, format!("the receiver {}", error.unwrap_or_default())))
        }
    }
}

/// The outcome that an answer is: any JSON, or nothing.
fn outcome(written: Result<Vec<u8>, TooLong>) -> Result<Called, String> {
    let written = written.ok().filter(|written| written.len() <= LONGEST_JSON);
    let written = written.ok_or("is larger than 16 kB")?;
    let text = String::from_utf8(written).map_err(|_| "is no text")?;
    // PostgreSQL keeps no NUL, not even as an escape that is read one day.
    if text.trim().is_empty() {
        return Ok(Called::Done(None));
    }
    let value: Value = serde_json::from_str(&text).map_err(|_| "is no JSON")?;
    if depth(&value) > DEPTH {
        return Err(format!("nests deeper than {DEPTH}"));
    }
    if card_number::is_in_json(&value) {
        return Err("holds the whole number of a card, which is never kept".into());
    }
    Ok(Called::Done(Some(value.to_string())))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
