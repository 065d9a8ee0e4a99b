//! Operations over a WebSocket: the subprotocol `graphql-transport-ws`.
//!
//! One task reads the socket, one writes it, and each operation is a task that waits for its turn in a short
//! queue to the writer. Turns are taken in order of arrival, so a busy stream cannot starve another, and a client
//! that does not read stops its own operations and nothing else.

mod session;
mod writer;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::gateway::{Gateway, bearer};
use super::graphql_http::Refused;
use super::line::Allowance;
use super::media::Json;
use crate::api::fault::FaultCode;
use crate::api::limits::RequestId;
use crate::telemetry::measure::Held;

const PROTOCOL: &str = "graphql-transport-ws";
/// Enough for the messages of most operations; longer ones grow it.
const BUFFER: usize = 8 * 1024;

/// Why the server closes a socket.
pub(super) mod code {
    pub const GOING_AWAY: u16 = 1001;
    pub const BROKEN: u16 = 1002;
    pub const TOO_BIG: u16 = 1009;
    pub const TRY_AGAIN: u16 = 1013;
    pub const INVALID_MESSAGE: u16 = 4400;
    pub const UNAUTHORIZED: u16 = 4401;
    pub const FORBIDDEN: u16 = 4403;
    pub const NO_SUBPROTOCOL: u16 = 4406;
    pub const INIT_TIMEOUT: u16 = 4408;
    pub const DUPLICATE_ID: u16 = 4409;
    pub const SLOW_CONSUMER: u16 = 4413;
    pub const SECOND_INIT: u16 = 4429;
}

/// Whether a request asks for a WebSocket.
pub(super) fn is_upgrade(parts: &Parts) -> bool {
    let upgrade = parts.headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    parts.method == Method::GET && upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Opens the socket. A wrong subprotocol is told inside of it, for a browser shows no status of an upgrade.
pub(super) async fn upgrade(gateway: Gateway, id: RequestId, mut parts: Parts) -> Response {
    let config = gateway.config();
    if !config.origins.let_in(&parts.headers) {
        let message = "pages of other hosts may not connect here";
        return Refused::with(StatusCode::FORBIDDEN, FaultCode::Forbidden, message, &id).into_response(Json::Plain);
    }
    let open = match gateway.open_stream(&id) {
        Ok(open) => open,
        Err(answer) => return Refused::from(answer).into_response(Json::Plain),
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let largest = config.body_bytes.max(config.bulk_body_bytes);
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(largest)
        .max_frame_size(largest)
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER);
    let allowance = parts.extensions.get::<Allowance>().cloned().unwrap_or_default();
    allowance.limit(session::STRANGER.min(config.body_bytes));
    let span = tracing::info_span!("socket", request_id = &*id.0);
    let token = bearer(&parts.headers).map(str::to_owned);
    let opening = session::Opening { id, speaks: upgrade.selected_protocol().is_some(), token, allowance };
    let tasks = gateway.lifecycle().tasks.clone();
    let counted = Held::of(&gateway.metrics().sockets);
    upgrade.on_upgrade(move |socket| {
        let session = async move {
            session::run(gateway, socket, opening).await;
            drop((open, counted));
        };
        tasks.track_future(session.instrument(span))
    })
}
