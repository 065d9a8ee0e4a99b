//! `createLeasePlan`, `addLeaseInstalment`, `alterLeaseInstalment`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::plans::{LeaseInstalment, LeasePlan};
use crate::access::Scope;
use crate::api::accounts::lookup::{AccountLookup, account_ref};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::enums::{LeasePrincipal, LeaseService};
use crate::api::fault::Fault;
use crate::api::input::{amount, change, named, set};
use crate::api::inputs::AccountBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime, Decimal};
use crate::leasing::{
    AddLeaseInstalment, AlterLeaseInstalment, CreateLeasePlan, LeaseInstalmentRef, LeasePlanTerms, NewLeaseInstalment,
    NewLeaseInstalments,
};
use crate::primitives::Amount;
use crate::refused::{Refused, said};

/// An instalment of a lease: its parts are amounts in the account's currency, nothing when absent, and come to more than
/// zero together.
#[derive(InputObject)]
pub struct LeaseInstalmentInput {
    /// The day by which it is to be paid: from the business date on, up to fifty years ahead.
    due_date: Date,
    /// The day on which it is billed, by its due date; its due date when absent.
    billing_date: Option<Date>,
    /// When the letter about it goes out: kept for you.
    letter_at: Option<DateTime>,
    /// When it is reminded of: kept for you.
    reminder_at: Option<DateTime>,
    /// What repays.
    principal: Option<Decimal>,
    /// Interest.
    interest: Option<Decimal>,
    /// A fee.
    fee: Option<Decimal>,
    /// Value added tax.
    vat: Option<Decimal>,
    /// What comes with it: kept for you.
    #[graphql(default_with = "LeaseService::None")]
    service: LeaseService,
    /// Whether it is the residual value.
    #[graphql(default)]
    residual: bool,
}

/// What the instalments of a lease are made from: monthly rents of one size, and the residual value on the day of the last.
#[derive(InputObject)]
pub struct LeaseTermsInput {
    /// What is financed, in the account's currency.
    amount: Decimal,
    /// What of it is left for the last instalment; nothing when absent.
    residual: Option<Decimal>,
    /// The yearly rate, in percent: 0 to 100, with at most four decimals.
    annual_rate_pct: Decimal,
    /// How many rents: 1 to 360.
    count: i32,
    /// When the first one is due: from the business date on, up to twenty years ahead.
    first_due_date: Date,
    /// The fee of each rent.
    fee: Option<Decimal>,
    /// Value added tax, in percent of each rent and of the residual value, rounded half away from zero: 0 to 100, with at most
    /// four decimals.
    vat_pct: Option<Decimal>,
    /// What comes with each rent: kept for you.
    #[graphql(default_with = "LeaseService::None")]
    service: LeaseService,
}

/// A lease plan to make: from terms, or of instalments that are listed.
#[derive(InputObject)]
pub struct CreateLeasePlanInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account. Required without `lookup`.
    account: Option<AccountBy>,
    /// What the account is: beside `account` it must agree, without it exactly one must be so.
    lookup: Option<AccountLookup>,
    /// What you call it; not unique.
    reference: Option<String>,
    /// When the account comes to owe the principal.
    #[graphql(default_with = "LeasePrincipal::WithInstalments")]
    principal_owed: LeasePrincipal,
    /// What its instalments are made from.
    terms: Option<LeaseTermsInput>,
    /// Or its instalments, up to 360.
    #[graphql(validator(max_items = 360))]
    instalments: Option<Vec<LeaseInstalmentInput>>,
}

/// An instalment to add.
#[derive(InputObject)]
pub struct AddLeaseInstalmentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account. Required without `lookup` and `plan`.
    account: Option<AccountBy>,
    /// What the account is: beside `account` it must agree, without it exactly one must be so.
    lookup: Option<AccountLookup>,
    /// Which of its plans: required where it has several. Where it has none, one is made.
    plan: Option<ID>,
    /// The instalment.
    instalment: LeaseInstalmentInput,
}

