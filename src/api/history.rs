//! The history of anything that has an id, in the API: every command that touched it, newest first.

use async_graphql::{Context, ID, InputObject, Object};

use crate::access::Scope;
use crate::api::approvals::{self, Approval};
use crate::api::billing;
use crate::api::books::{self, Entry};
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::{self, Customer};
use crate::api::documents::{self, Document};
use crate::api::enums::AuditOutcome;
use crate::api::events::LedgerEvent;
use crate::api::fault::{Fault, FaultCode};
use crate::api::history_codes;
use crate::api::inputs::{filter_list, filter_text};
use crate::api::node;
use crate::api::pagination::{Connection, HistoryPlace, Listed, PageArgs, Window};
use crate::api::scalars::{BigInt, DateTime};
use crate::documents::Subject;
use crate::events::history::{self, HistoryOf};
use crate::ledger::audit;

/// An item of a history in the API.
#[derive(Clone, Debug)]
pub struct HistoryItem(history::HistoryItem);

impl Listed for HistoryItem {
    const LIST: &'static str = "History";
}

/// Something that was done to the thing: a command, with what it did to it. What else the command did is in the histories
/// of other things.
#[Object]
impl HistoryItem {
    /// The command's number: gap-free in the tenant. A token that is bound to a customer does not see all of them.
    async fn sequence(&self) -> BigInt {
        BigInt(self.0.record.sequence)
    }

    /// The audit record of the command, for `node`; what a document belongs to.
    async fn record(&self, ctx: &Context<'_>) -> Result<ID, Fault> {
        Ok(audit::id_of(caller(ctx)?.tenant(), self.0.record.sequence).into())
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.0.record.occurred_at)
    }

    /// What was done: the name of the mutation, or of the step of Konto's own work.
    async fn operation(&self) -> &str {
        &self.0.record.operation
    }

    /// How it ended.
    async fn outcome(&self) -> AuditOutcome {
        self.0.record.outcome
    }

    /// What was done together: the request, as the answer's `X-Request-Id` and the server's logs have it.
    async fn group(&self) -> &str {
        &self.0.record.request_id
    }

    /// Who did it: the client whose token it was; `system` for Konto's own work. A token that is bound to a customer is
    /// told of what this customer did.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<&str>, Fault> {
        let is_told = caller(ctx)?.customer().is_none_or(|own| self.0.record.customer == Some(own));
        Ok(is_told.then_some(self.0.record.client.as_str()))
    }

    /// The customer that the token was bound to, if the asking one sees that customer.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        match self.0.record.customer {
            None => Ok(None),
            Some(customer) => customers::by_id(caller(ctx)?, customer).await,
        }
    }

    /// What it waited for before it was done: a second person's yes. Null where nobody had to say one, or it is not yours
    /// to see.
    async fn approval(&self, ctx: &Context<'_>) -> Result<Option<Approval>, Fault> {
        let caller = caller(ctx)?;
        let found = caller.loaders.approval_of_item(self.0.record.sequence).await?;
        Ok(found.filter(|found| approvals::sees(caller, found)).map(Approval::new))
    }

    /// Who said yes to it, where a second person had to: the client whose token it was.
    async fn approved_by(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        let caller = caller(ctx)?;
        let found = caller.loaders.approval_of_item(self.0.record.sequence).await?;
        Ok(found.filter(|found| approvals::sees(caller, found)).and_then(|found| found.checker))
    }

    /// What it did to the thing, in order, entries included.
    async fn events(&self) -> Vec<LedgerEvent> {
        self.0.events.iter().map(|event| LedgerEvent::new(event.clone().into())).collect()
    }

    /// What it booked on the thing, an account or an entry, in order.
    async fn entries(&self, ctx: &Context<'_>) -> Result<Vec<Entry>, Fault> {
        let caller = caller(ctx)?;
        let booked = self.0.events.iter().filter_map(|event| event.entry.as_ref());
        let seen = booked.map(async |entry| {
            let lines = books::visible_lines(caller, entry).await?;
            Ok::<_, Fault>((!lines.is_empty()).then(|| Entry::new(entry.clone())))
        });
        let seen = futures_util::future::try_join_all(seen).await?;
        Ok(seen.into_iter().flatten().collect())
    }

    /// The documents of this item, those that were removed included: one that is kept at most.
    async fn documents(&self, ctx: &Context<'_>) -> Result<Vec<Document>, Fault> {
        let caller = caller(ctx)?;
        let found = caller.loaders.documents_of_item(self.0.record.sequence).await?;
        let seen = found.iter().map(async |document| {
            let is_seen = documents::sees(caller, document.subject).await?;
            Ok::<_, Fault>(is_seen.then(|| Document::new(document.clone())))
        });
        let seen = futures_util::future::try_join_all(seen).await?;
        Ok(seen.into_iter().flatten().collect())
    }
}

