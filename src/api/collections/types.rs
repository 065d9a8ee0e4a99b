//! Receivables and claims as they are shown.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::matching::Matches;
use super::parts::ReceivableProduct;
use super::pursuit::Pursuit;
use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Entry};
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::{self, Customer};
use crate::api::enums::{ClaimResolutionReason, ClaimStatus, ReceivableEntryKind, ScoreType};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::filter_text;
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::parties::{self, Party};
use crate::api::scalars::{CurrencyCode, Date, DateTime, Json};
use crate::collections::claims::store as claims;
use crate::collections::entries::store as entries;
use crate::collections::receivables::store as receivables;
use crate::collections::{self as domain, ClaimFilter as Filter};
use crate::documents::Subject;
use crate::primitives::{ClaimId, ReceivableId};

/// What is thought of a debtor: a text, an object, or that there is no value.
#[derive(SimpleObject)]
pub struct Score {
    /// Who thinks so.
    #[graphql(name = "type")]
    type_: ScoreType,
    /// What, where it is a text.
    text: Option<String>,
    /// What, where it has several parts.
    object: Option<Json>,
    /// What you keep with it.
    metadata: Json,
}

impl From<&domain::score::Score> for Score {
    fn from(score: &domain::score::Score) -> Self {
        use domain::score::ScoreValue;
        let (text, object) = match &score.value {
            ScoreValue::Text(text) => (Some(text.clone()), None),
            ScoreValue::Object(object) => (None, Some(Json(object.clone()))),
            ScoreValue::None => (None, None),
        };
        Self { type_: score.type_, text, object, metadata: Json::stored(&score.metadata) }
    }
}

/// What was thought of a debtor from some time on.
#[derive(SimpleObject)]
pub struct PastScore {
    /// What.
    score: Score,
    /// Since when.
    since: DateTime,
}

/// An entry of a receivable in the API.
#[derive(Clone, Debug)]
pub struct ReceivableEntry(pub(super) domain::ReceivableEntry);

impl Listed for ReceivableEntry {
    const LIST: &'static str = "ReceivableEntry";
}

/// What was booked on a receivable, as the creditor tells it.
#[Object]
impl ReceivableEntry {
    /// What the creditor calls it; unique on the receivable.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// What it is.
    async fn kind(&self) -> ReceivableEntryKind {
        self.0.kind
    }

    /// How much: below zero only for a correction downwards.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// What of an invoice, a fee or a correction upwards of the account is still owed; what of a payment or a correction
    /// downwards waits to be used.
    async fn open(&self) -> Money {
        Money::of(self.0.open, self.0.currency)
    }

    /// What of a payment was charged back, or went on to later payments of what is open.
    async fn charged_back(&self) -> Money {
        Money::of(self.0.undone, self.0.currency)
    }

    /// The entry that it relates to.
    async fn target(&self, ctx: &Context<'_>) -> Result<Option<ReceivableEntry>, Fault> {
        match self.0.target {
            Some(target) => Ok(caller(ctx)?.loaders.row::<domain::ReceivableEntry>(target).await?.map(ReceivableEntry)),
            None => Ok(None),
        }
    }

    /// The managed claim that it made, or changed.
    async fn claim(&self, ctx: &Context<'_>) -> Result<Option<Claim>, Fault> {
        match self.0.claim {
            Some(claim) => claim_by_id(caller(ctx)?, claim).await,
            None => Ok(None),
        }
    }

    /// What it is in the books; none of what moves nothing.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.entry {
            Some(entry) => books::by_id(caller(ctx)?, entry).await,
            None => Ok(None),
        }
    }

    /// The type of a fee, the reason of a correction.
    async fn label(&self) -> Option<&str> {
        self.0.label.as_deref()
    }

    /// When an invoice is due; to when a correction moved that.
    async fn due_date(&self) -> Option<Date> {
        self.0.due_date.map(Date)
    }

    /// What it is of, as the creditor calls it.
    async fn product_reference(&self) -> Option<&str> {
        self.0.product_reference.as_deref()
    }

    /// What a payment carried, or is to carry.
    async fn payment_reference(&self) -> Option<&str> {
        self.0.payment_reference.as_deref()
    }

    /// Who brought a payment.
    async fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// When it came about, as the creditor says. The books value it on the day on which it was booked.
    async fn happened_at(&self) -> Option<DateTime> {
        self.0.happened_at.map(DateTime)
    }

    /// What you keep with it.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// When it was booked.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// A fee of a claim that is told apart.
