//! Mirrored accounts in the API: `AccountRefresh`, `AccountSource`, and what asks for them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::RefreshState;
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::input::named;
use crate::api::inputs::AccountBy;
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::DateTime;
use crate::events::history::HistoryOf;
use crate::mirrors::{self as domain, RefreshAccount, RemoveAccountSource, SetAccountSource, store};
use crate::primitives::{AccountId, RefreshId};
use crate::work::read;

/// A refresh in the API.
#[derive(Clone, Debug)]
pub struct AccountRefresh(pub(super) domain::Refresh);

impl Listed for AccountRefresh {
    const LIST: &'static str = "AccountRefresh";
}

/// What became of asking where an account is kept outside, once.
#[Object]
impl AccountRefresh {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Of which account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// Where it is in its life.
    async fn state(&self) -> RefreshState {
        self.0.state
    }

    /// How many transactions were new, and are booked.
    async fn taken(&self) -> i32 {
        self.0.taken
    }

    /// How many were known already.
    async fn known(&self) -> i32 {
        self.0.known
    }

    /// The balance that the source told, once it is done.
    async fn balance(&self) -> Option<Money> {
        self.0.balance.map(|balance| Money::of(balance, self.0.currency))
    }

    /// By how much that is above the account's own; nothing is booked for it. Zero where they agree.
    async fn difference(&self) -> Option<Money> {
        self.0.difference.map(|difference| Money::of(difference, self.0.currency))
    }

    /// Why it failed, or why the source is asked again, for people.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// How often the source was asked in vain since it answered last.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime {
        DateTime(self.0.requested_at)
    }

    /// When it was over.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
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

/// Where an account that is kept outside is asked, and what it told last.
#[derive(Clone, Debug, SimpleObject)]
pub struct AccountSource {
    /// Where; null once it was removed, and for a token that may not set it.
    url: Option<String>,
    /// When the account was refreshed last.
    refreshed_at: Option<DateTime>,
    /// The balance that the source told then.
    balance: Option<Money>,
    /// The refresh that is under way.
    refresh: Option<AccountRefresh>,
    /// When it was set.
    set_at: DateTime,
}

/// An account whose source is to be set.
#[derive(InputObject)]
pub struct SetAccountSourceInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which virtual account.
    account: AccountBy,
    /// Where it is asked: an address of HTTPS that is not on a private network.
    url: String,
    /// Whether the messages are signed with a new secret; of a source that is set for the first time they are.
    #[graphql(default = false)]
    new_secret: bool,
}

/// An account whose source is to be removed.
#[derive(InputObject)]
pub struct RemoveAccountSourceInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which virtual account.
    account: AccountBy,
}

/// An account to refresh.
#[derive(InputObject)]
pub struct RefreshAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which virtual account.
    account: AccountBy,
}

outcomes! {
    /// The source was set.
    SetAccountSourceResult = SetAccountSourceSuccess {
        /// The source.
        source: AccountSource,
        /// What signs the messages to it: keep it as a password.
        secret: String,
    }

    /// The source was removed.
    RemoveAccountSourceResult = RemoveAccountSourceSuccess {
        /// The source, as it is now.
        source: AccountSource,
    }

    /// The account is refreshed, or is to be.
    RefreshAccountResult = RefreshAccountSuccess {
        /// What became of it: DONE where the source answered at once. Otherwise it goes on by itself, and is read by its id.
        refresh: AccountRefresh,
    }
}

/// Mutations of mirrored accounts.
#[derive(Default)]
pub struct MirrorMutation;

