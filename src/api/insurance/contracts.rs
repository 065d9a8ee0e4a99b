//! `InsuranceContract`, `insuranceContract`, `insuranceContracts`.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};

use super::packages::{InsurancePackage, InsurancePackageBy};
use crate::access::Scope;
use crate::accounts::store as store_of_accounts;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Entry};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{InsuranceAction, InsurancePossibleAction, InsuranceStatus};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::input::named;
use crate::api::inputs::{AccountBy, filter_id, filter_list};
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime};
use crate::events::history::HistoryOf;
use crate::insurance::{self as domain, ContractBy, ContractFilter, store};
use crate::primitives::{AccountId, InsuranceContractId, InsurancePackageId};
use crate::refused::Refused;

/// A contract in the API.
#[derive(Clone, Debug)]
pub struct InsuranceContract(pub(super) domain::InsuranceContract);

impl Listed for InsuranceContract {
    const LIST: &'static str = "InsuranceContract";
}

/// What was recorded of an insurance, in the API.
#[derive(Clone, Debug)]
pub struct InsuranceEvent(domain::InsuranceEvent);

impl Listed for InsuranceEvent {
    const LIST: &'static str = "InsuranceEvent";
}

/// What was charged for an insurance, in the API.
#[derive(Clone, Debug)]
pub struct InsurancePremium(domain::InsurancePremium);

impl Listed for InsurancePremium {
    const LIST: &'static str = "InsurancePremium";
}

/// Something that was recorded of an insurance, as its package had it then.
#[Object]
impl InsuranceEvent {
    /// What, as a code of the package.
    async fn code(&self) -> &str {
        &self.0.event.code
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.event.name
    }

    /// What it did.
    async fn action(&self) -> InsuranceAction {
        self.0.event.action
    }

    /// The state that resulted.
    async fn status(&self) -> InsuranceStatus {
        self.0.event.status
    }

    /// When it happened.
    async fn occurred_on(&self) -> Date {
        Date(self.0.occurred_on)
    }

    /// For people.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Who recorded it: the client.
    async fn client(&self) -> &str {
        &self.0.client
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// What was charged for a period of an insurance.
#[Object]
impl InsurancePremium {
    /// The period's first day.
    async fn from(&self) -> Date {
        Date(self.0.from)
    }

    /// Its last day.
    async fn through(&self) -> Date {
        Date(self.0.through)
    }

    /// How much; zero where that is what the rule came to.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// What it was booked with; null where it came to nothing. It is reversed like any other.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.entry {
            None => Ok(None),
            Some(entry) => books::by_id(caller(ctx)?, entry).await,
        }
    }

    /// The business date on which it was charged.
    async fn charged_on(&self) -> Date {
        Date(self.0.charged_on)
    }
}

/// Something that can be done with an insurance.
#[derive(Clone, Debug, SimpleObject)]
pub struct InsurancePossible {
    /// What.
    action: InsurancePossibleAction,
    /// The code of the event, where it is to record one.
    event: Option<String>,
    /// Whether it can be done now. Scopes of the token are apart.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// An insurance on an account: the account's owner is the insured.
#[Object]
impl InsuranceContract {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// What was subscribed.
    async fn package(&self, ctx: &Context<'_>) -> Result<InsurancePackage, Fault> {
        package_of(caller(ctx)?, &self.0).await.map(InsurancePackage)
    }

    /// Where it is in its life.
    async fn status(&self) -> InsuranceStatus {
        self.0.status
    }

    /// Whether it covers.
    async fn covered(&self) -> bool {
        self.0.covered
    }

    /// Its first day, from which its periods are counted.
    async fn starts_on(&self) -> Date {
        Date(self.0.starts_on)
    }

    /// Its last day, once that is known.
    async fn ends_on(&self) -> Option<Date> {
        self.0.ends_on.map(Date)
    }

    /// Why it ends or has ended, for people.
    async fn end_reason(&self) -> Option<&str> {
        self.0.end_reason.as_deref()
    }

    /// The business date on which it was closed.
    async fn closed_on(&self) -> Option<Date> {
        self.0.closed_on.map(Date)
    }

    /// The first day of the period that is charged next; null while none is.
    async fn next_premium_on(&self) -> Option<Date> {
        self.0.premium_due_on.map(Date)
    }

    /// When it was subscribed.
    async fn subscribed_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// What was recorded of it last.
    async fn last_event(&self, ctx: &Context<'_>) -> Result<Option<InsuranceEvent>, Fault> {
        match self.0.last_event {
            None => Ok(None),
            Some(event) => Ok(caller(ctx)?.loaders.row::<domain::InsuranceEvent>(event).await?.map(InsuranceEvent)),
        }
    }

    /// What was recorded of it, newest first. Scope: read.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InsuranceEvent>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::InsuranceEvent>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::of_contract(caller.db(), caller.tenant(), self.0.id, page).await?;
        Ok(window.connect(rows, |row: &domain::InsuranceEvent| Ordinal::of(row.ordinal), InsuranceEvent))
    }

