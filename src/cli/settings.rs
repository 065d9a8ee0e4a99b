//! What operators set: read once, checked as a whole, and complained about by the name that they know.

use std::fmt;
use std::ops::RangeInclusive;

use chrono::NaiveTime;

use crate::access::{ExternalIssuer, Scope};
use crate::primitives::Currency;
use crate::primitives::calendar::{BankCalendar, Calendar};
use crate::server::MetricsAt;
use crate::work::Settings;
use crate::work::settings::DayEnd;

pub(super) const DATABASE_URL: &str = "sqlite://konto.db?mode=rwc";

/// A setting that is wrong: its name, what was expected, and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    name: String,
    expected: String,
}

impl Setting {
    /// A wrong value, which is repeated.
    pub(super) fn got(name: &str, expected: &str, value: &str) -> Self {
        Self { name: name.into(), expected: format!("expected {expected}, got \"{value}\"") }
    }

    /// A wrong value, which may hold a secret and is not repeated.
    pub(super) fn says(name: &str, what: impl Into<String>) -> Self {
        Self { name: name.into(), expected: what.into() }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.expected)
    }
}

impl std::error::Error for Setting {}

/// `sqlite:` or `postgres:`. The value is not repeated: it may hold a password.
pub(super) fn database_url(url: &str) -> Result<(), Setting> {
    let known = ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme));
    let expected = "expected sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/NAME";
    if known { Ok(()) } else { Err(Setting::says("KONTO_DATABASE_URL", expected)) }
}

/// `host:port`.
pub(super) fn listen(text: &str) -> Result<String, Setting> {
    let parts = text.rsplit_once(':');
    match parts {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err(Setting::got("KONTO_LISTEN", "host:port", text)),
    }
}

/// `host:port`, `off`, or nothing.
pub(super) fn metrics(text: &str) -> Result<MetricsAt, Setting> {
    match text {
        "" => Ok(MetricsAt::Shared),
        "off" => Ok(MetricsAt::Off),
        address => match listen(address) {
            Ok(address) => Ok(MetricsAt::Own(address)),
            Err(_) => Err(Setting::got("KONTO_METRICS_LISTEN", "host:port or off", text)),
        },
    }
}

/// `https://host[:port]`, without anything behind it.
fn origin(name: &str, text: &str) -> Result<String, Setting> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    match host {
        Some(host) if !host.is_empty() && host.bytes().all(plain) => Ok(text.to_owned()),
        _ => Err(Setting::got(name, "https://host[:port]", text)),
    }
}

/// Where clients reach the server.
pub(super) fn public_url(text: Option<&str>) -> Result<Option<String>, Setting> {
    text.filter(|text| !text.is_empty()).map(|text| origin("KONTO_PUBLIC_URL", text.trim_end_matches('/'))).transpose()
}

/// Origins, separated by commas.
pub(super) fn allowed_origins(name: &str, text: &str) -> Result<Vec<String>, Setting> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| origin(name, part)).collect()
}

/// A whole number of a range; the default when empty.
pub(super) fn number(name: &str, text: &str, range: RangeInclusive<u64>, default: u64) -> Result<u64, Setting> {
    if text.is_empty() {
        return Ok(default);
    }
    let expected = || format!("a whole number from {} to {}", range.start(), range.end());
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| Setting::got(name, &expected(), text))
}

/// `true` or `false`; the latter when empty.
pub(super) fn yes(name: &str, text: &str) -> Result<bool, Setting> {
    match text {
        "true" => Ok(true),
        "false" | "" => Ok(false),
        _ => Err(Setting::got(name, "true or false", text)),
    }
}

/// What is set about an external issuer.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct OidcArgs {
    /// An OpenID provider whose access tokens are accepted too: the `iss` of its tokens
    #[arg(long, value_name = "URL", env = "KONTO_OIDC_ISSUER")]
    pub(super) oidc_issuer: Option<String>,
    /// What the `aud` of its tokens must be or contain
    #[arg(long, value_name = "AUDIENCE", env = "KONTO_OIDC_AUDIENCE")]
    pub(super) oidc_audience: Option<String>,
    /// Where its keys are: https://, or http:// on this machine
    #[arg(long, value_name = "URL", env = "KONTO_OIDC_JWKS_URL")]
    pub(super) oidc_jwks_url: Option<String>,
    /// The claim that names the tenant, by code or id
    #[arg(long, value_name = "CLAIM", env = "KONTO_OIDC_TENANT_CLAIM", default_value = "konto_tenant")]
    pub(super) oidc_tenant_claim: String,
    /// The claim with Konto's scopes, as one text or a list
    #[arg(long, value_name = "CLAIM", env = "KONTO_OIDC_SCOPE_CLAIM", default_value = "scope")]
    pub(super) oidc_scope_claim: String,
    /// The claim with the id of the customer that the token is bound to
    #[arg(long, value_name = "CLAIM", env = "KONTO_OIDC_CUSTOMER_CLAIM", default_value = "konto_customer")]
    pub(super) oidc_customer_claim: String,
}

