//! An answer over HTTP, its shape checked as it comes in.

use konto::api::fault::{FaultCode, Retry};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer to one operation.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The HTTP headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// Reads an answer and checks what holds for all of them: the media type, the request id, and that every
    /// error has a code from the closed list.
    pub async fn read(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.expect("a text");
        let mut body: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {error}: {text}"));
        without_absent_facts(&mut body);
        let answer = Self { status, headers, body };
        answer.check();
        answer
    }

    fn check(&self) {
        let text = |name: &str| self.headers.get(name).map(|value| value.to_str().expect("a text")).unwrap_or_default();
        assert!(
            ["application/graphql-response+json; charset=utf-8", "application/json; charset=utf-8"]
                .contains(&text("content-type")),
            "{self:?}"
        );
        let id = text("x-request-id");
        assert!(!id.is_empty(), "{self:?}");
        let errors = self.errors();
        for error in errors {
            let extensions = &error["extensions"];
            assert_eq!(extensions["requestId"], id, "{self:?}");
            assert!(extensions["code"].as_str().is_some_and(|code| FaultCode::from_word(code).is_some()), "{self:?}");
            assert!(extensions["retry"].as_str().is_some_and(|word| Retry::from_word(word).is_some()), "{self:?}");
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{self:?}");
        }
        assert!(self.body.get("data").is_some() || !errors.is_empty(), "{self:?}");
        assert!(self.body.get("errors").is_none() || !errors.is_empty(), "{self:?}");
        assert_eq!(self.body.get("data").is_some(), self.status == 200 || self.status == 203, "{self:?}");
    }

    /// The errors.
    pub fn errors(&self) -> &[Value] {
        self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The data of an answer without errors.
    #[track_caller]
    pub fn data(mut self) -> Value {
        assert!(self.errors().is_empty(), "{:#}", self.body);
        assert_eq!(self.status, 200);
        self.body["data"].take()
    }

    /// The one error, which has this code.
    #[track_caller]
    pub fn fault(mut self, code: &str) -> Value {
        assert!(self.errors().len() == 1 && self.errors()[0]["extensions"]["code"] == code, "{code}: {:#}", self.body);
        self.body["errors"][0].take()
    }

    /// The body without what differs from request to request: the request id and the cost.
    pub fn anonymous(&self) -> String {
        let mut body = self.body.clone();
        for error in body["errors"].as_array_mut().into_iter().flatten() {
            error["extensions"]["requestId"] = Value::Null;
        }
        body.to_string()
    }

    /// The request's id.
    pub fn request_id(&self) -> &str {
        self.headers["x-request-id"].to_str().expect("a text")
    }
}

/// Of a refusal's facts, those that it has: a test that compares them names no others.
pub fn without_absent_facts(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(facts)) = fields.get_mut("facts") {
                facts.retain(|_, fact| !fact.is_null());
            }
            fields.values_mut().for_each(without_absent_facts);
        }
        Value::Array(items) => items.iter_mut().for_each(without_absent_facts),
        _ => {}
    }
}

/// The path of a field problem, dotted.
pub fn dotted(path: &Value) -> String {
    let segments = path.as_array().expect("a path").iter().map(|segment| segment.as_str().expect("a segment"));
    segments.collect::<Vec<_>>().join(".")
}