    /// What was charged for it, newest first. Scope: read.
    async fn premiums(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InsurancePremium>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::InsurancePremium>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::of_contract(caller.db(), caller.tenant(), self.0.id, page).await?;
        Ok(window.connect(rows, |row: &domain::InsurancePremium| Ordinal::of(row.ordinal), InsurancePremium))
    }

    /// What can be done with it now, an event of its package each, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<InsurancePossible>, Fault> {
        let package = package_of(caller(ctx)?, &self.0).await?;
        let possible = |action, event: Option<String>, to: InsuranceStatus| {
            let reason = self.0.status.may_become(to, "").err().map(|refused| refused.message);
            InsurancePossible { action, event, allowed: reason.is_none(), reason }
        };
        let events = package.terms.events.into_iter();
        let events = events.map(|event| possible(InsurancePossibleAction::RecordEvent, Some(event.code), event.status));
        let end = possible(InsurancePossibleAction::End, None, InsuranceStatus::Closed);
        Ok(events.chain([end]).collect())
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

async fn package_of(caller: &Caller, contract: &domain::InsuranceContract) -> Result<domain::InsurancePackage, Fault> {
    let found = caller.loaders.row::<domain::InsurancePackage>(contract.package).await?;
    found.ok_or_else(|| Fault::internal(&"an insurance without its package"))
}

/// The insurance of a package on an account, while it is not closed.
#[derive(Clone, Debug, InputObject)]
pub struct InsuranceOfAccount {
    /// On which account.
    pub account: AccountBy,
    /// Of which package.
    pub package: InsurancePackageBy,
}

/// Names one insurance.
#[derive(Clone, Debug, OneofObject)]
pub enum InsuranceContractBy {
    /// By its id.
    Id(ID),
    /// By its account and package, while it is not closed.
    Of(InsuranceOfAccount),
}

impl InsuranceContractBy {
    /// The domain's form.
    ///
    /// # Errors
    /// `NOT_FOUND` below the field, for names that nothing can have.
    pub fn to_domain(&self, field: &str) -> Result<ContractBy, Refused> {
        Ok(match self {
            Self::Id(id) => ContractBy::Id(named(field, "insurance", id.parse().ok())?),
            Self::Of(of) => ContractBy::Of(
                named(&format!("{field}.of.account"), "account", of.account.to_domain())?,
                named(&format!("{field}.of.package"), "insurance package", of.package.to_domain())?,
            ),
        })
    }
}

/// A contract by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: InsuranceContractId) -> Result<Option<InsuranceContract>, Fault> {
    let Some(contract) = caller.loaders.row::<domain::InsuranceContract>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, contract.account).await?.map(|_| InsuranceContract(contract)))
}

/// Insurances that the token sees, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(
    caller: &Caller,
    account: Option<AccountId>,
    package: Option<InsurancePackageId>,
    statuses: Vec<InsuranceStatus>,
    args: &PageArgs,
) -> Result<Connection<InsuranceContract>, Fault> {
    let window = Window::<Ordinal<domain::InsuranceContract>>::new(args)?;
    let accounts = books::seen_accounts(caller, account.map(|account| vec![account])).await?;
    let filter = ContractFilter { accounts, package, statuses };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), InsuranceContract))
}

/// Which insurances to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct InsuranceContractFilter {
    /// Only on this account.
    account: Option<ID>,
    /// Only of this package.
    package: Option<ID>,
    /// Only in these states; in all but CLOSED when absent.
    #[graphql(validator(max_items = 10))]
    statuses: Option<Vec<InsuranceStatus>>,
}

/// Questions about insurance. Scope: read.
#[derive(Debug, Default)]
pub struct InsuranceQuery;

/// Questions about insurance. Scope: read.
#[Object]
impl InsuranceQuery {
    /// One insurance. Null for what does not exist or is not yours to see.
    async fn insurance_contract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: InsuranceContractBy,
    ) -> Result<Option<InsuranceContract>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match by {
            InsuranceContractBy::Id(id) => match id.parse() {
                Ok(id) => by_id(caller, id).await,
                Err(_) => Ok(None),
            },
            InsuranceContractBy::Of(of) => {
                let (Some(account), Some(package)) = (of.account.to_domain(), of.package.to_domain()) else {
                    return Ok(None);
                };
                let (db, tenant) = (caller.db(), caller.tenant());
                let account = store_of_accounts::find(db, tenant, caller.customer(), &account).await?;
                let Some(account) = account else { return Ok(None) };
                let Some(package) = store::package(db, tenant, &package).await? else { return Ok(None) };
                Ok(store::standing(db, tenant, account.id, package.id).await?.map(InsuranceContract))
            }
        }
    }

    /// The insurances, newest first; without those that are closed, unless these are asked for.
    async fn insurance_contracts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<InsuranceContractFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InsuranceContract>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let filter = filter.unwrap_or_default();
        let account = filter.account.as_ref().map(filter_id::<AccountId>);
        let package = filter.package.as_ref().map(filter_id::<InsurancePackageId>);
        let statuses = filter_list("statuses", filter.statuses)?.unwrap_or_default();
        list(caller, account, package, statuses, &PageArgs::forward(first, after)).await
    }
}