#[Object]
impl MirrorMutation {
    /// Says where a virtual account is kept outside, and is asked for its balance and transactions: by a signed message, as
    /// webhooks are. Scope: admin.
    async fn set_account_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to set.")] input: SetAccountSourceInput,
    ) -> Result<Option<SetAccountSourceResult>, Fault> {
        let call = Call::begin(ctx, "setAccountSource", Scope::Admin, Reach::Tenant).await?;
        let SetAccountSourceInput { idempotency_key, account, url, new_secret } = input;
        let command = named("account", "account", account.to_domain()).map(|account| SetAccountSource {
            account,
            url,
            new_secret,
        });
        Ok(Some(match call.run(&idempotency_key, command).await? {
            Reply::Refused(refusal) => SetAccountSourceResult::Refused(refusal),
            Reply::Done(done) => SetAccountSourceResult::Done(SetAccountSourceSuccess {
                source: shown(caller(ctx)?, &done.value).await?,
                secret: done.value.secret.0.clone(),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Takes the source of a virtual account away: what it has told stays. Scope: admin.
    async fn remove_account_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which account.")] input: RemoveAccountSourceInput,
    ) -> Result<Option<RemoveAccountSourceResult>, Fault> {
        let call = Call::begin(ctx, "removeAccountSource", Scope::Admin, Reach::Tenant).await?;
        let command =
            named("account", "account", input.account.to_domain()).map(|account| RemoveAccountSource { account });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => RemoveAccountSourceResult::Refused(refusal),
            Reply::Done(done) => RemoveAccountSourceResult::Done(RemoveAccountSourceSuccess {
                source: shown(caller(ctx)?, &done.value).await?,
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Asks where a virtual account is kept outside for its balance and transactions, and books what is new, each transaction
    /// once. The source is asked at once; where it does not answer, or has much to tell, it goes on in the background. A
    /// refresh that is under way is the answer to another. Scope: money.
    async fn refresh_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: RefreshAccountInput,
    ) -> Result<Option<RefreshAccountResult>, Fault> {
        let call = Call::begin(ctx, "refreshAccount", Scope::Money, Reach::Own).await?;
        let command = named("account", "account", input.account.to_domain()).map(|account| RefreshAccount { account });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => RefreshAccountResult::Refused(refusal),
            Reply::Done(done) => {
                // What could not be asked now is asked by the background.
                let asked = Box::pin(call.engine.mirrors.ask(call.origin.tenant, done.value.id)).await;
                let asked = asked.map_err(|fault| Fault::from(fault).half_way())?;
                RefreshAccountResult::Done(RefreshAccountSuccess {
                    refresh: AccountRefresh(asked.unwrap_or_else(|| Arc::unwrap_or_clone(done.value))),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }
}

async fn shown(caller: &Caller, source: &domain::AccountSource) -> Result<AccountSource, Fault> {
    let account = accounts::by_id(caller, source.account).await?;
    let currency = account.map(|account| account.account().currency);
    let refresh = match source.refresh {
        Some(refresh) => by_id(caller, refresh).await?,
        None => None,
    };
    Ok(AccountSource {
        url: source.url.clone().filter(|_| caller.customer().is_none() && caller.principal.may(Scope::Admin)),
        refreshed_at: source.refreshed_at.map(DateTime),
        balance: source.balance.zip(currency).map(|(balance, currency)| Money::of(balance, currency)),
        refresh,
        set_at: DateTime(source.set_at),
    })
}

/// The source of an account.
///
/// # Errors
/// The database's.
pub async fn source_of(caller: &Caller, account: AccountId) -> Result<Option<AccountSource>, Fault> {
    let id = domain::AccountSource::id_of(account);
    match read::by_id::<domain::AccountSource>(caller.db(), caller.tenant(), id).await? {
        Some(source) => shown(caller, &source).await.map(Some),
        None => Ok(None),
    }
}

/// A refresh by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: RefreshId) -> Result<Option<AccountRefresh>, Fault> {
    let Some(refresh) = caller.loaders.row::<domain::Refresh>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, refresh.account).await?.map(|_| AccountRefresh(refresh)))
}

/// What is mirrored of a virtual account.
#[derive(Clone, Debug)]
pub struct Mirror(pub(super) AccountId);

/// Fields that virtual accounts have besides.
#[Object]
impl Mirror {
    /// Where it is kept outside; null where it is kept here alone.
    async fn source(&self, ctx: &Context<'_>) -> Result<Option<AccountSource>, Fault> {
        source_of(allowed(ctx, Scope::Read)?, self.0).await
    }

    /// The refreshes, newest first.
    async fn refreshes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<AccountRefresh>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::Refresh>>::new(&PageArgs::forward(first, after))?;
        let rows = store::of_account(caller.db(), caller.tenant(), self.0, window.page(Ordinal::place)).await?;
        caller.loaders.keep(&rows).await;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), AccountRefresh))
    }
}
