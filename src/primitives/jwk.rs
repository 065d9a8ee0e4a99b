//! Public keys of others, by which they sign tokens (RFC 7517).
//!
//! A key decides its algorithm: RSA is RS256, P-256 is ES256, Ed25519 is EdDSA; keys that say they are for something else are
//! not used, and shared secrets (HS256) never.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize as _;
use serde_json::Value;

/// RFC 7518, section 3.3.
const MIN_RSA_BYTES: usize = 2048 / 8;

/// A key to verify signatures with.
pub struct PublicKey {
    /// Its id.
    pub kid: Option<String>,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// The key.
    pub decoding: DecodingKey,
}

/// The key of an id. A token without one is for a set of one key.
#[must_use]
pub fn find<'a>(keys: &'a [PublicKey], kid: Option<&str>) -> Option<&'a PublicKey> {
    match (kid, keys) {
        (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// The keys of a set (RFC 7517) that signatures can be verified with. One that cannot be read must not hide the others, so
/// each is read by itself.
#[must_use]
pub fn usable_keys(set: &Value) -> Vec<PublicKey> {
    let keys = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    keys.iter().filter_map(|key| Jwk::deserialize(key).ok()).filter_map(|jwk| usable_key(&jwk)).collect()
}

/// A key to verify signatures with, whose type, size and algorithm fit. The sizes are checked here because
/// the signature check presumes them.
fn usable_key(jwk: &Jwk) -> Option<PublicKey> {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_or(0, |bytes| bytes.len());
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(key) if bytes(&key.n) >= MIN_RSA_BYTES => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key)
            if key.curve == EllipticCurve::P256 && bytes(&key.x) == 32 && bytes(&key.y) == 32 =>
        {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 && bytes(&key.x) == 32 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let common = &jwk.common;
    let meant = common.key_algorithm.is_none_or(|algorithm| algorithm == named)
        && common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let decoding = DecodingKey::from_jwk(jwk).ok().filter(|_| meant)?;
    Some(PublicKey { kid: common.key_id.clone(), algorithm, decoding })
}
