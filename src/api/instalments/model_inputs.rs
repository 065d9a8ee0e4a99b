//! Models of instalment credits, as inputs have them.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};

use super::count;
use crate::api::enums::{FeeTiming, InstalmentModelStatus, InstalmentPosting, RepaymentMethod};
use crate::api::input::{change, named, set};
use crate::api::inputs::{ProductBy, name};
use crate::api::scalars::{CurrencyCode, Decimal};
use crate::instalments::{self, CreateInstalmentModel, UpdateInstalmentModel};
use crate::primitives::Amount;
use crate::refused::{Refused, said};
use crate::work::Change;

/// Names one model of instalment credits.
#[derive(Clone, Debug, OneofObject)]
pub enum InstalmentModelBy {
    /// By its id.
    Id(ID),
    /// By its reference.
    Reference(String),
}

impl InstalmentModelBy {
    /// The domain's form; a malformed id or reference names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<instalments::InstalmentModelBy> {
        Some(match self {
            Self::Id(id) => instalments::InstalmentModelBy::Id(id.parse().ok()?),
            Self::Reference(reference) => instalments::InstalmentModelBy::Reference(name(reference)?),
        })
    }
}

/// A model of instalment credits to create.
#[derive(InputObject)]
pub struct CreateInstalmentModelInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// Unique in the tenant.
    reference: String,
    /// What kind of credit, as a word of your own: `TRANSACTION`, `CASH`.
    #[graphql(name = "type")]
    kind: String,
    /// Whether contracts are made by it; `ACTIVE` when absent.
    status: Option<InstalmentModelStatus>,
    /// What it lends.
    currency: CurrencyCode,
    /// The smallest credit.
    minimum_amount: Decimal,
    /// The largest credit.
    maximum_amount: Decimal,
    /// The only channel that contracts come by, as a word of your own; any when absent. `SMS` is one that Konto knows.
    channel: Option<String>,
    /// The product of the accounts whose cards it is for: a contract finds its model by that. Any when absent.
    card_product: Option<ProductBy>,
    /// What the accounts that its contracts open are an instance of: of the family `LOAN`, with the debt rule `LIMIT`.
    account_product: ProductBy,
    /// The numbers of instalments that it offers: 1 to 60 numbers between 1 and 360.
    #[graphql(validator(max_items = 60))]
    terms: Vec<i32>,
    /// How many instalments there are when nothing is said; the fewest when absent.
    default_terms: Option<i32>,
    /// The fewest days from the contract to the first instalment; 1 when absent.
    minimum_first_days: Option<i32>,
    /// The most of them, up to 366; 60 when absent.
    maximum_first_days: Option<i32>,
    /// The days to the first instalment when nothing is said; 30 when absent.
    default_first_days: Option<i32>,
    /// The yearly rate, in percent: 0 to 100, with at most 4 decimals.
    annual_rate: Decimal,
    /// How instalments are made; `ANNUITY` when absent.
    method: Option<RepaymentMethod>,
    /// What is left for the last instalment besides, in percent of the credit; nothing when absent.
    balloon_percent: Option<Decimal>,
    /// The first so many instalments repay nothing, and bear interest; none when absent.
    grace_terms: Option<i32>,
    /// The fee of a contract; none when absent.
    fee: Option<Decimal>,
    /// When it is charged; with the `FIRST` instalment when absent.
    fee_timing: Option<FeeTiming>,
    /// In how many operations an instalment is posted on the account that pays it; `SEPARATE` when absent.
    posting: Option<InstalmentPosting>,
    /// How many open contracts by it a customer may have; any number when absent.
    maximum_per_customer: Option<i32>,
    /// How many of a customer's open contracts by it may be of one day; any number when absent.
    maximum_per_day: Option<i32>,
}

/// What to change on a model of instalment credits. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateInstalmentModelInput {
    /// Makes the request safe to repeat.
    pub(super) idempotency_key: String,
    /// Which model.
    model: InstalmentModelBy,
    /// Whether contracts are made by it; cannot be emptied.
    status: MaybeUndefined<InstalmentModelStatus>,
    /// The smallest credit; cannot be emptied.
    minimum_amount: MaybeUndefined<Decimal>,
    /// The largest credit; cannot be emptied.
    maximum_amount: MaybeUndefined<Decimal>,
    /// The only channel that contracts come by; null for any.
    channel: MaybeUndefined<String>,
    /// The product of the accounts whose cards it is for; null for any.
    card_product: MaybeUndefined<ProductBy>,
    /// What the accounts that its contracts open are an instance of; cannot be emptied.
    account_product: MaybeUndefined<ProductBy>,
    /// The numbers of instalments that it offers; cannot be emptied.
    #[graphql(validator(max_items = 60))]
    terms: MaybeUndefined<Vec<i32>>,
    /// How many instalments there are when nothing is said; cannot be emptied.
    default_terms: MaybeUndefined<i32>,
    /// The fewest days from the contract to the first instalment; cannot be emptied.
    minimum_first_days: MaybeUndefined<i32>,
    /// The most of them; cannot be emptied.
    maximum_first_days: MaybeUndefined<i32>,
    /// The days to the first instalment when nothing is said; cannot be emptied.
    default_first_days: MaybeUndefined<i32>,
    /// The yearly rate, in percent; cannot be emptied.
    annual_rate: MaybeUndefined<Decimal>,
    /// How instalments are made; cannot be emptied.
    method: MaybeUndefined<RepaymentMethod>,
    /// What is left for the last instalment besides, in percent of the credit; cannot be emptied.
    balloon_percent: MaybeUndefined<Decimal>,
    /// The first so many instalments repay nothing; cannot be emptied.
    grace_terms: MaybeUndefined<i32>,
    /// The fee of a contract; cannot be emptied.
    fee: MaybeUndefined<Decimal>,
    /// When it is charged; cannot be emptied.
    fee_timing: MaybeUndefined<FeeTiming>,
    /// In how many operations an instalment is posted; cannot be emptied.
    posting: MaybeUndefined<InstalmentPosting>,
    /// How many open contracts by it a customer may have; null for any number.
    maximum_per_customer: MaybeUndefined<i32>,
    /// How many of a customer's open contracts by it may be of one day; null for any number.
    maximum_per_day: MaybeUndefined<i32>,
}

