//! Who vouches for customers, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::refusals::RETURN_ADDRESS_NOT_ALLOWED;
use crate::customers::identifiers::{Country, IdentifierKind};
use crate::customers::{CustomerBy, NewIdentifier};
use crate::events::webhooks::address;
use crate::primitives::clock::Micros;
use crate::primitives::jwk::usable_keys;
use crate::primitives::{CustomerId, IdentificationId, IdentificationProviderId, text};
use crate::refused::{Refused, check_reference};
use crate::sealing::Secret;

/// Addresses that customers may come back to, at most.
const MOST_ADDRESSES: usize = 50;
/// Bytes of a key set.
const LONGEST_KEYS: usize = 16 * 1024;
/// How long an identification may be valid, in minutes.
const MOST_MINUTES: i64 = 24 * 60;
/// The longest value of a claim that names a person.
const LONGEST_CLAIM: usize = 200;

crate::words! {
    /// How a provider vouches for customers.
    IdentificationKind {
        /// You do, by tokens that you sign.
        Own = "SELF",
        /// A provider of OpenID Connect does.
        OpenIdConnect = "OPEN_ID_CONNECT",
    }

    /// What of a customer a provider's claim tells.
    IdentificationClaim {
        /// The customer's number.
        CustomerNumber = "CUSTOMER_NUMBER",
        /// Your own reference of the customer.
        ExternalReference = "EXTERNAL_REFERENCE",
        /// A number by which a state knows the customer.
        Identifier = "IDENTIFIER",
    }
}

/// What of a provider nobody looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSettings {
    /// The `iss` of its tokens; of OpenID Connect where it is asked.
    pub issuer: String,
    /// The `aud` of its tokens: the id of the tenant's client there.
    pub client_id: String,
    /// Of SELF: the keys that tokens are signed with, as a JSON web key set.
    pub keys: Option<String>,
    /// Of SELF: where customers are sent who are to identify themselves.
    pub login_url: Option<String>,
    /// Of OpenID Connect: where the provider sends them back to, which is this server's `/identification/callback`.
    pub callback_url: Option<String>,
    /// Which claim tells who it is.
    pub claim: String,
    /// What of a customer that is.
    pub tells: IdentificationClaim,
    /// Of an identifier: whose number it is.
    pub country: Option<Country>,
    /// Of an identifier: of which kind.
    pub identifier_kind: Option<IdentifierKind>,
    /// What of the person is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Where customers may come back to.
    pub returns: Vec<String>,
    /// How long an identification is valid, in minutes.
    pub minutes: i64,
}

/// Who vouches for customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentificationProvider {
    /// Its id.
    pub id: IdentificationProviderId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What requests name it by; unique in the tenant.
    pub name: String,
    /// How it vouches.
    pub kind: IdentificationKind,
    /// The rest.
    pub settings: ProviderSettings,
    /// The secret of the tenant's client there; empty of SELF.
    pub secret: Secret,
    /// Whether it is used no more.
    pub retired: bool,
    /// When it was set first.
    pub created_at: Micros,
}

/// That a customer was identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identification {
    /// Its id.
    pub id: IdentificationId,
    /// Its place in lists.
    pub ordinal: i64,
    /// By whom.
    pub provider: IdentificationProviderId,
    /// Who.
    pub customer: CustomerId,
    /// A digest of the state that they came back with; unique.
    pub state_key: String,
    /// A digest of the caller's token.
    pub token_key: String,
    /// How long it is valid.
    pub valid_until: Micros,
    /// When it was.
    pub created_at: Micros,
}

