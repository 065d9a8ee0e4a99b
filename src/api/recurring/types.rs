//! Settings and consents, and what they add to the fields of every account.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::orders::{self, PaymentOrder};
use super::terms::Terms;
use crate::access::Scope;
use crate::accounts::model;
use crate::api::accounts::{self, Account};
use crate::api::call::{Reach, Right};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{
    AccountStatus, PaymentOrderStatus, PaymentScope, RecurringAction, RecurringMethod, RecurringState,
};
use crate::api::fault::Fault;
use crate::api::inputs::filter_list;
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, PageArgs};
use crate::api::scalars::{Date, DateTime};
use crate::primitives::{AccountId, DebitConsentId, RecurringPaymentId};
use crate::recurring::{self, store};

/// Settings in the API.
#[derive(Clone, Debug)]
pub struct RecurringPayment(pub(super) recurring::RecurringPayment);

/// Something that can be done with recurring payments.
#[derive(Clone, Debug, SimpleObject)]
pub struct RecurringPossible {
    /// Which.
    action: RecurringAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// What is drawn from the owner's bank account for an account, again and again. An account has at most one.
#[Object]
impl RecurringPayment {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        recurring::RecurringPayment::id_of(self.0.account).into()
    }

    /// The account that it is for.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// Whether it is in force.
    async fn state(&self) -> RecurringState {
        self.0.state
    }

    /// By which scheme the bank account is debited.
    async fn payment_method(&self) -> RecurringMethod {
        self.0.method
    }

    /// What is drawn.
    async fn payment_scope(&self) -> PaymentScope {
        self.0.scope
    }

    /// How much, of the scope FIXED; null of the others.
    async fn fixed_amount(&self) -> Option<Money> {
        self.0.fixed.map(|fixed| Money::of(fixed, self.0.currency))
    }

    /// When and how often, and what follows when it does not come: as the product said when this was set up.
    async fn terms(&self) -> Terms {
        self.0.terms.into()
    }

    /// The day of the next order that is to be made, before the calendar has rolled it; null once it is removed.
    async fn next_on(&self) -> Option<Date> {
        self.0.is_active().then_some(Date(self.0.next_on))
    }

    /// The customer's consent; null where none was ever given.
    async fn consent(&self, ctx: &Context<'_>) -> Result<Option<DebitConsent>, Fault> {
        consent_of(caller(ctx)?, self.0.account).await
    }

    /// When it was set up.
    async fn set_up_at(&self) -> DateTime {
        DateTime(self.0.set_up_at)
    }

    /// When it was changed last.
    async fn changed_at(&self) -> DateTime {
        DateTime(self.0.changed_at)
    }

    /// What can be done with it now, with this token, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<RecurringPossible>, Fault> {
        let caller = caller(ctx)?;
        let missing = Right(Scope::Money, Reach::Own).missing(caller);
        let consent =
            caller.loaders.row::<recurring::DebitConsent>(recurring::DebitConsent::id_of(self.0.account)).await?;
        let standing = caller.loaders.position(self.0.account).await?;
        let is_closed = standing.is_none_or(|standing| standing.position.status == AccountStatus::Closed);
        let possible = |action: RecurringAction| {
            let obstacle = match action {
                RecurringAction::Update | RecurringAction::Remove if !self.0.is_active() => Some("it was removed"),
                RecurringAction::Update | RecurringAction::Remove => None,
                RecurringAction::GiveConsent if is_closed => Some("the account is closed"),
                RecurringAction::GiveConsent => consent
                    .as_ref()
                    .is_some_and(|consent| consent.allows(self.0.method))
                    .then_some("there is a consent already"),
                RecurringAction::RevokeConsent => match &consent {
                    None => Some("no consent was given"),
                    Some(consent) => (!consent.is_in_force()).then_some("the consent is revoked"),
                },
            };
            let reason = missing.clone().or(obstacle.map(str::to_owned));
            RecurringPossible { action, allowed: reason.is_none(), reason }
        };
        Ok(RecurringAction::ALL.iter().copied().map(possible).collect())
    }
}

