//! The parameters of a request, from a JSON body, a query string or a message.

use std::borrow::Cow;

use async_graphql::{Request, Variables};
use serde_json::{Map, Value};

use super::json::{self, NotJson};
use super::trusted::TrustedDocuments;
use crate::api::documents::uploads::Uploads;
use crate::api::fault::{Fault, FaultCode};

/// Why a request is none. Always a 400, whatever media type the client takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotARequest(pub Cow<'static, str>);

const fn because(reason: &'static str) -> NotARequest {
    NotARequest(Cow::Borrowed(reason))
}

impl From<NotARequest> for Fault {
    fn from(reason: NotARequest) -> Self {
        Self::new(FaultCode::BadRequest, &reason.0)
    }
}

/// The parameters, each of its right type.
#[derive(Debug, Default)]
pub(super) struct Params {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Map<String, Value>,
    extensions: Map<String, Value>,
    uploads: Option<Uploads>,
}

impl Params {
    /// From a JSON body.
    pub fn from_json(body: &[u8]) -> Result<Self, NotARequest> {
        let text = std::str::from_utf8(body).map_err(|_| because("the body is not UTF-8"))?;
        Self::from_value(json::parse(text).map_err(|error| NotARequest(error.reason("the body")))?)
    }

    /// From a JSON value. What it does not know it ignores, as the specification asks.
    pub fn from_value(value: Value) -> Result<Self, NotARequest> {
        let mut fields = match value {
            Value::Object(fields) => fields,
            Value::Array(_) => return Err(because("arrays of requests are not supported: send one at a time")),
            _ => return Err(because("a request is a JSON object")),
        };
        let params = Self {
            query: text(fields.remove("query"), "query must be a string")?,
            document_id: text(fields.remove("documentId"), "documentId must be a string")?,
            operation_name: text(fields.remove("operationName"), "operationName must be a string")?,
            variables: object(fields.remove("variables"), "variables must be an object")?,
            extensions: object(fields.remove("extensions"), "extensions must be an object")?,
            uploads: None,
        };
        params.complete()
    }

    /// The same parameters, with the files that some of their variables stand for.
    pub fn with_uploads(self, uploads: Uploads) -> Self {
        Self { uploads: Some(uploads), ..self }
    }

    /// From the query string of a GET.
    pub fn from_query_string(query: &str) -> Result<Self, NotARequest> {
        let mut params = Self::default();
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if seen.contains(&name) {
                return Err(because("a parameter is given twice"));
            }
            match &*name {
                "query" => params.query = Some(value),
                "documentId" => params.document_id = Some(value),
                "operationName" => params.operation_name = Some(value).filter(|name| !name.is_empty()),
                "variables" => params.variables = embedded(&value, "variables must be a JSON object")?,
                "extensions" => params.extensions = embedded(&value, "extensions must be a JSON object")?,
                _ => {}
            }
            seen.push(name);
        }
        params.complete()
    }

    fn complete(self) -> Result<Self, NotARequest> {
        let persisted = match self.extensions.get("persistedQuery") {
            None | Some(Value::Null) => false,
            Some(persisted) if persisted.get("sha256Hash").is_some_and(Value::is_string) => true,
            Some(_) => return Err(because("extensions.persistedQuery must hold a sha256Hash")),
        };
        if self.query.is_none() && self.document_id.is_none() && !persisted {
            return Err(because("the parameter query is missing"));
        }
        Ok(self)
    }

    /// The request for the executor. The text comes from the request or from the trusted documents; with
    /// `trusted_only` it must be one of those either way.
    pub fn into_request(self, trusted: &TrustedDocuments, trusted_only: bool) -> Result<Request, Fault> {
        let refused = |message| Err(Fault::new(FaultCode::BadRequest, message));
        let hash = self.extensions.get("persistedQuery").and_then(|persisted| persisted.get("sha256Hash")?.as_str());
        let query = match (self.query, self.document_id.as_deref(), hash) {
            (Some(query), ..) if trusted_only && !trusted.holds(&query) => {
                return refused("only trusted documents are run here");
            }
            (Some(query), ..) => query,
            (None, Some(id), _) => match trusted.get(id) {
                Some(query) => query.to_owned(),
                None => return refused("documentId names no trusted document"),
            },
            (None, None, Some(hash)) => match trusted.get(hash) {
                Some(query) => query.to_owned(),
                // The words that clients of this convention look for before they send the whole text.
                None => return refused("PersistedQueryNotFound"),
            },
            (None, None, None) => return refused("the parameter query is missing"),
        };
        let mut request = Request::new(query).variables(Variables::from_json(Value::Object(self.variables)));
        request.operation_name = self.operation_name;
        Ok(match self.uploads {
            Some(uploads) => request.data(uploads),
            None => request,
        })
    }
}

fn text(value: Option<Value>, reason: &'static str) -> Result<Option<String>, NotARequest> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(because(reason)),
    }
}

fn object(value: Option<Value>, reason: &'static str) -> Result<Map<String, Value>, NotARequest> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(because(reason)),
    }
}

