//! What is done to a tenant: its settings, its days, and a sandbox's clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::types::{BusinessDay, DayEnd, Tenant, of};
use crate::access::{self, Scope, tenants};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::customers::addresses::{AgreedAddressUsageInput, agreed};
use crate::api::fault::Fault;
use crate::api::outputs::Receipt;
use crate::api::refusal::outcomes;
use crate::api::scalars::{CurrencyCode, Date, DateTime, LocalTime};
use crate::engine::Engine;
use crate::jobs::day::EndDay;
use crate::jobs::sandbox::{AdvanceClock, LeaveSandbox};
use crate::jobs::settings::UpdateTenant;
use crate::jobs::store;
use crate::ledger::{LedgerFault, PaymentChannel};
use crate::primitives::TenantId;
use crate::primitives::calendar::{self, BankCalendar, DayOfWeek, RollRule, Zone};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::Change;
use crate::work::settings::{self, ChannelRule};

/// Which days are business days.
#[derive(Debug, InputObject)]
pub struct BusinessCalendarInput {
    /// Whose holidays it keeps.
    holidays: BankCalendar,
    /// The days of the week that are off; Saturday and Sunday when absent, none where every day is a business day.
    weekend: Option<Vec<DayOfWeek>>,
    /// Days on which the house is closed besides.
    closing_days: Option<Vec<Date>>,
}

/// What holds for payments over a rail.
#[derive(Debug, InputObject)]
pub struct ChannelRuleInput {
    /// The rail.
    channel: PaymentChannel,
    /// What comes at this local time or later counts on the next business day, unless the caller says when it counts.
    cut_off: Option<LocalTime>,
    /// What becomes of a value date that is no business day; it stays when absent.
    roll: Option<RollRule>,
}

/// What to change of the tenant's settings. Absent fields stay as they are.
#[derive(Debug, InputObject)]
pub struct UpdateTenantInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// For people.
    name: Option<String>,
    /// The currency of its reports. Stays as it is once something is booked.
    base_currency: Option<CurrencyCode>,
    /// Where its days begin and end: a name of the IANA database, such as `Europe/Stockholm`.
    time_zone: Option<String>,
    /// Which days are business days.
    calendar: Option<BusinessCalendarInput>,
    /// When its business day ends. The business date never goes back: it stays until it ends.
    day_end: Option<DayEnd>,
    /// The local time at which it ends; with `CUT_OFF`, and only then.
    cut_off: Option<LocalTime>,
    /// What holds for the rails; replaces all that held before.
    channels: Option<Vec<ChannelRuleInput>>,
    /// For how many days after it was deleted a card can be restored; 0 for that day alone, at most 3,653.
    card_restore_days: Option<i32>,
    /// What addresses may be used for; replaces all that was agreed on before, and for anything where it is empty. What
    /// addresses are used for already stays.
    address_usages: Option<Vec<AgreedAddressUsageInput>>,
    /// Of a sandbox: what the chance of its played rails is made from, 0 or more; null, and nothing happens by chance.
    sandbox_seed: MaybeUndefined<i32>,
}

/// The day to end, where days end by hand.
#[derive(Debug, InputObject)]
pub struct RunBusinessDayInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The business date that is to end now; where days end by themselves it must be absent. Without it the days that
    /// have ended are run, what has failed once more.
    end_day: Option<Date>,
}

/// Where to move the clock of a sandbox.
#[derive(Debug, InputObject)]
pub struct AdvanceClockInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// To which moment: forwards only.
    to: DateTime,
}

/// A sandbox to begin anew.
#[derive(Debug, InputObject)]
pub struct ResetSandboxInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
}

/// A sandbox that has begun anew.
#[derive(Clone, Debug, SimpleObject)]
pub struct FreshSandbox {
    /// Opaque: another one than before.
    id: ID,
    /// Its code: the same.
    code: String,
}

outcomes! {
    /// A sandbox has begun anew. The clients' next tokens are of it; a token that was issued before stays with what there was.
    ResetSandboxResult = ResetSandboxSuccess {
        /// The tenant without anything that has taken its place.
        sandbox: FreshSandbox,
    }

    /// The tenant's settings were changed.
    UpdateTenantResult = UpdateTenantSuccess {
        /// The tenant, as it is now.
        tenant: Tenant,
    }

    /// The days that have ended were run.
    RunBusinessDayResult = RunBusinessDaySuccess {
        /// The tenant, as it is now.
        tenant: Tenant,
        /// The last day that has ended, if any has.
        day: Option<BusinessDay>,
    }

    /// The clock was moved, and the days on the way were run.
    AdvanceClockResult = AdvanceClockSuccess {
        /// The tenant, as it is now.
        tenant: Tenant,
        /// Whether the clock has come to where it was to go. Otherwise it is still on its way: ask again.
        arrived: bool,
    }
}

