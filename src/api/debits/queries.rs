//! Questions about direct debits.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{DirectDebit, list};
use crate::access::Scope;
use crate::api::accounts;
use crate::api::books;
use crate::api::context::allowed;
use crate::api::enums::DirectDebitState;
use crate::api::fault::Fault;
use crate::api::inputs::{filter_list, name};
use crate::api::money::Money;
use crate::api::pagination::{Connection, PageArgs};
use crate::debits::store::{self, DirectDebitFilter as Filter};
use crate::work::settings::DebitTerms;

/// Which direct debits to list.
#[derive(Debug, Default, InputObject)]
pub struct DirectDebitFilter {
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    states: Option<Vec<DirectDebitState>>,
}

impl DirectDebitFilter {
    /// The states that it asks for.
    ///
    /// # Errors
    /// `BAD_REQUEST` for an empty list.
    pub(crate) fn states(filter: Option<Self>) -> Result<Vec<DirectDebitState>, Fault> {
        Ok(filter_list("states", filter.unwrap_or_default().states)?.unwrap_or_default())
    }
}

/// How a tenant collects.
#[derive(Clone, Debug, SimpleObject)]
pub struct DirectDebitTerms {
    /// Business days before its collection on which a debit is sent.
    lead_days: i32,
    /// Business days after it was paid on which the money is the account's.
    available_after_days: i32,
    /// How often what was not paid for want of funds is tried again.
    retries: i32,
    /// After how many business days.
    retry_after_days: i32,
    /// What the account is charged when one comes back, by currency.
    return_fees: Vec<Money>,
}

impl From<&DebitTerms> for DirectDebitTerms {
    fn from(terms: &DebitTerms) -> Self {
        Self {
            lead_days: terms.lead_days.into(),
            available_after_days: terms.available_after_days.into(),
            retries: terms.retries.into(),
            retry_after_days: terms.retry_after_days.into(),
            return_fees: terms.return_fees.iter().map(|(currency, fee)| Money::of(*fee, *currency)).collect(),
        }
    }
}

/// Questions about direct debits. Scope: read.
#[derive(Debug, Default)]
pub struct DirectDebitQuery;

/// Questions about direct debits. Scope: read.
#[Object]
impl DirectDebitQuery {
    /// A direct debit by what the rail knows it by.
    async fn direct_debit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the rail knows it by.")] end_to_end_id: String,
    ) -> Result<Option<DirectDebit>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(end_to_end) = name(&end_to_end_id) else { return Ok(None) };
        let found = store::by_end_to_end(caller.db(), caller.tenant(), &end_to_end).await?;
        let Some(debit) = found else { return Ok(None) };
        Ok(accounts::by_id(caller, debit.account).await?.map(|_| DirectDebit::new(debit)))
    }

    /// The direct debits of the tenant, newest first; for a token that is bound to a customer, those of its accounts.
    async fn direct_debits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<DirectDebitFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<DirectDebit>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let states = DirectDebitFilter::states(filter)?;
        let accounts = books::seen_accounts(caller, None).await?;
        list(caller, &Filter { accounts, states }, &PageArgs::forward(first, after)).await
    }

    /// How direct debits are made.
    async fn direct_debit_terms(&self, ctx: &Context<'_>) -> Result<DirectDebitTerms, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let present = caller.engine.present(caller.tenant()).await?;
        Ok((&present.head.settings.direct_debits).into())
    }
}
