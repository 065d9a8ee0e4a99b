//! Documents by their signed links: `GET` fetches the content, `PUT` brings it. No token is needed, and none is looked at:
//! the link says what it lets its holder do.
//!
//! What is fetched is for a disk, never for the page of a browser: it comes as an attachment, under its own media type, and
//! may run nothing. Answers that are none are JSON: `{"code": ..., "message": ...}`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use tokio::sync::Semaphore;

use super::config::UploadConfig;
use crate::api::documents::Files;
use crate::api::documents::files::{LinkProblem, not_read, not_stored, origin_of};
use crate::api::fault::{Fault, FaultCode};
use crate::api::limits::RequestId;
use crate::documents::links::{Link, Purpose};
use crate::documents::media::essence;
use crate::documents::refusals::{DOCUMENT_SIZE_REFUSED, MEDIA_TYPE_MISMATCH, MEDIA_TYPE_REFUSED};
use crate::documents::vault::{Spool, SpoolError};
use crate::documents::{Content, Document, DocumentStatus, ReceiveDocument, Spooled};
use crate::engine::Engine;
use crate::refused::{INVALID_INPUT, NOT_FOUND, Refused};
use crate::work::{Failure, read};

/// Files on their way at once, in either direction.
const AT_ONCE: usize = 256;

/// What the routes share.
#[derive(Clone)]
struct Desk {
    files: Files,
    engine: Engine,
    config: UploadConfig,
    places: Arc<Semaphore>,
}

/// The routes of this module.
pub fn router(files: Files, engine: Engine, config: UploadConfig) -> Router {
    let desk = Desk { files, engine, config, places: Arc::new(Semaphore::new(AT_ONCE)) };
    Router::new().route("/documents/{link}", get(download).put(upload)).with_state(desk)
}

/// An answer that is none.
struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<Duration>,
    /// The body was not read to its end, so the connection cannot be used again.
    closes: bool,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.into(), retry_after: None, closes: false }
    }

    fn closing(self) -> Self {
        Self { closes: true, ..self }
    }
}

impl From<LinkProblem> for Problem {
    fn from(problem: LinkProblem) -> Self {
        match problem {
            LinkProblem::Invalid => Self::new(StatusCode::FORBIDDEN, "LINK_INVALID", "this is no link of ours"),
            LinkProblem::Expired => {
                Self::new(StatusCode::GONE, "LINK_EXPIRED", "the time of the link is over: ask for a new one")
            }
            LinkProblem::Unavailable => Fault::new(FaultCode::Unavailable, "links cannot be verified now").into(),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let (status, retry_after) = match fault.code {
            FaultCode::Internal => (StatusCode::INTERNAL_SERVER_ERROR, None),
            _ => (StatusCode::SERVICE_UNAVAILABLE, Some(Duration::from_secs(1))),
        };
        Self { retry_after, ..Self::new(status, fault.code.word(), &fault.message) }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = match refused.code {
            code if code == DOCUMENT_SIZE_REFUSED => StatusCode::PAYLOAD_TOO_LARGE,
            code if code == MEDIA_TYPE_REFUSED => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code if code == MEDIA_TYPE_MISMATCH || code == INVALID_INPUT => StatusCode::UNPROCESSABLE_ENTITY,
            code if code == NOT_FOUND => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        };
        Self::new(status, refused.code.word(), &refused.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "code": self.code, "message": self.message }))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, after.as_secs().into());
        }
        if self.closes {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

fn removed() -> Problem {
    Problem::new(StatusCode::GONE, "DOCUMENT_REMOVED", "the document was removed")
}

impl Desk {
    /// The document of a link.
    async fn document(&self, link: &Link) -> Result<Document, Problem> {
        let db = self.engine.db.reader();
        let found = read::by_id::<Document>(db, link.tenant, link.document).await.map_err(Fault::from)?;
        found.ok_or_else(|| LinkProblem::Invalid.into())
    }

    fn overloaded() -> Problem {
        Fault::new(FaultCode::Overloaded, "too many files are on their way; nothing was done, try again").into()
    }
}

async fn download(State(desk): State<Desk>, Path(link): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let place = desk.places.clone().try_acquire_owned().map_err(|_| Desk::overloaded())?;
    let link = desk.files.open(&link, Purpose::Download).await?;
    let document = desk.document(&link).await?;
    let Some(content) = document.content.as_ref().filter(|_| document.status == DocumentStatus::Kept) else {
        return Err(removed());
    };
    let tag = format!("\"{}\"", content.sha256);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|list| list.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    });
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let pieces = desk.files.vault().read(link.tenant, content).await.map_err(|error| not_read(&error))?;
        // The place is kept until the last piece has gone out.
        let pieces = pieces.map_err(std::io::Error::other).inspect(move |_| _ = &place);
        Body::from_stream(pieces).into_response()
    };
    describe(response.headers_mut(), &document.name, content, is_known);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// What an answer says of the file in it.
