//! Merchants in the API: their contracts, what they are paid, and what that is made of.

pub mod mutations;
pub mod types;

pub use mutations::MerchantMutation;
pub use types::{MerchantContract, MerchantPayment};

use async_graphql::{Context, ID, InputObject, Object};

use self::types::MerchantTransaction;
use crate::access::Scope;
use crate::api::context::{Caller, allowed};
use crate::api::enums::{MerchantPaymentState, MerchantTransactionKind};
use crate::api::fault::Fault;
use crate::api::inputs::{filter_id, filter_list};
use crate::api::pagination::{Connection, PageArgs};
use crate::api::scalars::Date;
use crate::merchants::{ContractFilter, PaymentFilter, TransactionFilter};

/// Which contracts with merchants to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct MerchantContractFilter {
    /// Only of this party.
    party: Option<ID>,
    /// Only those that are ended, or only the others.
    ended: Option<bool>,
}

/// Which payments to merchants to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct MerchantPaymentFilter {
    /// Only to this party.
    party: Option<ID>,
    /// Only by this contract.
    contract: Option<ID>,
    /// Only those that are so.
    state: Option<MerchantPaymentState>,
    /// Only those that were paid on this business date or later.
    from: Option<Date>,
    /// Only those that were paid on this business date or before.
    through: Option<Date>,
}

/// Which transactions of merchants to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct MerchantTransactionFilter {
    /// Only of this party.
    party: Option<ID>,
    /// Only by this contract.
    contract: Option<ID>,
    /// Only those that this payment is made of.
    payment: Option<ID>,
    /// Only those that are so; of all kinds when absent.
    #[graphql(validator(max_items = 10))]
    kinds: Option<Vec<MerchantTransactionKind>>,
    /// Only those that were cleared on this business date or later.
    from: Option<Date>,
    /// Only those that were cleared on this business date or before.
    through: Option<Date>,
}

/// Questions about merchants, for tokens that are not bound to a customer. Scope: read.
#[derive(Debug, Default)]
pub struct MerchantQuery;

/// The caller, if it may see merchants: they are the tenant's business.
fn unbound<'a>(ctx: &Context<'a>) -> Result<Option<&'a Caller>, Fault> {
    let caller = allowed(ctx, Scope::Read)?;
    Ok(caller.customer().is_none().then_some(caller))
}

/// Questions about merchants, for tokens that are not bound to a customer. Scope: read.
#[Object]
impl MerchantQuery {
    /// The contracts with merchants, newest first.
    async fn merchant_contracts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<MerchantContractFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<MerchantContract>, Fault> {
        let Some(caller) = unbound(ctx)? else { return Ok(Connection::empty()) };
        let filter = filter.unwrap_or_default();
        let filter = ContractFilter { party: filter.party.as_ref().map(filter_id), ended: filter.ended };
        types::contracts(caller, &filter, &PageArgs::forward(first, after)).await
    }

    /// The payments to merchants, newest first; the open ones, which are not paid yet, among them.
    async fn merchant_payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<MerchantPaymentFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<MerchantPayment>, Fault> {
        let Some(caller) = unbound(ctx)? else { return Ok(Connection::empty()) };
        let filter = filter.unwrap_or_default();
        let filter = PaymentFilter {
            party: filter.party.as_ref().map(filter_id),
            contract: filter.contract.as_ref().map(filter_id),
            state: filter.state,
            from: filter.from.map(|day| day.0),
            through: filter.through.map(|day| day.0),
        };
        types::payments(caller, &filter, &PageArgs::forward(first, after)).await
    }

    /// What was bought from merchants with cards and given back by them, newest first.
    async fn merchant_transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<MerchantTransactionFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<MerchantTransaction>, Fault> {
        let Some(caller) = unbound(ctx)? else { return Ok(Connection::empty()) };
        let filter = filter.unwrap_or_default();
        let filter = TransactionFilter {
            party: filter.party.as_ref().map(filter_id),
            contract: filter.contract.as_ref().map(filter_id),
            payment: filter.payment.as_ref().map(filter_id),
            kinds: filter_list("kinds", filter.kinds)?.unwrap_or_default(),
            from: filter.from.map(|day| day.0),
            through: filter.through.map(|day| day.0),
        };
        types::transactions(caller, &filter, &PageArgs::forward(first, after)).await
    }
}
