//! Tokens that tell who a person is: JSON web tokens of somebody else's, verified with their keys.

use jsonwebtoken::Validation;
use serde_json::{Map, Value};

use crate::primitives::jwk::{find, usable_keys};

/// How far their clock may be from ours.
const LEEWAY_SECONDS: i64 = 30;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbelieved {
    /// Not one at all.
    #[error("it is no JSON web token")]
    Malformed,
    /// Of no key that there is.
    #[error("it is signed with no key of theirs")]
    UnknownKey,
    /// Forged, of another issuer or for somebody else.
    #[error("its signature, issuer or audience is wrong")]
    Wrong,
    /// Not valid yet.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Right otherwise, and over.
    #[error("it is over")]
    Expired,
}

/// The claims of a token at a moment, in seconds since 1970. The algorithm is the key's, never the token's.
///
/// # Errors
/// [`Unbelieved`].
pub fn verified(
    token: &str,
    key_set: &Value,
    (issuer, audience): (&str, &str),
    now: i64,
) -> Result<Map<String, Value>, Unbelieved> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| Unbelieved::Malformed)?;
    // Extensions that must be understood are not.
    if header.crit.is_some() {
        return Err(Unbelieved::Malformed);
    }
    let keys = usable_keys(key_set);
    let key = find(&keys, header.kid.as_deref()).ok_or(Unbelieved::UnknownKey)?;
    let mut validation = Validation::new(key.algorithm);
    // Times are held against the clock of the server, not the library's.
    (validation.validate_exp, validation.validate_nbf) = (false, false);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    let data = jsonwebtoken::decode::<Map<String, Value>>(token, &key.decoding, &validation);
    let claims = data.map_err(|_| Unbelieved::Wrong)?.claims;
    let seconds = |name: &str| claims.get(name).map(whole).transpose();
    if seconds("nbf")?.is_some_and(|from| now < from.saturating_sub(LEEWAY_SECONDS)) {
        return Err(Unbelieved::NotYetValid);
    }
    let ends = seconds("exp")?.ok_or(Unbelieved::Malformed)?;
    if now >= ends.saturating_add(LEEWAY_SECONDS) { Err(Unbelieved::Expired) } else { Ok(claims) }
}

/// A moment in whole seconds; a fraction is cut off (RFC 7519 allows one).
fn whole(value: &Value) -> Result<i64, Unbelieved> {
    let whole = value.as_number().and_then(|number| number.to_string().split('.').next()?.parse().ok());
    whole.ok_or(Unbelieved::Malformed)
}
