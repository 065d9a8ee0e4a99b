//! What goes out: results with their errors made fit for clients.
//!
//! Every error leaves with a code from the closed list and the request's id. What the library says about the
//! request is `BAD_REQUEST`; what execution says without one of our codes is a defect, logged and hidden.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use serde::Serialize;

use crate::api::fault::{Fault, FaultCode, MAY_BE_DONE, Retry};
use crate::api::limits::{Cost, Refusal, RequestId};

/// How soon a caller may try again when there is no better guess.
const SOON: Duration = Duration::from_secs(1);
/// Errors of a request that was not executed which are worth telling; a hostile one could provoke thousands.
const MOST_REQUEST_ERRORS: usize = 20;

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Executed. There is data, or a null where a fault took it away.
    Executed,
    /// A well-formed request for something that the schema or the limits do not have. Nothing was executed.
    Refused,
    /// The transport or the executor could not do it.
    Failed(FaultCode),
}

/// One result, as the specification shapes it.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ServerError>,
    /// Boxed, so that an answer is small enough to be the error of a function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<Value>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extensions: BTreeMap<String, Value>,
    #[serde(skip)]
    pub outcome: Outcome,
    /// For what a later try may do.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
    /// Where a subscription stands with this result.
    #[serde(skip)]
    pub cursor: Option<Arc<str>>,
}

impl Answer {
    /// What the library answered.
    pub fn of(response: Response, cost: Cost, id: &RequestId) -> Self {
        let Response { mut errors, data, extensions, .. } = response;
        let is_empty = is_empty(&data);
        if is_empty && errors.iter().any(|error| code_of(error) == Some(FaultCode::Overloaded)) {
            return Self::overloaded(id);
        }
        let executed = data != Value::Null || errors.iter().any(|error| !error.path.is_empty()) || errors.is_empty();
        // Arguments are coerced as their field is reached. When that is all that happened, nothing was executed.
        let refused = is_empty && errors.iter().all(|error| !executed || is_coercion(error));
        let outcome = if refused && !errors.is_empty() { Outcome::Refused } else { Outcome::Executed };
        if !executed {
            errors.truncate(MOST_REQUEST_ERRORS);
        }
        for error in &mut errors {
            clean(error, executed, id);
            if outcome == Outcome::Refused {
                // A path leads into the data, and there are none: as for what validation finds.
                error.path.clear();
            }
        }
        let data = (outcome == Outcome::Executed).then(|| Box::new(data));
        let mut answer = Self { errors, data, extensions, outcome, retry_after: None, cursor: None };
        answer.extensions.insert("cost".into(), cost.to_value());
        answer
    }

    /// A refusal of the document.
    pub fn refused(refusal: Refusal, id: &RequestId) -> Self {
        Self::from_errors(refusal.into_server_errors(), Outcome::Refused, id)
    }

    /// A fault of the transport.
    pub fn failed(fault: Fault, id: &RequestId) -> Self {
        let outcome = Outcome::Failed(fault.code);
        let mut error = async_graphql::Error::from(fault).into_server_error(async_graphql::Pos::default());
        error.locations.clear();
        Self::from_errors(vec![error], outcome, id)
    }

    /// A fault that passes.
    pub fn retry(code: FaultCode, message: &str, after: Duration, id: &RequestId) -> Self {
        let mut answer = Self::failed(Fault::new(code, message), id);
        answer.retry_after = Some(after);
        let mut answer = answer.harmless();
        for error in &mut answer.errors {
            extensions(error).set("retryAfter", seconds(after));
        }
        answer
    }

    /// There is too much to do. Says the same whether the transport found it out or the posting path.
    pub fn overloaded(id: &RequestId) -> Self {
        Self::retry(FaultCode::Overloaded, "too much to do; nothing was done", SOON, id)
    }