fn embedded(json: &str, reason: &'static str) -> Result<Map<String, Value>, NotARequest> {
    if json.is_empty() {
        return Ok(Map::new());
    }
    let value = json::parse(json).map_err(|error| match error {
        NotJson::Malformed => because(reason),
        error => NotARequest(error.reason("the parameter")),
    })?;
    object(Some(value), reason)
}

/// Undoes the form encoding. What is not UTF-8 afterwards is refused, never replaced.
fn decoded(text: &str) -> Result<String, NotARequest> {
    let reason = because("the query string is not form-encoded UTF-8");
    let digit =
        |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|n| u8::try_from(n).ok());
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'+' => b' ',
            b'%' => match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => high * 16 + low,
                _ => return Err(reason),
            },
            byte => byte,
        });
    }
    String::from_utf8(plain).map_err(|_| reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_per_refusal() {
        let deep = format!(r#"{{"query":"","variables":{{"a":{}{}}}}}"#, "[".repeat(126), "]".repeat(126));
        for (body, reason) in [
            (&b"\xff"[..], "the body is not UTF-8"),
            (b"{", "the body is not JSON"),
            (b"", "the body is not JSON"),
            (b"7", "a request is a JSON object"),
            (b"[]", "arrays of requests are not supported: send one at a time"),
            (br#"[{"query":"{a}"}]"#, "arrays of requests are not supported: send one at a time"),
            (b"{}", "the parameter query is missing"),
            (br#"{"query":null}"#, "the parameter query is missing"),
            (br#"{"query":1}"#, "query must be a string"),
            (br#"{"query":"","operationName":{}}"#, "operationName must be a string"),
            (br#"{"query":"","variables":[]}"#, "variables must be an object"),
            (br#"{"query":"","extensions":""}"#, "extensions must be an object"),
            (br#"{"documentId":1}"#, "documentId must be a string"),
            (br#"{"query":"{a}","query":"{b}"}"#, "the body has \"query\" twice in one object"),
            (br#"{"query":"","variables":{"a":[{"b":1,"b":2}]}}"#, "the body has \"b\" twice in one object"),
            (br#"{"query":"","extensions":{"a":1,"a":1}}"#, "the body has \"a\" twice in one object"),
            (deep.as_bytes(), "the body is nested too deeply: more than 127 levels"),
            (br#"{"extensions":{"persistedQuery":{}}}"#, "extensions.persistedQuery must hold a sha256Hash"),
        ] {
            assert_eq!(Params::from_json(body).err(), Some(because(reason)));
        }
        for (query, reason) in [
            ("", "the parameter query is missing"),
            ("query=%ff", "the query string is not form-encoded UTF-8"),
            ("query=%4", "the query string is not form-encoded UTF-8"),
            ("query=a&query=b", "a parameter is given twice"),
            ("query=a&variables=7", "variables must be a JSON object"),
            ("query=a&variables={", "variables must be a JSON object"),
            ("query=a&extensions=[]", "extensions must be a JSON object"),
            ("query=a&variables={\"x\":{\"y\":1,\"y\":1}}", "the parameter has \"y\" twice in one object"),
            ("query=a&extensions={\"x\":1,\"x\":1}", "the parameter has \"x\" twice in one object"),
        ] {
            assert_eq!(Params::from_query_string(query).err(), Some(because(reason)));
        }
    }

    #[test]
    fn both_forms_say_the_same() {
        let json = br#"{"query":"{ \u00e5 }","operationName":"A","variables":{"x":1},"extensions":null,"more":1}"#;
        let query = "query=%7B+%C3%A5%20}&operationName=A&variables=%7B%22x%22:1}&extensions=&more=1";
        for params in [Params::from_json(json), Params::from_query_string(query)] {
            let request = params.expect("a request").into_request(&TrustedDocuments::default(), false).expect("a text");
            assert_eq!(request.query, "{ å }");
            assert_eq!(request.operation_name.as_deref(), Some("A"));
            assert_eq!(request.variables, Variables::from_json(serde_json::json!({ "x": 1 })));
        }
    }

    #[test]
    fn trusted_documents_stand_in_for_the_text() {
        let trusted = TrustedDocuments::new(["{ a }".to_owned()]);
        for (body, only, query) in [
            (r#"{"query":"{ b }"}"#, false, Ok("{ b }")),
            (r#"{"query":"{ b }"}"#, true, Err("only trusted documents are run here")),
            (r#"{"query":"{ a }"}"#, true, Ok("{ a }")),
            (r#"{"documentId":"x"}"#, false, Err("documentId names no trusted document")),
            (r#"{"extensions":{"persistedQuery":{"sha256Hash":"x"}}}"#, false, Err("PersistedQueryNotFound")),
        ] {
            let request = Params::from_json(body.as_bytes()).expect("a request").into_request(&trusted, only);
            assert_eq!(
                request.map(|r| r.query).map_err(|f| f.message.to_string()),
                query.map(str::to_owned).map_err(str::to_owned)
            );
        }
    }
}