#[derive(SimpleObject)]
pub struct ClaimFee {
    /// What for.
    name: String,
    /// How much of it is owed.
    amount: Money,
}

/// A receivable in the API.
#[derive(Clone, Debug)]
pub struct Receivable(pub(super) domain::Receivable);

impl Listed for Receivable {
    const LIST: &'static str = "Receivable";
}

/// A creditor's account of a debtor, under the creditor's own reference. What is owed on it is in its claims; its account in
/// the books, of the family RECEIVABLE, has their sum as its balance, below zero. Not for tokens that are bound to a customer.
#[Object]
impl Receivable {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What the creditor calls it; unique in the tenant.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// Of all that is owed on it.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// Its account in the books; none until somebody owes on it.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.account {
            Some(account) => accounts::by_id(caller(ctx)?, account).await,
            None => Ok(None),
        }
    }

    /// Whom its debt is owed to, where that is not you.
    async fn creditor(&self, ctx: &Context<'_>) -> Result<Option<Party>, Fault> {
        match self.0.creditor {
            Some(party) => parties::by_id(caller(ctx)?, party).await,
            None => Ok(None),
        }
    }

    /// What payments to it carry, as the creditor has told debtors.
    async fn payment_reference(&self) -> Option<&str> {
        self.0.payment_reference.as_deref()
    }

    /// What it is grouped by in reports.
    async fn portfolio_reference(&self) -> Option<&str> {
        self.0.portfolio_reference.as_deref()
    }

    /// What is thought of its debtor, as of now: one of each type.
    async fn scores(&self) -> Vec<Score> {
        self.0.current_scores().into_iter().map(Score::from).collect()
    }

    /// What was thought of its debtor, the newest first, and what is: the last 100.
    async fn past_scores(&self) -> Vec<PastScore> {
        let past = |scored: &domain::receivables::model::Scored| PastScore {
            score: Score::from(&scored.score),
            since: DateTime(scored.at),
        };
        self.0.scores.iter().rev().map(past).collect()
    }

    /// What was bought by those who owe on it, in the order in which it was added.
    async fn products(&self) -> Vec<ReceivableProduct> {
        self.0.products.iter().map(ReceivableProduct::from).collect()
    }

    /// What was booked on it, as the creditor tells it, in the order in which it was booked. Scope: read.
    async fn ledger_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<ReceivableEntry>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::ReceivableEntry>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = entries::list(caller.db(), caller.tenant(), self.0.id, page).await?;
        caller.loaders.keep(&rows).await;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), ReceivableEntry))
    }

    /// What was matched on it.
    #[graphql(flatten)]
    async fn matching(&self) -> Matches {
        Matches(self.0.id)
    }

    /// What you keep with it; claims that are created on it have it as well.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Who owes on it, in the order in which they came to. The first owns its account in the books.
    async fn debtors(&self, ctx: &Context<'_>) -> Result<Vec<Customer>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let mut debtors = Vec::new();
        for debtor in receivables::debtors(caller.db(), caller.tenant(), self.0.id).await? {
            debtors.extend(customers::by_id(caller, debtor.customer).await?);
        }
        Ok(debtors)
    }

    /// What is owed on it, in the order in which it came about. Scope: read.
    async fn claims(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state; all that are not deleted when absent.")] status: Option<
            ClaimStatus,
        >,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Claim>, Fault> {
        let filter = Filter { receivable: Some(self.0.id), status, ..Filter::default() };
        list_claims(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of(ctx, Subject::Receivable(self.0.id), filter, first, after).await
    }
}

/// A claim in the API.
#[derive(Clone, Debug)]
pub struct Claim(pub(super) domain::Claim);

impl Listed for Claim {
    const LIST: &'static str = "Claim";
}

/// What can be done with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ClaimAction {
    /// `updateClaim` and `importClaim`.
    Update,
    /// `creditClaim`.
    Credit,
    /// `debitClaim`.
    Debit,
    /// `resolveClaim`.
    Resolve,
    /// `deleteClaim`.
    Delete,
    /// `recreateClaim`.
    Recreate,
}