/// A consent in the API.
#[derive(Clone, Debug)]
pub struct DebitConsent(pub(super) recurring::DebitConsent);

/// That a customer has said yes to being debited for an account. It stands apart from what is drawn: it stays when that is
/// removed, and without it nothing is drawn.
#[Object]
impl DebitConsent {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        recurring::DebitConsent::id_of(self.0.account).into()
    }

    /// The account that it is for.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// To being debited by which scheme.
    async fn payment_method(&self) -> RecurringMethod {
        self.0.method
    }

    /// What the mandate is called, at the bank or with you.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// Whether it is in force: it was not revoked.
    async fn in_force(&self) -> bool {
        self.0.is_in_force()
    }

    /// When it was given.
    async fn given_at(&self) -> DateTime {
        DateTime(self.0.given_at)
    }

    /// Who told it: the client.
    async fn given_by(&self) -> &str {
        &self.0.given_by
    }

    /// Whether that was with the customer's own token.
    async fn by_customer(&self) -> bool {
        self.0.by_customer
    }

    /// When it was revoked.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }

    /// Who told that: the client.
    async fn revoked_by(&self) -> Option<&str> {
        self.0.revoked_by.as_deref()
    }
}

/// Settings by their id, if the token sees their account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: RecurringPaymentId) -> Result<Option<RecurringPayment>, Fault> {
    let Some(found) = caller.loaders.row::<recurring::RecurringPayment>(id).await? else { return Ok(None) };
    let is_seen = accounts::by_id(caller, found.account).await?.is_some();
    Ok(is_seen.then_some(RecurringPayment(found)))
}

/// A consent by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn consent_by_id(caller: &Caller, id: DebitConsentId) -> Result<Option<DebitConsent>, Fault> {
    let Some(found) = caller.loaders.row::<recurring::DebitConsent>(id).await? else { return Ok(None) };
    let is_seen = accounts::by_id(caller, found.account).await?.is_some();
    Ok(is_seen.then_some(DebitConsent(found)))
}

async fn consent_of(caller: &Caller, account: AccountId) -> Result<Option<DebitConsent>, Fault> {
    let found = caller.loaders.row::<recurring::DebitConsent>(recurring::DebitConsent::id_of(account)).await?;
    Ok(found.map(DebitConsent))
}

/// What recurring payments add to the fields of every account.
#[derive(Clone, Debug)]
pub struct RecurringFields(pub(in crate::api) model::Account);

/// What is drawn for an account again and again.
#[Object]
impl RecurringFields {
    /// What is drawn for it again and again; null where nothing is set up, or it was removed.
    async fn recurring_payment(&self, ctx: &Context<'_>) -> Result<Option<RecurringPayment>, Fault> {
        let id = recurring::RecurringPayment::id_of(self.0.id);
        let found = caller(ctx)?.loaders.row::<recurring::RecurringPayment>(id).await?;
        Ok(found.filter(|settings| settings.is_active()).map(RecurringPayment))
    }

    /// What its owner has said to being debited for it; null where none was ever given.
    async fn debit_consent(&self, ctx: &Context<'_>) -> Result<Option<DebitConsent>, Fault> {
        consent_of(caller(ctx)?, self.0.id).await
    }

    /// What is drawn for it next: the order that waits for its day.
    async fn next_payment(&self, ctx: &Context<'_>) -> Result<Option<PaymentOrder>, Fault> {
        let caller = caller(ctx)?;
        let found = store::next(caller.db(), caller.tenant(), self.0.id).await?;
        Ok(found.map(PaymentOrder))
    }

    /// Its payment orders, newest first. Scope: read.
    async fn payment_orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only in these states; in all when absent.", validator(max_items = 10))] statuses: Option<
            Vec<PaymentOrderStatus>,
        >,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the oldest on, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what lies before this cursor.")] before: Option<String>,
    ) -> Result<Connection<PaymentOrder>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let statuses = filter_list("statuses", statuses)?.unwrap_or_default();
        let args = PageArgs { first, after, last, before };
        orders::list(caller, Some(self.0.id), statuses, &args).await
    }
}
