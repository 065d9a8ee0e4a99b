//! Templates and messages.

use serde_json::{Value, json};

use super::refusals::TEMPLATE_FAILED;
use crate::collections::Claim;
use crate::customers::Customer;
use crate::primitives::clock::Micros;
use crate::primitives::{ClaimId, CustomerId, DocumentId, MessageId, MessageTemplateId, text};
use crate::refused::{Facts, INVALID_STATE, Refused};
use crate::templates;

/// The longest subject, in characters.
pub const LONGEST_SUBJECT: usize = 200;
/// The longest SMS: ten parts of a long one.
pub const LONGEST_SMS: usize = 1_530;
/// The kind of document that messages are kept as.
pub const DOCUMENT_KIND: &str = "MESSAGE";

crate::words! {
    /// By which way a message goes.
    MessageKind {
        /// An e-mail.
        Email = "EMAIL",
        /// A message to a mobile telephone.
        Sms = "SMS",
        /// A letter: made ready, and kept as a document to be printed and posted.
        Letter = "LETTER",
    }

    /// How far a message is.
    MessageStatus {
        /// It is to be sent.
        Pending = "PENDING",
        /// It was handed over.
        Sent = "SENT",
        /// It was not sent, and will not be.
        Failed = "FAILED",
    }
}

impl MessageStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Sent, Self::Failed],
            Self::Sent | Self::Failed => &[],
        }
    }
}

/// What messages are made of, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageTemplate {
    /// Its id.
    pub id: MessageTemplateId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What it is found by: its code and its language.
    pub key: String,
    /// What it is called by; the same in each language.
    pub code: String,
    /// A BCP 47 tag, in small letters.
    pub language: String,
    /// By which way its messages go.
    pub kind: MessageKind,
    /// What people call it.
    pub name: String,
    /// Counts its changes, from 1.
    pub version: i32,
    /// Of an e-mail, which needs one, and of a letter.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// When it was created.
    pub created_at: Micros,
    /// When it was changed last.
    pub changed_at: Micros,
}

impl MessageTemplate {
    /// What it is found by: its code and its language.
    #[must_use]
    pub fn key_of(code: &str, language: &str) -> String {
        format!("{code}/{}", language.to_ascii_lowercase())
    }

    /// Checks that it is whole, and that its texts are templates.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=40).contains(&self.code.len()) || !self.code.bytes().all(plain) {
            return Err(Refused::invalid("code", "must be up to 40 capital letters, digits and underscores"));
        }
        let is_tag = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(2..=35).contains(&self.language.len()) || !self.language.bytes().all(is_tag) {
            return Err(Refused::invalid("language", "must be the tag of a language, like sv or pt-BR"));
        }
        text::required(&self.name, 100).map_err(|problem| Refused::invalid("name", problem.to_string()))?;
        match (self.kind, &self.subject) {
            (MessageKind::Email, None) => return Err(Refused::invalid("subject", "an e-mail needs a subject")),
            (MessageKind::Sms, Some(_)) => return Err(Refused::invalid("subject", "an SMS has no subject")),
            _ => {}
        }
        let texts = [("subject", self.subject.as_ref()), ("body", Some(&self.body))];
        for (field, source) in texts.into_iter().filter_map(|(field, source)| Some((field, source?))) {
            if source.trim().is_empty() {
                return Err(Refused::invalid(field, "is empty"));
            }
            if source.chars().any(|c| c.is_control() && (field == "subject" || !matches!(c, '\n' | '\t'))) {
                return Err(Refused::invalid(field, "has a control character"));
            }
            templates::check(source).map_err(|error| Refused::invalid(field, error.to_string()))?;
        }
        Ok(self)
    }

    /// Its subject and its text for a claim.
    ///
    /// # Errors
    /// `TEMPLATE_FAILED` for `template`: also where the subject would have a line break, or the text of an SMS be too long.
    pub fn filled(&self, values: &Value) -> Result<(Option<String>, String), Refused> {
        let failed = |message: String| Refused::of_field(TEMPLATE_FAILED, "template", message);
        let filled = |what: &str, source: &str| {
            templates::render(source, values).map_err(|error| failed(format!("the {what}: {error}")))
        };
        let subject = self.subject.as_ref().map(|source| filled("subject", source)).transpose()?;
        if let Some(subject) = &subject {
            // A line break in a header would begin another one.
            if subject.chars().any(char::is_control) {
                return Err(failed("the subject has a line break or another control character".into()));
            }
            if subject.trim().is_empty() || subject.chars().count() > LONGEST_SUBJECT {
                return Err(failed(format!("the subject has 1 to {LONGEST_SUBJECT} characters")));
            }
        }
        let body = filled("text", &self.body)?;
        if body.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(failed("the text has a control character".into()));
        }
        if body.trim().is_empty() {
            return Err(failed("the text is empty".into()));
        }
        if self.kind == MessageKind::Sms && body.chars().count() > LONGEST_SMS {
            return Err(failed(format!("an SMS has at most {LONGEST_SMS} characters")));
        }
        Ok((subject, body))
    }
}

