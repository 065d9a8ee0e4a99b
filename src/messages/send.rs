//! What decides that a message is sent, and notes what became of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::commands::contact_of;
use super::contact::{DebtorContact, allowed_from};
use super::events::{self, MESSAGE_FAILED, MESSAGE_QUEUED, MESSAGE_SENT};
use super::model::{Message, MessageKind, MessageStatus, MessageTemplate, languages, values};
use super::refusals::NOT_REACHABLE;
use super::settings::{MessageSettings, Terms};
use super::store::KEY;
use crate::collections::Claim;
use crate::collections::claims::store::REFERENCE;
use crate::customers::Customer;
use crate::customers::addresses::Address;
use crate::customers::addresses::book::in_force;
use crate::customers::addresses::content::Content;
use crate::customers::addresses::model::MAIN_POSTAL_ADDRESS;
use crate::customers::addresses::store::book;
use crate::customers::profile::{ContactKind, ContactPoint};
use crate::primitives::clock::Micros;
use crate::primitives::{DocumentId, MessageId};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// While a server is at it, no other takes a message up.
const TAKEN_FOR: Micros = 5 * 60 * 1_000_000;
/// The first pause after a failure; it doubles.
const PAUSE: Micros = 60 * 1_000_000;
/// The longest.
const LONGEST_PAUSE: Micros = 3_600 * 1_000_000;
/// How often a message is tried.
pub const TRIES: i32 = 10;

/// Sends a message about a claim to whoever owes it first of all.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMessage {
    /// About which claim, by what the creditor calls it.
    pub claim: String,
    /// Of which template, by its code.
    pub template: String,
    /// In which language; the debtor's when absent.
    pub language: Option<String>,
}

impl Command for SendMessage {
    const OPERATION: &'static str = "sendMessage";
    type Made = Message;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.claim);
    }

    /// Refused as: `NOT_FOUND` for the claim, `INVALID_STATE` where it is deleted, then as [`send`].
    fn decide(&self, work: &mut Work) -> Decision<Arc<Message>> {
        let claim = work.find::<Claim>(&REFERENCE, &self.claim)?;
        let claim = claim.ok_or_else(|| Refused::not_found("claimReference", "claim"))?;
        claim.require_present()?;
        send(work, &claim, &self.template, self.language.as_deref(), None)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// The template of a code, in the first language that it is there in.
///
/// # Errors
/// `NOT_FOUND` for `template`.
pub fn template_for(work: &mut Work, code: &str, languages: &[String]) -> Decision<Arc<MessageTemplate>> {
    for language in languages {
        if let Some(found) = work.find::<MessageTemplate>(&KEY, &MessageTemplate::key_of(code, language))? {
            return Ok(found);
        }
    }
    Err(Refused::not_found("template", "template in this language, nor in English").into())
}

/// What the tenant has decided about its messages.
///
/// # Errors
/// That it is not loaded yet.
pub fn terms(work: &mut Work) -> Decision<Terms> {
    let id = MessageSettings::id_of(work.tenant());
    Ok(work.get::<MessageSettings>(id)?.map(|settings| settings.terms.clone()).unwrap_or_default())
}

/// Where a customer is reached by e-mail or on a mobile telephone: the primary point of the kind, or else the first.
#[must_use]
pub fn point(kind: MessageKind, points: &[ContactPoint]) -> Option<String> {
    let wanted = match kind {
        MessageKind::Email => ContactKind::Email,
        MessageKind::Sms => ContactKind::Mobile,
        MessageKind::Letter => return None,
    };
    let of_kind = || points.iter().filter(|point| point.kind == wanted);
    of_kind().find(|point| point.primary).or_else(|| of_kind().next()).map(|point| point.value.clone())
}

/// The lines of the main postal address on a day.
#[must_use]
pub fn postal(name: &str, addresses: &[Address], today: chrono::NaiveDate) -> Option<String> {
    let found = in_force(addresses, MAIN_POSTAL_ADDRESS, today).filter(|address| !address.invalid)?;
    let Some(Content::Postal(postal)) = &found.content else { return None };
    let joined = |parts: [&Option<String>; 2]| {
        let words: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
        words.join(" ")
    };
    let mut lines = vec![name.to_owned()];
    lines.extend(postal.lines.iter().flatten().cloned());
    lines.push(joined([&postal.street_name, &postal.building_number]));
    lines.extend(postal.box_number.clone());
    lines.push(joined([&postal.post_code, &postal.town_name]));
    lines.push(postal.country.clone());
    lines.retain(|line| !line.trim().is_empty());
    Some(lines.join("\n"))
}

/// Decides a message about a claim. What had it sent is noted, where that was no person.
///
/// # Errors
/// `NOT_FOUND` for the template, `INVALID_STATE` where its kind is not set up, `CONTACT_CEASED`, `CONTACT_TOO_OFTEN`,
/// `NOT_REACHABLE`, `TEMPLATE_FAILED`, in this order.
pub fn send(
    work: &mut Work,
    claim: &Claim,
    template: &str,
    language: Option<&str>,
    cause: Option<String>,
) -> Decision<Arc<Message>> {
    let debtor = work.get::<Customer>(claim.debtor)?.ok_or_else(|| Stop::damaged("a claim without its debtor"))?;
    debtor.require_present("claimReference")?;
    let template = template_for(work, template, &languages(language, &debtor))?;
    let terms = terms(work)?;
    terms.require(template.kind)?;
    let contact = contact_of(work, &debtor)?;
    let (now, today, settings) = (work.now(), work.today(), work.settings());
    contact.require_contact("claimReference")?;
    contact.require_room(terms.frequency, today, "claimReference")?;
    let recipient = match template.kind {
        MessageKind::Letter => {
            let addresses: Vec<Address> = book(work, debtor.id)?.iter().map(|address| (**address).clone()).collect();
            postal(&debtor.name(), &addresses, today)
        }
        kind => point(kind, &debtor.contact_points),
    };
    let recipient = recipient.ok_or_else(|| {
        let message = format!("the debtor has no address for a message of the kind {}", template.kind.word());
        Refused::of_field(NOT_REACHABLE, "claimReference", message)
    })?;
    let (subject, body) = template.filled(&values(claim, &debtor, &settings.name, today))?;
    let next_try = match template.kind {
        MessageKind::Letter => now,
        _ => allowed_from(now, terms.hours, settings.time_zone),
    };
    work.change::<DebtorContact, Refused>(contact.id, |row| {
        row.note(today);
        Ok(())
    })?;
    let message = Message {
        id: work.id(),
        ordinal: work.ordinal(),
        claim: claim.id,
        customer: debtor.id,
        template: template.code.clone(),
        name: template.name.clone(),
        version: template.version,
        language: template.language.clone(),
        kind: template.kind,
        recipient,
        subject,
        body,
        status: MessageStatus::Pending,
        attempts: 0,
        next_try: Some(next_try),
        failure: None,
        document: None,
        cause,
        created_at: now,
        sent_at: None,
    };
    let message = work.insert(message)?;
    work.tell(events::of_message(MESSAGE_QUEUED, &message));
    Ok(message)
}

/// Takes a message up, so that no other server does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakeMessage {
    /// Which.
    pub message: MessageId,
    /// How often it was begun, as it was seen.
    pub attempts: i32,
}

