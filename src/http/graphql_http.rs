//! `/graphql` over HTTP, as "GraphQL over HTTP" has it: what a request must look like, and which status
//! says what.
//!
//! Statuses: with `application/graphql-response+json` a request that was not executed is a 400; with
//! `application/json` it is a 200, as that media type has always had it, unless it was no GraphQL request at all.
//! What the transport could not do (401, 413, 429, 503, ...) has its own status with both.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::answer::{Answer, Outcome, seconds};
use super::body::{self, BodyError};
use super::gateway::{Gateway, bearer};
use super::graphql_multipart::{self, Unread};
use super::graphql_params::Params;
use super::media::{self, Accepted, Json};
use super::metrics::Operation;
use super::{AuthFailure, graphql_sse, graphql_ws, trace};
use crate::access::Principal;
use crate::api::fault::{Fault, FaultCode};
use crate::api::limits::RequestId;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");

/// Every request to `/graphql`.
pub(super) async fn graphql(
    State(gateway): State<Gateway>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if graphql_ws::is_upgrade(&parts) {
        return graphql_ws::upgrade(gateway, id, parts).await;
    }
    let accepted = media::accepted(&parts.headers);
    match respond(&gateway, &id, parts, body, accepted).await {
        Ok(response) => response,
        Err(refused) => {
            // What the gateway answers, the gateway counts.
            if let (Some(_), Some(code)) = (refused.status, refused.answer.fault()) {
                gateway.metrics().fault(Operation::NONE, code);
            }
            refused.into_response(accepted.json.unwrap_or(Json::Plain))
        }
    }
}

/// An answer on its way out that is not a result, or one with a status of its own.
pub(super) struct Refused {
    answer: Answer,
    status: Option<StatusCode>,
    header: Option<(header::HeaderName, HeaderValue)>,
}

impl Refused {
    pub fn with(status: StatusCode, code: FaultCode, message: &str, id: &RequestId) -> Self {
        Self { answer: Answer::failed(Fault::new(code, message), id).harmless(), status: Some(status), header: None }
    }

