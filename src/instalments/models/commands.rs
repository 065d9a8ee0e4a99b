//! What changes models.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::store::{MOST_OF_CARD_PRODUCT, OF_CARD_PRODUCT, REFERENCE};
use super::{InstalmentModel, InstalmentModelBy, ModelStatus, PostingType};
use crate::accounts::{Family, Product, ProductBy};
use crate::instalments::events::{INSTALMENT_MODEL_CREATED, INSTALMENT_MODEL_UPDATED, of_model};
use crate::instalments::schedule::{FeeTiming, RepaymentMethod};
use crate::ledger::DebtRule;
use crate::ledger::amounts::to_minor;
use crate::ledger::refusal::{CURRENCY_MISMATCH, LIMIT_EXCEEDED};
use crate::primitives::{Amount, Currency, Money};
use crate::refused::{Facts, Refused};
use crate::work::{Change, Command, Decision, Wants, Work};

/// Creates a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateInstalmentModel {
    /// Unique in the tenant.
    pub reference: String,
    /// What kind of credit.
    pub kind: String,
    /// Whether it is in use.
    pub status: ModelStatus,
    /// What it lends.
    pub currency: Currency,
    /// The smallest credit.
    pub minimum: Amount,
    /// The largest credit.
    pub maximum: Amount,
    /// The only channel.
    pub channel: Option<String>,
    /// The product of the accounts whose cards it is for.
    pub card_product: Option<ProductBy>,
    /// What the accounts that its contracts open are an instance of.
    pub account_product: ProductBy,
    /// How many instalments are offered.
    pub terms: Vec<u32>,
    /// How many there are when nothing is said; the fewest when absent.
    pub default_terms: Option<u32>,
    /// The fewest days to the first instalment.
    pub minimum_first_days: u32,
    /// The most of them.
    pub maximum_first_days: u32,
    /// When nothing is said.
    pub default_first_days: u32,
    /// The yearly rate, in percent.
    pub rate_annual_pct: Amount,
    /// How instalments are made.
    pub method: RepaymentMethod,
    /// What is left for the last one, in percent of the credit.
    pub balloon_pct: Amount,
    /// The first so many repay nothing.
    pub grace_terms: u32,
    /// The fee.
    pub fee: Amount,
    /// When it is charged.
    pub fee_timing: FeeTiming,
    /// In how many operations an instalment is posted.
    pub posting: PostingType,
    /// How many open contracts a customer may have.
    pub maximum_per_customer: Option<u32>,
    /// How many of them of one day.
    pub maximum_per_day: Option<u32>,
}

