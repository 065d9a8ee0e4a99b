//! `IdentificationProvider`, `setIdentificationProvider`, `identificationProviders`.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::allowed;
use crate::api::enums::{IdentificationClaim, IdentificationKind, IdentifierCountry, IdentifierKind};
use crate::api::fault::Fault;
use crate::api::refusal::outcomes;
use crate::api::scalars::DateTime;
use crate::identification::model::ProviderSettings;
use crate::identification::{self as domain, SetIdentificationProvider, store};
use crate::refused::said;
use crate::sealing::Secret;

/// A provider in the API.
#[derive(Clone, Debug)]
pub struct IdentificationProvider(domain::IdentificationProvider);

/// Who vouches for customers. The secret of your client there is never shown.
#[Object]
impl IdentificationProvider {
    /// What requests name it by.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How it vouches.
    async fn kind(&self) -> IdentificationKind {
        self.0.kind
    }

    /// The issuer of its tokens.
    async fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    /// Your client there: the audience of its tokens.
    async fn client_id(&self) -> &str {
        &self.0.settings.client_id
    }

    /// Of SELF: the keys that you sign with, as a JSON web key set.
    async fn keys(&self) -> Option<&str> {
        self.0.settings.keys.as_deref()
    }

    /// Of SELF: where customers are sent who are to identify themselves.
    async fn login_url(&self) -> Option<&str> {
        self.0.settings.login_url.as_deref()
    }

    /// Of OPEN_ID_CONNECT: where it sends customers back to.
    async fn callback_url(&self) -> Option<&str> {
        self.0.settings.callback_url.as_deref()
    }

    /// Which claim of its tokens tells who the customer is.
    async fn claim(&self) -> &str {
        &self.0.settings.claim
    }

    /// What of a customer that is.
    async fn claim_tells(&self) -> IdentificationClaim {
        self.0.settings.tells
    }

    /// Of an IDENTIFIER: whose number it is.
    async fn identifier_country(&self) -> Option<IdentifierCountry> {
        self.0.settings.country
    }

    /// Of an IDENTIFIER: of which kind.
    async fn identifier_kind(&self) -> Option<IdentifierKind> {
        self.0.settings.identifier_kind
    }

    /// What it is asked for besides `openid`.
    async fn scopes(&self) -> &[String] {
        &self.0.settings.scopes
    }

    /// Where customers may come back to.
    async fn return_addresses(&self) -> &[String] {
        &self.0.settings.returns
    }

    /// How long an identification is valid, in minutes.
    async fn valid_minutes(&self) -> i32 {
        i32::try_from(self.0.settings.minutes).unwrap_or(i32::MAX)
    }

    /// Whether it is used no more.
    async fn retired(&self) -> bool {
        self.0.retired
    }

    /// When it was set first.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Who is to vouch for customers: all of it.
#[derive(InputObject)]
pub struct SetIdentificationProviderInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What requests name it by; under a name that there is, it is set anew.
    name: String,
    /// How it vouches. Stays as it is once it was set.
    kind: IdentificationKind,
    /// The issuer of its tokens, to the letter. Of OPEN_ID_CONNECT it is where its metadata are found.
    issuer: String,
    /// Your client there: the audience of its tokens.
    client_id: String,
    /// Of OPEN_ID_CONNECT: the secret of your client. The one before when absent.
    client_secret: Option<String>,
    /// Of SELF: the public keys that you sign with (RS256, ES256 or EdDSA), as a JSON web key set.
    keys: Option<String>,
    /// Of SELF: where customers are sent whose token is over; `returnUrl` is put to it.
    login_url: Option<String>,
    /// Of OPEN_ID_CONNECT: this server's `/identification/callback`, as you have registered it there.
    callback_url: Option<String>,
    /// Which claim of its tokens tells who the customer is.
    #[graphql(default_with = "String::from(\"sub\")")]
    claim: String,
    /// What of a customer that is.
    #[graphql(default_with = "IdentificationClaim::ExternalReference")]
    claim_tells: IdentificationClaim,
    /// Of an IDENTIFIER, and required there: whose number it is.
    identifier_country: Option<IdentifierCountry>,
    /// Of an IDENTIFIER: of which kind; whichever fits when absent.
    identifier_kind: Option<IdentifierKind>,
    /// What it is asked for besides `openid`, so that its tokens have the claim.
    #[graphql(validator(max_items = 20))]
    scopes: Option<Vec<String>>,
    /// Where customers may come back to, up to 50: to the letter, with whatever query.
    #[graphql(validator(max_items = 50))]
    return_addresses: Vec<String>,
    /// How long an identification is valid, in minutes, up to a day.
    #[graphql(default = 15)]
    valid_minutes: i32,
    /// Whether it is used no more.
    #[graphql(default)]
    retired: bool,
}

outcomes! {
    /// Who vouches for customers was set.
    SetIdentificationProviderResult = SetIdentificationProviderSuccess {
        /// The provider.
        provider: IdentificationProvider,
    }
}

impl SetIdentificationProviderInput {
    fn command(self) -> SetIdentificationProvider {
        SetIdentificationProvider {
            name: self.name,
            kind: self.kind,
            settings: ProviderSettings {
                issuer: self.issuer,
                client_id: self.client_id,
                keys: said(self.keys),
                login_url: said(self.login_url),
                callback_url: said(self.callback_url),
                claim: self.claim,
                tells: self.claim_tells,
                country: self.identifier_country,
                identifier_kind: self.identifier_kind,
                scopes: self.scopes.unwrap_or_default(),
                returns: self.return_addresses,
                minutes: self.valid_minutes.into(),
            },
            secret: said(self.client_secret).map(Secret),
            retired: self.retired,
        }
    }
}

/// Mutations of identification.
#[derive(Default)]
pub struct IdentificationMutation;

#[Object]
impl IdentificationMutation {
    /// Says who vouches for customers, all of it: you, with tokens that you sign, or a provider of OpenID Connect. Scope:
    /// admin.
    async fn set_identification_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who vouches, and how.")] input: SetIdentificationProviderInput,
    ) -> Result<Option<SetIdentificationProviderResult>, Fault> {
        let call = Call::begin(ctx, "setIdentificationProvider", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, Ok(input.command())).await? {
            Reply::Refused(refusal) => SetIdentificationProviderResult::Refused(refusal),
            Reply::Done(done) => {
                let provider = IdentificationProvider((*done.value).clone());
                let receipt = done.receipt.into();
                SetIdentificationProviderResult::Done(SetIdentificationProviderSuccess { provider, receipt })
            }
        }))
    }
}

/// Questions about identification. Scope: admin.
#[derive(Debug, Default)]
pub struct IdentificationQuery;

/// Questions about identification. Scope: admin.
#[Object]
impl IdentificationQuery {
    /// Who vouches for customers, in the order in which they were set. Scope: admin.
    async fn identification_providers(&self, ctx: &Context<'_>) -> Result<Vec<IdentificationProvider>, Fault> {
        let caller = allowed(ctx, Scope::Admin)?.require_unbound()?;
        let found = store::all(caller.db(), caller.tenant()).await?;
        Ok(found.into_iter().map(IdentificationProvider).collect())
    }
}
