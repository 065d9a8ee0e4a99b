//! The books in the API: entries, what they did to accounts, and holds.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::api::accounts::{self as accounts, Account, ComponentAmount};
use crate::api::books::holds::{Hold, hold_by_id};
use crate::api::books::reports::Posting;
use crate::api::cards::PointOfSale;
use crate::api::context::{Caller, caller};
use crate::api::enums::{BankAccountClass, Component, PaymentChannel, TransactionKind};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::{filter_id, filter_list, filter_text};
use crate::api::money::Money;
use crate::api::pagination::{Connection, EntrySequence, Listed, PageArgs, Window};
use crate::api::period::Period;
use crate::api::scalars::{BigInt, Date, DateTime, Json};
use crate::documents::Subject;
use crate::ledger::{entry, facts, journal};
use crate::primitives::{AccountId, EntryId, Minor};

/// An entry in the API.
#[derive(Clone, Debug)]
pub struct Entry(Arc<entry::Entry>);

impl Entry {
    /// Of an entry that the token sees.
    #[must_use]
    pub fn new(entry: Arc<entry::Entry>) -> Self {
        Self(entry)
    }
}

impl Listed for Entry {
    const LIST: &'static str = "Entry";
}

/// A balanced entry in the journal. Never changed and never deleted: a mistake is reversed by another entry.
#[Object]
impl Entry {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its place in the journal: gap-free in the tenant, in the order of commits.
    async fn sequence(&self) -> BigInt {
        BigInt(self.0.sequence)
    }

    /// What it means.
    async fn kind(&self) -> TransactionKind {
        self.0.kind
    }

    /// When it counts.
    async fn value_date(&self) -> Date {
        Date(self.0.value_date)
    }

    /// When it was booked.
    async fn booked_at(&self) -> DateTime {
        DateTime(self.0.booked_at)
    }

    /// The tenant's business date when it was booked.
    async fn business_date(&self) -> Date {
        Date(self.0.business_date)
    }

    /// When it was authorised or ordered, where that is another day.
    async fn transaction_date(&self) -> Option<Date> {
        self.0.transaction_date.map(Date)
    }

    /// For people.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The payment's reference, for people and for matching.
    async fn reference(&self) -> Option<String> {
        self.0.noted().reference
    }

    /// The rail that it came in on.
    async fn channel(&self) -> Option<PaymentChannel> {
        self.0.noted().channel
    }

    /// Why it was done by hand: of a correction, a reversal, a write-off.
    async fn reason(&self) -> Option<String> {
        self.0.noted().reason
    }

    /// Who stands on the other side, outside of the books. Gone once it is erased.
    async fn counterparty(&self) -> Option<Counterparty> {
        self.0.personal().counterparty.map(Into::into)
    }

    /// What the receiver was told, where the receiver is outside of the books. Gone once it is erased.
    async fn message_to_receiver(&self) -> Option<String> {
        self.0.personal().message_to_receiver
    }

    /// Your own name for it; unique together with its date and poster.
    async fn external_reference(&self) -> Option<&str> {
        self.0.external.as_ref().map(|external| external.reference.as_str())
    }

    /// Your own date of it, beside its reference.
    async fn external_date(&self) -> Option<Date> {
        self.0.external.as_ref().and_then(|external| external.date).map(Date)
    }

    /// Which of your services posted it, beside its reference.
    async fn external_poster(&self) -> Option<&str> {
        self.0.external.as_ref().and_then(|external| external.poster.as_deref())
    }

    /// Your operation code, beside its reference.
    async fn external_code(&self) -> Option<&str> {
        self.0.external.as_ref().and_then(|external| external.code.as_deref())
    }

    /// Its lines. All of them sum to zero per currency; a token that is bound to a customer sees only the lines
    /// of that customer's accounts.
    async fn postings(&self, ctx: &Context<'_>) -> Result<Vec<Posting>, Fault> {
        let lines = visible_lines(caller(ctx)?, &self.0).await?;
        Ok(lines.into_iter().map(|line| Posting::new(line.clone())).collect())
    }

    /// The entry that it mirrors.
    async fn reverses(&self, ctx: &Context<'_>) -> Result<Option<Self>, Fault> {
        match self.0.reverses {
            None => Ok(None),
            Some(original) => by_id(caller(ctx)?, original).await,
        }
    }

    /// The entry that mirrors it; the last one where it was reversed in parts.
    async fn reversed_by(&self, ctx: &Context<'_>) -> Result<Option<Self>, Fault> {
        let caller = caller(ctx)?;
        let reversals = caller.loaders.reversals(self.0.id).await?;
        seen(caller, reversals.last().cloned()).await
    }

    /// The entries that mirror it, or parts of it, in the order in which they were booked.
    async fn reversals(&self, ctx: &Context<'_>) -> Result<Vec<Self>, Fault> {
        let caller = caller(ctx)?;
        let mut reversals = Vec::new();
        for reversal in caller.loaders.reversals(self.0.id).await?.iter() {
            reversals.extend(seen(caller, Some(reversal.clone())).await?);
        }
        Ok(reversals)
    }

