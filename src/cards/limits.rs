//! What a card may be used for: how much, in which ways, in which countries. Data, and the pure decision over them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::refusals::{CARD_CHANNEL_BLOCKED, CARD_COUNTRY_BLOCKED, CARD_LIMIT_EXCEEDED};
pub use crate::ledger::CardChannel;
use crate::ledger::amounts::positive;
use crate::primitives::{Amount, Currency, Minor, Money};
use crate::refused::{Facts, Refused};

/// How much may be spent. What is not limited here is limited by the account alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// At once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_purchase: Option<Minor>,
    /// On a business day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<Minor>,
    /// In the calendar month of a business day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_month: Option<Minor>,
}

impl Spending {
    fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// What holds for one way of using the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelLimit {
    /// Not to be used at all.
    #[serde(default)]
    pub blocked: bool,
    /// How much.
    #[serde(default)]
    pub spending: Spending,
}

/// In which countries a card may be used, by their codes in ISO 3166-1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Countries {
    /// In these alone: where the country is not known, it may not.
    Only(BTreeSet<String>),
    /// In all but these.
    AllBut(BTreeSet<String>),
}

/// A card's limits, in the currency of its account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLimits {
    /// Over all channels.
    #[serde(default, skip_serializing_if = "Spending::is_open")]
    pub spending: Spending,
    /// Of single channels, besides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<CardChannel, ChannelLimit>,
    /// In all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countries: Option<Countries>,
}

/// What the card is to be used for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// How much, in the account's currency.
    pub amount: Minor,
    /// In which way.
    pub channel: CardChannel,
    /// In which country, where that is known: ISO 3166-1.
    pub country: Option<&'a str>,
}

/// What was spent with the card before, of what still counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// On the day.
    pub day: Minor,
    /// In the month.
    pub month: Minor,
    /// On the day, in the same way.
    pub channel_day: Minor,
    /// In the month, in the same way.
    pub channel_month: Minor,
}

/// Why a card may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitHit {
    /// Not in that country.
    Country,
    /// Not in that way.
    Channel,
    /// Not for so much.
    Amount {
        /// For how long it counts.
        over: Span,
        /// Of which channel; of all, if of none.
        channel: Option<CardChannel>,
        /// The limit.
        limit: Minor,
        /// What is left of it.
        remaining: Minor,
    },
}

/// For how long a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// One purchase.
    Purchase,
    /// A business day.
    Day,
    /// A calendar month.
    Month,
}

impl Span {
    fn words(self) -> &'static str {
        match self {
            Self::Purchase => "a purchase",
            Self::Day => "a day",
            Self::Month => "a month",
        }
    }
}

impl CardLimits {
    /// Whether the card may be used so. The first that stands in the way: country, channel, then purchase, day and month of
    /// the channel, then those of all channels.
    ///
    /// # Errors
    /// [`LimitHit`].
    pub fn check(&self, asked: &Asked<'_>, spent: &Spent) -> Result<(), LimitHit> {
        let is_allowed = match (&self.countries, asked.country) {
            (None, _) | (Some(Countries::AllBut(_)), None) => true,
            (Some(Countries::Only(_)), None) => false,
            (Some(Countries::Only(only)), Some(country)) => only.contains(country),
            (Some(Countries::AllBut(blocked)), Some(country)) => !blocked.contains(country),
        };
        if !is_allowed {
            return Err(LimitHit::Country);
        }
        if let Some(limit) = self.channels.get(&asked.channel) {
            if limit.blocked {
                return Err(LimitHit::Channel);
            }
            within(&limit.spending, asked.amount, spent.channel_day, spent.channel_month, Some(asked.channel))?;
        }
        within(&self.spending, asked.amount, spent.day, spent.month, None)
    }

    /// Whether anything is limited.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The stored form.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Plain data: the only failure would be the writer's, and a text has none.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Of the stored form.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

fn within(
    limits: &Spending,
    amount: Minor,
    day: Minor,
    month: Minor,
    channel: Option<CardChannel>,
) -> Result<(), LimitHit> {
    let table = [
        (Span::Purchase, limits.per_purchase, Minor::ZERO),
        (Span::Day, limits.per_day, day),
        (Span::Month, limits.per_month, month),
    ];
    for (over, limit, before) in table {
        let Some(limit) = limit else { continue };
        let remaining = Minor(limit.0.saturating_sub(before.0).max(0));
        if amount > remaining {
            return Err(LimitHit::Amount { over, channel, limit, remaining });
        }
    }
    Ok(())
}

impl LimitHit {
    /// Which of several is said: the country, then the channel, then the amount of which the least is left.
    #[must_use]
    pub fn precedence(&self) -> (u8, Minor) {
        match self {
            Self::Country => (0, Minor::ZERO),
            Self::Channel => (1, Minor::ZERO),
            Self::Amount { remaining, .. } => (2, *remaining),
        }
    }