    /// The end of a subscription whose client did not keep up: where it goes on.
    pub fn too_slow(cursor: Option<&str>, id: &RequestId) -> Self {
        let mut fault = Fault::new(FaultCode::TooSlow, "did not keep up: resume from your last cursor");
        if cursor.is_none() {
            // It may have been no subscription.
            fault.retry = Retry::SameKey;
        }
        let mut answer = Self::failed(fault, id);
        if let Some(cursor) = cursor {
            for error in &mut answer.errors {
                extensions(error).set("cursor", cursor);
            }
        }
        answer
    }

    /// The same, of a request that changes nothing or that has not been begun: it may be repeated.
    #[must_use]
    pub fn harmless(mut self) -> Self {
        for error in &mut self.errors {
            let extensions = extensions(error);
            if extensions.get("retry") == Some(&Value::from(Retry::SameKey.word())) {
                extensions.set("retry", Retry::Safe.word());
            }
            if let Some(what) = error.message.strip_suffix(MAY_BE_DONE) {
                error.message = format!("{what}nothing was done, try again");
            }
        }
        self
    }

    fn from_errors(mut errors: Vec<ServerError>, outcome: Outcome, id: &RequestId) -> Self {
        errors.iter_mut().for_each(|error| stamp(error, id));
        Self { errors, data: None, extensions: BTreeMap::new(), outcome, retry_after: None, cursor: None }
    }

    /// The JSON text. Results hold nothing that JSON cannot.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// The first fault in it.
    pub fn fault(&self) -> Option<FaultCode> {
        match self.outcome {
            Outcome::Failed(code) => Some(code),
            _ => self.errors.iter().find_map(code_of),
        }
    }

    /// For the log: how it ended, in a word.
    pub fn word(&self) -> &'static str {
        match self.outcome {
            Outcome::Executed if self.errors.is_empty() => "OK",
            Outcome::Executed => "ERRORS",
            Outcome::Refused => "REFUSED",
            Outcome::Failed(code) => code.word(),
        }
    }
}

/// JSON text of what is known to have one.
pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer has no JSON form");
        r#"{"errors":[{"message":"something went wrong on our side","extensions":{"code":"INTERNAL"}}]}"#.into()
    })
}

/// Whole seconds, rounded up, at least one: what `Retry-After` takes.
pub(super) fn seconds(after: Duration) -> u64 {
    (after.as_secs() + u64::from(after.subsec_nanos() > 0)).max(1)
}

fn extensions(error: &mut ServerError) -> &mut ErrorExtensionValues {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default)
}

fn code_of(error: &ServerError) -> Option<FaultCode> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(word) => FaultCode::from_word(word),
        _ => None,
    }
}

/// Whether there is nothing in the data: no root field has a value.
fn is_empty(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(|field| *field == Value::Null),
        _ => false,
    }
}

/// What the library says when an argument is not of its type: values are held against their types before, so that is only
/// what could not be judged there: a JSON literal with a variable in it, a list that is too long. Beside what was executed it
/// is an error of its field, which is null then (specification, 6.4.1). A resolver's error that came about with `?` keeps
/// its cause, which these do not have.
fn is_coercion(error: &ServerError) -> bool {
    let message = &error.message;
    error.source.is_none()
        && code_of(error).is_none()
        && (message.starts_with("Failed to parse \"") || message.starts_with("Expected input type \""))
}

fn clean(error: &mut ServerError, executed: bool, id: &RequestId) {
    if code_of(error).is_none() {
        if executed && !is_coercion(error) {
            let fault = Fault::internal(&error.message);
            error.message = fault.message.as_ref().to_owned();
            error.extensions = None;
            extensions(error).set("code", fault.code.word());
        } else {
            extensions(error).set("code", FaultCode::BadRequest.word());
        }
    }
    error.source = None::<Arc<_>>;
    stamp(error, id);
}

/// What every error carries beside its code.
fn stamp(error: &mut ServerError, id: &RequestId) {
    let retry = code_of(error).unwrap_or(FaultCode::Internal).retry();
    let extensions = extensions(error);
    if extensions.get("retry").is_none() {
        extensions.set("retry", retry.word());
    }
    extensions.set("requestId", &*id.0);
}
