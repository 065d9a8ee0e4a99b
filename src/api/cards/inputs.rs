//! Cards, as inputs have them.

use async_graphql::{ID, InputObject, OneofObject};

use crate::accounts::NewOwner;
use crate::api::accounts::mutations::{AccountOwnerInput, NewOwnerInput};
use crate::api::enums::CardChannel;
use crate::api::input::{amount, metadata};
use crate::api::inputs::name;
use crate::api::scalars::{Decimal, Json};
use crate::cards::limits::{NewChannelLimit, NewLimits, NewSpending};
use crate::cards::number::Expiry;
use crate::cards::{self, NewCard};
use crate::refused::{Refused, said};

/// Names one card.
#[derive(Clone, Debug, OneofObject)]
pub enum CardBy {
    /// By its id: that very card.
    Id(ID),
    /// By its token: the newest card of the token's chain of replacements.
    Token(String),
}

impl CardBy {
    /// The domain's form; a malformed id or token names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<cards::CardBy> {
        Some(match self {
            Self::Id(id) => cards::CardBy::Id(id.parse().ok()?),
            Self::Token(token) => cards::CardBy::Token(name(token)?),
        })
    }
}

/// A card to add to an account.
#[derive(InputObject)]
pub struct NewCardInput {
    /// What those who process cards call it; unique in the tenant, and never given again. Made when absent.
    token: Option<String>,
    /// Whether it is the account's main card: of those one may be in force, and its holder is the account's owner.
    main: bool,
    /// Whose it is; the account's owner when absent.
    holder: Option<CardHolderInput>,
    /// Its number without its middle: at most the first 6 digits (of numbers from 16 digits on the first 8) and the last 4,
    /// with an asterisk for each digit that is hidden.
    masked_number: Option<String>,
    /// Its last month.
    expiry: Option<CardExpiryInput>,
    /// What is printed on it.
    embossed_name: Option<String>,
    /// What it may be used for; for everything that its account allows when absent.
    limits: Option<CardLimitsInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// Whose a card is to be.
#[derive(OneofObject)]
#[expect(clippy::large_enum_variant, reason = "an input is read once")]
pub enum CardHolderInput {
    /// A customer who is there, by id.
    Id(ID),
    /// A customer who is there, by number.
    Number(String),
    /// A customer who is there, by your own reference.
    ExternalReference(String),
    /// A customer who is created with the card; never the holder of a main card.
    Create(NewOwnerInput),
}

/// A card's last month.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct CardExpiryInput {
    /// Four digits.
    year: i32,
    /// 1 to 12.
    month: i32,
}

/// What a card may be used for, in its account's currency. What is absent is not limited.
#[derive(Debug, InputObject)]
pub struct CardLimitsInput {
    /// The most of one purchase.
    per_purchase: Option<Decimal>,
    /// The most on a business day.
    per_day: Option<Decimal>,
    /// The most in a calendar month.
    per_month: Option<Decimal>,
    /// What holds for single ways of using it, besides: each at most once.
    #[graphql(default)]
    channels: Vec<CardChannelLimitInput>,
    /// The countries in which alone it may be used, by their codes in ISO 3166-1: where the country is not known, it may
    /// not. Not together with `countriesBlocked`.
    countries_only: Option<Vec<String>>,
    /// The countries in which it may not be used.
    countries_blocked: Option<Vec<String>>,
}

/// What holds for one way of using a card.
#[derive(Debug, InputObject)]
pub struct CardChannelLimitInput {
    /// Which way.
    channel: CardChannel,
    /// Whether it may not be used so at all.
    #[graphql(default)]
    blocked: bool,
    /// The most of one purchase.
    per_purchase: Option<Decimal>,
    /// The most on a business day.
    per_day: Option<Decimal>,
    /// The most in a calendar month.
    per_month: Option<Decimal>,
}

impl NewCardInput {
    /// The command's part.
    ///
    /// # Errors
    /// `NOT_FOUND` and `INVALID_INPUT`, naming the field below the card.
    pub fn card(self) -> Result<NewCard, Refused> {
        Ok(NewCard {
            token: self.token,
            main: self.main,
            holder: self.holder.map(CardHolderInput::holder).transpose()?,
            number: self.masked_number,
            expiry: self.expiry.map(CardExpiryInput::expiry).transpose()?,
            embossed_name: said(self.embossed_name),
            limits: self.limits.map(CardLimitsInput::limits),
            metadata: metadata(self.metadata)?,
        })
    }
}

impl CardHolderInput {
    fn holder(self) -> Result<NewOwner, Refused> {
        let owner = match self {
            Self::Id(id) => AccountOwnerInput::Id(id),
            Self::Number(number) => AccountOwnerInput::Number(number),
            Self::ExternalReference(reference) => AccountOwnerInput::ExternalReference(reference),
            Self::Create(new) => AccountOwnerInput::Create(new),
        };
        owner.owner().map_err(|mut refused| {
            for name in refused.fields.iter_mut().filter_map(|field| field.path.first_mut()) {
                "holder".clone_into(name);
            }
            refused
        })
    }
}

impl CardExpiryInput {
    /// The domain's form.
    ///
    /// # Errors
    /// `INVALID_INPUT` for the month.
    pub fn expiry(self) -> Result<Expiry, Refused> {
        let month = u32::try_from(self.month);
        let month = month.map_err(|_| Refused::invalid("expiry.month", "there is no such month"))?;
        Ok(Expiry { year: self.year, month })
    }
}

impl CardLimitsInput {
    /// The domain's form.
    #[must_use]
    pub fn limits(self) -> NewLimits {
        let spending = |purchase, day, month| NewSpending {
            per_purchase: amount(purchase),
            per_day: amount(day),
            per_month: amount(month),
        };
        let channel = |limit: CardChannelLimitInput| NewChannelLimit {
            channel: limit.channel,
            blocked: limit.blocked,
            spending: spending(limit.per_purchase, limit.per_day, limit.per_month),
        };
        NewLimits {
            spending: spending(self.per_purchase, self.per_day, self.per_month),
            channels: self.channels.into_iter().map(channel).collect(),
            countries_only: self.countries_only,
            countries_blocked: self.countries_blocked,
        }
    }
}
