//! Where customers come back to from a provider of OpenID Connect: `GET /identification/callback`. No token is needed, and
//! none is looked at: the sealed state tells which tenant, which customer and where to go on to.
//!
//! Whoever comes back with a state of ours is sent on to the address that they had come for, with `identification=DONE`, or
//! the code of why not. Without one, or too late, there is no such address, and they are told so.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, body::Body};
use serde::Deserialize;
use serde_json::json;

use crate::engine::Engine;
use crate::identification::flow::Back;

/// Bytes of a state or a code.
const LONGEST: usize = 8 * 1024;

/// The routes of this module.
pub fn router(engine: Engine) -> Router {
    Router::new().route("/identification/callback", get(came_back)).with_state(engine)
}

/// What a customer comes back with.
#[derive(Deserialize)]
struct CameBack {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

fn problem(status: StatusCode, code: &str, message: &str) -> Response {
    unstored((status, Json(json!({ "code": code, "message": message }))).into_response())
}

fn unstored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn came_back(State(engine): State<Engine>, Query(query): Query<CameBack>) -> Response {
    let CameBack { state, code, error } = query;
    let Some(state) = state.filter(|state| state.len() <= LONGEST) else {
        return problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", "there is no state");
    };
    let code = match (&code, &error) {
        (Some(code), None) if code.len() <= LONGEST => Ok(code.as_str()),
        (_, Some(error)) => Err(error.as_str()),
        _ => return problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", "there is no code"),
    };
    match engine.identifications.come_back(&state, code).await {
        Ok(Back::Nowhere(why)) => problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", why),
        Ok(Back::To(url)) => match HeaderValue::from_str(&url) {
            Err(_) => problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the address is none"),
            Ok(url) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::SEE_OTHER;
                response.headers_mut().insert(header::LOCATION, url);
                unstored(response)
            }
        },
        Err(fault) => {
            tracing::error!(%fault, "a customer who came back could not be identified");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "something is wrong here: try again")
        }
    }
}