/// A count that need not be given.
fn maybe(field: &str, value: Option<i32>) -> Result<Option<u32>, Refused> {
    value.map(|value| count(field, value)).transpose()
}

fn counts(values: Vec<i32>) -> Result<Vec<u32>, Refused> {
    values.into_iter().map(|value| count("terms", value)).collect()
}

/// A count that null takes away.
fn cap(field: &str, value: MaybeUndefined<i32>) -> Result<Change<u32>, Refused> {
    Ok(match change(value) {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(value) => Change::Set(count(field, value)?),
    })
}

/// A text that null takes away; one that says nothing does so as well.
fn word(value: MaybeUndefined<String>) -> Change<String> {
    match change(value) {
        Change::Set(text) => said(Some(text)).map_or(Change::Clear, Change::Set),
        other => other,
    }
}

impl CreateInstalmentModelInput {
    pub(super) fn command(self) -> Result<CreateInstalmentModel, Refused> {
        let product = |field: &str, by: &ProductBy| named(field, "product", by.to_domain());
        let nothing = Amount(rust_decimal::Decimal::ZERO);
        let amount = |given: Option<Decimal>| given.map_or(nothing, |given| Amount(given.0));
        Ok(CreateInstalmentModel {
            reference: self.reference,
            kind: self.kind,
            status: self.status.unwrap_or(InstalmentModelStatus::Active),
            currency: self.currency.0,
            minimum: Amount(self.minimum_amount.0),
            maximum: Amount(self.maximum_amount.0),
            channel: said(self.channel),
            card_product: self.card_product.map(|by| product("cardProduct", &by)).transpose()?,
            account_product: product("accountProduct", &self.account_product)?,
            terms: counts(self.terms)?,
            default_terms: maybe("defaultTerms", self.default_terms)?,
            minimum_first_days: maybe("minimumFirstDays", self.minimum_first_days)?.unwrap_or(1),
            maximum_first_days: maybe("maximumFirstDays", self.maximum_first_days)?.unwrap_or(60),
            default_first_days: maybe("defaultFirstDays", self.default_first_days)?.unwrap_or(30),
            rate_annual_pct: Amount(self.annual_rate.0),
            method: self.method.unwrap_or(RepaymentMethod::Annuity),
            balloon_pct: amount(self.balloon_percent),
            grace_terms: maybe("graceTerms", self.grace_terms)?.unwrap_or(0),
            fee: amount(self.fee),
            fee_timing: self.fee_timing.unwrap_or(FeeTiming::First),
            posting: self.posting.unwrap_or(InstalmentPosting::Separate),
            maximum_per_customer: maybe("maximumPerCustomer", self.maximum_per_customer)?,
            maximum_per_day: maybe("maximumPerDay", self.maximum_per_day)?,
        })
    }
}

impl UpdateInstalmentModelInput {
    pub(super) fn command(self) -> Result<UpdateInstalmentModel, Refused> {
        let amount = |field: &str, value: MaybeUndefined<Decimal>| -> Result<Option<Amount>, Refused> {
            Ok(set(field, value)?.map(|value| Amount(value.0)))
        };
        let number = |field: &str, value: MaybeUndefined<i32>| maybe(field, set(field, value)?);
        let product = |field: &str, by: &ProductBy| named(field, "product", by.to_domain());
        Ok(UpdateInstalmentModel {
            model: named("model", "instalment model", self.model.to_domain())?,
            status: set("status", self.status)?,
            minimum: amount("minimumAmount", self.minimum_amount)?,
            maximum: amount("maximumAmount", self.maximum_amount)?,
            channel: word(self.channel),
            card_product: match change(self.card_product) {
                Change::Keep => Change::Keep,
                Change::Clear => Change::Clear,
                Change::Set(by) => Change::Set(product("cardProduct", &by)?),
            },
            account_product: set("accountProduct", self.account_product)?
                .map(|by| product("accountProduct", &by))
                .transpose()?,
            terms: set("terms", self.terms)?.map(counts).transpose()?,
            default_terms: number("defaultTerms", self.default_terms)?,
            minimum_first_days: number("minimumFirstDays", self.minimum_first_days)?,
            maximum_first_days: number("maximumFirstDays", self.maximum_first_days)?,
            default_first_days: number("defaultFirstDays", self.default_first_days)?,
            rate_annual_pct: amount("annualRate", self.annual_rate)?,
            method: set("method", self.method)?,
            balloon_pct: amount("balloonPercent", self.balloon_percent)?,
            grace_terms: number("graceTerms", self.grace_terms)?,
            fee: amount("fee", self.fee)?,
            fee_timing: set("feeTiming", self.fee_timing)?,
            posting: set("posting", self.posting)?,
            maximum_per_customer: cap("maximumPerCustomer", self.maximum_per_customer)?,
            maximum_per_day: cap("maximumPerDay", self.maximum_per_day)?,
        })
    }
}