    /// The refusal, of an input's field.
    #[must_use]
    pub fn refused(self, field: &str, currency: Currency) -> Refused {
        match self {
            Self::Country => Refused::of_field(CARD_COUNTRY_BLOCKED, field, "the card may not be used in this country"),
            Self::Channel => Refused::of_field(CARD_CHANNEL_BLOCKED, field, "the card may not be used in this way"),
            Self::Amount { over, channel, limit, remaining } => {
                let (limit, remaining) = (limit.in_currency(currency), remaining.in_currency(currency));
                let of = channel.map(|channel| format!(" in the way {}", channel.word())).unwrap_or_default();
                let message = format!("the card may be used for {limit} {}{of}: {remaining} is left", over.words());
                let facts = Facts { limit: Some(limit), remaining: Some(remaining), ..Facts::default() };
                Refused { facts: Box::new(facts), ..Refused::of_field(CARD_LIMIT_EXCEEDED, field, message) }
            }
        }
    }
}

/// Limits as an input has them: its amounts are in the account's currency, which it does not name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewLimits {
    /// Over all channels.
    pub spending: NewSpending,
    /// Of single channels.
    pub channels: Vec<NewChannelLimit>,
    /// In which countries alone.
    pub countries_only: Option<Vec<String>>,
    /// In which countries not.
    pub countries_blocked: Option<Vec<String>>,
}

/// How much may be spent, as an input has it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct NewSpending {
    /// At once.
    pub per_purchase: Option<Amount>,
    /// On a day.
    pub per_day: Option<Amount>,
    /// In a month.
    pub per_month: Option<Amount>,
}

/// What holds for one channel, as an input has it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct NewChannelLimit {
    /// Which.
    pub channel: CardChannel,
    /// Not to be used at all.
    pub blocked: bool,
    /// How much.
    pub spending: NewSpending,
}

impl NewLimits {
    /// In a currency, if they hold together.
    ///
    /// # Errors
    /// `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE`, naming the field.
    pub fn checked(&self, currency: Currency) -> Result<CardLimits, Refused> {
        let mut limits = CardLimits { spending: self.spending.checked(currency)?, ..CardLimits::default() };
        for (index, new) in self.channels.iter().enumerate() {
            let spending = new.spending.checked(currency).map_err(|refused| refused.at("channels", index))?;
            let limit = ChannelLimit { blocked: new.blocked, spending };
            if limits.channels.insert(new.channel, limit).is_some() {
                let field = format!("channels.{index}.channel");
                return Err(Refused::invalid(&field, "each channel is named once"));
            }
        }
        limits.countries = match (&self.countries_only, &self.countries_blocked) {
            (None, None) => None,
            (Some(only), None) => Some(Countries::Only(countries("countriesOnly", only)?)),
            (None, Some(blocked)) => Some(Countries::AllBut(countries("countriesBlocked", blocked)?)),
            (Some(_), Some(_)) => {
                return Err(Refused::invalid("countriesBlocked", "name those that are allowed, or those that are not"));
            }
        };
        Ok(limits)
    }
}

impl NewSpending {
    fn checked(&self, currency: Currency) -> Result<Spending, Refused> {
        let minor = |field: &str, amount: Option<Amount>| {
            amount.map(|amount| positive(field, Money { amount: amount.0, currency })).transpose()
        };
        let spending = Spending {
            per_purchase: minor("perPurchase", self.per_purchase)?,
            per_day: minor("perDay", self.per_day)?,
            per_month: minor("perMonth", self.per_month)?,
        };
        match (spending.per_day, spending.per_month) {
            (Some(day), Some(month)) if day > month => {
                Err(Refused::invalid("perDay", "must not be more than what may be spent in a month"))
            }
            _ => Ok(spending),
        }
    }
}

/// Every country's code in ISO 3166-1, as of 2024.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS \
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM \
    US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Countries of an input.
