//! Call-backs of payment service providers: `POST /providers/{tenant}/{code}`, signed by the provider with the secret that
//! it was given, as events of webhooks are (`webhook-id`, `webhook-timestamp`, `webhook-signature`). No token is needed, and
//! none is looked at.
//!
//! A call-back counts once by its id; what was told before, or is late, changes nothing. Whoever cannot sign learns nothing:
//! a provider that there is not answers like one whose signature is wrong. Answers are JSON: `{"code": ..., "message": ...}`.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::api::fault::{Fault, FaultCode};
use crate::engine::Engine;
use crate::events::webhooks::sign;
use crate::payments::providers::ask::Said;
use crate::payments::providers::store;
use crate::payments::providers::tell::NoteProviderEvent;
use crate::primitives::{Origin, TenantId};
use crate::refused::{INVALID_INPUT, INVALID_STATE, NOT_FOUND, Refused};
use crate::work::{Failure, Idempotency};

/// Bytes of a call-back.
const MOST_BYTES: usize = 64 * 1024;
/// How far its time may lie from ours.
const WINDOW: Duration = Duration::from_secs(300);
/// The longest id of one.
const LONGEST_ID: usize = 100;

/// The routes of this module.
pub fn router(engine: Engine) -> Router {
    Router::new()
        .route("/providers/{tenant}/{code}", post(called_back))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(engine)
}

/// What a call-back says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallBack {
    /// Our id of the payment; without it, it is found by the provider's.
    payment: Option<String>,
    #[serde(flatten)]
    said: Said,
}

struct Problem(StatusCode, &'static str, String);

impl Problem {
    fn forged() -> Self {
        Self(
            StatusCode::UNAUTHORIZED,
            "SIGNATURE_INVALID",
            "the call-back is not signed by a provider of this tenant".into(),
        )
    }

    fn body(message: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, FaultCode::BadRequest.word(), message.to_owned())
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let status = match fault.code {
            FaultCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self(status, fault.code.word(), fault.message.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = match refused.code {
            code if code == NOT_FOUND => StatusCode::NOT_FOUND,
            code if code == INVALID_STATE => StatusCode::CONFLICT,
            code if code == INVALID_INPUT => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self(status, refused.code.word(), refused.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let mut response = (status, Json(json!({ "code": code, "message": message }))).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

async fn called_back(
    State(engine): State<Engine>,
    Path((tenant, code)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let tenant: TenantId = tenant.parse().map_err(|_| Problem::forged())?;
    let (Some(id), Some(time), Some(signatures)) =
        (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"))
    else {
        return Err(Problem::forged());
    };
    let body = std::str::from_utf8(&body).map_err(|_| Problem::forged())?;
    if id.is_empty() || id.len() > LONGEST_ID || code.contains('\0') {
        return Err(Problem::forged());
    }
    let found = store::provider(engine.db.reader(), tenant, &code).await;
    let provider = found.map_err(Fault::from)?.ok_or_else(Problem::forged)?;
    let timestamp: i64 = time.parse().map_err(|_| Problem::forged())?;
    if !sign::is_signed(&provider.secret.0, id, timestamp, body, signatures) {
        return Err(Problem::forged());
    }
    let now = engine.clock().micros().div_euclid(1_000_000);
    if now.abs_diff(timestamp) > WINDOW.as_secs() {
        let message = "the call-back is from another time: sign it anew".to_owned();
        return Err(Problem(StatusCode::UNAUTHORIZED, "SIGNATURE_EXPIRED", message));
    }
    let said: CallBack = serde_json::from_str(body).map_err(|_| Problem::body("the body is no call-back"))?;
    let told = said.said.told().map_err(|why| Problem::body(&format!("the body has {why}")))?;
    let not_found = || Refused::not_found("payment", "payment through this provider");
    let payment = said.payment.map(|payment| payment.parse().map_err(|_| not_found())).transpose()?;
    let command = NoteProviderEvent { provider: provider.id, payment, told };
    let key = Idempotency::of(format!("callback:{}:{id}", provider.id), &command);
    match engine.run(&Origin::system(tenant), Some(key), command).await {
        Ok(done) => {
            let said = json!({ "payment": done.value.id.to_string(), "state": done.value.state.word(), "replayed": done.receipt.replayed });
            let mut response = Json(said).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        Err(Failure::Refused(refused, _)) => Err((*refused).into()),
        Err(Failure::Fault(fault)) => Err(Fault::from(fault).into()),
    }
}
