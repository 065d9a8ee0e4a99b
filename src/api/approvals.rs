//! Approvals in the API: what waits for a second person, their yes and no, and the rules of what waits.

mod follow_up;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use self::follow_up::follow_up;
use crate::access::Scope;
use crate::api::accounts::{self, Account, Product};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::ApprovalState;
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::filter_list;
use crate::api::jobs::filter_words;
use crate::api::money::Money;
use crate::api::node::{self, Node};
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::{Refusal, outcomes};
use crate::api::scalars::DateTime;
use crate::events::history::HistoryOf;
use crate::jobs::approvals::rules::HOURS;
use crate::jobs::approvals::{
    self, ApprovalRules as Rules, Approve, RejectApproval, Rule, SetApprovalRules, WithdrawApproval, store,
};
use crate::primitives::{ApprovalId, ApprovalRulesId};
use crate::refused::Refused;
use crate::work::read;

/// An approval in the API.
#[derive(Clone, Debug)]
pub struct Approval(approvals::Approval);

impl Approval {
    /// Of one that the token sees.
    #[must_use]
    pub fn new(approval: approvals::Approval) -> Self {
        Self(approval)
    }
}

impl Listed for Approval {
    const LIST: &'static str = "Approval";
}

/// A mutation that waits for a second person, and what became of it.
#[Object]
impl Approval {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The mutation.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// Where it stands.
    async fn state(&self, ctx: &Context<'_>) -> Result<ApprovalState, Fault> {
        if self.0.state != ApprovalState::Pending {
            return Ok(self.0.state);
        }
        let caller = caller(ctx)?;
        Ok(self.0.stands(caller.engine.present(caller.tenant()).await?.now))
    }

    /// How much it moves, or how much it is about: a new limit, a reservation.
    async fn amount(&self) -> Option<Money> {
        self.0.amount.map(|(minor, currency)| minor.in_currency(currency).into())
    }

    /// The first account that it touches.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.account {
            Some(account) => accounts::by_id(caller(ctx)?, account).await,
            None => Ok(None),
        }
    }

    /// That account's product.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>, Fault> {
        match self.0.product {
            Some(product) => accounts::product_by_id(caller(ctx)?, product).await,
            None => Ok(None),
        }
    }

    /// The client that asked for it.
    async fn requested_by(&self) -> &str {
        &self.0.client
    }

    /// The request that it came with, as the audit trail has it.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime {
        DateTime(self.0.requested_at)
    }

    /// Until when somebody may say yes.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }

    /// When it ended.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// The client that said yes or no, or took it back.
    async fn ended_by(&self) -> Option<&str> {
        self.0.checker.as_deref()
    }

    /// What they said to it.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }

    /// What it made, as it is now.
    async fn result(&self, ctx: &Context<'_>) -> Result<Option<Node>, Fault> {
        match &self.0.result {
            Some(id) => node::find(caller(ctx)?, &ID(id.clone())).await,
            None => Ok(None),
        }
    }

    /// What it was refused for when it was decided anew. The fields are those of its input.
    async fn refusal(&self) -> Result<Option<Refusal>, Fault> {
        match &self.0.refusal {
            None => Ok(None),
            Some(kept) => {
                let shown = Refusal::kept(kept);
                shown.map(Some).ok_or_else(|| Fault::internal(&"a refusal with a code that nobody gives"))
            }
        }
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

/// Which mutations wait for a second person.
#[derive(Clone, Debug, SimpleObject)]
pub struct ApprovalRule {
    /// Of this operation.
    operation: String,
    /// Only those that move more than this, in its currency; all when absent.
    above: Option<Money>,
    /// Only those that touch an account of one of these products; all when empty.
    products: Vec<ID>,
    /// Hours that it waits at most.
    expires_after_hours: i32,
}

impl From<&Rule> for ApprovalRule {
    fn from(rule: &Rule) -> Self {
        Self {
            operation: rule.operation.clone(),
            above: rule.above.map(Into::into),
            products: rule.products.iter().map(|id| (*id).into()).collect(),
            expires_after_hours: i32::try_from(rule.hours).unwrap_or(i32::MAX),
        }
    }
}

fn shown(rules: &Rules) -> Vec<ApprovalRule> {
    rules.rules.iter().map(Into::into).collect()
}

/// Which approvals to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct ApprovalFilter {
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    states: Option<Vec<ApprovalState>>,
    /// Only of these operations; of all when absent.
    #[graphql(validator(max_items = 100))]
    operations: Option<Vec<String>>,
}

