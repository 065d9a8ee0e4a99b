//! The event log in the API: pages of it, and what one event says.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use serde_json::json;

use crate::api::accounts::{self as accounts, Account};
use crate::api::books::reports::AuditRecord;
use crate::api::books::{self as ledger, Entry};
use crate::api::context::{Caller, caller};
use crate::api::customers::{self as customers, Customer};
use crate::api::enums::{EventType, TransactionKind};
use crate::api::fault::Fault;
use crate::api::inputs::{filter_id, filter_list};
use crate::api::pagination::{Connection, EventSequence, Key as _, Listed, NumberedPage, PageArgs, PageNumber, Window};
use crate::api::period::Period;
use crate::api::scalars::{BigInt, CurrencyCode, Cursor, Date, DateTime, Decimal, Json};
use crate::events::{Event, store};
use crate::ledger::entry;
use crate::primitives::{AccountId, Currency, ProductId};

/// An event in the API.
#[derive(Clone, Debug)]
pub struct LedgerEvent(Arc<Event>);

impl LedgerEvent {
    /// Of an event that the token sees.
    #[must_use]
    pub fn new(event: Arc<Event>) -> Self {
        Self(event)
    }
}

impl Listed for LedgerEvent {
    const LIST: &'static str = "Event";
}

/// Something that happened, in the order in which it was committed.
#[Object]
impl LedgerEvent {
    /// Its place in the log: to go on from here.
    async fn cursor(&self) -> Cursor {
        EventSequence(self.0.sequence).cursor()
    }

    /// Its number: gap-free in the tenant. A token that is bound to a customer does not see all of them.
    async fn sequence(&self) -> BigInt {
        BigInt(self.0.sequence)
    }

    /// What happened. New types may be added.
    #[graphql(name = "type")]
    async fn type_(&self) -> Result<EventType, Fault> {
        known_type(&self.0.type_)
    }

    /// The id of what it is about: of an entry, an account, a hold, a customer.
    async fn subject(&self) -> ID {
        ID(self.0.subject.clone())
    }

    /// The id of the command that told it: what the mutation that ran it has answered with as `commandId`.
    async fn command_id(&self, ctx: &Context<'_>) -> Result<ID, Fault> {
        Ok(crate::ledger::audit::id_of(caller(ctx)?.tenant(), self.0.command).into())
    }

    /// The command that told it, in the audit trail. Scope: audit.
    async fn command(&self, ctx: &Context<'_>) -> Result<Option<AuditRecord>, Fault> {
        let caller = caller(ctx)?;
        let id = crate::ledger::audit::id_of(caller.tenant(), self.0.command);
        crate::api::books::reports::audit_record_by_id(caller, id).await
    }

    /// When it was committed.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }

    /// The entry that was posted.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        let Some(entry) = &self.0.entry else { return Ok(None) };
        let seen = !ledger::visible_lines(caller(ctx)?, entry).await?.is_empty();
        Ok(seen.then(|| Entry::new(entry.clone())))
    }

    /// The account that it is about. An entry's accounts are in its postings.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.account {
            None => Ok(None),
            Some(account) => accounts::by_id(caller(ctx)?, account).await,
        }
    }

    /// The customer that it is about.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        match self.0.customer {
            None => Ok(None),
            Some(customer) => customers::by_id(caller(ctx)?, customer).await,
        }
    }

    /// What there is to say about it, by its type; empty where `entry` says all.
    async fn payload(&self, ctx: &Context<'_>) -> Result<Json, Fault> {
        let caller = caller(ctx)?;
        // What is about another customer's account stays theirs, even in an event that concerns this one too.
        let hidden = match self.0.account {
            Some(account) => accounts::by_id(caller, account).await?.is_none(),
            None => self.0.customer.is_some_and(|customer| !caller.sees(customer)),
        };
        Ok(Json(if hidden { json!({}) } else { self.0.payload.clone() }))
    }
}

/// Which events to list.
#[derive(Debug, Default, InputObject)]
pub struct EventFilter {
    /// Only of these types; of all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    types: Option<Vec<EventType>>,
    /// Only what is about this account itself; what was posted to it is among its transactions.
    account: Option<ID>,
    /// On or after this day, in UTC.
    from: Option<Date>,
    /// On or before this day, in UTC.
    to: Option<Date>,
}

/// Which events to follow. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct LedgerEventFilter {
    /// Only of these types; of all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    types: Option<Vec<EventType>>,
    /// Only what is about one of these accounts or was posted to one; of all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    accounts: Option<Vec<ID>>,
    /// Only what is about one of these products, or touches an account of one; of all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    products: Option<Vec<ID>>,
    /// Only entries of these kinds; everything when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    kinds: Option<Vec<TransactionKind>>,
    /// Only entries with a line in one of these currencies; everything when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    currencies: Option<Vec<CurrencyCode>>,
    /// Only entries with a line of at least this much, whatever its sign, in one of the currencies where some are named.
    minimum_amount: Option<Decimal>,
}

