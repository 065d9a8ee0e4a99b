//! Pages of other origins: what a browser is told before and after it asks for them.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::{Socket, TestApp};
use crate::faults::served::Folder;

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

/// `packaging/proxy/nginx.conf` as it is, but for the certificate and the addresses. Dropped, it is killed.
struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: Folder,
}

impl Nginx {
    /// Starts one in front of a server; none where it is not installed, unless `KONTO_TEST_REQUIRE=all` makes that a
    /// failure.
    async fn before(server: SocketAddr) -> Option<Self> {
        let given = std::env::var("KONTO_TEST_NGINX").ok().filter(|program| !program.is_empty());
        let places = ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"].map(str::to_owned);
        let program = given.into_iter().chain(places).find(|program| {
            let mut command = Command::new(program);
            command.arg("-v").stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        });
        let Some(program) = program else {
            let required = std::env::var("KONTO_TEST_REQUIRE").is_ok_and(|what| what == "all");
            assert!(!required, "KONTO_TEST_REQUIRE is all, but there is no nginx");
            eprintln!("skipped: there is no nginx");
            return None;
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let folder = Folder::new();
        let example = include_str!("../../../packaging/proxy/nginx.conf");
        let plain: Vec<&str> = example.lines().filter(|line| !line.trim().starts_with("ssl_")).collect();
        let example = plain.join("\n");
        for (part, times) in [("server 127.0.0.1:8080;", 1), ("listen 443 ssl;", 1)] {
            assert_eq!(example.matches(part).count(), times, "{part}");
        }
        let example = example.replace("server 127.0.0.1:8080;", &format!("server {server};"));
        let example = example.replace("listen 443 ssl;", &format!("listen {address};"));
        let at = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {at}/{what};\n"))
            .concat();
        let whole = format!(
            "daemon off;\nmaster_process off;\npid {at}/pid;\nerror_log {at}/errors;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{example}\n}}\n"
        );
        let config = folder.path().join("nginx.conf");
        std::fs::write(&config, whole).expect("a file");
        let mut command = Command::new(program);
        command.arg("-c").arg(&config).arg("-p").arg(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("nginx");
        let nginx = Self { child, address, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(nginx.address).is_err() {
            assert!(Instant::now() < deadline, "nginx does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

on_both_databases! {
    async fn behind_the_proxy_of_the_example_everything_works(app: TestApp) {
        let public = "https://konto.example";
        app.restart_with(|settings| {
            settings.http.origins.public = Some(public.into());
            settings.access.public_url = Some(public.into());
            settings.access.issuer = public.into();
        })
        .await;
        let Some(nginx) = Nginx::before(app.server().address()).await else { return };
        let url = |path: &str| format!("http://{}{path}", nginx.address);
        let token = app.token().await.expect("a token");
        let ask = |accept: &str, query: &str| {
            let request = app.http().post(url("/graphql")).bearer_auth(&token).header("origin", public);
            request.header("accept", accept).json(&json!({ "query": query }))
        };
        let answer = ask("application/json", "{ viewer { client } }").send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), says(&answer, "access-control-allow-origin")), (200, Some(public)));

        // Events leave at once: a payment is seen while the stream is open. It follows what comes from now on, and nothing
        // tells when that is: signs of life come for ever, so that the wait has an end of its own.
        let account = app.account("current").await;
        let stream = ask("text/event-stream", "subscription { ledgerEvents { sequence } }").send().await;
        let mut stream = stream.expect("a stream");
        let mut heard = String::new();
        let hear = async {
            while !heard.contains("ledgerEvents") {
                app.pay_in(&account, "5.00").await;
                if let Ok(chunk) = tokio::time::timeout(Duration::from_secs(1), stream.chunk()).await {
                    heard += &String::from_utf8_lossy(&chunk.expect("a stream").expect("more"));
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), hear).await.expect("an event");

        let mut socket = Socket::open(&nginx.address, &[("origin", public)]).await.expect("a socket");
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        let foreign = Socket::open(&nginx.address, &[("origin", "https://evil.example")]).await;
        assert_eq!(foreign.err(), Some(403));

        let metadata = app.http().get(url("/.well-known/oauth-authorization-server")).send().await;
        let metadata: Value = metadata.expect("an answer").json().await.expect("JSON");
        assert_eq!(metadata["issuer"], public);
        assert_eq!(metadata["token_endpoint"], format!("{public}/oauth2/token"));
        assert_eq!(app.http().get(url("/metrics")).send().await.expect("an answer").status(), 404);
    }

    async fn pages_of_allowed_origins_ask_as_programs_do(app: TestApp) {
        let page = "https://bank.example";
        app.restart_with(|settings| {
            settings.http.origins.allowed = vec!["https://bank.example".into()];
            settings.http.origins.public = Some("https://konto.bank.example".into());
        })
        .await;
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
        assert!(answer.headers().get_all("vary").iter().any(|by| by == "origin"), "{answer:?}");
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
            let form = request.header("content-type", "application/x-www-form-urlencoded");
            let answer = form.body("grant_type=client_credentials").send().await.expect("an answer");
            assert_eq!(says(&answer, "access-control-allow-origin"), None, "{origin}");
        }
    }
}