/// Whether something can be done with a claim now.
#[derive(SimpleObject)]
pub struct PossibleClaimAction {
    /// What.
    action: ClaimAction,
    /// Whether its state allows it.
    allowed: bool,
    /// Why not.
    reason: Option<String>,
}

impl Claim {
    /// Of a claim that the token sees.
    pub(super) fn new(claim: domain::Claim) -> Self {
        Self(claim)
    }

    fn obstacle(&self, action: ClaimAction) -> Option<String> {
        let claim = &self.0;
        let decided = match action {
            ClaimAction::Recreate if claim.status == ClaimStatus::Deleted => Ok(()),
            ClaimAction::Resolve if claim.status == ClaimStatus::Active => Ok(()),
            ClaimAction::Recreate | ClaimAction::Resolve => Err(claim.is_in("")),
            _ => claim.require_present().and_then(|()| claim.require_unmanaged()),
        };
        let decided = decided.map_err(|refused| refused.message);
        match action {
            ClaimAction::Credit => decided.and_then(|()| {
                if claim.amount.0 > 0 { Ok(()) } else { Err("nothing is owed without the fees".into()) }
            }),
            _ => decided,
        }
        .err()
    }
}

/// What a debtor owes, one by one. A token that is bound to a customer sees what that customer owes first of all.
#[Object]
impl Claim {
    /// Opaque, and unique across the API: Konto's own reference.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What the creditor calls it; unique in the tenant.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// On which receivable; hidden from the customer's own token.
    async fn receivable(&self, ctx: &Context<'_>) -> Result<Option<Receivable>, Fault> {
        receivable_by_id(caller(ctx)?, self.0.receivable).await
    }

    /// Who owes it, first of all.
    async fn debtor(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        customers::by_id(caller(ctx)?, self.0.debtor).await
    }

    /// Whether it comes from the entries of its receivable, and is changed by these alone.
    async fn managed(&self) -> bool {
        self.0.managed
    }

    /// Where it is in its life.
    async fn status(&self) -> ClaimStatus {
        self.0.status
    }

    /// Why it is resolved; of resolved ones only.
    async fn resolution(&self) -> Option<ClaimResolutionReason> {
        self.0.resolution
    }

    /// What is owed, without the fees.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// The fees that are owed, all of them.
    async fn total_fees(&self) -> Money {
        Money::of(self.0.fees, self.0.currency)
    }

    /// The fees one by one, where they are told apart.
    async fn fees(&self) -> Vec<ClaimFee> {
        let fee = |fee: &domain::claims::Fee| ClaimFee {
            name: fee.name.clone(),
            amount: Money::of(fee.amount, self.0.currency),
        };
        self.0.named_fees.iter().map(fee).collect()
    }

    /// When it first fell due.
    async fn original_due_date(&self) -> Date {
        Date(self.0.original_due_date)
    }

    /// When it is due by now.
    async fn current_due_date(&self) -> Date {
        Date(self.0.current_due_date)
    }

    /// The last day on which it can be enforced.
    async fn limitation_date(&self) -> Option<Date> {
        self.0.limitation_date.map(Date)
    }

