//! `setMessageTemplate`, `setMessageSettings`, `setCeaseContact`, `sendMessage` and its batch.

use async_graphql::{Context, InputObject, MergedObject, Object};

use super::types::{Message, MessageSettings, MessageTemplate};
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::collections::mutations::mutations;
use crate::api::customers::Customer;
use crate::api::enums::{CeaseReason, MessageKind, SmtpSecurity};
use crate::api::fault::Fault;
use crate::api::input::named;
use crate::api::inputs::CustomerBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::LocalTime;
use crate::messages::settings::Frequency;
use crate::messages::{self as domain, SendMessage, SetCeaseContact, SetMessageSettings, SetMessageTemplate, Terms};
use crate::refused::{Refused, said};
use crate::sealing::Secret;

/// A template to create in a language, or to put a new version in the place of.
#[derive(InputObject)]
pub struct SetMessageTemplateInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What it is called by, the same in each language: up to 40 capital letters, digits and underscores.
    code: String,
    /// The tag of the language, such as `sv` or `pt-BR`.
    language: String,
    /// By which way its messages go; cannot be changed later.
    kind: MessageKind,
    /// What people call it.
    name: String,
    /// Of an e-mail, which needs one, and of a letter: `Claim {{ claim.reference }}`.
    subject: Option<String>,
    /// The text, with values (`{{ debtor.name }}`, `{{ claim.total }} {{ claim.currency }}`), `if` and `for`. A name that
    /// stands for nothing is refused when a message is sent.
    body: String,
}

/// How e-mails are to be sent.
#[derive(InputObject)]
pub struct EmailChannelInput {
    /// The sender's address.
    address: String,
    /// The sender's name.
    name: String,
    /// The mail server.
    host: String,
    /// Its port: usually 587, or 465 with TLS from the beginning.
    port: u16,
    /// How the connection is secured.
    #[graphql(default_with = "SmtpSecurity::StartTls")]
    security: SmtpSecurity,
    /// Who logs in, if anybody has to.
    user: Option<String>,
    /// The password; the one that there is when absent.
    password: Option<String>,
}

/// How SMS are to be sent.
#[derive(InputObject)]
pub struct SmsChannelInput {
    /// Where the gateway is: takes JSON by POST (`message`, `to`, `from`, `text`), signed as webhooks are.
    url: String,
    /// What the telephone shows as the sender.
    sender: String,
}

/// The hours in which e-mails and SMS are sent, in the tenant's time zone.
#[derive(InputObject)]
pub struct ContactHoursInput {
    /// When they begin.
    from: LocalTime,
    /// When they are over, at least an hour later.
    to: LocalTime,
}

/// How often a debtor may be written to.
#[derive(InputObject)]
pub struct ContactFrequencyInput {
    /// So often, of all claims together: 1 to 100.
    most: u16,
    /// Within so many days, today's included: 1 to 366.
    days: u16,
}

/// How messages are to be sent, all of it: what is absent does not hold any more.
#[derive(InputObject)]
pub struct SetMessageSettingsInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// How e-mails are sent; none are when absent.
    email: Option<EmailChannelInput>,
    /// How SMS are sent; none are when absent.
    sms: Option<SmsChannelInput>,
    /// When e-mails and SMS are sent; at any time when absent.
    contact_hours: Option<ContactHoursInput>,
    /// How often a debtor may be written to; without a bound when absent.
    contact_frequency: Option<ContactFrequencyInput>,
}

/// Whom nobody is to write to, or may be written to again.
#[derive(InputObject)]
pub struct SetCeaseContactInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Whom.
    customer: CustomerBy,
    /// Why nobody writes; absent, the customer may be written to again.
    reason: Option<CeaseReason>,
}

/// A message to send about a claim.
#[derive(InputObject)]
pub struct SendMessageInput {
    /// Makes the request safe to repeat: the message goes out once.
    idempotency_key: String,
    /// About which claim, by what the creditor calls it. It goes to whoever owes it first of all.
    claim_reference: String,
    /// The code of the template.
    template: String,
    /// In which language; the debtor's when absent, or else English.
    language: Option<String>,
}

impl SendMessageInput {
    fn command(self) -> Result<SendMessage, Refused> {
        Ok(SendMessage { claim: self.claim_reference, template: self.template, language: said(self.language) })
    }
}

