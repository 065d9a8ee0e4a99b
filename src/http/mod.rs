//! HTTP: the GraphQL endpoint, documents by their links, tokens, the explorer, health, metrics.
//!
//! [`router`] puts them together and [`serve`] runs them. A request comes through `trace` (its id and span),
//! then one of three doors: `graphql_http` (one answer), `graphql_sse` (an event stream), `graphql_ws`
//! (a socket with many operations). All three go through [`Gateway`], which holds every limit; nothing else here
//! knows the executor. What goes out goes through `answer`, where errors lose what clients should not see.

pub mod debtor_page;
pub mod documents;
pub mod explorer;
pub mod identification;
pub mod metrics;
pub mod oauth;
pub mod providers;

mod answer;
mod body;
mod browsers;
mod config;
mod gateway;
mod graphql_http;
mod graphql_multipart;
mod graphql_params;
mod graphql_sse;
mod graphql_ws;
mod json;
mod line;
mod media;
mod rate;
mod run_to_end;
mod serve;
#[cfg(test)]
mod tests;
mod trace;
mod trusted;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Router, middleware};
use futures_util::future::BoxFuture;

pub use browsers::Origins;
pub use config::{ConnectionConfig, HttpConfig, RateConfig, StreamConfig, UploadConfig};
pub use gateway::{Gateway, GatewayParts};
pub use serve::{ConnectionMetrics, Lifecycle, serve};
pub use trusted::TrustedDocuments;

use crate::access::Principal;

/// Why a token does not speak for anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthFailure {
    /// Expired, forged, revoked or unknown.
    Invalid,
    /// It could not be found out now.
    Unavailable,
}

/// Verifies tokens.
pub trait Authenticate: Send + Sync {
    /// Who the token speaks for.
    ///
    /// # Errors
    /// [`AuthFailure`].
    fn verify<'a>(
        &'a self,
        bearer: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Principal, AuthFailure>> + Send + 'a>>;
}

/// Whether what the server depends on answers: asked by `/health/ready`.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// How long a readiness check may take.
const READY_TIME: Duration = Duration::from_secs(2);

/// The whole service: `/graphql`, `/health/live`, `/health/ready`, and the routes of the others (the explorer at
/// `/`, tokens). Every answer gets an `X-Request-Id`, and says which pages in browsers may read it.
pub fn router(gateway: &Gateway, ready: Readiness, others: impl IntoIterator<Item = Router>) -> Router {
    let lifecycle = gateway.lifecycle().clone();
    let health = Router::new()
        .route("/health/live", get(|| async { health(true) }))
        .route("/health/ready", get(check_ready))
        .with_state((lifecycle, ready));
    let graphql = Router::new().route("/graphql", any(graphql_http::graphql)).with_state(gateway.clone());
    others
        .into_iter()
        .fold(graphql.merge(health), Router::merge)
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(middleware::from_fn_with_state(gateway.config().origins.clone().permission(), browsers::permit))
        .layer(middleware::from_fn_with_state(gateway.ids().clone(), trace::request))
}

/// Not ready from the moment that the server is asked to stop, so that nothing new is sent its way.
async fn check_ready(State((lifecycle, ready)): State<(Lifecycle, Readiness)>) -> Response {
    let stopping = lifecycle.shutdown.is_cancelled();
    health(!stopping && tokio::time::timeout(READY_TIME, ready()).await.unwrap_or(false))
}

fn health(good: bool) -> Response {
    let (status, body) =
        if good { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable\n") };
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}