    /// Days since the original due date, which is day 0; below zero before that.
    async fn days_past_due(&self, ctx: &Context<'_>) -> Result<i32, Fault> {
        let caller = caller(ctx)?;
        let days = self.0.days_past_due(caller.engine.present(caller.tenant()).await?.today);
        Ok(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// What it was bought with, as the creditor calls it.
    async fn product_reference(&self) -> Option<&str> {
        self.0.product_reference.as_deref()
    }

    /// What payments of it carry, as the creditor has told the debtor.
    async fn payment_reference(&self) -> Option<&str> {
        self.0.payment_reference.as_deref()
    }

    /// What it is grouped by in reports.
    async fn portfolio_reference(&self) -> Option<&str> {
        self.0.portfolio_reference.as_deref()
    }

    /// Whom it is owed to: the reference of a party.
    async fn creditor_reference(&self) -> Option<&str> {
        self.0.creditor_reference.as_deref()
    }

    /// What is thought of it; nothing of it is shown to the customer's own token.
    async fn scores(&self, ctx: &Context<'_>) -> Result<Vec<Score>, Fault> {
        let told = if caller(ctx)?.customer().is_some() { &[] } else { self.0.scores.as_slice() };
        Ok(told.iter().map(Score::from).collect())
    }

    /// What you keep with it; hidden from the customer's own token.
    async fn metadata(&self, ctx: &Context<'_>) -> Result<Option<Json>, Fault> {
        Ok(caller(ctx)?.customer().is_none().then(|| Json::stored(&self.0.metadata)))
    }

    /// How often it has begun: once, and once more each time it was recreated.
    async fn begun(&self) -> i32 {
        self.0.begun
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was changed last.
    async fn changed_at(&self) -> DateTime {
        DateTime(self.0.changed_at)
    }

    /// When it was resolved or deleted, of those that are.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// How it is pursued.
    #[graphql(flatten)]
    async fn pursuit(&self) -> Pursuit {
        Pursuit(self.0.clone())
    }

    /// What can be done with it now, and why the rest cannot.
    async fn actions(&self) -> Vec<PossibleClaimAction> {
        use ClaimAction::{Credit, Debit, Delete, Recreate, Resolve, Update};
        let possible = |action| {
            let reason = self.obstacle(action);
            PossibleClaimAction { action, allowed: reason.is_none(), reason }
        };
        [Update, Credit, Debit, Resolve, Delete, Recreate].map(possible).into()
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of(ctx, Subject::Claim(self.0.id), filter, first, after).await
    }
}

/// A receivable by its id, if the token sees it: one that is bound to a customer sees none.
///
/// # Errors
/// The database's.
pub async fn receivable_by_id(caller: &Caller, id: ReceivableId) -> Result<Option<Receivable>, Fault> {
    if caller.customer().is_some() {
        return Ok(None);
    }
    Ok(caller.loaders.row::<domain::Receivable>(id).await?.map(Receivable))
}

/// A claim by its id, if the token sees who owes it.
///
/// # Errors
/// The database's.
pub async fn claim_by_id(caller: &Caller, id: ClaimId) -> Result<Option<Claim>, Fault> {
    let found = caller.loaders.row::<domain::Claim>(id).await?;
    Ok(found.filter(|claim| caller.sees(claim.debtor)).map(Claim))
}

/// Which claims to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct ClaimFilter {
    /// Only those on the receivable with this reference.
    account_reference: Option<String>,
    /// Only those that the customer with this external reference owes first of all.
    debtor_reference: Option<String>,
    /// Only those in this state; all that are not deleted when absent.
    status: Option<ClaimStatus>,
    /// Only those that come from the entries of their receivables, or only the others.
    managed: Option<bool>,
}

impl ClaimFilter {
    pub(super) fn read(self) -> Result<Filter, Fault> {
        Ok(Filter {
            receivable: None,
            account_reference: filter_text("accountReference", self.account_reference)?,
            debtor_reference: filter_text("debtorReference", self.debtor_reference)?,
            status: self.status,
            managed: self.managed,
            debtor: None,
        })
    }
}

/// The claims that the token sees, in the order in which they were created.
pub(super) async fn list_claims(caller: &Caller, filter: Filter, args: &PageArgs) -> Result<Connection<Claim>, Fault> {
    let window = Window::<Ordinal<domain::Claim>>::new(args)?;
    let filter = Filter { debtor: caller.customer(), ..filter };
    let rows = claims::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Claim))
}