fn countries(field: &str, codes: &[String]) -> Result<BTreeSet<String>, Refused> {
    if codes.is_empty() {
        return Err(Refused::invalid(field, "must not be empty: leave it out to allow all"));
    }
    let mut set = BTreeSet::new();
    for (index, code) in codes.iter().enumerate() {
        if code.len() != 2 || !COUNTRIES.split(' ').any(|known| known == code) {
            return Err(Refused::invalid(
                &format!("{field}.{index}"),
                "is a code of ISO 3166-1 with two capital letters",
            ));
        }
        set.insert(code.clone());
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> CardLimits {
        let spending =
            Spending { per_purchase: Some(Minor(500)), per_day: Some(Minor(800)), per_month: Some(Minor(2_000)) };
        let cash = Spending { per_day: Some(Minor(300)), per_month: Some(Minor(600)), per_purchase: Some(Minor(200)) };
        let channels = BTreeMap::from([
            (CardChannel::Atm, ChannelLimit { blocked: false, spending: cash }),
            (CardChannel::MailOrder, ChannelLimit { blocked: true, spending: Spending::default() }),
        ]);
        let countries = Some(Countries::AllBut(BTreeSet::from(["RU".to_owned()])));
        CardLimits { spending, channels, countries }
    }

    fn hit(over: Span, channel: Option<CardChannel>, limit: i64, remaining: i64) -> Result<(), LimitHit> {
        Err(LimitHit::Amount { over, channel, limit: Minor(limit), remaining: Minor(remaining) })
    }

    #[test]
    fn a_card_is_used_within_its_limits() {
        use CardChannel::{Atm, Ecommerce, MailOrder, Pos};
        let spent = |day, month, channel_day, channel_month| Spent {
            day: Minor(day),
            month: Minor(month),
            channel_day: Minor(channel_day),
            channel_month: Minor(channel_month),
        };
        for (amount, channel, country, before, outcome) in [
            (500, Pos, Some("SE"), spent(0, 0, 0, 0), Ok(())),
            (501, Pos, Some("SE"), spent(0, 0, 0, 0), hit(Span::Purchase, None, 500, 500)),
            (300, Ecommerce, None, spent(500, 500, 0, 0), Ok(())),
            (301, Ecommerce, None, spent(500, 500, 0, 0), hit(Span::Day, None, 800, 300)),
            (1, Pos, None, spent(900, 900, 0, 0), hit(Span::Day, None, 800, 0)),
            (101, Pos, None, spent(0, 1_900, 0, 0), hit(Span::Month, None, 2_000, 100)),
            (200, Atm, Some("DE"), spent(0, 0, 0, 0), Ok(())),
            (201, Atm, Some("DE"), spent(0, 0, 0, 0), hit(Span::Purchase, Some(Atm), 200, 200)),
            (101, Atm, Some("DE"), spent(200, 200, 200, 200), hit(Span::Day, Some(Atm), 300, 100)),
            (101, Atm, Some("DE"), spent(0, 500, 0, 500), hit(Span::Month, Some(Atm), 600, 100)),
            // The channel has room, the card has none.
            (100, Atm, None, spent(750, 750, 0, 0), hit(Span::Day, None, 800, 50)),
            (1, MailOrder, Some("SE"), spent(0, 0, 0, 0), Err(LimitHit::Channel)),
            // The country comes first.
            (1, MailOrder, Some("RU"), spent(0, 0, 0, 0), Err(LimitHit::Country)),
        ] {
            let asked = Asked { amount: Minor(amount), channel, country };
            assert_eq!(limits().check(&asked, &before), outcome, "{asked:?} {before:?}");
        }
        let only =
            CardLimits { countries: Some(Countries::Only(BTreeSet::from(["SE".to_owned()]))), ..Default::default() };
        for (country, outcome) in
            [(Some("SE"), Ok(())), (Some("NO"), Err(LimitHit::Country)), (None, Err(LimitHit::Country))]
        {
            let asked = Asked { amount: Minor(i64::MAX), channel: Pos, country };
            assert_eq!(only.check(&asked, &Spent::default()), outcome);
        }
    }

    #[test]
    fn limits_are_stored_and_read_again() {
        for limits in [limits(), CardLimits::default()] {
            assert_eq!(CardLimits::from_text(&limits.to_text()).as_ref(), Some(&limits));
        }
        assert_eq!(CardLimits::default().to_text(), "{}");
        assert_eq!(COUNTRIES.split(' ').count(), 249);
    }

    #[test]
    fn limits_that_make_no_sense_are_refused_by_their_field() {
        let euro = Currency::EURO;
        let amount = |text: &str| Some(Amount(text.parse().expect("a decimal")));
        let of = |channel, blocked| NewChannelLimit { channel, blocked, spending: NewSpending::default() };
        let codes = |codes: &[&str]| Some(codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>());
        for (new, field) in [
            (
                NewLimits {
                    spending: NewSpending { per_day: amount("0"), ..Default::default() },
                    ..Default::default()
                },
                "perDay",
            ),
            (
                NewLimits {
                    spending: NewSpending { per_month: amount("-1"), ..Default::default() },
                    ..Default::default()
                },
                "perMonth",
            ),
            (
                NewLimits {
                    spending: NewSpending { per_purchase: amount("1.001"), ..Default::default() },
                    ..Default::default()
                },
                "perPurchase",
            ),
            (
                NewLimits {
                    spending: NewSpending { per_day: amount("5.01"), per_month: amount("5"), ..Default::default() },
                    ..Default::default()
                },
                "perDay",
            ),
            (
                NewLimits {
                    channels: vec![of(CardChannel::Atm, true), of(CardChannel::Atm, false)],
                    ..Default::default()
                },
                "channels.1.channel",
            ),
            (NewLimits { countries_only: codes(&["SE", "XX"]), ..Default::default() }, "countriesOnly.1"),
            (NewLimits { countries_only: codes(&[]), ..Default::default() }, "countriesOnly"),
            (NewLimits { countries_blocked: codes(&["se"]), ..Default::default() }, "countriesBlocked.0"),
            (
                NewLimits { countries_only: codes(&["SE"]), countries_blocked: codes(&["NO"]), ..Default::default() },
                "countriesBlocked",
            ),
        ] {
            let refused = new.checked(euro).expect_err("a refusal");
            assert_eq!(refused.fields[0].path.join("."), field, "{}", refused.message);
        }
    }
}
