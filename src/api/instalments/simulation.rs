//! What a credit would come to, in the API: `simulateInstalments`. Nothing is kept of it.

use async_graphql::{Context, InputObject, Object, OneofObject, SimpleObject};

use super::model_inputs::InstalmentModelBy;
use super::models::InstalmentModel;
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::fault::{Fault, FaultCode};
use crate::api::input::MoneyInput;
use crate::api::inputs::name;
use crate::api::money::Money;
use crate::api::scalars::Date;
use crate::instalments::models::{InstalmentModel as Model, InstalmentModelFilter, ModelStatus, Plan, store};
use crate::instalments::schedule::Line;
use crate::ledger::amounts::positive;
use crate::ledger::query::Page;
use crate::primitives::{Currency, Minor};
use crate::refused::Refused;

/// The most models of a type that are simulated.
const MOST_MODELS: u32 = 20;

/// Which models a simulation is by.
#[derive(OneofObject)]
pub enum SimulatedModelsInput {
    /// This one.
    Model(InstalmentModelBy),
    /// All in use of this type, such as `TRANSACTION`: the first 20 that lend so much.
    Type(String),
}

/// A credit to simulate.
#[derive(InputObject)]
pub struct SimulateInstalmentsInput {
    /// By which models.
    by: SimulatedModelsInput,
    /// How much is lent.
    credit: MoneyInput,
    /// In how many instalments; in each number that a model offers when absent.
    terms: Option<i32>,
    /// When the first one is due; as the model says when absent.
    first_due_date: Option<Date>,
}

/// An instalment of a plan that is not agreed on.
#[derive(Clone, Debug, SimpleObject)]
pub struct PlannedInstalment {
    /// Its place, from 1.
    number: u32,
    /// When it is due.
    due_date: Date,
    /// What it repays.
    principal: Money,
    /// What it bears of interest.
    interest: Money,
    /// What it bears of the fee.
    fee: Money,
    /// All of it.
    total: Money,
}

impl PlannedInstalment {
    /// Of a currency.
    #[must_use]
    pub fn new(line: &Line, currency: Currency) -> Self {
        let money = |amount: Minor| Money::of(amount, currency);
        Self {
            number: line.number,
            due_date: Date(line.due),
            principal: money(line.principal),
            interest: money(line.interest),
            fee: money(line.fee),
            total: money(line.total()),
        }
    }
}

/// A plan of a credit in the API.
#[derive(Clone, Debug)]
pub struct InstalmentPlan {
    model: Model,
    plan: Plan,
}

impl InstalmentPlan {
    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.model.currency)
    }
}

/// What a credit would come to by a model.
#[Object]
impl InstalmentPlan {
    /// The model.
    async fn model(&self) -> InstalmentModel {
        InstalmentModel::new(self.model.clone())
    }

    /// What is lent.
    async fn credit(&self) -> Money {
        self.money(self.plan.terms.credit)
    }

    /// How many instalments there are.
    async fn terms(&self) -> u32 {
        self.plan.terms.count
    }

    /// When the first one is due.
    async fn first_due_date(&self) -> Date {
        Date(self.plan.terms.first)
    }

    /// A regular instalment: the first that repays something, without a fee that is charged once. The last one takes the
    /// rest.
    async fn instalment(&self) -> Money {
        self.money(self.plan.schedule.regular(&self.plan.terms))
    }

    /// The interest of all instalments.
    async fn total_interest(&self) -> Money {
        self.money(self.plan.schedule.interest())
    }

    /// The fee of all instalments.
    async fn fee(&self) -> Money {
        self.money(self.plan.schedule.fee())
    }

    /// All that is to be paid: the credit, the interest and the fee.
    async fn total(&self) -> Money {
        self.money(self.plan.schedule.total())
    }

    /// The instalments, in order.
    async fn schedule(&self) -> Vec<PlannedInstalment> {
        self.plan.schedule.lines.iter().map(|line| PlannedInstalment::new(line, self.model.currency)).collect()
    }
}

/// What credits would come to. Scope: read.
#[derive(Debug, Default)]
pub struct SimulationQuery;

/// What credits would come to. Scope: read.
#[Object]
impl SimulationQuery {
    /// The plans that a model, or each model of a type, makes of a credit. Nothing is kept. A request that the one model
    /// that is named does not take is a `BAD_REQUEST` that says why; of a type, such models are left out.
    async fn simulate_instalments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The credit.")] input: SimulateInstalmentsInput,
    ) -> Result<Vec<InstalmentPlan>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let money: crate::primitives::Money = input.credit.into();
        let credit = positive("credit", money).map_err(|refused| bad(&refused))?;
        let count =
            input.terms.map(|terms| super::count("terms", terms)).transpose().map_err(|refused| bad(&refused))?;
        let first = input.first_due_date.map(|date| date.0);
        let (db, tenant) = (caller.db(), caller.tenant());
        let (models, is_named) = match input.by {
            SimulatedModelsInput::Model(by) => match by.to_domain() {
                Some(by) => (store::find(db, tenant, &by).await?.into_iter().collect(), true),
                None => (Vec::new(), true),
            },
            SimulatedModelsInput::Type(kind) => match name(&kind) {
                Some(kind) => {
                    let filter = InstalmentModelFilter {
                        kind: Some(kind),
                        status: Some(ModelStatus::Active),
                        currency: Some(money.currency),
                        lends: Some(credit),
                    };
                    let page = Page { after: None, before: None, limit: MOST_MODELS.into(), backward: false };
                    (store::list(db, tenant, &filter, page).await?, false)
                }
                None => (Vec::new(), false),
            },
        };
        let today = caller.engine.present(tenant).await?.today;
        let mut plans = Vec::new();
        for model in models {
            match model.simulate(credit, money, count, first, today) {
                Ok(made) => plans.extend(made.into_iter().map(|plan| InstalmentPlan { model: model.clone(), plan })),
                Err(refused) if is_named => return Err(bad(&refused)),
                Err(_) => {}
            }
        }
        Ok(plans)
    }
}

/// A refusal as a question is told it.
fn bad(refused: &Refused) -> Fault {
    let field = refused.fields.first().map(|field| field.path.join(".")).unwrap_or_default();
    Fault::new(FaultCode::BadRequest, &format!("input.{field}: {}", refused.message))
}
