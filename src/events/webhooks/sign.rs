//! Secrets and signatures as Standard Webhooks has them: `whsec_` and base64, HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// A secret as receivers are told it.
#[must_use]
pub fn secret(bytes: [u8; 32]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// The value of `webhook-signature`: one per secret, separated by spaces.
#[must_use]
pub fn signatures<'a>(secrets: impl Iterator<Item = &'a str>, id: &str, timestamp: i64, body: &str) -> String {
    let signed = secrets.filter_map(|secret| signature(secret, id, timestamp, body));
    signed.collect::<Vec<_>>().join(" ")
}

/// Whether one of the signatures of a message is of this secret. Takes as long whatever is wrong with them.
#[must_use]
pub fn is_signed(secret: &str, id: &str, timestamp: i64, body: &str, signatures: &str) -> bool {
    let Some(key) = secret.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok()) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return false };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    let given = signatures.split_ascii_whitespace().filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    given.take(16).any(|given| mac.clone().verify_slice(&given).is_ok())
}

/// None for what is no secret of ours.
fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