    /// The hold that it captured.
    async fn hold(&self, ctx: &Context<'_>) -> Result<Option<Hold>, Fault> {
        match self.0.hold {
            None => Ok(None),
            Some(hold) => hold_by_id(caller(ctx)?, hold).await,
        }
    }

    /// Where and how a card was used, where it came from a point of sale.
    async fn point_of_sale(&self) -> Option<PointOfSale> {
        self.0.noted().point_of_sale.map(|at| PointOfSale::new(*at))
    }

    /// What you keep with the entry.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of(ctx, Subject::Entry(self.0.id), filter, first, after).await
    }
}

/// Who stands on the other side of an entry, outside of the books.
#[derive(Clone, Debug, SimpleObject)]
pub struct Counterparty {
    /// The name, as the rail tells it.
    name: Option<String>,
    /// The account: an IBAN, or a domestic number.
    account: Option<String>,
    /// What a domestic number is of.
    account_class: Option<BankAccountClass>,
    /// The bank: a BIC, a clearing number or a name.
    bank: Option<String>,
}

impl From<facts::Counterparty> for Counterparty {
    fn from(counterparty: facts::Counterparty) -> Self {
        let facts::Counterparty { name, account, account_class, bank } = counterparty;
        let account_class = account_class.as_deref().and_then(BankAccountClass::from_word);
        Self { name, account, account_class, bank }
    }
}

/// The lines of an entry that the token sees.
///
/// # Errors
/// The database's.
pub async fn visible_lines<'a>(caller: &Caller, entry: &'a entry::Entry) -> Result<Vec<&'a entry::Posting>, Fault> {
    if caller.customer().is_none() {
        return Ok(entry.postings.iter().collect());
    }
    let accounts = entry.postings.iter().map(|line| async move {
        match line.account {
            None => Ok(None),
            Some(account) => accounts::by_id(caller, account).await.map(|found| found.map(|_| line)),
        }
    });
    let lines = futures_util::future::try_join_all(accounts).await?;
    Ok(lines.into_iter().flatten().collect())
}

async fn seen(caller: &Caller, entry: Option<Arc<entry::Entry>>) -> Result<Option<Entry>, Fault> {
    match entry {
        Some(entry) if !visible_lines(caller, &entry).await?.is_empty() => Ok(Some(Entry(entry))),
        _ => Ok(None),
    }
}

/// An entry by its id, if the token sees any line of it.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: EntryId) -> Result<Option<Entry>, Fault> {
    seen(caller, caller.loaders.entry(id).await?).await
}

/// Which entries to list.
#[derive(Debug, Default, InputObject)]
pub struct EntryFilter {
    /// Booked on or after this day, in UTC.
    from: Option<Date>,
    /// Booked on or before this day, in UTC.
    to: Option<Date>,
    /// Only of these kinds; of all when absent. At least one.
    kinds: Option<Vec<TransactionKind>>,
    /// Only with exactly this reference of yours.
    external_reference: Option<String>,
    /// Only those that touch one of these accounts; all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    accounts: Option<Vec<ID>>,
}

/// The entries that the token sees, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, the days and the filter, and the database's.
pub async fn list(caller: &Caller, filter: EntryFilter, args: &PageArgs) -> Result<Connection<Entry>, Fault> {
    let window = Window::<EntrySequence>::new(args)?;
    let period = Period::days(filter.from, filter.to)?;
    let asked =
        filter_list("accounts", filter.accounts)?.map(|ids| ids.iter().map(filter_id::<AccountId>).collect::<Vec<_>>());
    let filter = journal::EntryFilter {
        booked_from: period.from,
        booked_before: period.before,
        kinds: filter_list("kinds", filter.kinds)?.unwrap_or_default(),
        external_reference: filter_text("externalReference", filter.external_reference)?,
        accounts: seen_accounts(caller, asked).await?,
    };
    let rows = journal::entries(caller.db(), caller.tenant(), &filter, window.page(|key| key.0)).await?;
    Ok(window.connect(rows, |row| EntrySequence(row.sequence), Entry))
}

/// Of the accounts that were asked for (or of all), those that the token sees; `None` is all there are.
///
/// # Errors
/// The database's.
pub async fn seen_accounts(caller: &Caller, asked: Option<Vec<AccountId>>) -> Result<Option<Vec<AccountId>>, Fault> {
    let Some(customer) = caller.customer() else { return Ok(asked) };
    let mut own = accounts::ids_of(caller, customer).await?;
    if let Some(asked) = asked {
        own.retain(|account| asked.contains(account));
    }
    Ok(Some(own))
}

/// A transaction in the API: an entry as one account sees it.
#[derive(Clone, Debug)]
pub struct Transaction(journal::Transaction);

impl Transaction {
    /// Of a transaction on an account that the token sees.
    #[must_use]
    pub fn new(transaction: journal::Transaction) -> Self {
        Self(transaction)
    }