/// The events that the token sees, oldest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, the days and the types, and the database's.
pub async fn list(caller: &Caller, filter: EventFilter, args: &PageArgs) -> Result<Connection<LedgerEvent>, Fault> {
    let window = Window::<EventSequence>::new(args)?;
    let period = Period::days(filter.from, filter.to)?;
    let account = filter.account.as_ref().map(filter_id);
    if let Some(account) = account
        && accounts::by_id(caller, account).await?.is_none()
    {
        return Ok(Connection::empty());
    }
    let filter = store::EventFilter {
        types: words(filter.types)?,
        subject: None,
        account,
        customer: caller.customer(),
        from: period.from,
        before: period.before,
    };
    let rows = store::page(caller.db(), caller.tenant(), &filter, window.page(|key| key.0)).await?;
    Ok(window.connect(rows, |row| EventSequence(row.sequence), |row| LedgerEvent(Arc::new(row))))
}

/// A page of the events of a type and a day that the token sees.
///
/// # Errors
/// The database's.
pub async fn of_day(
    caller: &Caller,
    type_: EventType,
    date: Date,
    page: PageNumber,
) -> Result<NumberedPage<LedgerEvent>, Fault> {
    let period = Period::days(Some(date), Some(date))?;
    let filter = store::EventFilter {
        types: vec![type_.word().to_owned()],
        customer: caller.customer(),
        from: period.from,
        before: period.before,
        ..store::EventFilter::default()
    };
    let (rows, all) = store::numbered(caller.db(), caller.tenant(), &filter, page.limit(), page.offset()).await?;
    Ok(page.of(rows.into_iter().map(|row| LedgerEvent(Arc::new(row))).collect(), all))
}

/// The type of a stored word.
fn known_type(word: &str) -> Result<EventType, Fault> {
    EventType::from_word(word).ok_or_else(|| Fault::internal(&"an event of a type that nobody tells"))
}

fn words(types: Option<Vec<EventType>>) -> Result<Vec<String>, Fault> {
    let types = filter_list("types", types)?.unwrap_or_default();
    Ok(types.into_iter().map(|type_| type_.word().to_owned()).collect())
}

/// What a subscription lets through.
#[derive(Debug)]
pub struct Sieve {
    types: Vec<String>,
    accounts: Option<Vec<AccountId>>,
    products: Option<Vec<ProductId>>,
    kinds: Option<Vec<TransactionKind>>,
    currencies: Option<Vec<Currency>>,
    minimum: Option<rust_decimal::Decimal>,
}

impl Sieve {
    /// Of a filter. Accounts that the token does not see are left out of it, or it would tell whom others pay.
    ///
    /// # Errors
    /// `BAD_REQUEST` for the types and the accounts, and the database's.
    pub async fn new(caller: &Caller, filter: LedgerEventFilter) -> Result<Self, Fault> {
        let types = words(filter.types)?;
        let accounts = match filter_list("accounts", filter.accounts)? {
            None => None,
            Some(ids) => ledger::seen_accounts(caller, Some(ids.iter().map(filter_id).collect())).await?,
        };
        let products = filter_list("products", filter.products)?;
        let products = products.map(|ids| ids.iter().map(filter_id).collect());
        let kinds = filter_list("kinds", filter.kinds)?;
        let currencies = filter_list("currencies", filter.currencies)?;
        let currencies = currencies.map(|all| all.into_iter().map(|currency| currency.0).collect());
        let minimum = filter.minimum_amount.map(|amount| amount.0);
        Ok(Self { types, accounts, products, kinds, currencies, minimum })
    }

    /// Whether an event comes through, for a token that may see it.
    ///
    /// # Errors
    /// The database's.
    pub async fn passes(&self, caller: &Caller, event: &Event) -> Result<bool, Fault> {
        let of_type = self.types.is_empty() || self.types.contains(&event.type_);
        let of_account =
            self.accounts.as_ref().is_none_or(|accounts| accounts.iter().any(|account| event.touches(*account)));
        if !of_type || !of_account {
            return Ok(false);
        }
        let of_kind = |kinds: &Vec<_>| event.entry.as_ref().is_some_and(|entry| kinds.contains(&entry.kind));
        if !self.kinds.as_ref().is_none_or(of_kind) {
            return Ok(false);
        }
        if let Some(products) = &self.products
            && !is_of_product(caller, event, products).await?
        {
            return Ok(false);
        }
        match &event.entry {
            _ if self.minimum.is_none() && self.currencies.is_none() => Ok(true),
            None => Ok(false),
            Some(entry) => {
                let lines = ledger::visible_lines(caller, entry).await?;
                Ok(lines.into_iter().any(|line| self.lets_through(line)))
            }
        }
    }

    /// Whether a line is of one of the currencies, and large enough.
    fn lets_through(&self, line: &entry::Posting) -> bool {
        let of_currency = self.currencies.as_ref().is_none_or(|all| all.contains(&line.currency));
        let amount = || line.amount.in_currency(line.currency).amount.abs();
        of_currency && self.minimum.is_none_or(|minimum| amount() >= minimum)
    }
}

/// Whether an event is about one of the products, or touches an account of one that the token sees.
async fn is_of_product(caller: &Caller, event: &Event, products: &[ProductId]) -> Result<bool, Fault> {
    if products.iter().any(|product| event.subject == product.to_string()) {
        return Ok(true);
    }
    for id in event.accounts() {
        let account = accounts::by_id(caller, id).await?;
        if account.is_some_and(|account| products.contains(&account.account().product)) {
            return Ok(true);
        }
    }
    Ok(false)
}
