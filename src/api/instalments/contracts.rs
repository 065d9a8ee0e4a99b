//! Contracts in the API: what was agreed on, and its instalments.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::contract_inputs::InstalmentContractBy;
use super::models::{self, InstalmentModel};
use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Entry};
use crate::api::call::{Reach, Right};
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::{self, Customer};
use crate::api::documents::{self, Document};
use crate::api::enums::{
    FeeTiming, InstalmentContractAction, InstalmentContractState, InstalmentPosting, InstalmentSettledBy,
    InstalmentStatus, RepaymentMethod,
};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::filter_id;
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{CurrencyCode, Date, DateTime, Decimal};
use crate::documents::Subject;
use crate::events::history::HistoryOf;
use crate::instalments::contracts::{
    Instalment as Line, InstalmentContract as Contract, InstalmentContractFilter as Filter, store,
};
use crate::primitives::{AccountId, CustomerId, InstalmentContractId, Minor};

/// A contract in the API.
#[derive(Clone, Debug)]
pub struct InstalmentContract(Contract);

impl InstalmentContract {
    /// Of a contract that the token sees.
    #[must_use]
    pub fn new(contract: Contract) -> Self {
        Self(contract)
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }
}

impl Listed for InstalmentContract {
    const LIST: &'static str = "InstalmentContract";
}

/// Something that can be done with a contract.
#[derive(Clone, Debug, SimpleObject)]
pub struct InstalmentContractActionOffer {
    /// Which.
    action: InstalmentContractAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it is not allowed.
    reason: Option<String>,
}

/// What a token needs for it: what the mutation itself asks for.
fn right_to(action: InstalmentContractAction) -> Right {
    match action {
        InstalmentContractAction::Update | InstalmentContractAction::Cancel => Right(Scope::Admin, Reach::Tenant),
        InstalmentContractAction::Activate
        | InstalmentContractAction::RepayEarly
        | InstalmentContractAction::Terminate => Right(Scope::Money, Reach::Tenant),
    }
}

/// A credit that is repaid in instalments.
#[Object]
impl InstalmentContract {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Twelve digits, unique in the tenant.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// Your own reference; unique in the tenant.
    async fn external_reference(&self) -> Option<&str> {
        self.0.external_reference.as_deref()
    }

    /// Where it is in its life.
    async fn state(&self) -> InstalmentContractState {
        self.0.state
    }