outcomes! {
    /// A template was set.
    SetMessageTemplateResult = SetMessageTemplateSuccess {
        /// The template, as it is now.
        template: MessageTemplate,
    }

    /// How messages are sent was set.
    SetMessageSettingsResult = SetMessageSettingsSuccess {
        /// What holds now.
        settings: MessageSettings,
        /// What messages to the gateway for SMS are signed with; the same each time.
        signing_secret: String,
    }

    /// Whether a customer is written to was set.
    SetCeaseContactResult = SetCeaseContactSuccess {
        /// Whom.
        customer: Customer,
    }
}

/// Mutations of how messages come about.
#[derive(Default)]
pub struct MessageSettingMutation;

#[Object]
impl MessageSettingMutation {
    /// Creates a template in a language, or puts a new version in its place. Scope: admin.
    async fn set_message_template(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to set.")] input: SetMessageTemplateInput,
    ) -> Result<Option<SetMessageTemplateResult>, Fault> {
        let call = Call::begin(ctx, "setMessageTemplate", Scope::Admin, Reach::Tenant).await?;
        let command = SetMessageTemplate {
            code: input.code,
            language: input.language,
            kind: input.kind,
            name: input.name,
            subject: said(input.subject),
            body: input.body,
        };
        Ok(Some(match call.run(&input.idempotency_key, Ok(command)).await? {
            Reply::Refused(refusal) => SetMessageTemplateResult::Refused(refusal),
            Reply::Done(done) => SetMessageTemplateResult::Done(SetMessageTemplateSuccess {
                template: MessageTemplate::from((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Sets how messages are sent, and when, all of it. Scope: admin.
    async fn set_message_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to set.")] input: SetMessageSettingsInput,
    ) -> Result<Option<SetMessageSettingsResult>, Fault> {
        let call = Call::begin(ctx, "setMessageSettings", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, Ok(input.command())).await? {
            Reply::Refused(refusal) => SetMessageSettingsResult::Refused(refusal),
            Reply::Done(done) => SetMessageSettingsResult::Done(SetMessageSettingsSuccess {
                settings: MessageSettings::from(&*done.value),
                signing_secret: done.value.secrets.signing.0.clone(),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Says that nobody writes to a customer any more, and why; or that the customer may be written to again. What waits to
    /// be sent then is not. Scope: admin.
    async fn set_cease_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and why.")] input: SetCeaseContactInput,
    ) -> Result<Option<SetCeaseContactResult>, Fault> {
        let call = Call::begin(ctx, "setCeaseContact", Scope::Admin, Reach::Tenant).await?;
        let customer = named("customer", "customer", input.customer.to_domain());
        let command = customer.map(|customer| SetCeaseContact { customer, reason: input.reason });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => SetCeaseContactResult::Refused(refusal),
            Reply::Done(done) => SetCeaseContactResult::Done(SetCeaseContactSuccess {
                customer: Customer::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl SetMessageSettingsInput {
    fn command(self) -> SetMessageSettings {
        let password = self.email.as_ref().and_then(|email| said(email.password.clone())).map(Secret);
        let email = self.email.map(|email| domain::EmailChannel {
            address: email.address,
            name: email.name,
            host: email.host,
            port: email.port,
            security: email.security,
            user: said(email.user),
        });
        let sms = self.sms.map(|sms| domain::SmsChannel { url: sms.url, sender: sms.sender });
        let hours = self.contact_hours.map(|hours| (hours.from.0, hours.to.0));
        let frequency = self.contact_frequency.map(|rule| Frequency { most: rule.most, days: rule.days });
        SetMessageSettings { terms: Terms { email, sms, hours, frequency }, password }
    }
}

mutations! {
    #[doc = "Sends a message about a claim to whoever owes it first of all: decided now, sent in the background. Scope: admin."]
    #[doc = "Sends many messages about claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "A message is on its way."]
    SendMessages: send_message = "sendMessage", send_message_batch = "sendMessageBatch", SendMessageInput;
    SendMessageResult = SendMessageSuccess { sent: Message = "The message, as it is now." };
    SendMessageBatchInput; SendMessageBatchItem, SendMessageBatchSuccess, SendMessageBatchResult;
}

/// Mutations of messages.
#[derive(Default, MergedObject)]
pub struct MessageMutation(MessageSettingMutation, SendMessages);
