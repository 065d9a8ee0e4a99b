//! `entry`, `entries`, `holds`, `ledgerAccounts`, `trialBalance`, `auditRecords`.

use async_graphql::{Context, ID, Object};

use super::reports::{self, AuditRecord, AuditRecordFilter, LedgerAccount, TrialBalance};
use super::{Entry, EntryFilter, Hold, HoldFilter};
use crate::access::Scope;
use crate::api::books;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::pagination::{Connection, PageArgs};
use crate::api::scalars::Date;

/// Questions about the books. Scope: read.
#[derive(Debug, Default)]
pub struct BooksQuery;

/// Questions about the books. Scope: read.
#[Object]
impl BooksQuery {
    /// One entry of the journal. Null for what does not exist or is not yours to see.
    async fn entry(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Entry>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match id.parse() {
            Ok(id) => books::by_id(caller, id).await,
            Err(_) => Ok(None),
        }
    }

    /// The entries of the journal, newest first.
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<EntryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Entry>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        books::list(caller, filter.unwrap_or_default(), &PageArgs::forward(first, after)).await
    }

    /// The holds of all accounts, newest first: what is reserved, and what was.
    async fn holds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<HoldFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Hold>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        books::all_holds(caller, filter.unwrap_or_default(), &PageArgs::forward(first, after)).await
    }

    /// The tenant's own accounts in the books, by role and currency; each exists from its first use on. Those of
    /// parties are `Party.ledgerAccounts`. Not for tokens that are bound to a customer.
    async fn ledger_accounts(&self, ctx: &Context<'_>) -> Result<Vec<LedgerAccount>, Fault> {
        reports::tenants_ledger_accounts(allowed(ctx, Scope::Read)?).await
    }

    /// All postings, added up by class and currency. Not for tokens that are bound to a customer.
    async fn trial_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what has a value date up to this day.")] as_of: Option<Date>,
    ) -> Result<TrialBalance, Fault> {
        reports::tenants_trial_balance(allowed(ctx, Scope::Read)?, as_of).await
    }

    /// Who did what, newest first. Scope: audit. Not for tokens that are bound to a customer.
    async fn audit_records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<AuditRecordFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<AuditRecord>, Fault> {
        reports::audit_records(allowed(ctx, Scope::Audit)?, filter, &PageArgs::forward(first, after)).await
    }
}
