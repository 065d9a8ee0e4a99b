//! Products and accounts in the API.
//!
//! The nine families are nine object types behind the interface `Account`, in `api::accounts::families`. What they
//! share is here: [`AccountFields`].

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::access::Scope;
use crate::accounts::recurring::RecurringTerms;
use crate::accounts::{self, model, store};
use crate::api::accounts::actions::{Action, offered};
use crate::api::accounts::participants::{self, AccountParticipant};
use crate::api::accounts::{AccountFilter, ProductFilter};
use crate::api::billing::BillingFields;
use crate::api::books::reports::{LedgerAccount, rows_of};
use crate::api::books::{self as ledger, Hold, Transaction, TransactionFilter};
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::Customer;
use crate::api::documents::{self, Document};
use crate::api::dues::DueFields;
use crate::api::enums::{AccountFamily, AccountStatus, Component, DebtRule, HoldStatus, ItemOrder, WorkingMode};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::{AccountBy, CustomerBy, FromNothing as _, ProductBy, filter_id, filter_text};
use crate::api::leasing::CreditFields;
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::parties::{self, Party};
use crate::api::recurring::RecurringFields;
use crate::api::recurring::terms::Terms;
use crate::api::scalars::{CurrencyCode, Date, DateTime, Json};
use crate::documents::Subject;
use crate::ledger::journal::Standing;
use crate::ledger::query::Page;
use crate::ledger::{Position, audit, balances};
use crate::primitives::references;
use crate::primitives::{AccountId, CustomerId, Minor, PartyId, ProductId};
use crate::work;

pub use crate::api::accounts::families::Account;
use crate::api::accounts::money::{MoneyFields, ProductMoneyFields};

/// A product in the API.
#[derive(Clone, Debug)]
pub struct Product(model::Product);

impl Product {
    /// Of a product.
    #[must_use]
    pub fn new(product: model::Product) -> Self {
        Self(product)
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }
}

impl Listed for Product {
    const LIST: &'static str = "Product";
}

/// What accounts are instances of: it decides how they behave.
#[Object]
impl Product {
    #[graphql(flatten)]
    fn money_fields(&self) -> ProductMoneyFields {
        ProductMoneyFields(self.0.clone())
    }

    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What customers call it.
    async fn alias(&self) -> &str {
        &self.0.alias
    }

    /// What kind of accounts it makes.
    async fn family(&self) -> AccountFamily {
        self.0.family
    }

    /// When a card's owner pays; of cards only.
    async fn working_mode(&self) -> Option<WorkingMode> {
        self.0.working_mode
    }

    /// The currency of all its accounts.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// How far below zero its accounts may go.
    async fn debt_rule(&self) -> DebtRule {
        self.0.debt_rule
    }

    /// What a credit repays first; what is left becomes funds.
    async fn repayment_order(&self) -> Vec<Component> {
        self.0.repayment_order.0.into()
    }

    /// In which order what comes is spread over the open items of its accounts.
    async fn item_order(&self) -> ItemOrder {
        self.0.item_order
    }

    /// When something is drawn for its accounts again and again, where that is set up.
    async fn recurring_payments(&self) -> Terms {
        RecurringTerms::of_product(&self.0).into()
    }

    /// The limit of an account that is opened without one.
    async fn default_credit_limit(&self) -> Money {
        self.money(self.0.default_credit_limit)
    }

    /// The largest limit that an account may be opened with.
    async fn maximum_credit_limit(&self) -> Option<Money> {
        self.0.maximum_credit_limit.map(|limit| self.money(limit))
    }

    /// The most funds that an account may hold.
    async fn maximum_balance(&self) -> Option<Money> {
        self.0.maximum_balance.map(|limit| self.money(limit))
    }

    /// Whether new accounts can no longer be opened.
    async fn retired(&self) -> bool {
        self.0.retired
    }

    /// What you keep with the product.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// When it was created.
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
        history::of(ctx, Subject::Product(self.0.id), filter, first, after).await
    }
}

/// Part of an amount: what of it is on one component.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ComponentAmount {
    /// Which component.
    pub component: Component,
    /// How much of it; positive is in the customer's favour.
    pub amount: Money,
}

/// What all accounts have, whatever their family; flattened into the object type of each.
#[derive(Clone, Debug)]
pub struct AccountFields(pub(crate) model::Account);

impl AccountFields {
    async fn standing(&self, ctx: &Context<'_>) -> Result<Standing, Fault> {
        let found = caller(ctx)?.loaders.position(self.0.id).await?;
        found.ok_or_else(|| Fault::internal(&"an account is not in the books"))
    }

