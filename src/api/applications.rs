//! Applications for a higher credit limit in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::accounts::applications::{self, LimitApplicationFilter as Filter, store};
use crate::accounts::{ApplyForRaisedCreditLimit, DecideLimitApplication, WithdrawLimitApplication};
use crate::api::accounts::Account;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{LimitApplicationAction, LimitApplicationStatus};
use crate::api::fault::Fault;
use crate::api::input::{amount, named};
use crate::api::inputs::{AccountBy, filter_id, filter_list};
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime, Decimal};
use crate::primitives::{AccountId, Amount, LimitApplicationId, Minor};
use crate::refused::{Refused, said};

/// An application in the API.
#[derive(Clone, Debug)]
pub struct LimitApplication(applications::LimitApplication);

impl Listed for LimitApplication {
    const LIST: &'static str = "LimitApplication";
}

impl LimitApplication {
    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }

    async fn stands(&self, ctx: &Context<'_>) -> Result<LimitApplicationStatus, Fault> {
        if self.0.status != LimitApplicationStatus::Submitted {
            return Ok(self.0.status);
        }
        let caller = caller(ctx)?;
        Ok(self.0.stands(caller.engine.present(caller.tenant()).await?.today))
    }
}

/// Something that can be done with an application.
#[derive(Clone, Debug, SimpleObject)]
pub struct LimitApplicationPossible {
    /// Which.
    action: LimitApplicationAction,
    /// Whether it can be done now. Scopes of the token are apart.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// An application for a higher credit limit, and what became of it.
#[Object]
impl LimitApplication {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account whose limit it is.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// Where it is in its life, today.
    async fn status(&self, ctx: &Context<'_>) -> Result<LimitApplicationStatus, Fault> {
        self.stands(ctx).await
    }

    /// What can be done with it now, by the token that asks, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<LimitApplicationPossible>, Fault> {
        let stands = self.stands(ctx).await?;
        let is_maker = self.0.is_by(&caller(ctx)?.principal.origin(&caller(ctx)?.request_id.0));
        let is_bound = caller(ctx)?.customer().is_some();
        let possible = |action: LimitApplicationAction| {
            let reason = match action {
                _ if !stands.next().contains(&action.leads_to()) => {
                    Some(format!("the application is {}", stands.word()))
                }
                LimitApplicationAction::Withdraw if !is_maker && !is_bound => {
                    Some("whoever applied for it takes it back".to_owned())
                }
                LimitApplicationAction::Withdraw => None,
                _ if is_maker || is_bound => Some("somebody else decides than applied for it".to_owned()),
                _ => None,
            };
            LimitApplicationPossible { action, allowed: reason.is_none(), reason }
        };
        Ok(LimitApplicationAction::ALL.iter().copied().map(possible).collect())
    }

    /// The limit that is wanted.
    async fn wanted(&self) -> Money {
        self.money(self.0.wanted)
    }

    /// The limit when it was applied for.
    async fn former(&self) -> Money {
        self.money(self.0.former)
    }

    /// The limit that was granted, if one was: what is wanted, or less.
    async fn granted(&self) -> Option<Money> {
        self.0.granted.map(|granted| self.money(granted))
    }

    /// Why it is wanted, for people.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Who applied for it: the client.
    async fn maker(&self) -> &str {
        &self.0.maker
    }

    /// The last day on which it can be decided.
    async fn valid_through(&self) -> Date {
        Date(self.0.valid_through)
    }

    /// When it was applied for.
    async fn submitted_at(&self) -> DateTime {
        DateTime(self.0.submitted_at)
    }

    /// When it was decided, taken back or noted as over.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// Who decided it or took it back: the client.
    async fn decided_by(&self) -> Option<&str> {
        self.0.decided_by.as_deref()
    }

    /// What they said to it.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }
}

/// An application by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: LimitApplicationId) -> Result<Option<LimitApplication>, Fault> {
    let found = caller.loaders.row::<applications::LimitApplication>(id).await?;
    Ok(found.filter(|application| caller.sees(application.customer)).map(LimitApplication))
}

/// The applications of an account, or of all, that the token sees; newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(
    caller: &Caller,
    account: Option<AccountId>,
    statuses: Vec<LimitApplicationStatus>,
    args: &PageArgs,
) -> Result<Connection<LimitApplication>, Fault> {
    let window = Window::<Ordinal<applications::LimitApplication>>::new(args)?;
    let filter = Filter { account, customer: caller.customer(), statuses };
    let today = caller.engine.present(caller.tenant()).await?.today;
    let rows = store::list(caller.db(), caller.tenant(), &filter, today, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), LimitApplication))
}

/// Which applications to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct LimitApplicationFilter {
    /// Only of this account.
    account: Option<ID>,
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    statuses: Option<Vec<LimitApplicationStatus>>,
}