fn describe(headers: &mut HeaderMap, name: &str, content: &Content, is_known: bool) {
    let digest: Vec<u8> = (0..content.sha256.len() / 2)
        .filter_map(|byte| u8::from_str_radix(content.sha256.get(2 * byte..2 * byte + 2)?, 16).ok())
        .collect();
    let mut said = vec![
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        // Whatever part was asked for, the whole file comes.
        (header::ACCEPT_RANGES, "none".to_owned()),
    ];
    if !is_known {
        let text = content.media_type.starts_with("text/");
        said.push((
            header::CONTENT_TYPE,
            if text { format!("{}; charset=utf-8", content.media_type) } else { content.media_type.clone() },
        ));
        said.push((header::CONTENT_LENGTH, content.size.to_string()));
        said.push((header::CONTENT_DISPOSITION, disposition(name)));
        said.push((header::HeaderName::from_static("repr-digest"), format!("sha-256=:{}:", STANDARD.encode(digest))));
    }
    for (name, value) in said {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// A file's name for a disk (RFC 6266): whole in UTF-8, and for old clients in ASCII.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

async fn upload(
    State(desk): State<Desk>,
    Extension(id): Extension<RequestId>,
    Path(link): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let _place = desk.places.clone().try_acquire_owned().map_err(|_| Desk::overloaded().closing())?;
    let link = desk.files.open(&link, Purpose::Upload).await.map_err(|problem| Problem::from(problem).closing())?;
    let document = desk.document(&link).await.map_err(Problem::closing)?;
    if document.status == DocumentStatus::Removed {
        return Err(removed().closing());
    }
    let declared = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        let message = "the body must not be compressed";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, MEDIA_TYPE_REFUSED.word(), message).closing());
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > desk.config.file_bytes) {
        return Err(Problem::from(desk.files.limits().too_large("file")).closing());
    }
    let file = tokio::time::timeout(desk.config.time, receive(&desk, body)).await;
    let file = file.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, FaultCode::Timeout.word(), "the file came too slowly").closing()
    })??;
    let declared = declared.and_then(essence);
    // The document is the only one at its place; the digest in the address keeps another file from taking it.
    let content = desk.files.content("file", &file, declared.as_deref(), link.document.0)?;
    if document.status == DocumentStatus::Expected {
        let kept = desk.files.vault().keep(link.tenant, content.place, &file).await;
        kept.map_err(|error| not_stored(&error))?;
    }
    let origin = origin_of(&link, &document.client, &id);
    let command = ReceiveDocument { document: link.document, content };
    let done = match desk.engine.run(&origin, None, command).await {
        Ok(done) => done.value,
        Err(Failure::Refused(refused, _)) => return Err((*refused).into()),
        Err(Failure::Fault(fault)) => return Err(Fault::from(fault).into()),
    };
    let content = done.content.as_ref().ok_or_else(|| Fault::internal(&"a document that came has no content"))?;
    let said = json!({
        "id": done.id.to_string(),
        "mediaType": content.media_type,
        "size": content.size,
        "sha256": content.sha256,
    });
    let mut response = (StatusCode::CREATED, Json(said)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn receive(desk: &Desk, body: Body) -> Result<Spooled, Problem> {
    let unkept = |error: SpoolError| match error {
        SpoolError::TooLarge => Problem::from(desk.files.limits().too_large("file")).closing(),
        SpoolError::File(error) => Problem::from(Fault::internal(&error)).closing(),
    };
    let mut spool = Spool::new(desk.config.file_bytes).map_err(unkept)?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let broken =
            |_| Problem::new(StatusCode::BAD_REQUEST, FaultCode::BadRequest.word(), "the body broke off").closing();
        spool.take(&piece.map_err(broken)?).await.map_err(unkept)?;
    }
    spool.finish().await.map_err(unkept)
}
