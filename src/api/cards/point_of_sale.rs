//! Where and how a card was used, in the API: as a scheme's message says it, and as it is shown.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::Card;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Entry, Hold};
use crate::api::context::caller;
use crate::api::enums::{CardChannel, CardEntryMode};
use crate::api::fault::Fault;
use crate::api::input::MoneyInput;
use crate::api::money::Money;
use crate::api::scalars::{DateTime, Decimal};
use crate::ledger;
use crate::refused::said;

/// Who is paid.
#[derive(Clone, Debug, InputObject)]
pub struct MerchantInput {
    /// The acquirer's id of it; at most 64 characters.
    id: Option<String>,
    /// Its name, as statements show it.
    name: Option<String>,
    /// What it sells: four digits (ISO 18245).
    category_code: Option<String>,
    /// Where it is.
    city: Option<String>,
    /// In which country: two letters (ISO 3166-1).
    country: Option<String>,
}

/// Where and how a card is used, as the scheme's message says it. Never the card's number.
#[derive(Clone, Debug, Default, InputObject)]
pub struct PointOfSaleInput {
    /// Who is paid.
    merchant: Option<MerchantInput>,
    /// Whose terminals they are: the acquirer's id.
    acquirer: Option<String>,
    /// The acquirer's reference data of the clearing: 23 digits.
    acquirer_reference: Option<String>,
    /// The terminal's id.
    terminal: Option<String>,
    /// What kind of device it is, in the acquirer's words.
    terminal_type: Option<String>,
    /// Where it stands, in the acquirer's words.
    environment: Option<String>,
    /// In which way the card is used, which its limits look at. Absent, it may be any that `entryMode` allows, and all of
    /// them without: what is blocked or spent in one of these ways is refused, and it counts for every way.
    channel: Option<CardChannel>,
    /// How the card's data came into the terminal.
    entry_mode: Option<CardEntryMode>,
    /// The scheme's indicator of mail, telephone and internet payments.
    remote_indicator: Option<String>,
    /// What the approval was given under: up to six letters and digits.
    approval_code: Option<String>,
    /// The acquirer's reference of the message: up to twelve letters and digits.
    retrieval_reference: Option<String>,
    /// What it costs where it is bought, where that is another currency than the account's.
    original_amount: Option<MoneyInput>,
    /// What one unit of the original currency is billed as.
    rate: Option<Decimal>,
    /// What the scheme reconciles it at.
    reconciliation_amount: Option<MoneyInput>,
    /// When the card was used, as the terminal says.
    used_at: Option<DateTime>,
}

/// A text without blanks around it; none where it says nothing.
fn told(text: Option<String>) -> Option<String> {
    said(text).map(|text| text.trim().to_owned())
}

impl PointOfSaleInput {
    /// The domain's form. One that is left out says nothing.
    pub(in crate::api) fn to_domain(input: Option<Self>) -> ledger::PointOfSale {
        let Some(input) = input else { return ledger::PointOfSale::default() };
        let merchant = input.merchant.map(|merchant| ledger::Merchant {
            id: told(merchant.id),
            name: told(merchant.name),
            category_code: told(merchant.category_code),
            city: told(merchant.city),
            country: told(merchant.country),
        });
        ledger::PointOfSale {
            merchant: merchant.filter(|merchant| *merchant != ledger::Merchant::default()),
            acquirer: told(input.acquirer),
            acquirer_reference: told(input.acquirer_reference),
            terminal: told(input.terminal),
            terminal_type: told(input.terminal_type),
            environment: told(input.environment),
            channel: input.channel,
            entry_mode: input.entry_mode,
            remote_indicator: told(input.remote_indicator),
            approval_code: told(input.approval_code),
            retrieval_reference: told(input.retrieval_reference),
            original: input.original_amount.map(Into::into),
            rate: input.rate.map(|rate| rate.0.normalize().to_string()),
            reconciled: input.reconciliation_amount.map(Into::into),
            used_at: input.used_at.map(|moment| moment.0),
            ..ledger::PointOfSale::default()
        }
    }
}

/// Who was paid with a card.
#[derive(Clone, Debug, SimpleObject)]
pub struct Merchant {
    /// The acquirer's id of it.
    id: Option<String>,
    /// Its name.
    name: Option<String>,
    /// What it sells: four digits (ISO 18245).
    category_code: Option<String>,
    /// Where it is.
    city: Option<String>,
    /// In which country: two letters (ISO 3166-1).
    country: Option<String>,
}