impl OidcArgs {
    /// The issuer: all of it, or nothing.
    pub(super) fn issuer(&self) -> Result<Option<ExternalIssuer>, Setting> {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let [issuer, audience, jwks_url] = [&self.oidc_issuer, &self.oidc_audience, &self.oidc_jwks_url].map(given);
        if issuer.is_none() && audience.is_none() && jwks_url.is_none() {
            return Ok(None);
        }
        let need = |name, value: Option<String>| {
            value.ok_or_else(|| Setting::says(name, "expected a value, because another KONTO_OIDC_ setting has one"))
        };
        let claim = |name, text: &str| match text {
            "" => Err(Setting::got(name, "the name of a claim", text)),
            text => Ok(text.to_owned()),
        };
        Ok(Some(ExternalIssuer {
            issuer: need("KONTO_OIDC_ISSUER", issuer)?,
            audience: need("KONTO_OIDC_AUDIENCE", audience)?,
            jwks_url: need("KONTO_OIDC_JWKS_URL", jwks_url)?,
            tenant_claim: claim("KONTO_OIDC_TENANT_CLAIM", &self.oidc_tenant_claim)?,
            scope_claim: claim("KONTO_OIDC_SCOPE_CLAIM", &self.oidc_scope_claim)?,
            customer_claim: claim("KONTO_OIDC_CUSTOMER_CLAIM", &self.oidc_customer_claim)?,
        }))
    }
}

/// What is set about a tenant that is made.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct TenantArgs {
    /// The currency of its reports and of its default products, such as EUR
    #[arg(long, value_name = "CODE", env = "KONTO_TENANT_CURRENCY", default_value = "EUR")]
    currency: String,
    /// Where its days begin and end: a name of the IANA database, such as Europe/Stockholm
    #[arg(long, value_name = "ZONE", env = "KONTO_TENANT_TIME_ZONE", default_value = "UTC")]
    time_zone: String,
    /// Which days are business days: EVERY_DAY, WEEKDAYS, TARGET, or the bank holidays of a country, such as SE
    #[arg(long, value_name = "CALENDAR", env = "KONTO_TENANT_CALENDAR", default_value = "EVERY_DAY")]
    calendar: String,
    /// When its business day ends: midnight, a local time such as 17:30, or by-hand
    #[arg(long, value_name = "WHEN", env = "KONTO_TENANT_DAY_END", default_value = "midnight")]
    day_end: String,
    /// Marks it as one for trying things out: its clock can be moved
    #[arg(long, env = "KONTO_TENANT_SANDBOX")]
    sandbox: bool,
}

impl TenantArgs {
    /// The settings that a tenant is made with.
    pub(super) fn settings(&self, name: &str) -> Result<Settings, Setting> {
        let base = BankCalendar::from_word(&self.calendar).ok_or_else(|| {
            let words: Vec<&str> = BankCalendar::ALL.iter().map(|base| base.word()).collect();
            Setting::got("--calendar", &format!("one of {}", words.join(", ")), &self.calendar)
        })?;
        let zone = "a time zone of the IANA database, such as Europe/Stockholm";
        let day_end = match self.day_end.as_str() {
            "midnight" => DayEnd::Midnight,
            "by-hand" => DayEnd::ByHand,
            time => {
                let time = NaiveTime::parse_from_str(time, "%H:%M").map_err(|_| {
                    Setting::got("--day-end", "midnight, a local time such as 17:30, or by-hand", &self.day_end)
                })?;
                DayEnd::At(time)
            }
        };
        Ok(Settings {
            name: name.to_owned(),
            base_currency: currency(&self.currency)?,
            sandbox: self.sandbox,
            time_zone: self.time_zone.parse().map_err(|_| Setting::got("--time-zone", zone, &self.time_zone))?,
            calendar: Calendar::new(base),
            day_end,
            ..Settings::default()
        })
    }
}

/// Scopes, separated by commas or spaces.
pub(super) fn scopes(text: &str) -> Result<std::collections::BTreeSet<Scope>, Setting> {
    let words = text.split([',', ' ']).filter(|word| !word.is_empty());
    let known = || Scope::ALL.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(", ");
    let scope =
        |word| Scope::from_word(word).ok_or_else(|| Setting::got("--scopes", &format!("some of {}", known()), word));
    words.map(scope).collect()
}

/// A currency of ISO 4217.
pub(super) fn currency(text: &str) -> Result<Currency, Setting> {
    text.parse().map_err(|_| Setting::got("--currency", "a currency of ISO 4217, such as EUR", text))
}