    pub fn into_response(self, json: Json) -> Response {
        let mut response = to_response(&self.answer, json);
        if let Some(status) = self.status {
            *response.status_mut() = status;
        }
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Answer> for Refused {
    fn from(answer: Answer) -> Self {
        Self { answer, status: None, header: None }
    }
}

async fn respond(
    gateway: &Gateway,
    id: &RequestId,
    parts: Parts,
    body: Body,
    accepted: Accepted,
) -> Result<Response, Refused> {
    let place = gateway.enter(id)?;
    let wrong = |status, message: &str| Refused::with(status, FaultCode::BadRequest, message, id);
    let is_get = parts.method == Method::GET;
    if !is_get && parts.method != Method::POST {
        let mut refused = wrong(StatusCode::METHOD_NOT_ALLOWED, "the methods are GET and POST");
        refused.header = Some((header::ALLOW, METHODS));
        return Err(refused);
    }
    if accepted.json.is_none() && !accepted.events {
        let message = "Accept must allow application/graphql-response+json, application/json or text/event-stream";
        return Err(wrong(StatusCode::NOT_ACCEPTABLE, message));
    }
    // A form is what a page of another host can send without asking; so it is one only with a header that it cannot send.
    let has_files =
        !is_get && graphql_multipart::is_one(&parts.headers) && graphql_multipart::asks_first(&parts.headers);
    if !is_get && !has_files && !media::is_json_body(&parts.headers) {
        let message = "Content-Type must be application/json, in UTF-8 and not compressed; or, for requests with files, \
             multipart/form-data with the header GraphQL-Require-Preflight";
        return Err(wrong(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let caller = authenticate(gateway, &parts, id).await?;
    let limit = gateway.config().body_bytes_of(&caller);
    let params = if is_get {
        let query = parts.uri.query().unwrap_or("");
        if query.len() > limit {
            let message = format!("the query string is larger than {limit} bytes");
            return Err(Refused::with(StatusCode::URI_TOO_LONG, FaultCode::OverLimit, &message, id));
        }
        Params::from_query_string(query)
    } else if has_files {
        let read = graphql_multipart::read(body, &parts.headers, limit, &gateway.config().upload).await;
        let (operations, uploads) = read.map_err(|error| files_unread(error, id))?;
        Params::from_value(operations).map(|params| params.with_uploads(uploads))
    } else {
        let read = body::read(body, &parts.headers, limit, gateway.config().body_time).await;
        Params::from_json(&read.map_err(|error| unread(error, limit, id))?)
    }
    .map_err(|reason| Refused::with(StatusCode::BAD_REQUEST, FaultCode::BadRequest, &reason.0, id))?;
    // The head holds on to what the connection read it into, and a request may be worked on for a while.
    drop(parts);

    let prepared = match gateway.prepare(params, id) {
        Ok(prepared) => prepared,
        Err(answer) if accepted.prefers_events => return Ok(graphql_sse::single(&answer)),
        Err(answer) => return Err(answer.into()),
    };
    match prepared.kind() {
        OperationType::Mutation if is_get => {
            let mut refused = wrong(StatusCode::METHOD_NOT_ALLOWED, "mutations take a POST");
            refused.header = Some((header::ALLOW, HeaderValue::from_static("POST")));
            Err(refused)
        }
        OperationType::Subscription if !accepted.events => Err(wrong(
            StatusCode::NOT_ACCEPTABLE,
            "subscriptions take Accept: text/event-stream, or a WebSocket with the subprotocol graphql-transport-ws",
        )),
        OperationType::Subscription => {
            let open = gateway.open_stream(id)?;
            let ready = gateway.admit(prepared, &caller, id)?;
            drop(place);
            Ok(graphql_sse::stream(gateway.clone(), ready, caller, id.clone(), open))
        }
        OperationType::Query | OperationType::Mutation => {
            let ready = gateway.admit(prepared, &caller, id)?;
            let answer = gateway.run(ready, place).await;
            if accepted.prefers_events {
                return Ok(graphql_sse::single(&answer));
            }
            Ok(to_response(&answer, accepted.json.unwrap_or(Json::Plain)))
        }
    }
}

/// Who asks. Nothing, not even introspection, is answered to nobody.
async fn authenticate(gateway: &Gateway, parts: &Parts, id: &RequestId) -> Result<Principal, Refused> {
    let challenge = |message, challenge: &'static str| {
        let mut refused = Refused::from(Gateway::unauthenticated(message, id));
        refused.header = Some((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        refused
    };
    let Some(token) = bearer(&parts.headers) else {
        gateway.metrics().fault(Operation::NONE, FaultCode::Unauthenticated);
        return Err(challenge("a token is needed: send Authorization: Bearer <token>", "Bearer"));
    };
    match gateway.verify(token).await {
        Ok(principal) => Ok(principal),
        Err(AuthFailure::Invalid) => {
            Err(challenge("the token is expired, forged or unknown", "Bearer error=\"invalid_token\""))
        }
        Err(AuthFailure::Unavailable) => {
            let message = "tokens cannot be verified now; nothing was done";
            Err(Answer::retry(FaultCode::Unavailable, message, Duration::from_secs(1), id).into())
        }
    }
}

fn unread(error: BodyError, limit: usize, id: &RequestId) -> Refused {
    let (status, code, message) = match error {
        BodyError::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, FaultCode::OverLimit, format!("the body is larger than {limit} bytes"))
        }
        BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, FaultCode::Timeout, "the body came too slowly".into()),
        BodyError::Broken => (StatusCode::BAD_REQUEST, FaultCode::BadRequest, "the body broke off".into()),
    };
    let mut refused = Refused::with(status, code, &message, id);
    // The rest of the body is not read, so the connection cannot be used again.
    refused.header = Some((header::CONNECTION, HeaderValue::from_static("close")));
    refused
}

fn files_unread(error: Unread, id: &RequestId) -> Refused {
    let (status, code, message) = match error {
        Unread::TooLarge(what) => (StatusCode::PAYLOAD_TOO_LARGE, FaultCode::OverLimit, what),
        Unread::TooSlow => (StatusCode::REQUEST_TIMEOUT, FaultCode::Timeout, "the body came too slowly".into()),
        Unread::Malformed(why) => (StatusCode::BAD_REQUEST, FaultCode::BadRequest, why),
        Unread::Disk(error) => {
            let fault = Fault::internal(&error);
            (StatusCode::INTERNAL_SERVER_ERROR, fault.code, fault.message.to_string())
        }
    };
    let mut refused = Refused::with(status, code, &message, id);
    refused.header = Some((header::CONNECTION, HeaderValue::from_static("close")));
    refused
}

fn to_response(answer: &Answer, json: Json) -> Response {
    trace::note("outcome", answer.word());
    let status = match answer.outcome {
        Outcome::Executed => StatusCode::OK,
        Outcome::Refused if json == Json::Plain => StatusCode::OK,
        Outcome::Refused => StatusCode::BAD_REQUEST,
        Outcome::Failed(code) => status_of(code),
    };
    let mut response = (status, answer.to_json()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(json.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(after) = answer.retry_after {
        headers.insert(header::RETRY_AFTER, seconds(after).into());
    }
    response
}

fn status_of(code: FaultCode) -> StatusCode {
    match code {
        FaultCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        FaultCode::Forbidden => StatusCode::FORBIDDEN,
        FaultCode::BadRequest | FaultCode::OverLimit => StatusCode::BAD_REQUEST,
        FaultCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        FaultCode::Overloaded | FaultCode::Unavailable | FaultCode::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
        FaultCode::Timeout => StatusCode::GATEWAY_TIMEOUT,
        FaultCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