/// Which part of a history to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct HistoryFilter {
    /// At or after this moment.
    from: Option<DateTime>,
    /// Before this moment.
    until: Option<DateTime>,
    /// Only these operations, by their mutations' names; all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    operations: Option<Vec<String>>,
    /// Only what was done together, in this request.
    group: Option<String>,
    /// Only the operations that this number of another system's types of actions stands for: see `setHistoryCodes`.
    action_type: Option<i32>,
    /// Only the operations that this number of another system's groups of actions stands for.
    action_group: Option<i32>,
    #[graphql(skip)]
    bill: Option<ID>,
}

impl HistoryFilter {
    /// The same, and only what concerns a bill.
    #[must_use]
    pub fn of_bill(filter: Option<Self>, bill: Option<ID>) -> Option<Self> {
        match bill {
            Some(bill) => Some(Self { bill: Some(bill), ..filter.unwrap_or_default() }),
            None => filter,
        }
    }
}

/// Questions about histories. Scope: read.
#[derive(Debug, Default)]
pub struct HistoryQuery;

/// Questions about histories. Scope: read.
#[Object]
impl HistoryQuery {
    /// Every command that touched the thing with this id, newest first: whatever has an id and is changed, the tenant
    /// included. Null for what does not exist, is not yours to see, or has no history: audit records, which are what a
    /// history is made of, ledger accounts and transactions, whose entries have one, and deliveries of webhooks.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of what.")] of: ID,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Option<Connection<HistoryItem>>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let found = Box::pin(node::find(caller, &of)).await?.and_then(|found| found.history(&of));
        match found {
            Some(HistoryOf::Tenant(_)) if caller.customer().is_some() => Ok(None),
            Some(found) => of_traces(ctx, &found, filter, first, after).await.map(Some),
            None => Ok(None),
        }
    }
}

/// The history of something that the token sees.
///
/// # Errors
/// `FORBIDDEN`, `BAD_REQUEST` for the page and the filter, and the database's.
pub async fn of(
    ctx: &Context<'_>,
    subject: Subject,
    filter: Option<HistoryFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Connection<HistoryItem>, Fault> {
    of_traces(ctx, &history_of(subject), filter, first, after).await
}

/// The same, of what has no documents.
///
/// # Errors
/// The same.
pub async fn of_traces(
    ctx: &Context<'_>,
    of: &HistoryOf,
    filter: Option<HistoryFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Connection<HistoryItem>, Fault> {
    let caller = allowed(ctx, Scope::Read)?;
    let window = Window::<HistoryPlace>::new(&PageArgs::forward(first, after))?;
    let filter = filter.unwrap_or_default();
    if let (Some(from), Some(until)) = (&filter.from, &filter.until)
        && from.0 > until.0
    {
        return Err(Fault::new(FaultCode::BadRequest, "from lies after until"));
    }
    let mut operations = Vec::new();
    for operation in filter_list("operations", filter.operations)?.unwrap_or_default() {
        operations.extend(filter_text("operations", Some(operation))?);
    }
    let asked = history_codes::operations(caller, operations, filter.action_type, filter.action_group).await?;
    let operations = match asked {
        Some(none) if none.is_empty() => return Ok(Connection::empty()),
        asked => asked.unwrap_or_default(),
    };
    let commands = match &filter.bill {
        None => None,
        Some(id) => Some(match id.parse() {
            Ok(id) => billing::commands_of(caller, id).await?,
            Err(_) => Vec::new(),
        }),
    };
    if commands.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Connection::empty());
    }
    let filter = history::HistoryFilter {
        commands: commands.unwrap_or_default(),
        from: filter.from.map(|at| at.0),
        before: filter.until.map(|at| at.0),
        operations,
        group: filter_text("group", filter.group)?,
    };
    let page = window.page(|key| key.0);
    let items = history::page(caller.db(), caller.tenant(), of, &filter, page.after, page.limit).await?;
    Ok(window.connect(items, |item| HistoryPlace(item.place), HistoryItem))
}

/// Whether a command is in the history of something.
///
/// # Errors
/// The database's.
pub async fn is_of(caller: &Caller, subject: Subject, command: i64) -> Result<bool, Fault> {
    Ok(history::touches(caller.db(), caller.tenant(), &history_of(subject), command).await?)
}

fn history_of(subject: Subject) -> HistoryOf {
    match subject {
        Subject::Account(account) => HistoryOf::Account(account),
        Subject::Entry(entry) => HistoryOf::Entry(entry),
        other => HistoryOf::Thing(other.to_string()),
    }
}
