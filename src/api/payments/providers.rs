//! Payments through providers in the API: `PaymentProvider`, `ProviderPayment`, and questions about them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Entry};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{ProviderKind, ProviderOperation, ProviderPaymentState};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::{filter_id, filter_list, name};
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{DateTime, Json};
use crate::events::history::HistoryOf;
use crate::payments::providers::{self as domain, store};
use crate::primitives::{AccountId, ProviderPaymentId};

/// A provider in the API.
#[derive(Clone, Debug)]
pub struct PaymentProvider(pub(super) domain::PaymentProvider);

impl Listed for PaymentProvider {
    const LIST: &'static str = "PaymentProvider";
}

/// A payment service provider, named by its code.
#[Object]
impl PaymentProvider {
    /// Unique in the tenant.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How it is reached.
    async fn kind(&self) -> ProviderKind {
        self.0.kind
    }

    /// Where it is asked, over HTTP.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// The path that it calls back, behind this server's address.
    async fn call_back_path(&self, ctx: &Context<'_>) -> Result<String, Fault> {
        Ok(format!("/providers/{}/{}", caller(ctx)?.tenant(), self.0.code))
    }

    /// Whether no new payment is made through it.
    async fn retired(&self) -> bool {
        self.0.retired
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// A payment in the API.
#[derive(Clone, Debug)]
pub struct ProviderPayment(pub(super) domain::ProviderPayment);

impl Listed for ProviderPayment {
    const LIST: &'static str = "ProviderPayment";
}

impl ProviderPayment {
    fn money(&self, amount: crate::primitives::Minor) -> Money {
        Money::of(amount, self.0.currency)
    }

    async fn provider(&self, caller: &Caller) -> Result<domain::PaymentProvider, Fault> {
        let found = caller.loaders.row::<domain::PaymentProvider>(self.0.provider).await?;
        found.ok_or_else(|| Fault::internal(&"a payment without its provider"))
    }
}

/// Something that can be done with a payment through a provider.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProviderPaymentPossible {
    /// What.
    action: ProviderOperation,
    /// Whether it can be done now. Scopes of the token are apart.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

async fn entry(ctx: &Context<'_>, entry: Option<crate::primitives::EntryId>) -> Result<Option<Entry>, Fault> {
    match entry {
        None => Ok(None),
        Some(entry) => books::by_id(caller(ctx)?, entry).await,
    }
}

/// A payment into an account through a payment service provider.
#[Object]
impl ProviderPayment {
    /// Opaque, and unique across the API. The provider is told it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// The provider's code.
    async fn provider_code(&self, ctx: &Context<'_>) -> Result<String, Fault> {
        Ok(self.provider(caller(ctx)?).await?.code)
    }

    /// How much was asked for.
    async fn amount(&self) -> Money {
        self.money(self.0.amount)
    }

    /// Where it is in its life.
    async fn state(&self) -> ProviderPaymentState {
        self.0.state
    }

    /// Whether the money is captured, or is known not to come.
    async fn completed(&self) -> bool {
        self.0.state.is_completed()
    }

    /// The provider's own id of it, once that is known.
    async fn transaction_id(&self) -> Option<&str> {
        self.0.transaction.as_deref()
    }

    /// Where the payer goes on, if anywhere.
    async fn redirect_url(&self) -> Option<&str> {
        self.0.redirect_url.as_deref()
    }

    /// What went to the provider besides.
    async fn additional_input(&self) -> Option<Json> {
        self.0.additional_input.as_deref().map(Json::stored)
    }

    /// What the provider gave besides.
    async fn additional_output(&self) -> Option<Json> {
        self.0.additional_output.as_deref().map(Json::stored)
    }

    /// What the provider is being asked for, while it is.
    async fn asking(&self) -> Option<ProviderOperation> {
        self.0.asking
    }

    /// How much was captured.
    async fn captured(&self) -> Money {
        self.money(self.0.captured)
    }

    /// How much of that was given back, or is being.
    async fn refunded(&self) -> Money {
        self.money(self.0.refunded)
    }

    /// What it was booked with; what is refunded are reversals of that.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        entry(ctx, self.0.entry).await
    }

    /// What its payout was booked with; hidden from a token that is bound to a customer.
    async fn payout(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        if caller(ctx)?.customer().is_some() { Ok(None) } else { entry(ctx, self.0.payout).await }
    }

    /// Why it failed, or what was asked for last did.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// When it was initiated.
    async fn initiated_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// What can be done with it now, and why the rest cannot.
    async fn actions(&self) -> Vec<ProviderPaymentPossible> {
        let operations = [ProviderOperation::Capture, ProviderOperation::Cancel, ProviderOperation::Refund];
        let possible = |action| {
            let reason = self.0.may(action, "").err().map(|refused| refused.message);
            ProviderPaymentPossible { action, allowed: reason.is_none(), reason }
        };
        operations.into_iter().map(possible).collect()
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

/// A payment by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn payment_by_id(caller: &Caller, id: ProviderPaymentId) -> Result<Option<ProviderPayment>, Fault> {
    let Some(payment) = caller.loaders.row::<domain::ProviderPayment>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, payment.account).await?.map(|_| ProviderPayment(payment)))
}

/// Which payments to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct ProviderPaymentFilter {
    /// Only into this account.
    account: Option<ID>,
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    states: Option<Vec<ProviderPaymentState>>,
}

/// Questions about payments through providers. Scope: read.
#[derive(Debug, Default)]
pub struct ProviderQuery;

/// Questions about payments through providers. Scope: read.
#[Object]
impl ProviderQuery {
    /// One payment service provider, by its code. Null for what does not exist or is not yours to see. Scope: admin.
    async fn payment_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] code: String,
    ) -> Result<Option<PaymentProvider>, Fault> {
        let caller = allowed(ctx, Scope::Admin)?;
        match name(&code) {
            Some(code) if caller.customer().is_none() => {
                Ok(store::provider(caller.db(), caller.tenant(), &code).await?.map(PaymentProvider))
            }
            _ => Ok(None),
        }
    }

    /// The payment service providers, oldest first; none for a token that is bound to a customer. Scope: admin.
    async fn payment_providers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<PaymentProvider>, Fault> {
        let caller = allowed(ctx, Scope::Admin)?;
        let window = Window::<Ordinal<domain::PaymentProvider>>::new(&PageArgs::forward(first, after))?;
        if caller.customer().is_some() {
            return Ok(Connection::empty());
        }
        let rows = store::providers(caller.db(), caller.tenant(), window.page(Ordinal::place)).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), PaymentProvider))
    }

    /// The payments through providers, newest first; for a token that is bound to a customer, those into its accounts.
    async fn provider_payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<ProviderPaymentFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<ProviderPayment>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::ProviderPayment>>::new(&PageArgs::forward(first, after))?;
        let filter = filter.unwrap_or_default();
        let asked = filter.account.as_ref().map(|account| vec![filter_id::<AccountId>(account)]);
        let states = filter_list("states", filter.states)?.unwrap_or_default();
        let seen = books::seen_accounts(caller, asked).await?;
        let page = window.page(Ordinal::place);
        let rows = store::list(caller.db(), caller.tenant(), seen.as_deref(), &states, page).await?;
        caller.loaders.keep(&rows).await;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), ProviderPayment))
    }
}