    async fn position(&self, ctx: &Context<'_>) -> Result<Position, Fault> {
        Ok(self.standing(ctx).await?.position)
    }

    /// The product that it is an instance of.
    pub(super) async fn product_row(&self, ctx: &Context<'_>) -> Result<model::Product, Fault> {
        let found = caller(ctx)?.loaders.row::<model::Product>(self.0.product).await?;
        found.ok_or_else(|| Fault::internal(&"an account without its product"))
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }
}

/// The fields of every account.
#[Object]
impl AccountFields {
    #[graphql(flatten)]
    fn money_fields(&self) -> MoneyFields {
        MoneyFields(self.0.clone())
    }

    #[graphql(flatten)]
    fn due_fields(&self) -> DueFields {
        DueFields(self.0.clone())
    }

    #[graphql(flatten)]
    fn billing_fields(&self) -> BillingFields {
        BillingFields(self.0.clone())
    }

    #[graphql(flatten)]
    fn credit_fields(&self) -> CreditFields {
        CreditFields(self.0.clone())
    }

    #[graphql(flatten)]
    fn recurring_fields(&self) -> RecurringFields {
        RecurringFields(self.0.clone())
    }

    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// Your own reference; unique in the tenant.
    async fn external_reference(&self) -> Option<&str> {
        self.0.external_reference.as_deref()
    }

    /// What kind of account it is; says the same as its type.
    async fn family(&self) -> AccountFamily {
        self.0.family
    }

    /// Where it is in its life.
    async fn status(&self, ctx: &Context<'_>) -> Result<AccountStatus, Fault> {
        Ok(self.position(ctx).await?.status)
    }

    /// Of all its amounts.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// What it is an instance of.
    async fn product(&self, ctx: &Context<'_>) -> Result<Product, Fault> {
        self.product_row(ctx).await.map(Product)
    }