/// What a template may say of a claim. Amounts are decimals with the currency's digits, dates as in ISO 8601.
#[must_use]
pub fn values(claim: &Claim, debtor: &Customer, tenant: &str, today: chrono::NaiveDate) -> Value {
    let money = |minor: i64| crate::primitives::Minor(minor).in_currency(claim.currency).amount.to_string();
    json!({
        "debtor": {
            "name": debtor.name(),
            "firstName": debtor.first_name,
            "lastName": debtor.last_name,
            "companyName": debtor.company_name,
        },
        "claim": {
            "reference": claim.reference,
            "amount": money(claim.amount.0),
            "fees": money(claim.fees.0),
            "total": money(claim.amount.0.saturating_add(claim.fees.0)),
            "currency": claim.currency.code(),
            "originalDueDate": claim.original_due_date.to_string(),
            "dueDate": claim.current_due_date.to_string(),
            "daysPastDue": claim.days_past_due(today),
            "productReference": claim.product_reference,
            "paymentReference": claim.payment_reference,
            "creditorReference": claim.creditor_reference,
        },
        "tenant": { "name": tenant },
        "today": today.to_string(),
    })
}

/// The languages in which a debtor's template is looked for: the one that is said, or else the debtor's, each with and
/// without its region, and English.
#[must_use]
pub fn languages(said: Option<&str>, debtor: &Customer) -> Vec<String> {
    if let Some(said) = said {
        return vec![said.to_ascii_lowercase()];
    }
    let mut all: Vec<String> = Vec::new();
    for tag in debtor.languages.iter().take(3).map(|tag| tag.to_ascii_lowercase()) {
        let short = tag.split('-').next().unwrap_or_default().to_owned();
        all.extend([tag, short]);
    }
    all.push("en".into());
    let mut seen = std::collections::HashSet::new();
    all.retain(|tag| seen.insert(tag.clone()));
    all
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its place in lists.
    pub ordinal: i64,
    /// About which claim.
    pub claim: ClaimId,
    /// To whom.
    pub customer: CustomerId,
    /// Of which template, by its code.
    pub template: String,
    /// What that was called.
    pub name: String,
    /// Of which version of it.
    pub version: i32,
    /// In which language.
    pub language: String,
    /// By which way it goes.
    pub kind: MessageKind,
    /// Where to; empty once the customer was erased.
    pub recipient: String,
    /// Its subject, filled in.
    pub subject: Option<String>,
    /// Its text, filled in; empty once the customer was erased.
    pub body: String,
    /// How far it is.
    pub status: MessageStatus,
    /// How often it was begun to send it.
    pub attempts: i32,
    /// When it is tried next, while it is pending; in the tenant's time.
    pub next_try: Option<Micros>,
    /// Why it was not sent, or not yet; for people.
    pub failure: Option<String>,
    /// What was sent, as it was sent.
    pub document: Option<DocumentId>,
    /// What had it sent, where that was no person: a journey's step.
    pub cause: Option<String>,
    /// When it was decided.
    pub created_at: Micros,
    /// When it was handed over.
    pub sent_at: Option<Micros>,
}

impl Message {
    /// Brings it into a state.
    ///
    /// # Errors
    /// `INVALID_STATE` where it may not become so.
    pub fn become_(&mut self, status: MessageStatus) -> Result<(), Refused> {
        if !self.status.next().contains(&status) {
            let refused = Refused::of_field(INVALID_STATE, "message", format!("the message is {}", self.status.word()));
            let facts = Box::new(Facts { status: Some(self.status.word()), ..Facts::default() });
            return Err(Refused { facts, ..refused });
        }
        (self.status, self.next_try) = (status, None);
        Ok(())
    }
}
