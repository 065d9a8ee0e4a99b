//! Providers, the payments that are made through them, and what these may become.

use crate::events::webhooks::address;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, EntryId, Minor, PaymentProviderId, ProviderPaymentId, text};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};
use crate::sealing::Secret;

/// The longest code of a provider, and the longest id that one gives.
pub const LONGEST_CODE: usize = 50;
/// Bytes of what goes to a provider, or comes from one, besides, as JSON.
pub const LONGEST_JSON: usize = 16 * 1024;

crate::words! {
    /// How a provider is reached.
    ProviderKind {
        /// It is played, in a sandbox: it does what `additionalInput` says.
        Simulator = "SIMULATOR",
        /// Over HTTP, by the protocol that the guide describes.
        Http = "HTTP",
    }

    /// Where a payment through a provider is in its life.
    ProviderPaymentState {
        /// The provider has not answered yet.
        Initiated = "INITIATED",
        /// It waits for the payer.
        Pending = "PENDING",
        /// The payer has agreed, and the money is to be captured.
        Authorised = "AUTHORISED",
        /// The provider has the money, and it is booked.
        Captured = "CAPTURED",
        /// It was called off.
        Cancelled = "CANCELLED",
        /// It came to nothing.
        Failed = "FAILED",
        /// A part of it was given back.
        PartlyRefunded = "PARTLY_REFUNDED",
        /// All of it was given back.
        Refunded = "REFUNDED",
    }

    /// What a provider is asked for.
    ProviderOperation {
        /// A payment.
        Initiate = "INITIATE",
        /// What was agreed to.
        Capture = "CAPTURE",
        /// To call it off.
        Cancel = "CANCEL",
        /// To give it back, or a part of it.
        Refund = "REFUND",
    }
}

impl ProviderPaymentState {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        use ProviderPaymentState as S;
        match self {
            S::Initiated => &[S::Pending, S::Authorised, S::Captured, S::Cancelled, S::Failed],
            S::Pending => &[S::Authorised, S::Captured, S::Cancelled, S::Failed],
            S::Authorised => &[S::Captured, S::Cancelled, S::Failed],
            S::Captured => &[S::PartlyRefunded, S::Refunded],
            S::PartlyRefunded => &[S::Refunded],
            S::Cancelled | S::Failed | S::Refunded => &[],
        }
    }

    /// Whether nothing more is awaited of the provider before the money is there, or is known not to come.
    #[must_use]
    pub fn is_completed(self) -> bool {
        !matches!(self, Self::Initiated | Self::Pending | Self::Authorised)
    }

    /// Whether the money was captured.
    #[must_use]
    pub fn has_captured(self) -> bool {
        matches!(self, Self::Captured | Self::PartlyRefunded | Self::Refunded)
    }

    /// Whether being told this, of one that is in this state, is late: it was so before.
    #[must_use]
    pub fn was(self, told: Self) -> bool {
        let place = |state: Self| match state {
            Self::Initiated => 0,
            Self::Pending => 1,
            Self::Authorised => 2,
            _ => 3,
        };
        told == self || (place(told) < 3 && place(told) < place(self))
    }
}

impl ProviderOperation {
    /// Of what states it may be asked for.
    #[must_use]
    pub fn of(self) -> &'static [ProviderPaymentState] {
        use ProviderPaymentState as S;
        match self {
            Self::Initiate => &[],
            Self::Capture => &[S::Authorised],
            Self::Cancel => &[S::Initiated, S::Pending, S::Authorised],
            Self::Refund => &[S::Captured, S::PartlyRefunded],
        }
    }
}

/// A payment service provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentProvider {
    /// Its id.
    pub id: PaymentProviderId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// How it is reached.
    pub kind: ProviderKind,
    /// Where, over HTTP.
    pub url: Option<String>,
    /// What signs in both directions.
    pub secret: Secret,
    /// Whether no new payment is made through it.
    pub retired: bool,
    /// When it was created.
    pub created_at: Micros,
}