    /// What can be done with it now, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<InstalmentContractActionOffer>, Fault> {
        let caller = caller(ctx)?;
        let offer = |action: &InstalmentContractAction| {
            let obstacle = self.0.can(*action).err().map(|refused| refused.message);
            let reason = right_to(*action).missing(caller).or(obstacle);
            InstalmentContractActionOffer { action: *action, allowed: reason.is_none(), reason }
        };
        Ok(InstalmentContractAction::ALL.iter().map(offer).collect())
    }

    /// What it was made by. The contract keeps what it was made with.
    async fn model(&self, ctx: &Context<'_>) -> Result<Option<InstalmentModel>, Fault> {
        models::by_id(caller(ctx)?, self.0.model).await
    }

    /// Whose it is.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        customers::by_id(caller(ctx)?, self.0.customer).await
    }

    /// What the credit is paid out to.
    async fn receiving_account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        accounts::by_id(caller(ctx)?, self.0.receiving).await
    }

    /// What pays the instalments. It does not close while the contract is in force.
    async fn paying_account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        accounts::by_id(caller(ctx)?, self.0.paying).await
    }

    /// Its own account, which owes what is left of the credit; null before it is in force.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.account {
            None => Ok(None),
            Some(account) => accounts::by_id(caller(ctx)?, account).await,
        }
    }

    /// Of all its amounts.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// By which channel it came.
    async fn channel(&self) -> &str {
        &self.0.channel
    }

    /// The telephone number that it came from: digits alone.
    async fn msisdn(&self) -> Option<&str> {
        self.0.msisdn.as_deref()
    }

    /// The business date on which it was made.
    async fn contracted_on(&self) -> Date {
        Date(self.0.contracted_on)
    }

    /// The business date on which it came into force.
    async fn activated_on(&self) -> Option<Date> {
        self.0.activated_on.map(Date)
    }

    /// The business date on which it was cancelled, terminated or repaid.
    async fn ended_on(&self) -> Option<Date> {
        self.0.ended_on.map(Date)
    }

    /// What is lent.
    async fn credit(&self) -> Money {
        self.money(self.0.terms.credit)
    }

    /// The yearly rate, in percent.
    async fn annual_rate(&self) -> Decimal {
        Decimal(self.0.terms.rate_annual_pct)
    }

    /// How instalments are made.
    async fn method(&self) -> RepaymentMethod {
        self.0.terms.method
    }

    /// What is left for the last instalment besides.
    async fn balloon(&self) -> Money {
        self.money(self.0.terms.balloon)
    }

    /// The first so many instalments repay nothing, and bear interest.
    async fn grace_terms(&self) -> u32 {
        self.0.terms.grace
    }

    /// How many instalments were agreed on.
    async fn terms(&self) -> u32 {
        self.0.terms.count
    }

    /// How many instalments are still to be posted.
    async fn terms_left(&self) -> u32 {
        let left = (self.0.last_number + 1).saturating_sub(self.0.next_number);
        if self.0.state.is_open() { left } else { 0 }
    }

    /// When the first instalment is due.
    async fn first_due_date(&self) -> Date {
        Date(self.0.terms.first)
    }

    /// When the next one is due, while the contract is in force.
    async fn next_due_date(&self) -> Option<Date> {
        self.0.next_due.map(Date)
    }

    /// A regular instalment: the first that repays something, without a fee that is charged once.
    async fn instalment(&self) -> Money {
        self.money(self.0.regular)
    }

    /// The interest of all instalments, as the plan is now.
    async fn total_interest(&self) -> Money {
        self.money(self.0.interest)
    }

    /// The fee of all instalments, as the plan is now.
    async fn fee(&self) -> Money {
        self.money(self.0.terms.fee)
    }

    /// When the fee is charged.
    async fn fee_timing(&self) -> FeeTiming {
        self.0.terms.fee_timing
    }

    /// All that is to be paid: the credit, the interest and the fee.
    async fn total(&self) -> Money {
        self.money(self.0.total())
    }

    /// In how many operations an instalment is posted on the paying account.
    async fn posting(&self) -> InstalmentPosting {
        self.0.posting
    }

    /// What was repaid so far, by whomever.
    async fn principal_posted(&self) -> Money {
        self.money(self.0.principal_posted)
    }

    /// What was charged of interest so far.
    async fn interest_posted(&self) -> Money {
        self.money(self.0.interest_posted)
    }

    /// What was charged of the fee so far.
    async fn fee_posted(&self) -> Money {
        self.money(self.0.fee_posted)
    }

    /// What is still owed of the credit, once it is in force.
    async fn owed(&self) -> Option<Money> {
        self.0.account.map(|_| self.money(self.0.owed()))
    }

    /// Who has borne the rest, where it was ended before its time.
    async fn settled_by(&self) -> Option<InstalmentSettledBy> {
        self.0.settled_by
    }

    /// What paid the credit out.
    async fn payout(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.payout {
            None => Ok(None),
            Some(entry) => books::by_id(caller(ctx)?, entry).await,
        }
    }

    /// The instalments, in order: planned, overdue, posted and cancelled.
    async fn schedule(&self, ctx: &Context<'_>) -> Result<Vec<Instalment>, Fault> {
        let caller = caller(ctx)?;
        let lines = store::instalments(caller.db(), caller.tenant(), self.0.id).await?;
        Ok(lines.into_iter().map(|line| Instalment::new(&self.0, line)).collect())
    }

    /// The documents that were added to it, or printed of it, in the order in which they came.
    async fn documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this kind.")] kind: Option<String>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Document>, Fault> {
        documents::of(ctx, Subject::InstalmentContract(self.0.id), kind, &PageArgs::forward(first, after)).await
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