impl IdentificationProvider {
    /// Checks that it makes sense as a whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        let settings = &self.settings;
        check_reference("name", Some(&self.name))?;
        required("clientId", &settings.client_id)?;
        required("issuer", &settings.issuer)?;
        required("claim", &settings.claim)?;
        let is_own = self.kind == IdentificationKind::Own;
        for (field, value, of_own) in [
            ("keys", settings.keys.as_deref(), true),
            ("loginUrl", settings.login_url.as_deref(), true),
            ("callbackUrl", settings.callback_url.as_deref(), false),
            ("clientSecret", Some(self.secret.0.as_str()).filter(|secret| !secret.is_empty()), false),
        ] {
            match value {
                None if of_own == is_own => return Err(Refused::invalid(field, "is required of this kind")),
                Some(_) if of_own != is_own => return Err(Refused::invalid(field, "is not of this kind")),
                _ => {}
            }
        }
        for (field, url) in [("loginUrl", &settings.login_url), ("callbackUrl", &settings.callback_url)] {
            if let Some(url) = url {
                address::parse(url).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
            }
        }
        if !is_own {
            address::parse(&settings.issuer).map_err(|problem| Refused::invalid("issuer", problem.to_string()))?;
        }
        if let Some(keys) = &settings.keys {
            check_keys(keys)?;
        }
        let of_identifier = settings.tells == IdentificationClaim::Identifier;
        if of_identifier != settings.country.is_some() {
            return Err(Refused::invalid("identifierCountry", "is that of an IDENTIFIER, and required there"));
        }
        if settings.identifier_kind.is_some() && !of_identifier {
            return Err(Refused::invalid("identifierKind", "is that of an IDENTIFIER"));
        }
        for (place, scope) in settings.scopes.iter().enumerate() {
            let is_word = !scope.is_empty() && scope.len() <= 64 && scope.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_word || settings.scopes.len() > 20 {
                return Err(Refused::invalid(&format!("scopes.{place}"), "is no scope, or one of more than 20"));
            }
        }
        if settings.returns.is_empty() || settings.returns.len() > MOST_ADDRESSES {
            return Err(Refused::invalid("returnAddresses", format!("1 to {MOST_ADDRESSES}")));
        }
        for (place, url) in settings.returns.iter().enumerate() {
            let field = format!("returnAddresses.{place}");
            let url = address::parse(url).map_err(|problem| Refused::invalid(&field, problem.to_string()))?;
            if url.query().is_some() {
                return Err(Refused::invalid(&field, "must not have a query: any is allowed"));
            }
        }
        if !(1..=MOST_MINUTES).contains(&settings.minutes) {
            return Err(Refused::invalid("validMinutes", format!("is 1 to {MOST_MINUTES}")));
        }
        Ok(self)
    }

    /// The address that a customer is to come back to, if it is allowed: one of the list, with whatever query.
    ///
    /// # Errors
    /// `RETURN_ADDRESS_NOT_ALLOWED`.
    pub fn allowed(&self, url: &str) -> Result<reqwest::Url, Refused> {
        let refuse = || {
            let message = "is not on the provider's list of those that customers may come back to";
            Refused::of_field(RETURN_ADDRESS_NOT_ALLOWED, "returnUrl", message)
        };
        let parsed = address::parse(url).map_err(|_| refuse())?;
        let mut bare = parsed.clone();
        bare.set_query(None);
        let is_on_list = |allowed: &String| address::parse(allowed).is_ok_and(|allowed| allowed == bare);
        if self.settings.returns.iter().any(is_on_list) { Ok(parsed) } else { Err(refuse()) }
    }

    /// The customer whom a claim names; none of a value that nothing can have.
    #[must_use]
    pub fn person(&self, value: &str) -> Option<CustomerBy> {
        if value.is_empty() || value.len() > LONGEST_CLAIM || value.chars().any(char::is_control) {
            return None;
        }
        Some(match self.settings.tells {
            IdentificationClaim::CustomerNumber => CustomerBy::Number(value.to_owned()),
            IdentificationClaim::ExternalReference => CustomerBy::ExternalReference(value.to_owned()),
            IdentificationClaim::Identifier => CustomerBy::Identifier(NewIdentifier {
                country: self.settings.country?,
                kind: self.settings.identifier_kind,
                value: Secret(value.to_owned()),
            }),
        })
    }

    /// How long an identification is valid, in microseconds.
    #[must_use]
    pub fn validity(&self) -> Micros {
        self.settings.minutes * 60_000_000
    }
}

fn required(field: &str, value: &str) -> Result<(), Refused> {
    text::required(value, 500).map_err(|problem| Refused::invalid(field, problem.to_string()))
}

/// Public keys, and only those: a secret one would be shown again.
fn check_keys(keys: &str) -> Result<(), Refused> {
    let refuse = |message: &str| Refused::invalid("keys", message);
    if keys.len() > LONGEST_KEYS {
        return Err(refuse("is too long for a key set"));
    }
    let set: Value = serde_json::from_str(keys).map_err(|_| refuse("is no JSON web key set"))?;
    let listed = set.get("keys").and_then(Value::as_array).ok_or_else(|| refuse("is no JSON web key set"))?;
    if listed.iter().any(|key| ["d", "k", "p", "q"].iter().any(|part| key.get(part).is_some())) {
        return Err(refuse("has a secret key in it: give the public ones"));
    }
    if usable_keys(&set).is_empty() {
        return Err(refuse("has no key of RS256, ES256 or EdDSA that can be used"));
    }
    Ok(())
}