/// Mutations of the tenant.
#[derive(Default)]
pub struct TenantMutation;

#[Object]
impl TenantMutation {
    /// Changes the tenant's settings. Scope: admin.
    async fn update_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateTenantInput,
    ) -> Result<Option<UpdateTenantResult>, Fault> {
        let call = Call::begin(ctx, "updateTenant", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => UpdateTenantResult::Refused(refusal),
            Reply::Done(done) => {
                let receipt = done.receipt.into();
                UpdateTenantResult::Done(UpdateTenantSuccess { tenant: of(caller(ctx)?).await?, receipt })
            }
        }))
    }

    /// Runs the work of the business days that have ended, and waits for it. Where days end by hand, ends one first. Scope:
    /// admin.
    async fn run_business_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which day to end.")] input: RunBusinessDayInput,
    ) -> Result<Option<RunBusinessDayResult>, Fault> {
        let call = Call::begin(ctx, "runBusinessDay", Scope::Admin, Reach::Tenant).await?;
        if let Err(refused) = call.holds_no_card_number() {
            return Ok(Some(RunBusinessDayResult::Refused(call.refuse(refused).await?)));
        }
        let mut receipt = Receipt::default();
        if let Some(Date(day)) = input.end_day {
            match call.run(&input.idempotency_key, Ok(EndDay { day })).await? {
                Reply::Refused(refusal) => return Ok(Some(RunBusinessDayResult::Refused(refusal))),
                Reply::Done(done) => receipt = done.receipt.into(),
            }
        }
        let caller = caller(ctx)?;
        let waited = call.engine.days().wait_for(caller.tenant(), chrono::NaiveDate::MAX, PATIENCE).await?;
        if let Some(day) = waited {
            let step = day.steps.iter().find(|run| run.failure.is_some()).map_or("", |run| run.name.as_str());
            let message = format!("the step {step} of {} has failed; it is tried again", day.day);
            let refusal = call.refuse(Refused::new(INVALID_STATE, message)).await?;
            return Ok(Some(RunBusinessDayResult::Refused(refusal)));
        }
        let last = crate::ledger::journal::Page { after: None, before: None, limit: 1, backward: false };
        let day = store::list(caller.db(), caller.tenant(), &[], last).await?.into_iter().next().map(BusinessDay::new);
        Ok(Some(RunBusinessDayResult::Done(RunBusinessDaySuccess { tenant: of(caller).await?, day, receipt })))
    }

    /// Begins a sandbox tenant anew: with its settings, the products that every tenant starts with, and its clients, whose
    /// next tokens are of it; without anything else, rules of approval, webhooks and kinds of documents included. What there was is kept apart; tokens that were
    /// issued before still see it. Scope: admin.
    async fn reset_sandbox(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which request this is.")] input: ResetSandboxInput,
    ) -> Result<Option<ResetSandboxResult>, Fault> {
        let call = Call::begin(ctx, "resetSandbox", Scope::Admin, Reach::Tenant).await?;
        // Its record is the former tenant's: it says who has asked.
        let receipt = match call.run(&input.idempotency_key, Ok(LeaveSandbox {})).await? {
            Reply::Refused(refusal) => return Ok(Some(ResetSandboxResult::Refused(refusal))),
            Reply::Done(done) => done.receipt.into(),
        };
        let tenant = begun_anew(call.engine, call.origin.tenant).await?;
        let sandbox = FreshSandbox { id: tenant.id.into(), code: tenant.code };
        Ok(Some(ResetSandboxResult::Done(ResetSandboxSuccess { sandbox, receipt })))
    }

    /// Moves the clock of a sandbox tenant forward, running the work of every day on the way. Scope: admin.
    async fn advance_clock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To where.")] input: AdvanceClockInput,
    ) -> Result<Option<AdvanceClockResult>, Fault> {
        let call = Call::begin(ctx, "advanceClock", Scope::Admin, Reach::Tenant).await?;
        let days = call.engine.days().clone();
        let to = input.to.0;
        let key = match call.key(&input.idempotency_key, &AdvanceClock { to }) {
            Ok(key) => key,
            Err(refused) => return Ok(Some(AdvanceClockResult::Refused(call.refuse(refused).await?))),
        };
        let origin = call.origin.clone();
        let (sender, moved) = tokio::sync::oneshot::channel();
        // It goes on when nobody waits for it any more.
        call.engine.spawn(async move {
            let moved = days.advance(&origin, Some(key), to).await;
            if let Err(moved) = sender.send(moved)
                && let Err(failure) = moved
            {
                tracing::warn!(%failure, "a sandbox's clock stopped on its way");
            }
        });
        let (arrived, receipt) = match tokio::time::timeout(PATIENCE, moved).await {
            Err(_) => (false, Receipt::default()),
            Ok(Ok(answer)) => match call.reply(answer).await? {
                Reply::Refused(refusal) => return Ok(Some(AdvanceClockResult::Refused(refusal))),
                Reply::Done(done) => (true, done.receipt.into()),
            },
            Ok(Err(_)) => return Err(LedgerFault::Stopped.into()),
        };
        let tenant = of(caller(ctx)?).await?;
        Ok(Some(AdvanceClockResult::Done(AdvanceClockSuccess { tenant, arrived, receipt })))
    }
}

