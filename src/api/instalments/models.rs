//! What is offered, in the API: models of instalment credits.

use async_graphql::{Context, ID, InputObject, Object};

use super::model_inputs::{CreateInstalmentModelInput, InstalmentModelBy, UpdateInstalmentModelInput};
use crate::access::Scope;
use crate::api::accounts::{Product, product_by_id};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{FeeTiming, InstalmentModelStatus, InstalmentPosting, RepaymentMethod};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::filter_text;
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{CurrencyCode, DateTime, Decimal};
use crate::events::history::HistoryOf;
use crate::instalments::models::{InstalmentModel as Model, InstalmentModelFilter as Filter, store};
use crate::primitives::{InstalmentModelId, Minor};

/// A model of instalment credits in the API.
#[derive(Clone, Debug)]
pub struct InstalmentModel(Model);

impl InstalmentModel {
    /// Of a model that the token sees.
    #[must_use]
    pub fn new(model: Model) -> Self {
        Self(model)
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }
}

impl Listed for InstalmentModel {
    const LIST: &'static str = "InstalmentModel";
}

/// What instalment credits are an instance of: what is lent, to what terms. A contract keeps what it was made with.
#[Object]
impl InstalmentModel {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// What kind of credit, as a word of your own: `TRANSACTION`, `CASH`.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Whether contracts are made by it.
    async fn status(&self) -> InstalmentModelStatus {
        self.0.status
    }

    /// What it lends.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// The smallest credit.
    async fn minimum_amount(&self) -> Money {
        self.money(self.0.minimum)
    }

    /// The largest credit.
    async fn maximum_amount(&self) -> Money {
        self.money(self.0.maximum)
    }

    /// The only channel that contracts come by; null for any.
    async fn channel(&self) -> Option<&str> {
        self.0.channel.as_deref()
    }

    /// The product of the accounts whose cards it is for: by that, a contract finds its model. Null for any; then a
    /// contract has to name it.
    async fn card_product(&self, ctx: &Context<'_>) -> Result<Option<Product>, Fault> {
        match self.0.card_product {
            None => Ok(None),
            Some(product) => product_by_id(caller(ctx)?, product).await,
        }
    }

    /// What the accounts that its contracts open are an instance of.
    async fn account_product(&self, ctx: &Context<'_>) -> Result<Option<Product>, Fault> {
        product_by_id(caller(ctx)?, self.0.account_product).await
    }

    /// The numbers of instalments that it offers, rising.
    async fn terms(&self) -> &[u32] {
        &self.0.terms
    }

    /// How many instalments there are when nothing is said.
    async fn default_terms(&self) -> u32 {
        self.0.default_terms
    }

    /// The fewest days from the contract to the first instalment.
    async fn minimum_first_days(&self) -> u32 {
        self.0.minimum_first_days
    }

    /// The most of them.
    async fn maximum_first_days(&self) -> u32 {
        self.0.maximum_first_days
    }

    /// The days to the first instalment when nothing is said.
    async fn default_first_days(&self) -> u32 {
        self.0.default_first_days
    }

    /// The yearly rate, in percent. A month's interest is a twelfth of it.
    async fn annual_rate(&self) -> Decimal {
        Decimal(self.0.rate_annual_pct)
    }

    /// How instalments are made.
    async fn method(&self) -> RepaymentMethod {
        self.0.method
    }

    /// What is left for the last instalment besides, in percent of the credit.
    async fn balloon_percent(&self) -> Decimal {
        Decimal(self.0.balloon_pct)
    }

    /// The first so many instalments repay nothing, and bear interest.
    async fn grace_terms(&self) -> u32 {
        self.0.grace_terms
    }

    /// The fee of a contract.
    async fn fee(&self) -> Money {
        self.money(self.0.fee)
    }

    /// When the fee is charged.
    async fn fee_timing(&self) -> FeeTiming {
        self.0.fee_timing
    }

    /// In how many operations an instalment is posted on the account that pays it.
    async fn posting(&self) -> InstalmentPosting {
        self.0.posting
    }

    /// How many open contracts by it a customer may have; null for any number.
    async fn maximum_per_customer(&self) -> Option<u32> {
        self.0.maximum_per_customer
    }

    /// How many of a customer's open contracts by it may be of one day; null for any number.
    async fn maximum_per_day(&self) -> Option<u32> {
        self.0.maximum_per_day
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

/// A model by its id.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: InstalmentModelId) -> Result<Option<InstalmentModel>, Fault> {
    Ok(caller.loaders.row::<Model>(id).await?.map(InstalmentModel))
}

/// Which models to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct InstalmentModelFilter {
    /// Only of this type.
    #[graphql(name = "type")]
    kind: Option<String>,
    /// Only those in use, or only those that are not.
    status: Option<InstalmentModelStatus>,
    /// Only those that lend this currency.
    currency: Option<CurrencyCode>,
}

/// Questions about models. Scope: read.
#[derive(Debug, Default)]
pub struct InstalmentModelQuery;

/// Questions about models. Scope: read.
#[Object]
impl InstalmentModelQuery {
    /// One model of instalment credits. Null for what does not exist.
    async fn instalment_model(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: InstalmentModelBy,
    ) -> Result<Option<InstalmentModel>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match by.to_domain() {
            Some(by) => Ok(store::find(caller.db(), caller.tenant(), &by).await?.map(InstalmentModel)),
            None => Ok(None),
        }
    }

    /// The models of instalment credits, in the order in which they were created.
    async fn instalment_models(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<InstalmentModelFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InstalmentModel>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<Model>>::new(&PageArgs::forward(first, after))?;
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            kind: filter_text("type", filter.kind)?,
            status: filter.status,
            currency: filter.currency.map(|currency| currency.0),
            lends: None,
        };
        let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
        caller.loaders.keep(&rows).await;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), InstalmentModel))
    }
}

outcomes! {
    /// A model was created.
    CreateInstalmentModelResult = CreateInstalmentModelSuccess {
        /// The model.
        model: InstalmentModel,
    }

    /// A model was changed.
    UpdateInstalmentModelResult = UpdateInstalmentModelSuccess {
        /// The model, as it is now.
        model: InstalmentModel,
    }
}

/// Mutations of models.
#[derive(Default)]
pub struct InstalmentModelMutation;

#[Object]
impl InstalmentModelMutation {
    /// Creates a model that instalment credits are made by. Scope: admin.
    async fn create_instalment_model(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateInstalmentModelInput,
    ) -> Result<Option<CreateInstalmentModelResult>, Fault> {
        let call = Call::begin(ctx, "createInstalmentModel", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CreateInstalmentModelResult::Refused(refusal),
            Reply::Done(done) => CreateInstalmentModelResult::Done(CreateInstalmentModelSuccess {
                model: InstalmentModel((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Changes a model, for contracts to come: those that there are keep what they were made with. Scope: admin.
    async fn update_instalment_model(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateInstalmentModelInput,
    ) -> Result<Option<UpdateInstalmentModelResult>, Fault> {
        let call = Call::begin(ctx, "updateInstalmentModel", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => UpdateInstalmentModelResult::Refused(refusal),
            Reply::Done(done) => UpdateInstalmentModelResult::Done(UpdateInstalmentModelSuccess {
                model: InstalmentModel((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}