impl Command for TakeMessage {
    const OPERATION: &'static str = "takeMessage";
    type Made = Message;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Message>(self.message);
    }

    /// Refused as: `INVALID_STATE`, when somebody else was faster. One whose debtor is no longer to be written to fails.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Message>> {
        let found = work.get::<Message>(self.message)?.ok_or_else(|| Refused::not_found("message", "message"))?;
        let now = work.now();
        if found.status != MessageStatus::Pending || found.attempts != self.attempts {
            return Err(Refused::of_field(INVALID_STATE, "message", "another server was faster").into());
        }
        let ceased = match work.get::<DebtorContact>(DebtorContact::id_of(found.customer))? {
            Some(contact) => contact.require_contact("message").err(),
            None => None,
        };
        let message = work.change::<Message, Refused>(found.id, |row| {
            row.attempts += 1;
            row.next_try = Some(now.saturating_add(TAKEN_FOR));
            if let Some(refused) = &ceased {
                row.become_(MessageStatus::Failed)?;
                row.failure = Some(refused.message.clone());
            }
            Ok(())
        })?;
        if message.status == MessageStatus::Failed {
            work.tell(events::of_message(MESSAGE_FAILED, &message));
        }
        Ok(message)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was handed over.
    Sent,
    /// Not now: it is tried again, if not for too long already.
    Later(String),
    /// It will never be.
    Failed(String),
}

/// Notes what became of an attempt to send a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoteMessage {
    /// Which.
    pub message: MessageId,
    /// Which attempt.
    pub attempts: i32,
    /// What was sent, as it was sent.
    pub document: Option<DocumentId>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Command for NoteMessage {
    const OPERATION: &'static str = "noteMessage";
    type Made = Message;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Message>(self.message);
    }

    /// Refused as: `INVALID_STATE`, when another attempt has begun or come to an end.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Message>> {
        let found = work.get::<Message>(self.message)?.ok_or_else(|| Refused::not_found("message", "message"))?;
        if found.attempts != self.attempts {
            return Err(Refused::of_field(INVALID_STATE, "message", "another attempt has begun").into());
        }
        let now = work.now();
        let message = work.change::<Message, Refused>(found.id, |row| {
            row.document = self.document.or(row.document);
            match &self.outcome {
                Outcome::Sent => {
                    row.become_(MessageStatus::Sent)?;
                    (row.sent_at, row.failure) = (Some(now), None);
                }
                Outcome::Later(why) if row.attempts < TRIES => {
                    let pause = PAUSE << (row.attempts - 1).clamp(0, 10);
                    row.next_try = Some(now.saturating_add(pause.min(LONGEST_PAUSE)));
                    row.failure = Some(why.clone());
                }
                Outcome::Later(why) | Outcome::Failed(why) => {
                    row.become_(MessageStatus::Failed)?;
                    row.failure = Some(why.clone());
                }
            }
            Ok(())
        })?;
        match message.status {
            MessageStatus::Sent => work.tell(events::of_message(MESSAGE_SENT, &message)),
            MessageStatus::Failed => work.tell(events::of_message(MESSAGE_FAILED, &message)),
            MessageStatus::Pending => {}
        }
        Ok(message)
    }

    fn weight(&self) -> usize {
        2
    }
}
