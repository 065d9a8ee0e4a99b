//! How a tenant's messages are sent, and when.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::model::MessageKind;
use crate::events::webhooks::address;
use crate::primitives::clock::Micros;
use crate::primitives::{MessageSettingsId, TenantId, text};
use crate::refused::{INVALID_STATE, Refused};
use crate::sealing::Secret;

crate::words! {
    /// How the connection to a mail server is secured.
    SmtpSecurity {
        /// It begins in the clear and goes over to TLS, or is not used.
        StartTls = "STARTTLS",
        /// TLS from the beginning.
        Tls = "TLS",
        /// Not at all: for a server in the own network. Refused with a password.
        None = "NONE",
    }
}

/// A mail server, and who writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChannel {
    /// The sender's address.
    pub address: String,
    /// The sender's name.
    pub name: String,
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: SmtpSecurity,
    /// Who logs in, if anybody has to.
    pub user: Option<String>,
}

/// A gateway for SMS: JSON by POST, signed as webhooks are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsChannel {
    /// Where it is.
    pub url: String,
    /// What the telephone shows as the sender.
    pub sender: String,
}

/// How often a debtor may be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequency {
    /// So often, of all claims together.
    pub most: u16,
    /// Within so many days, today's included.
    pub days: u16,
}

/// What a tenant has decided about its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How e-mails are sent, if they are.
    pub email: Option<EmailChannel>,
    /// How SMS are sent, if they are.
    pub sms: Option<SmsChannel>,
    /// The hours in which e-mails and SMS are sent, in the tenant's zone; at any time when absent.
    pub hours: Option<(NaiveTime, NaiveTime)>,
    /// How often a debtor may be written to; without a bound when absent.
    pub frequency: Option<Frequency>,
}

/// Whether a text is an e-mail address, roughly: the library that sends is stricter.
fn is_address(address: &str) -> bool {
    let Some((local, host)) = address.rsplit_once('@') else { return false };
    let plain =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !"<>,;:\\\"()@".contains(c));
    address.len() <= 254 && plain(local) && plain(host)
}

impl Terms {
    /// Checks them.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self, has_password: bool) -> Result<Self, Refused> {
        if let Some(email) = &self.email {
            if !is_address(&email.address) {
                return Err(Refused::invalid("email.address", "is no e-mail address"));
            }
            let required = |field: &str, value: &str, most| {
                text::required(value, most).map_err(|problem| Refused::invalid(field, problem.to_string()))
            };
            required("email.name", &email.name, 100)?;
            required("email.host", &email.host, 253)?;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
            if !email.host.chars().all(plain) {
                return Err(Refused::invalid("email.host", "is no name of a server"));
            }
            if email.port == 0 {
                return Err(Refused::invalid("email.port", "must be 1 to 65535"));
            }
            email.user.as_deref().map_or(Ok(()), |user| required("email.user", user, 200))?;
            if email.user.is_some() && email.security == SmtpSecurity::None {
                return Err(Refused::invalid("email.security", "a password is not sent without TLS"));
            }
            if email.user.is_some() != has_password {
                return Err(Refused::invalid("email.password", "user and password belong together"));
            }
        }
        if let Some(sms) = &self.sms {
            let url = address::parse(&sms.url);
            url.map_err(|problem| Refused::invalid("sms.url", problem.to_string()))?;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | ' ');
            if !(1..=20).contains(&sms.sender.len()) || !sms.sender.chars().all(plain) {
                return Err(Refused::invalid("sms.sender", "must be 1 to 20 letters and digits"));
            }
        }
        if let Some((from, to)) = self.hours
            && (to - from).num_minutes() < 60
        {
            return Err(Refused::invalid("contactHours.to", "must be at least an hour after from"));
        }
        if let Some(Frequency { most, days }) = self.frequency {
            let in_bounds = [("contactFrequency.most", most, 100), ("contactFrequency.days", days, 366)];
            for (field, value, largest) in in_bounds {
                if !(1..=largest).contains(&value) {
                    return Err(Refused::invalid(field, format!("must be 1 to {largest}")));
                }
            }
        }
        Ok(self)
    }

    /// That messages of a kind can be sent.
    ///
    /// # Errors
    /// `INVALID_STATE` for `template`.
    pub fn require(&self, kind: MessageKind) -> Result<(), Refused> {
        let is_set = match kind {
            MessageKind::Email => self.email.is_some(),
            MessageKind::Sms => self.sms.is_some(),
            MessageKind::Letter => true,
        };
        if is_set {
            return Ok(());
        }
        let message = format!("it is not set how messages of the kind {} are sent: setMessageSettings", kind.word());
        Err(Refused::of_field(INVALID_STATE, "template", message))
    }
}

/// What is secret of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Of the mail server.
    pub password: Option<Secret>,
    /// What messages to the gateway are signed with.
    pub signing: Secret,
}

/// How a tenant's messages are sent: one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSettings {
    /// The tenant's own.
    pub id: MessageSettingsId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What was decided.
    pub terms: Terms,
    /// What is secret of it.
    pub secrets: Secrets,
    /// When it was set last.
    pub changed_at: Micros,
}

impl MessageSettings {
    /// The one of a tenant.
    #[must_use]
    pub fn id_of(tenant: TenantId) -> MessageSettingsId {
        MessageSettingsId(tenant.0)
    }
}