    /// Whose it is.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Customer, Fault> {
        let found = crate::api::customers::by_id(caller(ctx)?, self.0.owner).await?;
        found.ok_or_else(|| Fault::internal(&"an account without its owner"))
    }

    /// Who takes part in it beside its owner, in the order in which it was told; at most 20.
    async fn participants(&self, ctx: &Context<'_>) -> Result<Vec<AccountParticipant>, Fault> {
        participants::of_account(caller(ctx)?, self.0.id).await
    }

    /// Whom its debt is owed to, where that is not the tenant; hidden from the customer's own token.
    async fn creditor(&self, ctx: &Context<'_>) -> Result<Option<Party>, Fault> {
        match self.0.creditor {
            None => Ok(None),
            Some(creditor) => parties::by_id(caller(ctx)?, creditor).await,
        }
    }

    /// The audit record of the command that opened it, for `node`.
    async fn record(&self, ctx: &Context<'_>) -> Result<ID, Fault> {
        Ok(audit::id_of(caller(ctx)?.tenant(), work::command_of(self.0.ordinal)).into())
    }

    /// The business date on which it was opened.
    async fn opened_on(&self) -> Date {
        Date(self.0.opened_on)
    }

    /// The business date on which it was closed, if it is.
    async fn closed_on(&self, ctx: &Context<'_>) -> Result<Option<Date>, Fault> {
        Ok(self.position(ctx).await?.closed_on.map(Date))
    }

    /// Why it was closed, as a code of yours.
    async fn closure_code(&self) -> Option<&str> {
        self.0.closure_code.as_deref()
    }

    /// How far below zero it may go.
    async fn debt_rule(&self, ctx: &Context<'_>) -> Result<DebtRule, Fault> {
        Ok(self.position(ctx).await?.debt_rule)
    }

    /// How much of it may be owed; zero where the product gives no credit.
    async fn credit_limit(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        Ok(self.money(self.position(ctx).await?.credit_limit))
    }

    /// The most funds that it may hold.
    async fn maximum_balance(&self, ctx: &Context<'_>) -> Result<Option<Money>, Fault> {
        Ok(self.position(ctx).await?.maximum_balance.map(|limit| self.money(limit)))
    }

    /// The most that can be paid in now: what its most funds are above its balance, and nothing once it is closed. Null
    /// where there is no such ceiling.
    async fn max_payment_amount(&self, ctx: &Context<'_>) -> Result<Option<Money>, Fault> {
        Ok(self.position(ctx).await?.most_payable().map(|amount| self.money(amount)))
    }

    /// All components together. Positive: the customer's money. Negative: the customer's debt.
    async fn balance(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        Ok(self.money(self.position(ctx).await?.balance()))
    }

    /// What the balance is made of; a shortfall only where there is one.
    async fn components(&self, ctx: &Context<'_>) -> Result<Vec<ComponentAmount>, Fault> {
        let position = self.position(ctx).await?;
        let amounts = Component::ALL.iter().zip(position.balances);
        Ok(amounts
            .filter(|(component, amount)| **component != Component::Shortfall || *amount != Minor::ZERO)
            .map(|(component, amount)| ComponentAmount { component: *component, amount: self.money(amount) })
            .collect())
    }

    /// Its rows in the chart of accounts, one per component.
    async fn ledger_accounts(&self, ctx: &Context<'_>) -> Result<Vec<LedgerAccount>, Fault> {
        Ok(rows_of(&self.position(ctx).await?))
    }

    /// What open holds reserve.
    async fn reserved(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        Ok(self.money(self.position(ctx).await?.reserved))
    }

    /// What can be taken from it now: funds and credit limit, less principal debt and open holds, of what has arrived
    /// by the business date; never below zero. Interest and fees that are owed do not count.
    async fn available(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        Ok(self.money(self.standing(ctx).await?.available()))
    }

    /// What is booked and valued after the business date: in the balance already, available from its day on.
    async fn pending(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        Ok(self.money(self.standing(ctx).await?.pending()))
    }

    /// What you keep with the account.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// When it was opened.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// What can be done with it now, with this token, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<Action>, Fault> {
        offered(ctx, self, &self.standing(ctx).await?).await
    }

    /// The balance at the end of a day, by value date. Scope: read.
    async fn balance_as_of(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day: everything with a value date up to it counts.")] date: Date,
        #[graphql(desc = "As it was known at this moment: what was booked later does not count.")] known: Option<
            DateTime,
        >,
    ) -> Result<Money, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let known = known.map(|known| known.0);
        let balance = balances::balance_as_of(caller.db(), caller.tenant(), self.0.id, date.0, known).await?;
        Ok(self.money(balance))
    }

    /// Its transactions, newest first; without from, to and month those of the last thirty days. Scope: read.
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<TransactionFilter>,
        #[graphql(desc = "How many from the newest on, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the oldest on, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what lies before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Transaction>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let args = PageArgs { first, after, last, before };
        ledger::transactions(caller, self.0.id, filter.unwrap_or_default(), &args).await
    }

    /// Its holds, newest first. Scope: read.
    async fn holds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only in this state.")] status: Option<HoldStatus>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Hold>, Fault> {
        ledger::holds(allowed(ctx, Scope::Read)?, self.0.id, status, &PageArgs::forward(first, after)).await
    }

    /// Its documents, in the order in which they were added. Scope: read.
    async fn documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this kind.")] kind: Option<String>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Document>, Fault> {
        documents::of(ctx, Subject::Account(self.0.id), kind, &PageArgs::forward(first, after)).await
    }

    /// Every command that touched it, newest first: opened, changed, holds, what was booked on it, closure. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(
            desc = "Only what concerns this bill: what was done to it and its statement, and what settled what it asks \
                    for; of these the newest thousand."
        )]
        bill: Option<ID>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        let filter = HistoryFilter::of_bill(filter, bill);
        history::of(ctx, Subject::Account(self.0.id), filter, first, after).await
    }
}

/// An account by its id, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: AccountId) -> Result<Option<Account>, Fault> {
    let found = caller.loaders.row::<model::Account>(id).await?;
    Ok(found.filter(|account| caller.sees(account.owner)).map(Account::new))
}

/// An account by any of its names, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn find(caller: &Caller, by: &AccountBy) -> Result<Option<Account>, Fault> {
    match by.to_domain() {
        None => Ok(None),
        Some(accounts::AccountBy::Id(id)) => by_id(caller, id).await,
        Some(by) => {
            // As it is kept: bank files put zeros in front.
            let by = match by {
                accounts::AccountBy::PaymentReference(read) => {
                    accounts::AccountBy::PaymentReference(references::key(&read).to_owned())
                }
                by => by,
            };
            let found = caller.loaders.account_named(by).await?;
            Ok(found.filter(|account| caller.sees(account.owner)).map(Account::new))
        }
    }
}

/// The customer that a sealed identifier is of.
async fn identified(caller: &Caller, by: &crate::customers::CustomerBy) -> Result<Option<CustomerId>, Fault> {
    let today = caller.engine.present(caller.tenant()).await?.today;
    let found = crate::customers::store::find(caller.db(), caller.tenant(), by, today).await?;
    Ok(found.map(|customer| customer.id))
}