/// Begins a sandbox anew that may be: done again, it gives the tenant that has taken its place.
///
/// # Errors
/// The database's.
pub(in crate::api) async fn begun_anew(engine: &Engine, tenant: TenantId) -> Result<tenants::Tenant, Fault> {
    tenants::reset_sandbox(engine, tenant).await.map_err(|error| match error {
        access::TenantError::Database(error) => Fault::from(LedgerFault::from(error)),
        other => Fault::internal(&other),
    })
}

/// How long a caller waits for days to be run.
const PATIENCE: Duration = Duration::from_secs(20);

impl UpdateTenantInput {
    fn command(self) -> Result<UpdateTenant, Refused> {
        let zone =
            |name: String| name.parse::<Zone>().map_err(|problem| Refused::invalid("timeZone", problem.to_string()));
        let day_end = match (self.day_end, self.cut_off) {
            (Some(DayEnd::CutOff), Some(LocalTime(time))) => Some(settings::DayEnd::At(time)),
            (Some(DayEnd::CutOff), None) => return Err(Refused::invalid("cutOff", "is needed with CUT_OFF")),
            (_, Some(_)) => return Err(Refused::invalid("cutOff", "goes with the day end CUT_OFF, and only then")),
            (Some(DayEnd::Midnight), None) => Some(settings::DayEnd::Midnight),
            (Some(DayEnd::ByHand), None) => Some(settings::DayEnd::ByHand),
            (None, None) => None,
        };
        Ok(UpdateTenant {
            name: self.name,
            base_currency: self.base_currency.map(|currency| currency.0),
            time_zone: self.time_zone.map(zone).transpose()?,
            calendar: self.calendar.map(BusinessCalendarInput::into_domain),
            day_end,
            channels: self.channels.map(channels).transpose()?,
            card_restore_days: self.card_restore_days.map(days).transpose()?,
            address_usages: self.address_usages.map(agreed),
            sandbox_seed: match self.sandbox_seed {
                MaybeUndefined::Undefined => Change::Keep,
                MaybeUndefined::Null => Change::Clear,
                MaybeUndefined::Value(seed) => Change::Set(
                    u32::try_from(seed).map_err(|_| Refused::invalid("sandboxSeed", "must not be negative"))?,
                ),
            },
        })
    }
}

impl BusinessCalendarInput {
    fn into_domain(self) -> calendar::Calendar {
        let usual = || calendar::Calendar::usual_weekend(self.holidays);
        calendar::Calendar {
            base: self.holidays,
            weekend: self.weekend.map_or_else(usual, |days| days.into_iter().collect()),
            closing_days: self.closing_days.unwrap_or_default().into_iter().map(|day| day.0).collect::<BTreeSet<_>>(),
        }
    }
}

fn days(days: i32) -> Result<u32, Refused> {
    u32::try_from(days).map_err(|_| Refused::invalid("cardRestoreDays", "must not be negative"))
}

fn channels(rules: Vec<ChannelRuleInput>) -> Result<BTreeMap<PaymentChannel, ChannelRule>, Refused> {
    let mut all = BTreeMap::new();
    for (place, rule) in rules.into_iter().enumerate() {
        let kept = ChannelRule { cut_off: rule.cut_off.map(|time| time.0), roll: rule.roll.unwrap_or(RollRule::None) };
        if all.insert(rule.channel, kept).is_some() {
            return Err(Refused::invalid(&format!("channels.{place}.channel"), "has a rule already"));
        }
    }
    Ok(all)
}
