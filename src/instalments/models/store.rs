//! Model rows.

use std::sync::Arc;

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::{InstalmentModel, ModelStatus, PostingType};
use crate::instalments::schedule::{FeeTiming, RepaymentMethod};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{Currency, InstalmentModelId, Minor, ProductId, TenantId};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::instalment_model::{Entity, Model};

/// A model's reference.
pub static REFERENCE: Index =
    Index { table: Table::InstalmentModel, column: "reference", field: "reference", what: "the reference" };

/// The models in use for the cards of a product, the oldest first.
pub static OF_CARD_PRODUCT: &Set<InstalmentModel> = &SETS[0];

/// The most models in use for the cards of a product.
pub const MOST_OF_CARD_PRODUCT: usize = 100;

static SETS: [Set<InstalmentModel>; 1] = [Set {
    name: "of_card_product",
    owner: "card_product_id",
    condition: "found.status = 'ACTIVE'",
    owner_of: |model| model.card_product.filter(|_| model.status == ModelStatus::Active).map(|product| product.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: MOST_OF_CARD_PRODUCT,
}];

fn count(stored: i64, what: &'static str) -> Result<u32, LedgerFault> {
    known(u32::try_from(stored).ok(), what)
}

impl Row for InstalmentModel {
    type Id = InstalmentModelId;
    type Entity = Entity;

    const TABLE: Table = Table::InstalmentModel;
    const WHAT: &'static str = "instalment model";

    fn id(&self) -> InstalmentModelId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            reference: self.reference.clone(),
            kind: self.kind.clone(),
            status: self.status.word().into(),
            currency: self.currency.code().into(),
            minimum_minor: self.minimum.0,
            maximum_minor: self.maximum.0,
            channel: self.channel.clone(),
            card_product_id: self.card_product.map(|product| product.0),
            account_product_id: self.account_product.0,
            terms: self.terms.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
            default_terms: self.default_terms.into(),
            minimum_first_days: self.minimum_first_days.into(),
            maximum_first_days: self.maximum_first_days.into(),
            default_first_days: self.default_first_days.into(),
            rate_annual_pct: self.rate_annual_pct.normalize().to_string(),
            method: self.method.word().into(),
            balloon_pct: self.balloon_pct.normalize().to_string(),
            grace_terms: self.grace_terms.into(),
            fee_minor: self.fee.0,
            fee_timing: self.fee_timing.word().into(),
            posting: self.posting.word().into(),
            maximum_per_customer: self.maximum_per_customer.map(Into::into),
            maximum_per_day: self.maximum_per_day.map(Into::into),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        let terms: Option<Vec<u32>> = row.terms.split(',').map(|count| count.parse().ok()).collect();
        let most = |stored: Option<i64>| stored.map(|most| count(most, "a cap of instalments")).transpose();
        Ok(Self {
            id: InstalmentModelId(row.id),
            ordinal: row.ordinal,
            reference: row.reference,
            kind: row.kind,
            status: known(ModelStatus::from_word(&row.status), "status of a model")?,
            currency: known_currency(&row.currency)?,
            minimum: Minor(row.minimum_minor),
            maximum: Minor(row.maximum_minor),
            channel: row.channel,
            card_product: row.card_product_id.map(ProductId),
            account_product: ProductId(row.account_product_id),
            terms: known(terms, "terms of a model")?,
            default_terms: count(row.default_terms, "terms of a model")?,
            minimum_first_days: count(row.minimum_first_days, "days of a model")?,
            maximum_first_days: count(row.maximum_first_days, "days of a model")?,
            default_first_days: count(row.default_first_days, "days of a model")?,
            rate_annual_pct: known(row.rate_annual_pct.parse().ok(), "rate of a model")?,
            method: known(RepaymentMethod::from_word(&row.method), "method of a model")?,
            balloon_pct: known(row.balloon_pct.parse().ok(), "balloon of a model")?,
            grace_terms: count(row.grace_terms, "grace of a model")?,
            fee: Minor(row.fee_minor),
            fee_timing: known(FeeTiming::from_word(&row.fee_timing), "timing of a fee")?,
            posting: known(PostingType::from_word(&row.posting), "posting type")?,
            maximum_per_customer: most(row.maximum_per_customer)?,
            maximum_per_day: most(row.maximum_per_day)?,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&REFERENCE, &self.reference)]
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "reference" | "kind" | "currency" | "created_at_us" | "ordinal")
    }
}

impl Owned for InstalmentModel {
    /// What is offered is for everybody to see.
    fn is_visible(&self, _work: &mut Work) -> Decision<bool> {
        Ok(true)
    }
}

/// How a model is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstalmentModelBy {
    /// By Konto's id.
    Id(InstalmentModelId),
    /// By its reference.
    Reference(String),
}

impl InstalmentModelBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<InstalmentModel>(*id),
            Self::Reference(reference) => wants.unique::<InstalmentModel>(&REFERENCE, reference),
        }
    }

    /// The model that an input field names.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<InstalmentModel>> {
        let found = match self {
            Self::Id(id) => work.get::<InstalmentModel>(*id)?,
            Self::Reference(reference) => work.find::<InstalmentModel>(&REFERENCE, reference)?,
        };
        found.ok_or_else(|| Refused::not_found(field, "instalment model").into())
    }
}

/// A model, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &InstalmentModelBy,
) -> Result<Option<InstalmentModel>, LedgerFault> {
    let found = match by {
        InstalmentModelBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        InstalmentModelBy::Reference(reference) => read::by_unique(db, tenant, &REFERENCE, &[reference]).await?,
    };
    Ok(found.into_iter().next())
}

/// Which models to list.
#[derive(Clone, Debug, Default)]
pub struct InstalmentModelFilter {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those in use, or only those that are not.
    pub status: Option<ModelStatus>,
    /// Only those that lend this currency.
    pub currency: Option<Currency>,
    /// Only those that lend so much.
    pub lends: Option<Minor>,
}

/// Models, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &InstalmentModelFilter,
    page: Page<i64>,
) -> Result<Vec<InstalmentModel>, LedgerFault> {
    let mut query = read::select::<InstalmentModel>(tenant);
    if let Some(kind) = &filter.kind {
        query.and("kind = ", kind.as_str().into());
    }
    if let Some(status) = filter.status {
        query.and("status = ", status.word().into());
    }
    if let Some(currency) = filter.currency {
        query.and("currency = ", currency.code().into());
    }
    if let Some(credit) = filter.lends {
        query.and("minimum_minor <= ", credit.0.into());
        query.and("maximum_minor >= ", credit.0.into());
    }
    read::page(db, query, false, page).await
}