/// Questions about applications. Scope: read.
#[derive(Debug, Default)]
pub struct LimitApplicationQuery;

/// Questions about applications. Scope: read.
#[Object]
impl LimitApplicationQuery {
    /// The applications for higher credit limits, newest first.
    async fn limit_applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<LimitApplicationFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<LimitApplication>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let filter = filter.unwrap_or_default();
        let account = filter.account.as_ref().map(filter_id::<AccountId>);
        let statuses = filter_list("statuses", filter.statuses)?.unwrap_or_default();
        list(caller, account, statuses, &PageArgs::forward(first, after)).await
    }
}

/// A higher credit limit that is wanted.
#[derive(InputObject)]
pub struct ApplyForRaisedCreditLimitInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// The limit that is wanted, in the account's currency: more than the present one, and at most what the product allows.
    credit_limit: Decimal,
    /// Why, for people.
    reason: Option<String>,
    /// How many days after today somebody may decide it, up to 366; 30 when absent.
    #[graphql(validator(minimum = 0))]
    valid_days: Option<i32>,
}

/// An application to take back.
#[derive(InputObject)]
pub struct WithdrawLimitApplicationInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which application.
    application: ID,
    /// For people.
    comment: Option<String>,
}

/// A yes or a no to an application.
#[derive(InputObject)]
pub struct DecideLimitApplicationInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// To which application.
    application: ID,
    /// Yes: the limit is raised with it.
    approve: bool,
    /// The limit that is granted, where it is less than what is wanted.
    credit_limit: Option<Decimal>,
    /// For people.
    comment: Option<String>,
}

outcomes! {
    /// A higher credit limit was applied for.
    ApplyForRaisedCreditLimitResult = ApplyForRaisedCreditLimitSuccess {
        /// The application.
        application: LimitApplication,
    }

    /// An application was taken back.
    WithdrawLimitApplicationResult = WithdrawLimitApplicationSuccess {
        /// The application, as it is now.
        application: LimitApplication,
    }

    /// An application was decided.
    DecideLimitApplicationResult = DecideLimitApplicationSuccess {
        /// The application, as it is now.
        application: LimitApplication,
    }
}

/// The result of a mutation that gives an application.
macro_rules! of_application {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => $result::Done($success {
                application: LimitApplication(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    };
}

/// Mutations of applications.
#[derive(Default)]
pub struct LimitApplicationMutation;

#[Object]
impl LimitApplicationMutation {
    /// Applies for a higher credit limit, which somebody else has to decide. Scope: money.
    async fn apply_for_raised_credit_limit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is wanted.")] input: ApplyForRaisedCreditLimitInput,
    ) -> Result<Option<ApplyForRaisedCreditLimitResult>, Fault> {
        let call = Call::begin(ctx, "applyForRaisedCreditLimit", Scope::Money, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        let reply = call.run(&key, input.command()).await?;
        of_application!(reply, ApplyForRaisedCreditLimitResult, ApplyForRaisedCreditLimitSuccess)
    }

    /// Takes an application back: who has applied for it, or a token of the account's owner. Scope: money.
    async fn withdraw_limit_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which application.")] input: WithdrawLimitApplicationInput,
    ) -> Result<Option<WithdrawLimitApplicationResult>, Fault> {
        let call = Call::begin(ctx, "withdrawLimitApplication", Scope::Money, Reach::Own).await?;
        let application = named("application", "application", input.application.parse().ok());
        let comment = said(input.comment);
        let command = application.map(|application| WithdrawLimitApplication { application, comment });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_application!(reply, WithdrawLimitApplicationResult, WithdrawLimitApplicationSuccess)
    }

    /// Says yes or no to an application, which whoever has applied for it cannot. A yes raises the limit. Scope: admin.
    async fn decide_limit_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: DecideLimitApplicationInput,
    ) -> Result<Option<DecideLimitApplicationResult>, Fault> {
        let call = Call::begin(ctx, "decideLimitApplication", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        let reply = call.run(&key, input.command()).await?;
        of_application!(reply, DecideLimitApplicationResult, DecideLimitApplicationSuccess)
    }
}

impl ApplyForRaisedCreditLimitInput {
    fn command(self) -> Result<ApplyForRaisedCreditLimit, Refused> {
        Ok(ApplyForRaisedCreditLimit {
            account: named("account", "account", self.account.to_domain())?,
            credit_limit: Amount(self.credit_limit.0),
            reason: said(self.reason),
            valid_days: self.valid_days.map(i32::unsigned_abs),
        })
    }
}

impl DecideLimitApplicationInput {
    fn command(self) -> Result<DecideLimitApplication, Refused> {
        Ok(DecideLimitApplication {
            application: named("application", "application", self.application.parse().ok())?,
            approve: self.approve,
            credit_limit: amount(self.credit_limit),
            comment: said(self.comment),
        })
    }
}
