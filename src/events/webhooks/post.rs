//! One message over HTTP: bounded in time and size, without redirects, to nobody on the inside.

use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, header};

use super::address::{self, Guard, NotAllowed};
use super::schedule;
use crate::primitives::clock::Micros;

/// How long a receiver may take to answer.
const TIME: Duration = Duration::from_secs(10);
/// How long the rest of an answer is listened to, once its status has decided.
const REST: Duration = Duration::from_secs(1);
/// Bytes of an answer that are read, so that the connection can be used again. What is longer is cut off.
const READ: usize = 64 * 1024;
/// Connections to one receiver that are kept for the next messages.
const KEPT: usize = 32;

/// A message, ready to be sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// Where to.
    pub url: String,
    /// The id that stays the same when it is sent again.
    pub id: String,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// Of `id.timestamp.body`.
    pub signatures: String,
    /// JSON.
    pub body: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the receiver said, in HTTP; none when it said nothing.
    pub status: Option<u16>,
    /// Why it counts as failed; none when it does not.
    pub error: Option<String>,
    /// How much later the receiver wants to be asked again.
    pub retry_after: Option<Micros>,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// Whether the receiver wants no more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.status == Some(StatusCode::GONE.as_u16())
    }
}

/// Sends messages. Cloning shares its connections.
#[derive(Clone, Debug)]
pub struct Poster {
    guard: Guard,
    /// Without TLS there is no need to read the machine's certificates, and with it only once it is needed.
    clients: Arc<[OnceLock<Result<Client, String>>; 2]>,
}

impl Poster {
    /// With connections of its own.
    #[must_use]
    pub fn new(allow_private: bool) -> Self {
        Self { guard: Guard { allow_private }, clients: Arc::default() }
    }

    fn client(&self, plain: bool) -> Result<&Client, String> {
        let made = self.clients[usize::from(plain)].get_or_init(|| {
            let client = Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .referer(false)
                .user_agent(concat!("konto/", env!("CARGO_PKG_VERSION")))
                .pool_max_idle_per_host(KEPT)
                .pool_idle_timeout(Duration::from_secs(30))
                .connect_timeout(TIME)
                .timeout(TIME + REST)
                .dns_resolver(Arc::new(self.guard));
            let client = if plain { client.tls_certs_only([]) } else { client.https_only(true) };
            client.build().map_err(|error| error.to_string())
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// Sends a message and tells what became of it, always within the time that a receiver has.
    pub async fn post(&self, message: Message, now: Micros) -> Answer {
        let began = Instant::now();
        let sent = tokio::time::timeout(TIME, self.send(message)).await;
        let took = began.elapsed();
        let failed = |error: &str| Answer { status: None, error: Some(error.to_owned()), retry_after: None, took };
        match sent {
            Err(_) => failed("no answer within 10 seconds"),
            Ok(Err(error)) => failed(&error),
            Ok(Ok(response)) => {
                let answer = read(&response, now, took);
                // Whatever is left of it decides nothing.
                let _ = tokio::time::timeout(REST, drain(response)).await;
                answer
            }
        }
    }

    /// The same, with what the receiver wrote; [`TooLong`] where that is more than is read.
    pub async fn ask(&self, message: Message, now: Micros) -> (Answer, Result<Vec<u8>, TooLong>) {
        let began = Instant::now();
        let asked = tokio::time::timeout(TIME, async {
            let response = self.send(message).await?;
            let answer = read(&response, now, began.elapsed());
            Ok::<_, String>((answer, written(response).await.map_err(|error| why(&error))?))
        });
        let took = || began.elapsed();
        let failed = |error: String| {
            (Answer { status: None, error: Some(error), retry_after: None, took: took() }, Ok(Vec::new()))
        };
        match asked.await {
            Err(_) => failed("no answer within 10 seconds".to_owned()),
            Ok(Err(error)) => failed(error),
            Ok(Ok((answer, written))) => (Answer { took: took(), ..answer }, written),
        }
    }

    async fn send(&self, message: Message) -> Result<Response, String> {
        let url = address::parse(&message.url).map_err(|problem| format!("the address {problem}"))?;
        if !self.guard.allow_private {
            address::check(&url).map_err(|problem| format!("the address {problem}"))?;
        }
        let client = self.client(url.scheme() == "http")?;
        let request = client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signatures)
            .body(message.body);
        request.send().await.map_err(|error| why(&error))
    }
}

/// A receiver wrote more than is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// All of an answer, as far as it is read at all.
async fn written(mut response: Response) -> Result<Result<Vec<u8>, TooLong>, reqwest::Error> {
    let mut all = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if all.len() + chunk.len() > READ {
            return Ok(Err(TooLong));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(Ok(all))
}

/// What a status says.
fn read(response: &Response, now: Micros, took: Duration) -> Answer {
    let status = response.status();
    let error = match status {
        _ if status.is_success() => None,
        _ if status.is_redirection() => Some(format!("answered {}, and redirects are not followed", status.as_u16())),
        _ => Some(format!("answered {}", status.as_u16())),
    };
    let asked = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = asked.and_then(|value| schedule::retry_after(value, now));
    Answer { status: Some(status.as_u16()), error, retry_after, took }
}

/// Reads what is left, as far as it is read at all.
async fn drain(mut response: Response) {
    let mut left = READ;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}

/// Why nothing was answered, in our words: an error of the library may hold the address, and with it a secret.
fn why(error: &reqwest::Error) -> String {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<NotAllowed>() {
            return refused.to_string();
        }
        source = cause.source();
    }
    let what = match error {
        _ if error.is_timeout() => "no answer within 10 seconds",
        _ if error.is_connect() => "no connection",
        _ if error.is_builder() => "the address cannot be called",
        _ => "the connection broke off",
    };
    what.to_owned()
}