impl PaymentProvider {
    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self, sandbox: bool) -> Result<Self, Refused> {
        check_reference("code", Some(&self.code))?;
        if self.code.len() > LONGEST_CODE
            || !self.code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        {
            return Err(Refused::invalid(
                "code",
                format!("at most {LONGEST_CODE} letters, digits and -_.: it is a part of an address"),
            ));
        }
        text::required(&self.name, 200).map_err(|problem| Refused::invalid("name", problem.to_string()))?;
        match (self.kind, &self.url) {
            (ProviderKind::Simulator, _) if !sandbox => {
                Err(Refused::invalid("kind", "a provider is played in a sandbox alone"))
            }
            (ProviderKind::Simulator, None) => Ok(self),
            (ProviderKind::Simulator, Some(_)) => Err(Refused::invalid("url", "is of a provider over HTTP")),
            (ProviderKind::Http, None) => Err(Refused::invalid("url", "a provider over HTTP has an address")),
            (ProviderKind::Http, Some(url)) => match address::parse(url) {
                Ok(_) => Ok(self),
                Err(problem) => Err(Refused::invalid("url", problem.to_string())),
            },
        }
    }
}

/// A payment through a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderPayment {
    /// Its id: the provider is told it.
    pub id: ProviderPaymentId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Through which provider.
    pub provider: PaymentProviderId,
    /// For which account.
    pub account: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// How much was asked for.
    pub amount: Minor,
    /// Where it is in its life.
    pub state: ProviderPaymentState,
    /// What the provider calls it.
    pub transaction: Option<String>,
    /// The same with the provider; unique.
    pub transaction_key: Option<String>,
    /// Where the payer goes on.
    pub redirect_url: Option<String>,
    /// What the caller gave the provider besides: JSON, as text.
    pub additional_input: Option<String>,
    /// What the provider gave besides: JSON, as text.
    pub additional_output: Option<String>,
    /// What the provider is being asked for.
    pub asking: Option<ProviderOperation>,
    /// How much of it.
    pub asking_amount: Minor,
    /// How often it was asked for something: the number of what it is asked for now.
    pub asks: i32,
    /// How often that was tried.
    pub attempts: i32,
    /// When it is tried again, on the server's clock.
    pub next_ask: Option<Micros>,
    /// How much was captured.
    pub captured: Minor,
    /// How much of it was given back, or is being.
    pub refunded: Minor,
    /// What it was booked with.
    pub entry: Option<EntryId>,
    /// What its payout was booked with.
    pub payout: Option<EntryId>,
    /// Why it failed, or what was asked for last did, for people.
    pub failure: Option<String>,
    /// When it was initiated.
    pub created_at: Micros,
}

impl ProviderPayment {
    /// What is unique of a provider's own ids.
    #[must_use]
    pub fn key_of(provider: PaymentProviderId, transaction: &str) -> String {
        format!("{provider}:{transaction}")
    }

    /// Why an operation cannot be asked for now, if it cannot.
    ///
    /// # Errors
    /// `INVALID_STATE` for the field.
    pub fn may(&self, operation: ProviderOperation, field: &str) -> Result<(), Refused> {
        let message = match self.asking {
            Some(asking) => format!("the provider is being asked to {}", asking.word()),
            None if operation.of().contains(&self.state) => return Ok(()),
            None => format!("the payment is {}", self.state.word()),
        };
        let facts = Box::new(Facts { status: Some(self.state.word()), ..Facts::default() });
        Err(Refused { facts, ..Refused::of_field(INVALID_STATE, field, message) })
    }

    /// Asks the provider for something: at first by whoever has asked, later by whichever server is there.
    pub fn ask(&mut self, operation: ProviderOperation, amount: Minor, clock: Micros) {
        self.asking = Some(operation);
        self.asking_amount = amount;
        self.asks += 1;
        self.attempts = 0;
        self.next_ask = Some(clock + super::ask::FIRST_PAUSE);
    }

    /// The provider has done it, or will not.
    pub fn answered(&mut self) {
        (self.asking, self.next_ask) = (None, None);
    }
}