/// An approval by its id, if the token sees it: one that is bound to a customer sees what it has asked for itself.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: ApprovalId) -> Result<Option<Approval>, Fault> {
    let found = caller.loaders.row::<approvals::Approval>(id).await?;
    Ok(found.filter(|approval| sees(caller, approval)).map(Approval))
}

/// Whether the token sees an approval.
#[must_use]
pub fn sees(caller: &Caller, approval: &approvals::Approval) -> bool {
    caller.customer().is_none() || caller.customer() == approval.customer
}

/// Questions about approvals. Scope: read.
#[derive(Debug, Default)]
pub struct ApprovalQuery;

/// Questions about approvals. Scope: read.
#[Object]
impl ApprovalQuery {
    /// One approval. Null for what does not exist or is not yours to see.
    async fn approval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Approval>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match id.parse() {
            Ok(id) => by_id(caller, id).await,
            Err(_) => Ok(None),
        }
    }

    /// Approvals, the newest first. A token that is bound to a customer sees those that were asked for with such a token.
    async fn approvals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<ApprovalFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Approval>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<approvals::Approval>>::new(&PageArgs::forward(first, after))?;
        let filter = filter.unwrap_or_default();
        let filter = store::ApprovalFilter {
            states: filter_list("states", filter.states)?.unwrap_or_default(),
            operations: filter_words("operations", filter.operations)?,
            customer: caller.customer(),
        };
        let now = caller.engine.present(caller.tenant()).await?.now;
        let rows = store::list(caller.db(), caller.tenant(), &filter, now, window.page(Ordinal::place)).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Approval))
    }

    /// The rules of what waits for a second person; none for a token that is bound to a customer.
    async fn approval_rules(&self, ctx: &Context<'_>) -> Result<Vec<ApprovalRule>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        if caller.customer().is_some() {
            return Ok(Vec::new());
        }
        let id = ApprovalRulesId::of_tenant(caller.tenant());
        let rules = read::by_id::<Rules>(caller.db(), caller.tenant(), id).await?;
        Ok(rules.as_ref().map(shown).unwrap_or_default())
    }
}

/// A yes.
#[derive(InputObject)]
pub struct ApproveInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// To what.
    approval: ID,
    /// For people.
    comment: Option<String>,
}

/// A no.
#[derive(InputObject)]
pub struct RejectApprovalInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// To what.
    approval: ID,
    /// For people.
    comment: Option<String>,
}

/// Something to take back.
#[derive(InputObject)]
pub struct WithdrawApprovalInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What you have asked for.
    approval: ID,
    /// For people.
    comment: Option<String>,
}

/// A rule of what waits.
#[derive(InputObject)]
pub struct ApprovalRuleInput {
    /// Of this mutation, by its name: `disburse`. All can wait, but `approve`, `rejectApproval`, `withdrawApproval` and
    /// `rotateWebhookSecret`. Items of batches are as if they had been asked for alone.
    operation: String,
    /// Only those that move more than this, in its currency; all when absent. Not of what is about no amount.
    above: Option<MoneyInput>,
    /// Only those that touch an account of one of these products; all when absent. At most 100. Not of what touches no
    /// account.
    #[graphql(validator(max_items = 100))]
    products: Option<Vec<ID>>,
    /// Hours that it waits at most, up to a year.
    #[graphql(default_with = "HOURS as i32")]
    expires_after_hours: i32,
}

/// The rules from now on.
#[derive(InputObject)]
pub struct SetApprovalRulesInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// All of them, at most 100: what is not among them does not wait any more. The first that asks for a second person
    /// decides how long it waits, and one that could never be that is refused.
    #[graphql(validator(max_items = 100))]
    rules: Vec<ApprovalRuleInput>,
}