/// An instalment in the API.
#[derive(Clone, Debug)]
pub struct Instalment {
    line: Line,
    status: InstalmentStatus,
    currency: crate::primitives::Currency,
}

impl Instalment {
    fn new(contract: &Contract, line: Line) -> Self {
        Self { status: contract.shown(&line), currency: contract.currency, line }
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.currency)
    }
}

/// An instalment of a contract.
#[Object]
impl Instalment {
    /// Its place, from 1.
    async fn number(&self) -> u32 {
        self.line.line.number
    }

    /// When it is due.
    async fn due_date(&self) -> Date {
        Date(self.line.line.due)
    }

    /// Where it is in its life.
    async fn status(&self) -> InstalmentStatus {
        self.status
    }

    /// What it repays.
    async fn principal(&self) -> Money {
        self.money(self.line.line.principal)
    }

    /// What it bears of interest.
    async fn interest(&self) -> Money {
        self.money(self.line.line.interest)
    }

    /// What it bears of the fee.
    async fn fee(&self) -> Money {
        self.money(self.line.line.fee)
    }

    /// All of it.
    async fn total(&self) -> Money {
        self.money(self.line.line.total())
    }

    /// The business date on which it was posted.
    async fn posted_on(&self) -> Option<Date> {
        self.line.posted_on.map(Date)
    }

    /// What it was posted with, in the order of the posting type: one entry to three.
    async fn entries(&self, ctx: &Context<'_>) -> Result<Vec<Entry>, Fault> {
        let caller = caller(ctx)?;
        let found = self.line.entries.iter().map(|entry| books::by_id(caller, *entry));
        Ok(futures_util::future::try_join_all(found).await?.into_iter().flatten().collect())
    }
}

/// A contract by its id, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: InstalmentContractId) -> Result<Option<InstalmentContract>, Fault> {
    let found = caller.loaders.row::<Contract>(id).await?;
    Ok(found.filter(|contract| caller.sees(contract.customer)).map(InstalmentContract))
}

/// Which contracts to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct InstalmentContractFilter {
    /// Only of this customer.
    customer: Option<ID>,
    /// Only those that this account pays for.
    paying_account: Option<ID>,
    /// Only those made by this model.
    model: Option<ID>,
    /// Only in this state.
    state: Option<InstalmentContractState>,
}

/// Questions about contracts. Scope: read.
#[derive(Debug, Default)]
pub struct InstalmentContractQuery;

/// Questions about contracts. Scope: read.
#[Object]
impl InstalmentContractQuery {
    /// One instalment contract. Null for what does not exist or is not yours to see.
    async fn instalment_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: InstalmentContractBy,
    ) -> Result<Option<InstalmentContract>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(by) = by.to_domain() else { return Ok(None) };
        let found = store::find(caller.db(), caller.tenant(), &by).await?;
        Ok(found.filter(|contract| caller.sees(contract.customer)).map(InstalmentContract))
    }

    /// The instalment contracts, open and ended alike, newest first; for a token that is bound to a customer, its own.
    async fn instalment_contracts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<InstalmentContractFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InstalmentContract>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let filter = filter.unwrap_or_default();
        let customers = [filter.customer.as_ref().map(filter_id::<CustomerId>), caller.customer()];
        let customer = customers.into_iter().flatten().next();
        if customers.into_iter().flatten().any(|other| Some(other) != customer) {
            return Ok(Connection::empty());
        }
        let filter = Filter {
            customer,
            paying: filter.paying_account.as_ref().map(filter_id::<AccountId>),
            model: filter.model.as_ref().map(filter_id),
            state: filter.state,
        };
        let window = Window::<Ordinal<Contract>>::new(&PageArgs::forward(first, after))?;
        let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
        caller.loaders.keep(&rows).await;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), InstalmentContract))
    }
}