/// An instalment to alter: what is absent stays. All that says which one must agree.
#[derive(InputObject)]
pub struct AlterLeaseInstalmentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which instalment, by its id. Otherwise its account or plan, with its number or due date.
    instalment: Option<ID>,
    /// Its account.
    account: Option<AccountBy>,
    /// What its account is.
    lookup: Option<AccountLookup>,
    /// Its plan.
    plan: Option<ID>,
    /// Its number in the plan.
    number: Option<i32>,
    /// The day by which it is to be paid, as it is now.
    current_due_date: Option<Date>,
    /// What repays, in the account's currency.
    principal: MaybeUndefined<Decimal>,
    /// Interest.
    interest: MaybeUndefined<Decimal>,
    /// A fee.
    fee: MaybeUndefined<Decimal>,
    /// Value added tax.
    vat: MaybeUndefined<Decimal>,
    /// The day by which it is to be paid from now on.
    due_date: MaybeUndefined<Date>,
    /// The day on which it is billed; emptied, its due date. Not of one that is billed already.
    billing_date: MaybeUndefined<Date>,
    /// When the letter about it goes out.
    letter_at: MaybeUndefined<DateTime>,
    /// When it is reminded of.
    reminder_at: MaybeUndefined<DateTime>,
    /// What comes with it.
    service: MaybeUndefined<LeaseService>,
    /// Whether funds that lie on the account pay it now, and not on its billing date.
    #[graphql(default)]
    trigger_settlement: bool,
}

outcomes! {
    /// A lease plan was made.
    CreateLeasePlanResult = CreateLeasePlanSuccess {
        /// The plan.
        plan: LeasePlan,
    }

    /// An instalment was added.
    AddLeaseInstalmentResult = AddLeaseInstalmentSuccess {
        /// The instalment.
        instalment: LeaseInstalment,
    }

    /// An instalment was altered.
    AlterLeaseInstalmentResult = AlterLeaseInstalmentSuccess {
        /// The instalment, as it is now.
        instalment: LeaseInstalment,
    }
}

/// Mutations of leases.
#[derive(Default)]
pub struct LeaseMutation;

#[Object]
impl LeaseMutation {
    /// Makes a plan of a leasing account, which may have 20, and 1,000 instalments. On its billing date an instalment is billed:
    /// what it is made of is charged, and dues ask for what funds on the account have not paid of it. Of a plan OWED_BEFORE, the
    /// principal is at most what the account owes and is not asked for yet. Scope: money.
    async fn create_lease_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The plan.")] input: CreateLeasePlanInput,
    ) -> Result<Option<CreateLeasePlanResult>, Fault> {
        let call = Call::begin(ctx, "createLeasePlan", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CreateLeasePlanResult::Refused(refusal),
            Reply::Done(done) => CreateLeasePlanResult::Done(CreateLeasePlanSuccess {
                plan: LeasePlan(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Adds an instalment to a plan of a leasing account, behind the others. Scope: money.
    async fn add_lease_instalment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The instalment.")] input: AddLeaseInstalmentInput,
    ) -> Result<Option<AddLeaseInstalmentResult>, Fault> {
        let call = Call::begin(ctx, "addLeaseInstalment", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => AddLeaseInstalmentResult::Refused(refusal),
            Reply::Done(done) => {
                let instalment = LeaseInstalment::load(caller(ctx)?, Arc::unwrap_or_clone(done.value)).await?;
                AddLeaseInstalmentResult::Done(AddLeaseInstalmentSuccess { instalment, receipt: done.receipt.into() })
            }
        }))
    }

    /// Alters an instalment of which nothing is paid. One that is billed already is billed anew where its amounts change, and
    /// asked for by its new due date. Scope: money.
    async fn alter_lease_instalment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to alter.")] input: AlterLeaseInstalmentInput,
    ) -> Result<Option<AlterLeaseInstalmentResult>, Fault> {
        let call = Call::begin(ctx, "alterLeaseInstalment", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => AlterLeaseInstalmentResult::Refused(refusal),
            Reply::Done(done) => {
                let instalment = LeaseInstalment::load(caller(ctx)?, Arc::unwrap_or_clone(done.value)).await?;
                AlterLeaseInstalmentResult::Done(AlterLeaseInstalmentSuccess {
                    instalment,
                    receipt: done.receipt.into(),
                })
            }
        }))
    }
}