/// The accounts that the token sees, oldest first; with `owner` only theirs.
///
/// # Errors
/// `BAD_REQUEST` for the page and the filter, and the database's.
pub async fn list(
    caller: &Caller,
    owner: Option<CustomerId>,
    filter: Option<&AccountFilter>,
    args: &PageArgs,
) -> Result<Connection<Account>, Fault> {
    let window = Window::<Ordinal<model::Account>>::new(args)?;
    let asked = filter.and_then(|filter| filter.owner.as_ref()).map(filter_id::<CustomerId>);
    let customer = match filter.and_then(|filter| filter.customer.as_ref()).map(CustomerBy::to_domain) {
        None => None,
        Some(Some(by @ crate::customers::CustomerBy::Identifier(_))) => match identified(caller, &by).await? {
            Some(customer) => Some(crate::customers::CustomerBy::Id(customer)),
            None => return Ok(Connection::empty()),
        },
        Some(Some(by)) => Some(by),
        Some(None) => return Ok(Connection::empty()),
    };
    let owners = [owner, asked, caller.customer()];
    let owner = owners.into_iter().flatten().next();
    if owners.into_iter().flatten().any(|other| Some(other) != owner) {
        return Ok(Connection::empty());
    }
    let filter = store::AccountFilter {
        owner,
        customer,
        creditor: filter.and_then(|filter| filter.creditor.as_ref()).map(|id| seen_party(caller, id)),
        product: filter.and_then(|filter| filter.product.as_ref()).map(filter_id::<ProductId>),
        family: filter.and_then(|filter| filter.family),
        status: filter.and_then(|filter| filter.status),
        number: filter_text("number", filter.and_then(|filter| filter.number.clone()))?,
        external_reference: filter_text(
            "externalReference",
            filter.and_then(|filter| filter.external_reference.clone()),
        )?,
    };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Account::new))
}

/// The party that a filter names; that of nothing for a token that is bound to a customer, which sees none.
fn seen_party(caller: &Caller, id: &ID) -> PartyId {
    match caller.customer() {
        None => filter_id(id),
        Some(_) => PartyId::nothing(),
    }
}

/// The accounts whose debt is owed to a party that the token sees.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn of_creditor(caller: &Caller, party: PartyId, args: &PageArgs) -> Result<Connection<Account>, Fault> {
    let window = Window::<Ordinal<model::Account>>::new(args)?;
    let filter = store::AccountFilter { creditor: Some(party), ..store::AccountFilter::default() };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Account::new))
}

/// The ids of all accounts of a customer.
///
/// # Errors
/// The database's.
pub async fn ids_of(caller: &Caller, owner: CustomerId) -> Result<Vec<AccountId>, Fault> {
    const PAGE: u64 = 1_000;
    let filter = store::AccountFilter { owner: Some(owner), ..store::AccountFilter::default() };
    let (mut ids, mut after): (Vec<AccountId>, Option<i64>) = (Vec::new(), None);
    loop {
        let page = Page { after, before: None, limit: PAGE, backward: false };
        let rows = store::list(caller.db(), caller.tenant(), &filter, page).await?;
        let is_last = rows.len() < 1_000;
        after = rows.last().map(|row| row.ordinal);
        ids.extend(rows.into_iter().map(|row| row.id));
        if is_last {
            return Ok(ids);
        }
    }
}

/// A product by its id.
///
/// # Errors
/// The database's.
pub async fn product_by_id(caller: &Caller, id: ProductId) -> Result<Option<Product>, Fault> {
    Ok(caller.loaders.row::<model::Product>(id).await?.map(Product))
}

/// A product by any of its names.
///
/// # Errors
/// The database's.
pub async fn find_product(caller: &Caller, by: &ProductBy) -> Result<Option<Product>, Fault> {
    match by.to_domain() {
        None => Ok(None),
        Some(accounts::ProductBy::Id(id)) => product_by_id(caller, id).await,
        Some(by) => Ok(store::product(caller.db(), caller.tenant(), &by).await?.map(Product)),
    }
}

/// The products, oldest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list_products(
    caller: &Caller,
    filter: Option<ProductFilter>,
    args: &PageArgs,
) -> Result<Connection<Product>, Fault> {
    let window = Window::<Ordinal<model::Product>>::new(args)?;
    let family = filter.and_then(|filter| filter.family);
    let rows = store::products(caller.db(), caller.tenant(), family, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Product))
}
