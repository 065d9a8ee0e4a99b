//! The rules of messages: templates, contact, mail.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::contact::{CeaseReason, DebtorContact, allowed_from};
use super::mail;
use super::model::{Message, MessageKind, MessageStatus, MessageTemplate};
use super::refusals::{CONTACT_CEASED, CONTACT_TOO_OFTEN, TEMPLATE_FAILED};
use super::settings::{EmailChannel, Frequency, SmsChannel, SmtpSecurity, Terms};
use crate::primitives::clock::Micros;
use crate::primitives::{ClaimId, CustomerId, DebtorContactId, MessageId, MessageTemplateId};
use crate::refused::INVALID_INPUT;
use crate::work::Settings;

fn template(kind: MessageKind, subject: Option<&str>, body: &str) -> MessageTemplate {
    MessageTemplate {
        id: MessageTemplateId(Uuid::from_u128(1)),
        ordinal: 1,
        key: MessageTemplate::key_of("DUE", "en"),
        code: "DUE".into(),
        language: "en".into(),
        kind,
        name: "Due".into(),
        version: 1,
        subject: subject.map(Into::into),
        body: body.into(),
        created_at: 0,
        changed_at: 0,
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn at(text: &str) -> Micros {
    chrono::DateTime::parse_from_rfc3339(text).expect("a moment").timestamp_micros()
}

#[test]
fn what_is_no_template_is_refused_by_its_field() {
    use MessageKind::{Email, Letter, Sms};
    for (template, field) in [
        (template(Email, None, "b"), "subject"),
        (template(Sms, Some("s"), "b"), "subject"),
        (template(Email, Some(" "), "b"), "subject"),
        (template(Email, Some("a\nb"), "b"), "subject"),
        (template(Email, Some("{{ claim"), "b"), "subject"),
        (template(Letter, None, " "), "body"),
        (template(Letter, None, "{% set a = 1 %}"), "body"),
        (template(Letter, None, "a\u{7}"), "body"),
        (MessageTemplate { code: "due".into(), ..template(Letter, None, "b") }, "code"),
        (MessageTemplate { language: "e".into(), ..template(Letter, None, "b") }, "language"),
        (MessageTemplate { name: String::new(), ..template(Letter, None, "b") }, "name"),
    ] {
        let refused = template.checked().expect_err("a refusal");
        assert_eq!((refused.code, refused.fields[0].path.join(".")), (INVALID_INPUT, field.to_owned()));
    }
    assert!(template(Letter, None, "b").checked().is_ok());
}

#[test]
fn what_cannot_be_filled_in_is_refused() {
    let values = json!({ "debtor": { "name": "Ada\nBcc: all@example.com" }, "claim": { "total": "12.00" } });
    let fill = |kind, subject: Option<&str>, body: &str| template(kind, subject, body).filled(&values);
    let good = fill(MessageKind::Email, Some("You owe {{ claim.total }}"), "Dear {{ debtor.name }}");
    assert_eq!(good, Ok((Some("You owe 12.00".into()), "Dear Ada\nBcc: all@example.com".into())));
    for (kind, subject, body) in [
        // A name must not begin another header.
        (MessageKind::Email, Some("Dear {{ debtor.name }}"), "b"),
        (MessageKind::Email, Some("{% if claim.none is defined %}x{% endif %}"), "b"),
        (MessageKind::Sms, None, "{{ claim.nothing }}"),
        (MessageKind::Sms, None, "{% if claim.none is defined %}x{% endif %}"),
        (MessageKind::Letter, None, "{% for a in claim.total %}{{ a }}{% endfor %}{{ nobody }}"),
    ] {
        let refused = fill(kind, subject, body).expect_err("a refusal");
        assert_eq!((refused.code, refused.fields[0].path.join(".")), (TEMPLATE_FAILED, "template".to_owned()));
    }
    let long = "x".repeat(1_531);
    assert!(fill(MessageKind::Sms, None, &long).is_err() && fill(MessageKind::Letter, None, &long).is_ok());
}

#[test]
fn nobody_is_written_to_who_is_not_to_be() {
    let days = ["2026-04-01", "2026-04-10", "2026-04-15"].map(day).to_vec();
    let contact = |cease| DebtorContact {
        id: DebtorContactId(Uuid::nil()),
        ordinal: 1,
        cease,
        since: None,
        contacted: days.clone(),
    };
    for reason in CeaseReason::all() {
        let refused = contact(Some(reason)).require_contact("claimReference").expect_err("a refusal");
        assert_eq!((refused.code, refused.facts.status), (CONTACT_CEASED, Some(reason.word())));
    }
    let free = contact(None);
    assert_eq!(free.require_contact("x"), Ok(()));
    for (most, days, allowed) in
        [(1, 1, false), (2, 1, true), (2, 6, false), (2, 5, true), (3, 15, false), (3, 14, true)]
    {
        let answer = free.require_room(Some(Frequency { most, days }), day("2026-04-15"), "x");
        assert_eq!(answer.is_ok(), allowed, "{most} in {days} days");
        if let Err(refused) = answer {
            assert_eq!((refused.code, refused.facts.maximum_count), (CONTACT_TOO_OFTEN, Some(i32::from(most))));
        }
    }
    assert_eq!(free.require_room(None, day("2026-04-15"), "x"), Ok(()));
}

#[test]
fn outside_of_the_hours_messages_wait() {
    let zone = Settings::default().time_zone;
    let hours = |from: &str, to: &str| Some((from.parse().expect("a time"), to.parse().expect("a time")));
    let local = |at: Micros| zone.local_time(at).to_string();
    let now = at("2026-04-15T09:30:00Z");
    assert_eq!(allowed_from(now, None, zone), now);
    assert_eq!(allowed_from(now, hours("00:00:00", "23:59:00"), zone), now);
    let later = allowed_from(at("2026-04-15T22:07:00Z"), hours("08:00:00", "20:00:00"), zone);
    assert_eq!(local(later), "08:00:00");
    let early = allowed_from(at("2026-04-15T02:01:00Z"), hours("08:00:00", "20:00:00"), zone);
    assert_eq!(local(early), "08:00:00");
    assert!(early > at("2026-04-15T02:01:00Z") && early < at("2026-04-16T02:01:00Z"));
}

fn message(kind: MessageKind, recipient: &str) -> Message {
    Message {
        id: MessageId(Uuid::from_u128(7)),
        ordinal: 1,
        claim: ClaimId(Uuid::nil()),
        customer: CustomerId(Uuid::nil()),
        template: "DUE".into(),
        name: "Due".into(),
        version: 1,
        language: "sv".into(),
        kind,
        recipient: recipient.into(),
        subject: (kind != MessageKind::Sms).then(|| "Påminnelse".into()),
        body: "Du är skyldig 12,00 kr.\n".into(),
        status: MessageStatus::Pending,
        attempts: 1,
        next_try: None,
        failure: None,
        document: None,
        cause: None,
        created_at: at("2026-04-15T09:30:00Z"),
        sent_at: None,
    }
}

#[test]
fn mails_are_the_same_each_time_and_have_the_headers_that_they_are_to_have() {
    let email = EmailChannel {
        address: "inkasso@example.com".into(),
        name: "Inkasso\r\nBcc: evil@example.com".into(),
        host: "localhost".into(),
        port: 25,
        security: SmtpSecurity::None,
        user: None,
    };
    let sms = SmsChannel { url: "https://sms.example.com/".into(), sender: "Inkasso".into() };
    let terms = Terms { email: Some(email), sms: Some(sms), hours: None, frequency: None };
    for (message, to) in [
        (message(MessageKind::Email, "ada@example.com"), "To: ada@example.com"),
        (message(MessageKind::Sms, "+46 70 123 45 67"), "To: +46701234567@konto.invalid"),
        (message(MessageKind::Letter, "Ada\nStorgatan 1\nSE"), "post@konto.invalid"),
    ] {
        let made = mail::make(&message, &terms, message.created_at).expect("a mail");
        let text = String::from_utf8(made.bytes.clone()).expect("text");
        let (headers, _) = text.split_once("\r\n\r\n").expect("headers and a body");
        assert!(headers.contains(to), "{headers}");
        assert!(headers.contains("Date: Wed, 15 Apr 2026 09:30:00 +0000"), "{headers}");
        assert!(headers.contains(&format!("Message-ID: <{}@", message.id)), "{headers}");
        assert!(!headers.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{headers}");
        assert_eq!(made.bytes, mail::make(&message, &terms, message.created_at).expect("the same").bytes);
    }
    for recipient in ["nobody", "a@b\r\nBcc: c@d", "<x>"] {
        assert!(mail::make(&message(MessageKind::Email, recipient), &terms, 0).is_err(), "{recipient}");
    }
}

#[test]
fn what_was_sent_stays_sent() {
    for (before, after, allowed) in [
        (MessageStatus::Pending, MessageStatus::Sent, true),
        (MessageStatus::Pending, MessageStatus::Failed, true),
        (MessageStatus::Sent, MessageStatus::Failed, false),
        (MessageStatus::Failed, MessageStatus::Sent, false),
    ] {
        let mut one = Message { status: before, ..message(MessageKind::Email, "a@example.com") };
        assert_eq!(one.become_(after).is_ok(), allowed, "{before:?} to {after:?}");
    }
}

#[test]
fn settings_that_cannot_be_are_refused_by_their_field() {
    let email = || EmailChannel {
        address: "a@example.com".into(),
        name: "A".into(),
        host: "mail.example.com".into(),
        port: 587,
        security: SmtpSecurity::StartTls,
        user: None,
    };
    let of = |email: EmailChannel| Terms { email: Some(email), ..Terms::default() };
    let sms = |url: &str, sender: &str| Terms {
        sms: Some(SmsChannel { url: url.into(), sender: sender.into() }),
        ..Terms::default()
    };
    let hours = |from: &str, to: &str| Terms {
        hours: Some((from.parse().expect("a time"), to.parse().expect("a time"))),
        ..Terms::default()
    };
    let often = |most, days| Terms { frequency: Some(Frequency { most, days }), ..Terms::default() };
    for (terms, password, field) in [
        (of(EmailChannel { address: "a".into(), ..email() }), false, "email.address"),
        (of(EmailChannel { address: "a@b>\r\nx".into(), ..email() }), false, "email.address"),
        (of(EmailChannel { name: String::new(), ..email() }), false, "email.name"),
        (of(EmailChannel { host: "a b".into(), ..email() }), false, "email.host"),
        (of(EmailChannel { port: 0, ..email() }), false, "email.port"),
        (of(EmailChannel { user: Some("u".into()), ..email() }), false, "email.password"),
        (of(email()), true, "email.password"),
        (of(EmailChannel { user: Some("u".into()), security: SmtpSecurity::None, ..email() }), true, "email.security"),
        (sms("ftp://x", "A"), false, "sms.url"),
        (sms("https://example.com/", "A\n"), false, "sms.sender"),
        (hours("08:00:00", "08:30:00"), false, "contactHours.to"),
        (often(0, 1), false, "contactFrequency.most"),
        (often(1, 367), false, "contactFrequency.days"),
    ] {
        let refused = terms.checked(password).expect_err("a refusal");
        assert_eq!((refused.code, refused.fields[0].path.join(".")), (INVALID_INPUT, field.to_owned()));
    }
    assert!(of(email()).checked(false).is_ok());
}
