//! What sets templates, how messages are sent, and whom nobody writes to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::contact::{CeaseReason, DebtorContact};
use super::events;
use super::model::{MessageKind, MessageTemplate};
use super::settings::{MessageSettings, Secrets, Terms};
use super::store::KEY;
use crate::customers::{Customer, CustomerBy};
use crate::events::webhooks::sign;
use crate::refused::{INVALID_STATE, Refused};
use crate::sealing::Secret;
use crate::work::{Command, Decision, Wants, Work};

/// Creates a template in a language, or puts a new version in its place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetMessageTemplate {
    /// What it is called by.
    pub code: String,
    /// In which language.
    pub language: String,
    /// By which way its messages go; cannot be changed.
    pub kind: MessageKind,
    /// What people call it.
    pub name: String,
    /// The subject.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}

impl Command for SetMessageTemplate {
    const OPERATION: &'static str = "setMessageTemplate";
    type Made = MessageTemplate;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<MessageTemplate>(&KEY, &MessageTemplate::key_of(&self.code, &self.language));
    }

    /// Refused as: `INVALID_INPUT`, `INVALID_STATE` for another kind than it has, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<MessageTemplate>> {
        let now = work.now();
        let fresh = MessageTemplate {
            id: work.id(),
            ordinal: work.ordinal(),
            key: MessageTemplate::key_of(&self.code, &self.language),
            code: self.code.clone(),
            language: self.language.to_ascii_lowercase(),
            kind: self.kind,
            name: self.name.clone(),
            version: 1,
            subject: self.subject.clone(),
            body: self.body.clone(),
            created_at: now,
            changed_at: now,
        }
        .checked()?;
        let template = match work.find::<MessageTemplate>(&KEY, &MessageTemplate::key_of(&self.code, &self.language))? {
            None => work.insert(fresh)?,
            Some(found) if found.kind != fresh.kind => {
                let message = format!("the template is one of the kind {}", found.kind.word());
                return Err(Refused::of_field(INVALID_STATE, "kind", message).into());
            }
            Some(found) => work.change::<MessageTemplate, Refused>(found.id, |row| {
                row.version += 1;
                (row.name, row.subject, row.body) = (fresh.name, fresh.subject, fresh.body);
                row.changed_at = now;
                Ok(())
            })?,
        };
        work.tell(events::of_template(&template));
        Ok(template)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Sets how a tenant's messages are sent, all of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetMessageSettings {
    /// What holds from now on.
    pub terms: Terms,
    /// The password for the mail server; the one that there is when absent, as long as somebody logs in.
    pub password: Option<Secret>,
}

impl Command for SetMessageSettings {
    const OPERATION: &'static str = "setMessageSettings";
    type Made = MessageSettings;

    /// Refused as: `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<MessageSettings>> {
        let id = MessageSettings::id_of(work.tenant());
        let found = work.get::<MessageSettings>(id)?;
        let logs_in = self.terms.email.as_ref().is_some_and(|email| email.user.is_some());
        let before = found.as_ref().and_then(|found| found.secrets.password.clone());
        let password = self.password.clone().or(if logs_in { before } else { None });
        let terms = self.terms.clone().checked(password.is_some())?;
        let now = work.now();
        let settings = match found {
            Some(_) => work.change::<MessageSettings, Refused>(id, |row| {
                (row.terms, row.secrets.password, row.changed_at) = (terms, password, now);
                Ok(())
            })?,
            None => {
                let signing = Secret(sign::secret(work.secret("messages")));
                let ordinal = work.ordinal();
                let secrets = Secrets { password, signing };
                work.insert(MessageSettings { id, ordinal, terms, secrets, changed_at: now })?
            }
        };
        work.tell(events::of_settings(&settings));
        Ok(settings)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Says that nobody writes to a debtor any more, and why; or that it may be written to again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetCeaseContact {
    /// To whom.
    pub customer: CustomerBy,
    /// Why not; none lifts it.
    pub reason: Option<CeaseReason>,
}

impl Command for SetCeaseContact {
    const OPERATION: &'static str = "setCeaseContact";
    type Made = Customer;

    fn looks_at(&self, wants: &mut Wants) {
        self.customer.hint(wants);
        if let CustomerBy::Id(id) = &self.customer {
            wants.row::<DebtorContact>(DebtorContact::id_of(*id));
        }
    }

    /// Refused as: customers are. Setting what is set changes nothing.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        let customer = self.customer.locate(work, "customer")?;
        let now = work.now();
        let before = contact_of(work, &customer)?;
        if before.cease == self.reason {
            return Ok(customer);
        }
        let contact = work.change::<DebtorContact, Refused>(before.id, |row| {
            (row.cease, row.since) = (self.reason, self.reason.map(|_| now));
            Ok(())
        })?;
        work.tell(events::of_contact(&contact));
        Ok(customer)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// What holds when a customer is written to; made where there is nothing yet.
///
/// # Errors
/// That it is not loaded yet.
pub fn contact_of(work: &mut Work, customer: &Customer) -> Decision<Arc<DebtorContact>> {
    let id = DebtorContact::id_of(customer.id);
    match work.get::<DebtorContact>(id)? {
        Some(found) => Ok(found),
        None => {
            let ordinal = work.ordinal();
            work.insert(DebtorContact { id, ordinal, cease: None, since: None, contacted: Vec::new() })
        }
    }
}