/// Where and how a card was used.
#[derive(Clone, Debug)]
pub struct PointOfSale(ledger::PointOfSale);

impl PointOfSale {
    /// As a hold or an entry has it.
    #[must_use]
    pub fn new(at: ledger::PointOfSale) -> Self {
        Self(at)
    }
}

/// Where and how a card was used, as the scheme has said it: a field that it has left out is null.
#[Object]
impl PointOfSale {
    /// The card.
    async fn card(&self, ctx: &Context<'_>) -> Result<Option<Card>, Fault> {
        match self.0.card {
            None => Ok(None),
            Some(card) => super::by_id(caller(ctx)?, card).await,
        }
    }

    /// The card's account, where the entry could not be booked on it because it is closed.
    async fn unplaced_account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.account {
            None => Ok(None),
            Some(account) => accounts::by_id(caller(ctx)?, account).await,
        }
    }

    /// The authorisation that was cleared, even if it had ended before.
    async fn authorisation(&self, ctx: &Context<'_>) -> Result<Option<Hold>, Fault> {
        match self.0.authorisation {
            None => Ok(None),
            Some(hold) => books::hold_by_id(caller(ctx)?, hold).await,
        }
    }

    /// The purchase that was given back.
    async fn purchase(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.purchase {
            None => Ok(None),
            Some(entry) => books::by_id(caller(ctx)?, entry).await,
        }
    }

    /// Who was paid.
    async fn merchant(&self) -> Option<Merchant> {
        let ledger::Merchant { id, name, category_code, city, country } = self.0.merchant.clone()?;
        Some(Merchant { id, name, category_code, city, country })
    }

    /// Whose terminals they are: the acquirer's id.
    async fn acquirer(&self) -> Option<&str> {
        self.0.acquirer.as_deref()
    }

    /// The acquirer's reference data of the clearing.
    async fn acquirer_reference(&self) -> Option<&str> {
        self.0.acquirer_reference.as_deref()
    }

    /// The terminal's id.
    async fn terminal(&self) -> Option<&str> {
        self.0.terminal.as_deref()
    }

    /// What kind of device it is, in the acquirer's words.
    async fn terminal_type(&self) -> Option<&str> {
        self.0.terminal_type.as_deref()
    }

    /// Where it stands, in the acquirer's words.
    async fn environment(&self) -> Option<&str> {
        self.0.environment.as_deref()
    }

    /// In which way the card was used.
    async fn channel(&self) -> Option<CardChannel> {
        self.0.channel
    }

    /// How the card's data came into the terminal.
    async fn entry_mode(&self) -> Option<CardEntryMode> {
        self.0.entry_mode
    }

    /// The scheme's indicator of mail, telephone and internet payments.
    async fn remote_indicator(&self) -> Option<&str> {
        self.0.remote_indicator.as_deref()
    }

    /// What the approval was given under.
    async fn approval_code(&self) -> Option<&str> {
        self.0.approval_code.as_deref()
    }

    /// The acquirer's reference of the message.
    async fn retrieval_reference(&self) -> Option<&str> {
        self.0.retrieval_reference.as_deref()
    }

    /// What was asked for or booked, in the account's currency: as the message had it.
    async fn billed_amount(&self) -> Option<Money> {
        self.0.billed.map(scaled)
    }

    /// What it cost where it was bought.
    async fn original_amount(&self) -> Option<Money> {
        self.0.original.map(scaled)
    }

    /// What one unit of the original currency was billed as.
    async fn rate(&self) -> Option<Decimal> {
        self.0.rate.as_deref().and_then(|rate| rate.parse().ok()).map(Decimal)
    }

    /// What the scheme reconciles it at.
    async fn reconciliation_amount(&self) -> Option<Money> {
        self.0.reconciled.map(scaled)
    }

    /// When the card was used, as the terminal says.
    async fn used_at(&self) -> Option<DateTime> {
        self.0.used_at.map(DateTime)
    }
}

/// With all decimals of its currency: it was checked to have no more.
fn scaled(money: crate::primitives::Money) -> Money {
    money.to_minor().map_or_else(|_| money.into(), |minor| Money::of(minor, money.currency))
}
