//! `purchaseOverview`: every account of a customer, found by one of their purchases, once they have identified themselves.

use async_graphql::{Context, Object, SimpleObject, Union};

use crate::access::Scope;
use crate::api::accounts;
use crate::api::context::{allowed, caller, engine, origin};
use crate::api::customers::{self, Customer};
use crate::api::fault::Fault;
use crate::api::inputs::name;
use crate::api::pagination::{Connection, Ordinal, PageArgs, Window};
use crate::api::purchases::PurchaseAccount;
use crate::api::purchases::types::shown;
use crate::api::refusal::Refusal;
use crate::identification::Asked;
use crate::identification::flow::{NotShown, Shown};
use crate::primitives::CustomerId;
use crate::purchases::{self as domain, store};

/// The customer has to identify themselves first.
#[derive(Clone, Debug, SimpleObject)]
pub struct IdentificationRequired {
    /// Where to send the customer. They come back to the address that was given; then ask again, with the same token.
    redirect_url: String,
}

/// What a customer has bought, and pays later.
#[derive(Clone, Debug)]
pub struct PurchaseOverview(CustomerId);

/// What a customer has bought, and pays later.
#[Object]
impl PurchaseOverview {
    /// The customer.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Customer, Fault> {
        let found = customers::by_id(caller(ctx)?, self.0).await?;
        found.ok_or_else(|| Fault::internal(&"an account without its owner"))
    }

    /// All their accounts that purchases are on, of whatever kind, newest first.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<PurchaseAccount>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::PurchaseAccount>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::of_customer(caller.db(), caller.tenant(), self.0, page).await?;
        let places: Vec<i64> = rows.iter().map(|row| row.ordinal).collect();
        let shown = shown(caller, rows).await?;
        let rows: Vec<(i64, PurchaseAccount)> = places.into_iter().zip(shown).collect();
        Ok(window.connect(rows, |row| Ordinal::of(row.0), |row| row.1))
    }
}

/// What comes of asking for the overview of a customer's purchases.
#[derive(Union)]
#[allow(clippy::large_enum_variant)]
pub enum PurchaseOverviewResult {
    /// The customer is identified.
    Shown(PurchaseOverview),
    /// The customer has to identify themselves first.
    Required(IdentificationRequired),
    /// It is not shown; the audit trail has it.
    Refused(Refusal),
}

/// The overview of a customer's purchases. Scope: read.
#[derive(Debug, Default)]
pub struct OverviewQuery;

/// The overview of a customer's purchases. Scope: read.
#[Object]
impl OverviewQuery {
    /// Every account of a customer that purchases are on, found by any one of them, once the customer has identified
    /// themselves: until then the answer is where to send them. Null for a purchase that there is not.
    async fn purchase_overview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What you call the purchase.")] purchase_id: String,
        #[graphql(
            desc = "The customer's token: of a provider SELF, one that you have signed; otherwise a text of your \
                          own that nobody can guess, one for each customer."
        )]
        customer_auth_token: String,
        #[graphql(desc = "Who vouches for the customer: the name of a provider.")] provider: String,
        #[graphql(desc = "Where the customer is to come back to: an address of the provider's list.")]
        return_url: String,
    ) -> Result<Option<PurchaseOverviewResult>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(reference) = name(&purchase_id) else { return Ok(None) };
        let Some(found) = store::called(caller.db(), caller.tenant(), &reference).await? else { return Ok(None) };
        let Some(account) = accounts::by_id(caller, found.account).await? else { return Ok(None) };
        let customer = account.account().owner;
        let asked = Asked { customer, token: &customer_auth_token, provider: &provider, return_url: &return_url };
        let engine = engine(ctx)?;
        Ok(Some(match Box::pin(engine.identifications.ask(caller.tenant(), asked)).await {
            Ok(Shown::Yes) => PurchaseOverviewResult::Shown(PurchaseOverview(customer)),
            Ok(Shown::After(redirect_url)) => PurchaseOverviewResult::Required(IdentificationRequired { redirect_url }),
            Err(NotShown::Refused(refused)) => {
                engine.audit_refusal(&origin(ctx)?, "purchaseOverview", &[refused.code]).await?;
                PurchaseOverviewResult::Refused((*refused).into())
            }
            Err(NotShown::Fault(fault)) => return Err(fault.into()),
        }))
    }
}