impl LeaseInstalmentInput {
    fn new_instalment(self) -> NewLeaseInstalment {
        NewLeaseInstalment {
            due_on: self.due_date.0,
            billing_on: self.billing_date.map(|day| day.0),
            letter_at: self.letter_at.map(|at| at.0),
            reminder_at: self.reminder_at.map(|at| at.0),
            principal: amount(self.principal),
            interest: amount(self.interest),
            fee: amount(self.fee),
            vat: amount(self.vat),
            service: self.service,
            residual: self.residual,
        }
    }
}

impl LeaseTermsInput {
    fn terms(self) -> LeasePlanTerms {
        LeasePlanTerms {
            amount: Amount(self.amount.0),
            residual: amount(self.residual),
            rate_annual_pct: Amount(self.annual_rate_pct.0),
            // What is no count is none that is allowed either.
            count: u32::try_from(self.count).unwrap_or_default(),
            first_due_on: self.first_due_date.0,
            fee: amount(self.fee),
            vat_pct: amount(self.vat_pct),
            service: self.service,
        }
    }
}

impl CreateLeasePlanInput {
    fn command(self) -> Result<CreateLeasePlan, Refused> {
        let instalments = match (self.terms, self.instalments) {
            (Some(terms), None) => NewLeaseInstalments::Terms(terms.terms()),
            (None, Some(listed)) => {
                NewLeaseInstalments::Listed(listed.into_iter().map(LeaseInstalmentInput::new_instalment).collect())
            }
            _ => return Err(Refused::invalid("terms", "give either terms or instalments")),
        };
        Ok(CreateLeasePlan {
            account: account_ref(self.account, self.lookup)?,
            reference: said(self.reference),
            principal: self.principal_owed,
            instalments,
        })
    }
}

impl AddLeaseInstalmentInput {
    fn command(self) -> Result<AddLeaseInstalment, Refused> {
        Ok(AddLeaseInstalment {
            account: account_ref(self.account, self.lookup)?,
            plan: self.plan.map(|id| named("plan", "lease plan", id.parse().ok())).transpose()?,
            instalment: self.instalment.new_instalment(),
        })
    }
}

impl AlterLeaseInstalmentInput {
    fn command(self) -> Result<AlterLeaseInstalment, Refused> {
        let part = |field: &str, value| set(field, value).map(amount);
        let instalment = LeaseInstalmentRef {
            id: self.instalment.map(|id| named("instalment", "instalment of a lease", id.parse().ok())).transpose()?,
            account: account_ref(self.account, self.lookup)?,
            plan: self.plan.map(|id| named("plan", "lease plan", id.parse().ok())).transpose()?,
            // What is no number is that of none.
            number: self.number.map(|number| u32::try_from(number).unwrap_or_default()),
            due_on: self.current_due_date.map(|day| day.0),
        };
        Ok(AlterLeaseInstalment {
            instalment,
            principal: part("principal", self.principal)?,
            interest: part("interest", self.interest)?,
            fee: part("fee", self.fee)?,
            vat: part("vat", self.vat)?,
            due_on: set("dueDate", self.due_date)?.map(|day| day.0),
            billing_on: change(self.billing_date.map_value(|day| day.0)),
            letter_at: change(self.letter_at.map_value(|at| at.0)),
            reminder_at: change(self.reminder_at.map_value(|at| at.0)),
            service: set("service", self.service)?,
            trigger_settlement: self.trigger_settlement,
        })
    }
}