impl Command for CreateInstalmentModel {
    const OPERATION: &'static str = "createInstalmentModel";
    type Made = InstalmentModel;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<InstalmentModel>(&REFERENCE, &self.reference);
        self.account_product.hint(wants);
        if let Some(product) = &self.card_product {
            product.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND` (account product, then card product), `INVALID_INPUT`, `CURRENCY_MISMATCH`,
    /// `AMOUNT_OUT_OF_RANGE`, `LIMIT_EXCEEDED`, `DUPLICATE_REFERENCE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InstalmentModel>> {
        let account_product = self.account_product.locate(work, "accountProduct")?;
        let card_product = located(work, self.card_product.as_ref())?;
        let money = |amount: Amount| Money { amount: amount.0, currency: self.currency };
        let model = InstalmentModel {
            id: work.id(),
            ordinal: work.ordinal(),
            reference: self.reference.clone(),
            kind: self.kind.clone(),
            status: self.status,
            currency: self.currency,
            minimum: to_minor("minimumAmount", money(self.minimum))?,
            maximum: to_minor("maximumAmount", money(self.maximum))?,
            channel: self.channel.clone(),
            card_product: card_product.as_ref().map(|product| product.id),
            account_product: account_product.id,
            terms: self.terms.clone(),
            default_terms: self.default_terms.or(self.terms.iter().copied().min()).unwrap_or(0),
            minimum_first_days: self.minimum_first_days,
            maximum_first_days: self.maximum_first_days,
            default_first_days: self.default_first_days,
            rate_annual_pct: self.rate_annual_pct.0,
            method: self.method,
            balloon_pct: self.balloon_pct.0,
            grace_terms: self.grace_terms,
            fee: to_minor("fee", money(self.fee))?,
            fee_timing: self.fee_timing,
            posting: self.posting,
            maximum_per_customer: self.maximum_per_customer,
            maximum_per_day: self.maximum_per_day,
            created_at: work.now(),
        }
        .checked()?;
        require_fits(&model, &account_product, card_product.as_deref())?;
        require_few(work, &model)?;
        let model = work.insert(model)?;
        work.tell(of_model(INSTALMENT_MODEL_CREATED, &model));
        Ok(model)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Changes a model. The contracts that were made by it keep what they were made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateInstalmentModel {
    /// Which.
    pub model: InstalmentModelBy,
    /// Whether it is in use.
    pub status: Option<ModelStatus>,
    /// The smallest credit.
    pub minimum: Option<Amount>,
    /// The largest credit.
    pub maximum: Option<Amount>,
    /// The only channel; emptied, any.
    pub channel: Change<String>,
    /// The product of the accounts whose cards it is for; emptied, of any.
    pub card_product: Change<ProductBy>,
    /// What the accounts that its contracts open are an instance of.
    pub account_product: Option<ProductBy>,
    /// How many instalments are offered.
    pub terms: Option<Vec<u32>>,
    /// How many there are when nothing is said.
    pub default_terms: Option<u32>,
    /// The fewest days to the first instalment.
    pub minimum_first_days: Option<u32>,
    /// The most of them.
    pub maximum_first_days: Option<u32>,
    /// When nothing is said.
    pub default_first_days: Option<u32>,
    /// The yearly rate, in percent.
    pub rate_annual_pct: Option<Amount>,
    /// How instalments are made.
    pub method: Option<RepaymentMethod>,
    /// What is left for the last one, in percent of the credit.
    pub balloon_pct: Option<Amount>,
    /// The first so many repay nothing.
    pub grace_terms: Option<u32>,
    /// The fee.
    pub fee: Option<Amount>,
    /// When it is charged.
    pub fee_timing: Option<FeeTiming>,
    /// In how many operations an instalment is posted.
    pub posting: Option<PostingType>,
    /// How many open contracts a customer may have; emptied, any number.
    pub maximum_per_customer: Change<u32>,
    /// How many of them of one day; emptied, any number.
    pub maximum_per_day: Change<u32>,
}

impl Command for UpdateInstalmentModel {
    const OPERATION: &'static str = "updateInstalmentModel";
    type Made = InstalmentModel;

    fn looks_at(&self, wants: &mut Wants) {
        self.model.hint(wants);
        if let Some(product) = &self.account_product {
            product.hint(wants);
        }
        if let Change::Set(product) = &self.card_product {
            product.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND` (model, then account product, then card product), `INVALID_INPUT`, `CURRENCY_MISMATCH`,
    /// `AMOUNT_OUT_OF_RANGE`, `LIMIT_EXCEEDED`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InstalmentModel>> {
        let found = self.model.locate(work, "model")?;
        let account_product = match &self.account_product {
            None => None,
            Some(by) => Some(by.locate(work, "accountProduct")?),
        };
        let card_product = match &self.card_product {
            Change::Set(by) => located(work, Some(by))?,
            Change::Keep | Change::Clear => None,
        };
        let minor = |field: &str, amount: Option<Amount>| {
            amount.map(|amount| to_minor(field, Money { amount: amount.0, currency: found.currency })).transpose()
        };
        let (minimum, maximum) = (minor("minimumAmount", self.minimum)?, minor("maximumAmount", self.maximum)?);
        let fee = minor("fee", self.fee)?;
        let model = work.change::<InstalmentModel, Refused>(found.id, |model| {
            fn set<T: Clone>(to: &mut T, from: Option<&T>) {
                if let Some(value) = from {
                    to.clone_from(value);
                }
            }
            set(&mut model.status, self.status.as_ref());
            set(&mut model.minimum, minimum.as_ref());
            set(&mut model.maximum, maximum.as_ref());
            self.channel.apply(&mut model.channel);
            match (&self.card_product, &card_product) {
                (Change::Keep, _) => {}
                (_, product) => model.card_product = product.as_ref().map(|product| product.id),
            }
            set(&mut model.account_product, account_product.as_ref().map(|product| &product.id));
            set(&mut model.terms, self.terms.as_ref());
            set(&mut model.default_terms, self.default_terms.as_ref());
            set(&mut model.minimum_first_days, self.minimum_first_days.as_ref());
            set(&mut model.maximum_first_days, self.maximum_first_days.as_ref());
            set(&mut model.default_first_days, self.default_first_days.as_ref());
            set(&mut model.rate_annual_pct, self.rate_annual_pct.as_ref().map(|rate| &rate.0));
            set(&mut model.method, self.method.as_ref());
            set(&mut model.balloon_pct, self.balloon_pct.as_ref().map(|part| &part.0));
            set(&mut model.grace_terms, self.grace_terms.as_ref());
            set(&mut model.fee, fee.as_ref());
            set(&mut model.fee_timing, self.fee_timing.as_ref());
            set(&mut model.posting, self.posting.as_ref());
            self.maximum_per_customer.apply(&mut model.maximum_per_customer);
            self.maximum_per_day.apply(&mut model.maximum_per_day);
            *model = model.clone().checked()?;
            if let Some(product) = &account_product {
                require_account_product(model, product)?;
            }
            card_product.as_ref().map_or(Ok(()), |product| require_card_product(model, product))
        })?;
        require_few(work, &model)?;
        work.tell(of_model(INSTALMENT_MODEL_UPDATED, &model));
        Ok(model)
    }

    fn weight(&self) -> usize {
        3
    }
}

fn located(work: &mut Work, by: Option<&ProductBy>) -> Decision<Option<Arc<Product>>> {
    by.map(|by| by.locate(work, "cardProduct")).transpose()
}

fn require_fits(model: &InstalmentModel, account: &Product, card: Option<&Product>) -> Result<(), Refused> {
    require_account_product(model, account)?;
    card.map_or(Ok(()), |card| require_card_product(model, card))
}

/// Instalment accounts are loans that owe up to a limit: it is what is still to be repaid.
fn require_account_product(model: &InstalmentModel, product: &Product) -> Result<(), Refused> {
    if product.family != Family::Loan || product.debt_rule != DebtRule::Limit {
        let message = "must be of the family LOAN, with the debt rule LIMIT";
        return Err(Refused::invalid("accountProduct", message));
    }
    require_currency(model, product, "accountProduct")
}

fn require_card_product(model: &InstalmentModel, product: &Product) -> Result<(), Refused> {
    require_currency(model, product, "cardProduct")
}

fn require_currency(model: &InstalmentModel, product: &Product, field: &str) -> Result<(), Refused> {
    if product.currency == model.currency {
        return Ok(());
    }
    Err(Refused::of_field(CURRENCY_MISMATCH, field, format!("the product is in {}", product.currency)))
}

/// A contract's model is found among those in use for the product of its card: few.
fn require_few(work: &mut Work, model: &InstalmentModel) -> Decision<()> {
    let Some(product) = model.card_product.filter(|_| model.status == ModelStatus::Active) else { return Ok(()) };
    let others = work.all::<InstalmentModel, Product>(OF_CARD_PRODUCT, product)?;
    if others.iter().filter(|other| other.id != model.id).count() >= MOST_OF_CARD_PRODUCT {
        let message = format!("at most {MOST_OF_CARD_PRODUCT} models are in use for the cards of a product");
        let facts = Box::new(Facts { maximum_count: i32::try_from(MOST_OF_CARD_PRODUCT).ok(), ..Facts::default() });
        return Err(Refused { facts, ..Refused::of_field(LIMIT_EXCEEDED, "cardProduct", message) }.into());
    }
    Ok(())
}
