//! Asking a provider of OpenID Connect: its metadata, its keys, and the token for a code. Bounded in time and size, without
//! redirects, and to nobody on the inside, as webhooks are sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url, header};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::model::IdentificationProvider;
use crate::events::webhooks::address::{self, Guard};

/// How long a provider may take.
const TIME: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const READ: usize = 256 * 1024;
/// How long metadata and keys are kept.
const KEPT: Duration = Duration::from_secs(600);
/// Issuers whose metadata is kept.
const MOST_KEPT: usize = 1_000;

/// What a provider says of itself, as far as it is used.
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    issuer: String,
    /// Where customers are sent.
    pub authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

/// Asks providers.
#[derive(Debug)]
pub struct Asker {
    allow_private: bool,
    clients: [Result<Client, String>; 2],
    known: Mutex<std::collections::HashMap<String, (Arc<Metadata>, Instant)>>,
}

/// A code and what it is exchanged with.
#[derive(Clone, Copy, Debug)]
pub struct Code<'a> {
    /// The code.
    pub code: &'a str,
    /// What its challenge was made of (RFC 7636).
    pub verifier: &'a str,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Asker {
    /// With connections of its own.
    #[must_use]
    pub fn new(allow_private: bool) -> Self {
        let client = |plain: bool| {
            let client = Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .referer(false)
                .user_agent(concat!("konto/", env!("CARGO_PKG_VERSION")))
                .timeout(TIME)
                .dns_resolver(Arc::new(Guard { allow_private }));
            let client = if plain { client.tls_certs_only([]) } else { client.https_only(true) };
            client.build().map_err(|error| error.to_string())
        };
        Self { allow_private, clients: [client(false), client(true)], known: Mutex::default() }
    }

    /// What an issuer says of itself: it has to say that it is the one that was asked for.
    ///
    /// # Errors
    /// Why not, for people.
    pub async fn metadata(&self, issuer: &str) -> Result<Arc<Metadata>, String> {
        if let Some((metadata, at)) = self.known.lock().await.get(issuer)
            && at.elapsed() < KEPT
        {
            return Ok(metadata.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Metadata = self.read(self.get(&url)?).await?;
        if metadata.issuer != issuer {
            return Err("its metadata is another issuer's".into());
        }
        for url in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            self.checked(url)?;
        }
        let metadata = Arc::new(metadata);
        let mut known = self.known.lock().await;
        if known.len() >= MOST_KEPT {
            known.clear();
        }
        known.insert(issuer.to_owned(), (metadata.clone(), Instant::now()));
        Ok(metadata)
    }

    /// The provider's identity token for a code, and the keys that it is to be verified with.
    ///
    /// # Errors
    /// Why not, for people.
    pub async fn exchange(&self, provider: &IdentificationProvider, code: Code<'_>) -> Result<(String, Value), String> {
        let settings = &provider.settings;
        let metadata = self.metadata(&settings.issuer).await?;
        let callback = settings.callback_url.as_deref().unwrap_or_default();
        let form = encoded(&[
            ("grant_type", "authorization_code"),
            ("code", code.code),
            ("redirect_uri", callback),
            ("code_verifier", code.verifier),
        ]);
        // RFC 6749, section 2.3.1: both parts are encoded as in a form.
        let basic = format!("{}:{}", encoded_text(&settings.client_id), encoded_text(&provider.secret.0));
        let url = self.checked(&metadata.token_endpoint)?;
        let request = self.client(&url)?.post(url);
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(basic)))
            .body(form);
        let tokens: Tokens = self.read(request).await?;
        let keys = self.read(self.get(&metadata.jwks_uri)?).await?;
        Ok((tokens.id_token, keys))
    }

    fn checked(&self, url: &str) -> Result<Url, String> {
        let url = address::parse(url).map_err(|problem| format!("its address {problem}"))?;
        if !self.allow_private {
            address::check(&url).map_err(|problem| format!("its address {problem}"))?;
        }
        Ok(url)
    }

    fn client(&self, url: &Url) -> Result<&Client, String> {
        self.clients[usize::from(url.scheme() == "http")].as_ref().map_err(Clone::clone)
    }

    fn get(&self, url: &str) -> Result<RequestBuilder, String> {
        let url = self.checked(url)?;
        Ok(self.client(&url)?.get(url))
    }

    /// What was answered. The library's own errors may hold addresses, and codes with them.
    async fn read<T: serde::de::DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, String> {
        let request = request.header(header::ACCEPT, "application/json");
        let mut response = request.send().await.map_err(|_| "there was no answer".to_owned())?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("it answered {}", status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| "its answer broke off".to_owned())? {
            if body.len() + chunk.len() > READ {
                return Err("it answered more than is read".into());
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|_| "it answered what is not of the protocol".into())
    }
}

/// Pairs as a form has them.
#[must_use]
pub fn encoded(pairs: &[(&str, &str)]) -> String {
    let parts = pairs.iter().map(|(name, value)| format!("{name}={}", encoded_text(value)));
    parts.collect::<Vec<_>>().join("&")
}

/// A text as a form or a query has it: all but letters, digits and `-._~` by their bytes.
#[must_use]
pub fn encoded_text(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
