//! Requests with files, as the specification of GraphQL multipart requests has it: the parts `operations`, `map`, and then
//! the files that the map names.
//!
//! A form is what a foreign page can send without asking. So such a request takes a header that no page of another host
//! sends without being allowed to, beside the token. Files go to this machine's disk as they come, each to a file without a
//! name that is gone when the request is, however it ends; memory holds a piece of one.

use std::collections::{BTreeMap, HashSet};

use axum::body::Body;
use axum::http::{HeaderMap, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::config::UploadConfig;
use super::json;
use crate::api::documents::uploads::{Received, Upload, Uploads};
use crate::documents::vault::{Spool, SpoolError};

/// Headers that a browser lets a page of another host send only when it may.
const PREFLIGHT: [&str; 3] = ["graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name"];
/// The longest `map`.
const MAP_BYTES: u64 = 16 * 1024;
/// What a part's head and its boundary may take, with room.
const HEAD_BYTES: u64 = 16 * 1024;

/// Why a request with files was not read.
#[derive(Debug)]
pub(super) enum Unread {
    /// Something is larger than may be: what.
    TooLarge(String),
    TooSlow,
    /// Not such a request: why.
    Malformed(String),
    /// This machine's disk.
    Disk(std::io::Error),
}

impl From<multer::Error> for Unread {
    fn from(error: multer::Error) -> Self {
        match error {
            multer::Error::FieldSizeExceeded { limit, field_name } => {
                let name = field_name.unwrap_or_default();
                Self::TooLarge(format!("the part \"{}\" is larger than {limit} bytes", name.escape_debug()))
            }
            multer::Error::StreamSizeExceeded { limit } => {
                Self::TooLarge(format!("the body is larger than {limit} bytes"))
            }
            _ => Self::Malformed("the body is no multipart/form-data, or broke off".into()),
        }
    }
}

impl From<SpoolError> for Unread {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::TooLarge => Self::TooLarge("a file is larger than is taken".into()),
            SpoolError::File(error) => Self::Disk(error),
        }
    }
}

fn malformed(why: &str) -> Unread {
    Unread::Malformed(why.into())
}

/// Whether a request says that it is one.
pub(super) fn is_one(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("multipart/form-data"))
}

/// Whether it carries a header that a foreign page cannot send.
pub(super) fn asks_first(headers: &HeaderMap) -> bool {
    PREFLIGHT.iter().any(|name| headers.get(*name).is_some_and(|value| !value.is_empty()))
}

/// Reads one, within the limits: the request, its files in the place of their variables.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    operations_bytes: usize,
    config: &UploadConfig,
) -> Result<(Value, Uploads), Unread> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| malformed("Content-Type names no boundary"))?;
    let operations_bytes = u64::try_from(operations_bytes).unwrap_or(u64::MAX);
    let files = u64::try_from(config.files).unwrap_or(u64::MAX);
    let whole = (config.file_bytes.saturating_add(HEAD_BYTES))
        .saturating_mul(files)
        .saturating_add(operations_bytes)
        .saturating_add(MAP_BYTES + 2 * HEAD_BYTES);
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > whole) {
        return Err(Unread::TooLarge(format!("the body is larger than {whole} bytes")));
    }
    let limits = SizeLimit::new()
        .whole_stream(whole)
        .per_field(config.file_bytes)
        .for_field("operations", operations_bytes)
        .for_field("map", MAP_BYTES);
    let parts = Multipart::with_constraints(body.into_data_stream(), boundary, Constraints::new().size_limit(limits));
    let read = read_parts(parts, config);
    tokio::time::timeout_at(Instant::now() + config.time, read).await.map_err(|_| Unread::TooSlow)?
}

async fn read_parts(mut parts: Multipart<'_>, config: &UploadConfig) -> Result<(Value, Uploads), Unread> {
    let mut operations = text(parts.next_field().await?, "operations").await?;
    let map = text(parts.next_field().await?, "map").await?;
    let places = places(map, config.files)?;
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    while let Some(mut part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        let Some(places) = places.get(&name) else { return Err(malformed("a file is in no place of the map")) };
        if !seen.insert(name) {
            return Err(malformed("a file of the map comes twice"));
        }
        let upload = Upload(files.len());
        for place in places {
            put(&mut operations, place, &upload.note())?;
        }
        let (name, media_type) = (part.file_name().map(str::to_owned), part.content_type().map(ToString::to_string));
        let mut spool = Spool::new(config.file_bytes)?;
        while let Some(piece) = part.chunk().await? {
            spool.take(&piece).await?;
        }
        files.push(Received { name, media_type, content: spool.finish().await? });
    }
    if seen.len() != places.len() {
        return Err(malformed("a file of the map is missing"));
    }
    Ok((operations, Uploads::new(files)))
}

/// A part of JSON that has to come now.
async fn text(part: Option<Field<'_>>, name: &'static str) -> Result<Value, Unread> {
    let wrong = || malformed("the parts are operations, map, and then the files");
    let part = part.filter(|part| part.name() == Some(name)).ok_or_else(wrong)?;
    let bytes = part.bytes().await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Unread::Malformed(format!("{name} is not UTF-8")))?;
    json::parse(text).map_err(|error| Unread::Malformed(error.reason(name).into_owned()))
}

/// The variables of each file.
fn places(map: Value, most: usize) -> Result<BTreeMap<String, Vec<String>>, Unread> {
    let wrong = || malformed("map must be an object with a list of paths for each file");
    let Value::Object(map) = map else { return Err(wrong()) };
    if map.len() > most {
        return Err(Unread::TooLarge(format!("a request has at most {most} files")));
    }
    let mut places = BTreeMap::new();
    for (name, paths) in map {
        let Value::Array(paths) = paths else { return Err(wrong()) };
        let paths = paths.into_iter().map(|path| match path {
            Value::String(path) => Ok(path),
            _ => Err(wrong()),
        });
        let paths = paths.collect::<Result<Vec<String>, Unread>>()?;
        if paths.is_empty() || ["operations", "map"].contains(&&*name) {
            return Err(wrong());
        }
        places.insert(name, paths);
    }
    Ok(places)
}

/// Puts a note where a variable is null: `variables.input.file`, `variables.files.0`.
fn put(operations: &mut Value, path: &str, note: &str) -> Result<(), Unread> {
    let wrong = || malformed("a path of the map leads to no variable that is null");
    let mut steps = path.split('.');
    if steps.next() != Some("variables") {
        return Err(wrong());
    }
    let mut at = operations.as_object_mut().and_then(|fields: &mut Map<String, Value>| fields.get_mut("variables"));
    let mut is_deep = false;
    for step in steps {
        is_deep = true;
        at = match at {
            Some(Value::Object(fields)) => fields.get_mut(step),
            Some(Value::Array(items)) => step.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            _ => None,
        };
    }
    match at {
        Some(place @ Value::Null) if is_deep => {
            *place = Value::String(note.to_owned());
            Ok(())
        }
        _ => Err(wrong()),
    }
}