    /// What an entry did to an account, if it touched it.
    #[must_use]
    pub fn of_entry(entry: &entry::Entry, account: AccountId) -> Option<Self> {
        let lines = entry.postings.iter().filter(|line| line.account == Some(account));
        let (line, total) = lines.filter_map(|line| Some((line, line.total?))).next()?;
        Some(Self(journal::Transaction {
            account,
            entry_sequence: entry.sequence,
            kind: entry.kind,
            currency: line.currency,
            total,
            value_date: entry.value_date,
            booked_at: entry.booked_at,
            authorised_on: entry.authorised_on(),
            description: line.message.clone().unwrap_or_else(|| entry.description.clone()),
        }))
    }

    /// The account's balance right afterwards.
    #[must_use]
    pub fn after(&self) -> Money {
        Money::of(self.0.total.balance_after, self.0.currency)
    }

    async fn entry_row(&self, caller: &Caller) -> Result<Arc<entry::Entry>, Fault> {
        let found = caller.loaders.entry_by_sequence(self.0.entry_sequence).await?;
        found.ok_or_else(|| Fault::internal(&"a transaction without its entry"))
    }
}

impl Listed for Transaction {
    const LIST: &'static str = "Transaction";
}

/// What transactions' ids begin with.
pub const TRANSACTION_PREFIX: &str = "txn";

/// The id of what an entry did to an account.
fn transaction_id(sequence: i64, account: AccountId) -> String {
    format!("{TRANSACTION_PREFIX}_{sequence:016x}{}", account.0.simple())
}

/// The sequence and the account of a transaction's id. Only the canonical form is one.
pub(super) fn read_transaction_id(id: &str) -> Option<(i64, AccountId)> {
    let (sequence, account) = id.strip_prefix(TRANSACTION_PREFIX)?.strip_prefix('_')?.split_at_checked(16)?;
    let read = (i64::from_str_radix(sequence, 16).ok()?, AccountId(uuid::Uuid::try_parse(account).ok()?));
    (transaction_id(read.0, read.1) == id).then_some(read)
}

/// An entry as one account sees it: the lines of a statement.
#[Object]
impl Transaction {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        ID(transaction_id(self.0.entry_sequence, self.0.account))
    }

    /// The whole entry.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Entry, Fault> {
        Ok(Entry(self.entry_row(caller(ctx)?).await?))
    }

    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        let found = accounts::by_id(caller(ctx)?, self.0.account).await?;
        found.ok_or_else(|| Fault::internal(&"a transaction without its account"))
    }

    /// What it means.
    async fn kind(&self) -> TransactionKind {
        self.0.kind
    }

    /// The effect on the account's balance: positive when it rose.
    async fn amount(&self) -> Money {
        Money::of(self.0.total.amount, self.0.currency)
    }

    /// The account's balance right afterwards.
    async fn balance_after(&self) -> Money {
        self.after()
    }

    /// What the amount was spread over.
    async fn components(&self, ctx: &Context<'_>) -> Result<Vec<ComponentAmount>, Fault> {
        let caller = caller(ctx)?;
        let entry = self.entry_row(caller).await?;
        let own = || entry.postings.iter().filter(|line| line.account == Some(self.0.account));
        let amounts = Component::ALL.iter().map(|component| {
            let lines = own().filter(|line| line.component() == Some(*component));
            (*component, Minor(lines.map(|line| line.amount.0).sum()))
        });
        let touched = amounts.filter(|(_, amount)| *amount != Minor::ZERO);
        let show = |(component, amount)| ComponentAmount { component, amount: Money::of(amount, self.0.currency) };
        Ok(touched.map(show).collect())
    }

    /// For people: what this side was told, or else what the entry says.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The payment's reference, for people and for matching.
    async fn reference(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        Ok(self.entry_row(caller(ctx)?).await?.noted().reference)
    }

    /// Who stands on the other side, outside of the books. Gone once it is erased.
    async fn counterparty(&self, ctx: &Context<'_>) -> Result<Option<Counterparty>, Fault> {
        Ok(self.entry_row(caller(ctx)?).await?.personal().counterparty.map(Into::into))
    }

    /// Where and how a card was used, where it was initiated from a point of sale; null for what was not.
    async fn point_of_sale(&self, ctx: &Context<'_>) -> Result<Option<PointOfSale>, Fault> {
        let entry = self.entry_row(caller(ctx)?).await?;
        Ok(entry.noted().point_of_sale.map(|at| PointOfSale::new(*at)))
    }

    /// When it counts.
    async fn value_date(&self) -> Date {
        Date(self.0.value_date)
    }

    /// When it was booked.
    async fn booked_at(&self) -> DateTime {
        DateTime(self.0.booked_at)
    }

    /// When it was authorised or ordered: the day on which a captured hold was placed, the day that the payment says, or
    /// else the business date of its booking. What `from`, `to` and `month` are about.
    async fn date(&self) -> Date {
        Date(self.0.authorised_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_a_transactions_id() {
        let account = AccountId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00ab));
        let id = transaction_id(42, account);
        assert_eq!(read_transaction_id(&id), Some((42, account)));
        let upper = id.replace("ab", "AB");
        for wrong in ["", "txn", "txn_", "txn_2a", &id[..51], &id.replace("txn", "ent"), &upper, &format!("{id}0")] {
            assert_eq!(read_transaction_id(wrong), None, "{wrong}");
        }
    }
}
