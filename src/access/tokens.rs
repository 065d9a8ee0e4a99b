//! Konto's own access tokens: JSON web tokens by the profile of RFC 9068 (`at+jwt`), EdDSA and nothing else.
//!
//! The algorithm is the key's, never the token's: a token that says otherwise is refused before its signature
//! is looked at. Whether a token is over is decided by the clock that was passed in; the library's own check
//! by the wall clock is off.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::{Clock, CustomerId, TenantId};

use super::TOKEN_SECONDS;
use super::error::{AccessError, TokenError};
use super::keys::{KeyRing, SigningKey};
use super::principal::{Principal, Scope, scopes_of, words_of};
use super::secrets::random_bytes;

/// The media type of an access token (RFC 9068, section 2.1), as its header says it.
const TYPE: &str = "at+jwt";

/// No token that is accepted is larger. A header line that fits most servers is half of this.
const MAX_BYTES: usize = 16 * 1024;

/// What an own token says. `aud` is the issuer itself, which RFC 9068 demands to be said.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    tid: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cus: Option<String>,
    iat: i64,
    exp: i64,
    jti: String,
}

/// Whom a new token speaks for.
pub(super) struct Subject<'a> {
    pub(super) tenant: TenantId,
    pub(super) client_id: &'a str,
    pub(super) scopes: &'a BTreeSet<Scope>,
    pub(super) customer: Option<CustomerId>,
}

/// The clock in whole seconds, the unit of a token's times.
pub(super) fn seconds(clock: &Clock) -> i64 {
    clock.micros().div_euclid(1_000_000)
}

/// A signed token that lasts [`TOKEN_SECONDS`]. Its `jti` is random rather than from the id source, so that
/// asking for tokens does not change the ids of a seeded run.
pub(super) fn issue(key: &SigningKey, issuer: &str, subject: &Subject<'_>, now: i64) -> Result<String, AccessError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.into());
    header.kid = Some(key.kid.clone());
    let claims = Claims {
        iss: issuer,
        aud: issuer,
        sub: subject.client_id,
        client_id: subject.client_id,
        tid: subject.tenant.to_string(),
        scope: words_of(subject.scopes),
        cus: subject.customer.map(|customer| customer.to_string()),
        iat: now,
        exp: now.saturating_add(TOKEN_SECONDS),
        jti: URL_SAFE_NO_PAD.encode(random_bytes::<16>()?),
    };
    Ok(jsonwebtoken::encode(&header, &claims, &key.encoding)?)
}

/// What a token says before anything of it is believed: enough to choose the keys to check it with.
pub(super) struct Unverified {
    pub(super) header: Header,
    pub(super) issuer: String,
}

/// Reads the header and the issuer. Extensions that must be understood (`crit`) are not, so they are refused.
pub(super) fn read(token: &str) -> Result<Unverified, TokenError> {
    if token.len() > MAX_BYTES {
        return Err(TokenError::Malformed);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
    let claims: Map<String, Value> =
        jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| TokenError::Malformed)?;
    if header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    let issuer = ClaimSet(claims).text("iss")?;
    Ok(Unverified { header, issuer })
}

/// Verifies an own token, at a moment, without leeway: the servers that issue and verify share a clock.
pub(super) async fn verify(
    keys: &KeyRing,
    issuer: &str,
    token: &str,
    header: &Header,
    now: i64,
) -> Result<Principal, TokenError> {
    if header.alg != Algorithm::EdDSA {
        return Err(TokenError::WrongAlgorithm);
    }
    if header.typ.as_deref().is_none_or(|typ| !typ.eq_ignore_ascii_case(TYPE)) {
        return Err(TokenError::WrongType);
    }
    let kid = header.kid.as_deref().ok_or(TokenError::UnknownKey)?;
    let key = keys.verifying(kid).await?.ok_or(TokenError::UnknownKey)?;
    let claims = check_signature(token, &key.decoding, Algorithm::EdDSA, issuer, issuer)?;
    let expires_at = claims.seconds("exp")?;
    if now >= expires_at {
        return Err(TokenError::Expired);
    }
    let customer = match claims.text_if_present("cus")? {
        Some(text) => Some(text.parse().map_err(|_| TokenError::Claim("cus".into()))?),
        None => None,
    };
    claims.seconds("iat")?;
    claims.text("sub")?;
    claims.text("jti")?;
    Ok(Principal {
        tenant: claims.text("tid")?.parse().map_err(|_| TokenError::Claim("tid".into()))?,
        client: claims.text("client_id")?.into(),
        customer,
        scopes: scopes_of(&claims.text("scope")?).collect::<BTreeSet<_>>().into(),
        expires_at,
    })
}

/// The claims of a token whose signature, issuer and audience are right. Times are left to the caller.
pub(super) fn check_signature(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
    issuer: &str,
    audience: &str,
) -> Result<ClaimSet, TokenError> {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    let data = jsonwebtoken::decode(token, key, &validation).map_err(|error| match error.into_kind() {
        ErrorKind::InvalidAlgorithm => TokenError::WrongAlgorithm,
        ErrorKind::InvalidIssuer => TokenError::UnknownIssuer,
        ErrorKind::InvalidAudience => TokenError::WrongAudience,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => TokenError::Claim(claim),
        ErrorKind::InvalidToken | ErrorKind::Json(_) => TokenError::Malformed,
        _ => TokenError::BadSignature,
    })?;
    Ok(ClaimSet(data.claims))
}

/// The claims of a token, asked for by name and form.
pub(super) struct ClaimSet(Map<String, Value>);

impl ClaimSet {
    /// A claim that is text, and not empty.
    pub(super) fn text(&self, name: &str) -> Result<String, TokenError> {
        self.text_if_present(name)?.ok_or_else(|| TokenError::Claim(name.to_owned()))
    }

    /// A claim that may be absent. One that is there and is empty or no text (`null`, say) is refused: it must
    /// not pass for one that is absent, which can mean more rights.
    pub(super) fn text_if_present(&self, name: &str) -> Result<Option<String>, TokenError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(TokenError::Claim(name.to_owned())),
        }
    }

    /// A moment in seconds since 1970; a fraction is cut off (RFC 7519 allows one).
    pub(super) fn seconds(&self, name: &str) -> Result<i64, TokenError> {
        self.seconds_if_present(name)?.ok_or_else(|| TokenError::Claim(name.to_owned()))
    }

    pub(super) fn seconds_if_present(&self, name: &str) -> Result<Option<i64>, TokenError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let whole = value.as_number().and_then(|number| number.to_string().split('.').next()?.parse().ok());
        whole.map(Some).ok_or_else(|| TokenError::Claim(name.to_owned()))
    }

    /// Words that are one text with spaces, or a list of texts, as issuers differ.
    pub(super) fn words(&self, name: &str) -> Result<String, TokenError> {
        match self.0.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(Value::Array(list)) => {
                let words: Option<Vec<_>> = list.iter().map(Value::as_str).collect();
                words.map(|words| words.join(" ")).ok_or_else(|| TokenError::Claim(name.to_owned()))
            }
            _ => Err(TokenError::Claim(name.to_owned())),
        }
    }
}
