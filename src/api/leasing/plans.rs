//! `LeasePlan`, `LeaseInstalment`, `leasePlan`, and the plans of a leasing account.

use async_graphql::{Context, ID, Object};
use chrono::NaiveDate;
use futures_util::future::try_join_all;

use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Entry};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{LeaseInstalmentState, LeasePrincipal, LeaseService};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime};
use crate::dues::{self, DueSource};
use crate::events::history::HistoryOf;
use crate::leasing::{self as domain, store};
use crate::primitives::{AccountId, LeaseInstalmentId, LeasePlanId, Minor};

/// A plan in the API.
#[derive(Clone, Debug)]
pub struct LeasePlan(pub(super) domain::LeasePlan);

impl Listed for LeasePlan {
    const LIST: &'static str = "LeasePlan";
}

/// An instalment in the API, with what of it is open.
#[derive(Clone, Debug)]
pub struct LeaseInstalment {
    row: domain::LeaseInstalment,
    open: Minor,
    due_on: Option<NaiveDate>,
    today: NaiveDate,
}

impl Listed for LeaseInstalment {
    const LIST: &'static str = "LeaseInstalment";
}

/// A plan of a leasing account: what is to be paid when, and what that is made of.
#[Object]
impl LeasePlan {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// What you call it.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// When the account comes to owe the principal.
    async fn principal_owed(&self) -> LeasePrincipal {
        self.0.principal
    }

    /// The principal of its instalments, without those that are cancelled.
    async fn principal(&self) -> Money {
        Money::of(self.0.parts.principal, self.0.currency)
    }

    /// Their interest.
    async fn interest(&self) -> Money {
        Money::of(self.0.parts.interest, self.0.currency)
    }

    /// Their fees.
    async fn fee(&self) -> Money {
        Money::of(self.0.parts.fee, self.0.currency)
    }

    /// Their value added tax.
    async fn vat(&self) -> Money {
        Money::of(self.0.parts.vat, self.0.currency)
    }

    /// All of them together.
    async fn total(&self) -> Money {
        Money::of(self.0.parts.total(), self.0.currency)
    }

    /// Its instalments, by their numbers. Scope: read.
    async fn instalments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<LeaseInstalment>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::LeaseInstalment>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::of_plan(caller.db(), caller.tenant(), self.0.id, page).await?;
        let today = caller.engine.present(caller.tenant()).await?.today;
        let open = open_of(caller, &rows).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), |row| LeaseInstalment::new(row, &open, today)))
    }

    /// When it was made.
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

/// What leases ask for and is open, where one of the rows is billed.
async fn open_of(caller: &Caller, rows: &[domain::LeaseInstalment]) -> Result<Vec<dues::Due>, Fault> {
    match rows.iter().find(|row| row.billed_on.is_some()) {
        None => Ok(Vec::new()),
        Some(row) => Ok(dues::store::open_of(caller.db(), caller.tenant(), row.account, DueSource::Lease).await?),
    }
}

impl LeaseInstalment {
    fn new(row: domain::LeaseInstalment, open: &[dues::Due], today: NaiveDate) -> Self {
        let reference = row.id.to_string();
        let of_row = || open.iter().filter(|due| due.reference.as_deref() == Some(&reference));
        let (open, due_on) = (Minor(of_row().map(|due| due.open().0).sum()), of_row().map(|due| due.due_on).min());
        Self { row, open, due_on, today }
    }

    /// As it stands now.
    pub(super) async fn load(caller: &Caller, row: domain::LeaseInstalment) -> Result<Self, Fault> {
        let open = open_of(caller, std::slice::from_ref(&row)).await?;
        let today = caller.engine.present(caller.tenant()).await?.today;
        Ok(Self::new(row, &open, today))
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.row.currency)
    }
}

/// An instalment of a lease plan.
#[Object]
impl LeaseInstalment {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Its plan.
    async fn plan(&self, ctx: &Context<'_>) -> Result<LeasePlan, Fault> {
        let found = caller(ctx)?.loaders.row::<domain::LeasePlan>(self.row.plan).await?;
        found.map(LeasePlan).ok_or_else(|| Fault::internal(&"an instalment without its plan"))
    }

