//! Pages of other origins: what a browser is told before and after it asks for them.

use serde_json::{Value, json};

use crate::app::TestApp;

/// What a browser asks before it sends what a page wants to send.
async fn preflight(app: &TestApp, origin: &str, path: &str) -> reqwest::Response {
    let request = app.http().request(reqwest::Method::OPTIONS, app.url(path));
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "authorization,content-type");
    request.send().await.expect("an answer")
}

fn says<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().expect("text"))
}

on_both_databases! {
    async fn pages_of_allowed_origins_ask_as_programs_do(app: TestApp) {
        let page = "https://bank.example";
        let allow = |settings: &mut konto::server::ServerConfig| {
            settings.http.origins.allowed = vec!["https://bank.example".into()];
            settings.http.origins.public = Some("https://konto.bank.example".into());
        };
        app.restart_with(allow).await;
        for origin in [page, "https://konto.bank.example"] {
            for path in ["/graphql", "/oauth2/token", "/documents/some-link"] {
                let told = preflight(&app, origin, path).await;
                assert_eq!(told.status(), 200, "{path}");
                assert_eq!(says(&told, "access-control-allow-origin"), Some(origin), "{path}");
                assert!(says(&told, "access-control-allow-methods").is_some_and(|all| all.contains("POST")), "{path}");
                let headers = says(&told, "access-control-allow-headers").expect("headers");
                assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
                assert_eq!(says(&told, "access-control-max-age"), Some("7200"));
                assert_eq!(says(&told, "access-control-allow-credentials"), None, "there are no cookies");
            }
        }

        let token = app.token().await.expect("a token");
        let ask = |accept: &str, query: &str| {
            let request = app.http().post(app.url("/graphql")).bearer_auth(&token).header("origin", page);
            request.header("accept", accept).json(&json!({ "query": query }))
        };
        let answer = ask("application/json", "{ viewer { client } }").send().await.expect("an answer");
        assert_eq!(says(&answer, "access-control-allow-origin"), Some(page));
        assert!(says(&answer, "vary").is_some_and(|vary| vary.to_ascii_lowercase().contains("origin")), "{answer:?}");
        assert!(says(&answer, "access-control-expose-headers").is_some_and(|all| all.contains("x-request-id")));
        assert!(answer.json::<Value>().await.expect("JSON")["data"]["viewer"]["client"].is_string());

        let stream = ask("text/event-stream", "subscription { ledgerEvents { sequence } }").send().await;
        assert_eq!(says(&stream.expect("a stream"), "access-control-allow-origin"), Some(page));

        // What goes wrong is read by the page as well.
        let denied = app.http().post(app.url("/graphql")).header("origin", page).json(&json!({ "query": "{" }));
        let denied = denied.send().await.expect("an answer");
        assert_eq!((denied.status().as_u16(), says(&denied, "access-control-allow-origin")), (401, Some(page)));
    }

    async fn pages_of_other_origins_are_told_nothing(app: TestApp) {
        let own = app.url("");
        let told = preflight(&app, own.trim_end_matches('/'), "/graphql").await;
        assert!(says(&told, "access-control-allow-origin").is_some(), "the server's own pages");
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
            let told = preflight(&app, origin, "/graphql").await;
            assert_eq!(says(&told, "access-control-allow-origin"), None, "{origin}");
            let request = app.http().post(app.url("/oauth2/token")).header("origin", origin);
            let answer = request.form(&[("grant_type", "client_credentials")]).send().await.expect("an answer");
            assert_eq!(says(&answer, "access-control-allow-origin"), None, "{origin}");
        }
    }
}
