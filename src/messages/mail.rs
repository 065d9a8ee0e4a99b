//! Messages as mail: made once, byte by byte, and handed to a mail server.
//!
//! An SMS and a letter are made like mail as well, so that each message is kept in one form, whichever way it went; their
//! addresses are under `.invalid`, where nothing is delivered.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use lettre::address::{Address, Envelope};
use lettre::message::{Mailbox, MessageBuilder, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::model::{Message, MessageKind};
use super::send::Outcome;
use super::settings::{EmailChannel, SmtpSecurity, Terms};
use crate::events::webhooks::address::Guard;
use crate::primitives::clock::Micros;
use crate::sealing::Secret;

/// How long a mail server may take for one message.
const TIME: Duration = Duration::from_secs(30);
/// Who delivers nothing.
const NOWHERE: &str = "konto.invalid";

/// A message, ready to be handed over.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Who sends it, and to whom.
    pub envelope: Envelope,
    /// All of it, headers first.
    pub bytes: Vec<u8>,
}

/// Makes the mail of a message: the same bytes each time that it is made of the same.
///
/// # Errors
/// What of it no mail can have, for people.
pub fn make(message: &Message, terms: &Terms, now: Micros) -> Result<Mail, String> {
    let address =
        |text: &str, what: &str| text.parse::<Address>().map_err(|_| format!("{what} is no address for mail"));
    let nowhere = |local: &str| Address::new(local, NOWHERE).map_err(|_| "an address is none".to_owned());
    let (from, to) = match (message.kind, &terms.email) {
        (MessageKind::Email, None) => return Err("it is not set how e-mails are sent".into()),
        (MessageKind::Email, Some(email)) => {
            let from = Mailbox::new(Some(on_one_line(&email.name)), address(&email.address, "the sender's")?);
            (from, Mailbox::new(None, address(&message.recipient, "the debtor's")?))
        }
        (MessageKind::Sms, _) => {
            let name = terms.sms.as_ref().map(|sms| on_one_line(&sms.sender));
            let number: String = message.recipient.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            (Mailbox::new(name, nowhere("sms")?), Mailbox::new(None, nowhere(&number)?))
        }
        (MessageKind::Letter, _) => {
            let name = message.recipient.lines().next().map(on_one_line);
            (Mailbox::new(None, nowhere("letter")?), Mailbox::new(name, nowhere("post")?))
        }
    };
    let envelope =
        Envelope::new(Some(from.email.clone()), vec![to.email.clone()]).map_err(|error| error.to_string())?;
    let host = from.email.domain().to_owned();
    let at = SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(now).unwrap_or_default());
    let mut builder = MessageBuilder::new()
        .from(from)
        .to(to)
        .date(at)
        .message_id(Some(format!("<{}@{host}>", message.id)))
        .header(header::ContentType::TEXT_PLAIN);
    if let Some(subject) = &message.subject {
        builder = builder.subject(subject.clone());
    }
    let body = match message.kind {
        MessageKind::Letter => format!("{}\n\n{}", message.recipient, message.body),
        MessageKind::Email | MessageKind::Sms => message.body.clone(),
    };
    let made = builder.body(body).map_err(|error| error.to_string())?;
    Ok(Mail { envelope, bytes: made.formatted() })
}

/// A name that begins no line of its own in the head of a mail.
fn on_one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Hands a mail to the server.
pub async fn hand_over(mail: &Mail, email: &EmailChannel, password: Option<&Secret>, guard: Guard) -> Outcome {
    let at = match located(&email.host, email.port, guard).await {
        Ok(at) => at,
        Err(outcome) => return outcome,
    };
    // To the address that was looked at, under the name that its certificate has to bear.
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(at.ip().to_string())
        .port(at.port())
        .timeout(Some(TIME))
        .hello_name(ClientId::Domain("konto".into()));
    let parameters = || TlsParameters::new(email.host.clone()).map_err(|error| error.to_string());
    let tls = match email.security {
        SmtpSecurity::None => Ok(Tls::None),
        SmtpSecurity::StartTls => parameters().map(Tls::Required),
        SmtpSecurity::Tls => parameters().map(Tls::Wrapper),
    };
    let mut builder = match tls {
        Ok(tls) => builder.tls(tls),
        Err(_) => return Outcome::Later("TLS cannot be set up for the mail server".into()),
    };
    if let (Some(user), Some(password)) = (&email.user, password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.0.clone()));
    }
    match tokio::time::timeout(TIME, builder.build().send_raw(&mail.envelope, &mail.bytes)).await {
        Err(_) => Outcome::Later("no answer from the mail server in time".into()),
        Ok(Ok(_)) => Outcome::Sent,
        Ok(Err(error)) => {
            // What the server says may hold the address: its code is enough.
            let code = error.status().map(|code| format!(" with {code}")).unwrap_or_default();
            if error.is_permanent() {
                Outcome::Failed(format!("the mail server refused it{code}"))
            } else {
                Outcome::Later(format!("the mail server did not take it{code}"))
            }
        }
    }
}

/// Where a mail server is, among what may be called.
async fn located(host: &str, port: u16, guard: Guard) -> Result<SocketAddr, Outcome> {
    let found = tokio::time::timeout(TIME, tokio::net::lookup_host((host, port))).await;
    let Ok(Ok(found)) = found else { return Err(Outcome::Later("the mail server's name leads nowhere".into())) };
    let found = guard
        .allowed(found)
        .map_err(|_| Outcome::Failed("the mail server is in a private network, where none may be called".into()))?;
    found.first().copied().ok_or_else(|| Outcome::Later("the mail server's name leads nowhere".into()))
}