outcomes! {
    /// Somebody said yes. Whether it was done is in the approval: what was refused when it was decided anew is `FAILED`.
    ApproveResult = ApproveSuccess {
        /// The approval, as it is now.
        approval: Approval,
    }

    /// Somebody said no.
    RejectApprovalResult = RejectApprovalSuccess {
        /// The approval, as it is now.
        approval: Approval,
    }

    /// It was taken back.
    WithdrawApprovalResult = WithdrawApprovalSuccess {
        /// The approval, as it is now.
        approval: Approval,
    }

    /// The rules were replaced.
    SetApprovalRulesResult = SetApprovalRulesSuccess {
        /// The rules, as they are now.
        rules: Vec<ApprovalRule>,
    }
}

/// Mutations of approvals.
#[derive(Default)]
pub struct ApprovalMutation;

#[Object]
impl ApprovalMutation {
    /// Says yes to what somebody else has asked for: it is decided anew, on the books as they now stand. Scope: approve.
    async fn approve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To what.")] input: ApproveInput,
    ) -> Result<Option<ApproveResult>, Fault> {
        let call = Call::begin(ctx, "approve", Scope::Approve, Reach::Tenant).await?;
        let approval = named("approval", "approval", input.approval.parse().ok());
        let command = approval.map(|approval| Approve { approval, comment: input.comment });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => ApproveResult::Refused(refusal),
            Reply::Done(done) => {
                follow_up(ctx, &call, &done.value).await?;
                ApproveResult::Done(ApproveSuccess {
                    approval: Approval((*done.value).clone()),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }

    /// Says no to what somebody else has asked for. Scope: approve.
    async fn reject_approval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To what.")] input: RejectApprovalInput,
    ) -> Result<Option<RejectApprovalResult>, Fault> {
        let call = Call::begin(ctx, "rejectApproval", Scope::Approve, Reach::Tenant).await?;
        let approval = named("approval", "approval", input.approval.parse().ok());
        let command = approval.map(|approval| RejectApproval { approval, comment: input.comment });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => RejectApprovalResult::Refused(refusal),
            Reply::Done(done) => RejectApprovalResult::Done(RejectApprovalSuccess {
                approval: Approval((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Takes back what you have asked for yourself. Scope: read.
    async fn withdraw_approval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What.")] input: WithdrawApprovalInput,
    ) -> Result<Option<WithdrawApprovalResult>, Fault> {
        let call = Call::begin(ctx, "withdrawApproval", Scope::Read, Reach::Own).await?;
        let approval = named("approval", "approval", input.approval.parse().ok());
        let command = approval.map(|approval| WithdrawApproval { approval, comment: input.comment });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => WithdrawApprovalResult::Refused(refusal),
            Reply::Done(done) => WithdrawApprovalResult::Done(WithdrawApprovalSuccess {
                approval: Approval((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Replaces the rules of what waits for a second person. May wait for one itself. Scope: admin.
    async fn set_approval_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rules from now on.")] input: SetApprovalRulesInput,
    ) -> Result<Option<SetApprovalRulesResult>, Fault> {
        let call = Call::begin(ctx, "setApprovalRules", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => SetApprovalRulesResult::Refused(refusal),
            Reply::Done(done) => SetApprovalRulesResult::Done(SetApprovalRulesSuccess {
                rules: shown(&done.value),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl SetApprovalRulesInput {
    fn command(self) -> Result<SetApprovalRules, Refused> {
        let rules = self.rules.into_iter().enumerate();
        let rules = rules.map(|(place, rule)| rule.rule().map_err(|refused| refused.at("rules", place)));
        Ok(SetApprovalRules { rules: rules.collect::<Result<_, _>>()? })
    }
}

impl ApprovalRuleInput {
    fn rule(self) -> Result<Rule, Refused> {
        let products = self.products.unwrap_or_default();
        let products = products.iter().map(|id| named("products", "product", id.parse().ok()));
        Ok(Rule {
            operation: self.operation,
            above: self.above.map(Into::into),
            products: products.collect::<Result<_, _>>()?,
            // What is negative is out of range as well.
            hours: u32::try_from(self.expires_after_hours).unwrap_or(0),
        })
    }
}
