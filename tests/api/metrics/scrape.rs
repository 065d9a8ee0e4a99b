//! What `/metrics` says, read as a Prometheus server does.

use std::collections::HashMap;

use crate::app::TestApp;

/// One answer, its form checked.
pub struct Scrape {
    pub text: String,
    series: HashMap<String, String>,
}

impl Scrape {
    pub async fn of(app: &TestApp) -> Self {
        let response = app.http().get(app.url("/metrics")).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert_eq!(response.headers()["content-type"], content_type);
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self::read(response.text().await.expect("text"))
    }

    pub fn read(text: String) -> Self {
        assert!(text.ends_with("# EOF\n"), "cut short:\n{text}");
        let (mut series, mut described) = (HashMap::new(), Vec::new());
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                assert!(!comment.ends_with(".."), "{line}");
                if let Some(typed) = comment.strip_prefix("TYPE ") {
                    let name = typed.split(' ').next().expect("a name").to_owned();
                    assert!(!described.contains(&name), "{name} is described twice");
                    described.push(name);
                }
                continue;
            }
            let (name, value) = line.rsplit_once(' ').expect(line);
            let family = name.split('{').next().expect("a name");
            assert!(described.last().is_some_and(|last| family.starts_with(last.as_str())), "{name} is not described");
            assert!(series.insert(name.to_owned(), value.to_owned()).is_none(), "{name} twice");
        }
        Self { text, series }
    }

    /// A whole number; 0 for an operation and outcome that has not been yet.
    pub fn count(&self, series: &str) -> u64 {
        let missing = || {
            assert!(series.starts_with("konto_requests_total{"), "no {series} in\n{}", self.text);
            "0"
        };
        let value = self.series.get(series).map_or_else(missing, String::as_str);
        value.strip_suffix(".0").unwrap_or(value).parse().expect(series)
    }

    /// Over all labels.
    pub fn sum(&self, name: &str) -> u64 {
        let of = |series: &&String| series.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'));
        self.series.keys().filter(of).map(|series| self.count(series)).sum()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.series.keys().map(String::as_str)
    }
}