    /// Its number in the plan, from 1.
    async fn number(&self) -> i32 {
        i32::try_from(self.row.number).unwrap_or(i32::MAX)
    }

    /// Where it is in its life: it follows from what of it is open, and from the business date.
    async fn state(&self) -> LeaseInstalmentState {
        self.row.state(self.open, self.due_on, self.today)
    }

    /// The day by which it is to be paid; with the next business day where it is none.
    async fn due_date(&self) -> Date {
        Date(self.row.due_on)
    }

    /// The day on which it is billed: its due date, where no other was given.
    async fn billing_date(&self) -> Date {
        Date(self.row.bill_on())
    }

    /// When the letter about it goes out, as you have said.
    async fn letter_at(&self) -> Option<DateTime> {
        self.row.letter_at.map(DateTime)
    }

    /// When it is reminded of, as you have said.
    async fn reminder_at(&self) -> Option<DateTime> {
        self.row.reminder_at.map(DateTime)
    }

    /// What repays.
    async fn principal(&self) -> Money {
        self.money(self.row.parts.principal)
    }

    /// Interest.
    async fn interest(&self) -> Money {
        self.money(self.row.parts.interest)
    }

    /// A fee.
    async fn fee(&self) -> Money {
        self.money(self.row.parts.fee)
    }

    /// Value added tax.
    async fn vat(&self) -> Money {
        self.money(self.row.parts.vat)
    }

    /// All of it.
    async fn total(&self) -> Money {
        self.money(self.row.parts.total())
    }

    /// What of it is asked for and open.
    async fn open(&self) -> Money {
        self.money(self.open)
    }

    /// What comes with it besides the use of the thing.
    async fn service(&self) -> LeaseService {
        self.row.service
    }

    /// Whether it is the residual value.
    async fn residual(&self) -> bool {
        self.row.residual
    }

    /// The business date on which it was billed.
    async fn billed_on(&self) -> Option<Date> {
        self.row.billed_on.map(Date)
    }

    /// What it was billed with.
    async fn entries(&self, ctx: &Context<'_>) -> Result<Vec<Entry>, Fault> {
        let caller = caller(ctx)?;
        let entries = self.row.entries.iter().map(|id| books::by_id(caller, *id));
        Ok(try_join_all(entries).await?.into_iter().flatten().collect())
    }

    /// The business date on which it was cancelled.
    async fn cancelled_on(&self) -> Option<Date> {
        self.row.cancelled_on.map(Date)
    }
}

/// A plan by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn plan_by_id(caller: &Caller, id: LeasePlanId) -> Result<Option<LeasePlan>, Fault> {
    let Some(plan) = caller.loaders.row::<domain::LeasePlan>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, plan.account).await?.map(|_| LeasePlan(plan)))
}

/// An instalment by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn instalment_by_id(caller: &Caller, id: LeaseInstalmentId) -> Result<Option<LeaseInstalment>, Fault> {
    let Some(row) = caller.loaders.row::<domain::LeaseInstalment>(id).await? else { return Ok(None) };
    match accounts::by_id(caller, row.account).await? {
        None => Ok(None),
        Some(_) => LeaseInstalment::load(caller, row).await.map(Some),
    }
}

/// What leases add to the fields of a leasing account.
#[derive(Clone, Debug)]
pub struct LeaseFields(pub(crate) AccountId);

/// What is to be paid on a leasing account.
#[Object]
impl LeaseFields {
    /// Its plans, newest first. Scope: read.
    async fn lease_plans(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<LeasePlan>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::LeasePlan>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::of_account(caller.db(), caller.tenant(), self.0, page).await?;
        Ok(window.connect(rows, |row: &domain::LeasePlan| Ordinal::of(row.ordinal), LeasePlan))
    }
}

/// Questions about leases. Scope: read.
#[derive(Debug, Default)]
pub struct LeasingQuery;

/// Questions about leases. Scope: read.
#[Object]
impl LeasingQuery {
    /// One plan. Null for what does not exist or is not yours to see.
    async fn lease_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<LeasePlan>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match id.parse() {
            Ok(id) => plan_by_id(caller, id).await,
            Err(_) => Ok(None),
        }
    }
}
