//! Who takes part in accounts beside their owners: shown on both sides, `addAccountParticipant`,
//! `removeAccountParticipant`.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::accounts::participants::{self as domain, store};
use crate::accounts::{AddAccountParticipant, RemoveAccountParticipant, model};
use crate::api::accounts::{self as accounts, Account};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, caller};
use crate::api::customers::{self, Customer};
use crate::api::enums::ParticipantRole;
use crate::api::fault::Fault;
use crate::api::input::named;
use crate::api::inputs::{AccountBy, CustomerBy};
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::DateTime;
use crate::primitives::{AccountId, CustomerId};
use crate::refused::Refused;

/// Somebody who takes part in an account.
#[derive(Clone, Debug)]
pub struct AccountParticipant(domain::Participant);

impl Listed for AccountParticipant {
    const LIST: &'static str = "AccountParticipant";
}

/// A customer who takes part in an account beside its owner.
#[Object]
impl AccountParticipant {
    /// As what.
    async fn role(&self) -> ParticipantRole {
        self.0.role
    }

    /// Who. Null for a token that is bound to another customer: an account's owner sees that somebody takes part, and as
    /// what.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        customers::by_id(caller(ctx)?, self.0.customer).await
    }

    /// In which account. Null for a token that is bound to another customer than its owner: whoever takes part sees its
    /// number alone.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        accounts::by_id(caller(ctx)?, self.0.account).await
    }

    /// The number of that account.
    async fn account_number(&self, ctx: &Context<'_>) -> Result<String, Fault> {
        let found = caller(ctx)?.loaders.row::<model::Account>(self.0.account).await?;
        let found = found.ok_or_else(|| Fault::internal(&"somebody takes part in an account that is not there"))?;
        Ok(found.number)
    }

    /// Since when.
    async fn since(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Who takes part in an account that the token sees.
///
/// # Errors
/// The database's.
pub async fn of_account(caller: &Caller, account: AccountId) -> Result<Vec<AccountParticipant>, Fault> {
    let found = caller.loaders.participants(account).await?;
    Ok(found.iter().cloned().map(AccountParticipant).collect())
}

/// What a customer that the token sees takes part in.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn of_customer(
    caller: &Caller,
    customer: CustomerId,
    args: &PageArgs,
) -> Result<Connection<AccountParticipant>, Fault> {
    let window = Window::<Ordinal<domain::Participant>>::new(args)?;
    let rows = store::list(caller.db(), caller.tenant(), customer, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), AccountParticipant))
}

/// Somebody who is to take part in an account.
#[derive(InputObject)]
pub struct AddAccountParticipantInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// In which account.
    account: AccountBy,
    /// Who.
    customer: CustomerBy,
    /// As what. The owner of the account can be its payer and debtor, too.
    role: ParticipantRole,
}

/// Somebody who is to take part in an account no longer.
#[derive(InputObject)]
pub struct RemoveAccountParticipantInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// In which account.
    account: AccountBy,
    /// Who.
    customer: CustomerBy,
    /// As what.
    role: ParticipantRole,
}

outcomes! {
    /// Somebody takes part in an account.
    AddAccountParticipantResult = AddAccountParticipantSuccess {
        /// The account.
        account: Account,
    }

    /// Somebody takes part in an account no longer.
    RemoveAccountParticipantResult = RemoveAccountParticipantSuccess {
        /// The account.
        account: Account,
    }
}

/// Mutations of who takes part in accounts.
#[derive(Default)]
pub struct ParticipantMutation;

#[Object]
impl ParticipantMutation {
    /// Lets a customer take part in an account beside its owner. Scope: admin.
    async fn add_account_participant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, in which account, as what.")] input: AddAccountParticipantInput,
    ) -> Result<Option<AddAccountParticipantResult>, Fault> {
        let call = Call::begin(ctx, "addAccountParticipant", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => AddAccountParticipantResult::Refused(refusal),
            Reply::Done(done) => AddAccountParticipantResult::Done(AddAccountParticipantSuccess {
                account: Account::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Lets a customer take part in an account no longer. Scope: admin.
    async fn remove_account_participant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, in which account, as what.")] input: RemoveAccountParticipantInput,
    ) -> Result<Option<RemoveAccountParticipantResult>, Fault> {
        let call = Call::begin(ctx, "removeAccountParticipant", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => RemoveAccountParticipantResult::Refused(refusal),
            Reply::Done(done) => RemoveAccountParticipantResult::Done(RemoveAccountParticipantSuccess {
                account: Account::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl AddAccountParticipantInput {
    fn command(self) -> Result<AddAccountParticipant, Refused> {
        Ok(AddAccountParticipant {
            account: named("account", "account", self.account.to_domain())?,
            customer: named("customer", "customer", self.customer.to_domain())?,
            role: self.role,
        })
    }
}

impl RemoveAccountParticipantInput {
    fn command(self) -> Result<RemoveAccountParticipant, Refused> {
        Ok(RemoveAccountParticipant {
            account: named("account", "account", self.account.to_domain())?,
            customer: named("customer", "customer", self.customer.to_domain())?,
            role: self.role,
        })
    }
}
