//! The tenant in the API: its settings, its business days, and the clock of a sandbox.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::scalars::{CurrencyCode, Date, DateTime, LocalTime};
use crate::access::{self, Scope, tenants};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::addresses::{AgreedAddressUsage, AgreedAddressUsageInput};
use crate::api::fault::Fault;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::jobs::day::{self, DayState, EndDay};
use crate::jobs::sandbox::{AdvanceClock, LeaveSandbox};
use crate::jobs::settings::UpdateTenant;
use crate::jobs::store;
use crate::ledger::{LedgerFault, PaymentChannel};
use crate::primitives::BusinessDayId;
use crate::primitives::calendar::{self, BankCalendar, DayOfWeek, RollRule, Zone};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::Done;
use crate::work::present::Present;
use crate::work::settings::{self, ChannelRule};

crate::graphql_enums! {
    BankCalendar = "BankCalendar",
    DayOfWeek = "DayOfWeek",
    DayState = "BusinessDayState",
    RollRule = "RollRule",
}

/// A tenant in the API.
#[derive(Clone, Debug)]
pub struct Tenant {
    tenant: tenants::Tenant,
    present: Present,
}

/// The tenant that a token is of.
///
/// # Errors
/// The database's.
pub async fn of(caller: &Caller) -> Result<Tenant, Fault> {
    let tenant = tenants::find(caller.db(), caller.tenant()).await.map_err(LedgerFault::from)?;
    let tenant = tenant.ok_or_else(|| Fault::internal(&"a token of a tenant that is gone"))?;
    Ok(Tenant { tenant, present: caller.engine.present(caller.tenant()).await? })
}

/// When a business day ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DayEnd {
    /// With the calendar's day.
    Midnight,
    /// At a time of that day: what comes later belongs to the next business day.
    CutOff,
    /// When `runBusinessDay` says so.
    ByHand,
}

/// Which days are business days.
#[derive(Clone, Debug, SimpleObject)]
pub struct BusinessCalendar {
    /// Whose holidays it keeps.
    holidays: BankCalendar,
    /// The days of the week that are off.
    weekend: Vec<DayOfWeek>,
    /// Days on which the house is closed besides.
    closing_days: Vec<Date>,
}

/// What holds for payments over a rail.
#[derive(Clone, Debug, SimpleObject)]
pub struct ChannelRuleView {
    /// The rail.
    channel: PaymentChannel,
    /// What comes at this local time or later counts on the next business day, unless the caller says when it counts.
    cut_off: Option<LocalTime>,
    /// What becomes of a value date that is no business day.
    roll: RollRule,
}

/// A tenant: nothing of it is ever seen from another one.
#[Object]
impl Tenant {
    /// Opaque.
    async fn id(&self) -> ID {
        self.tenant.id.into()
    }

    /// Its name in configuration and tokens.
    async fn code(&self) -> &str {
        &self.tenant.code
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.present.head.settings.name
    }

    /// The currency of its reports.
    async fn base_currency(&self) -> CurrencyCode {
        CurrencyCode(self.present.head.settings.base_currency)
    }

    /// Whether it is for trying things out: then its clock can be moved.
    async fn sandbox(&self) -> bool {
        self.present.head.settings.sandbox
    }

    /// Its present: of a sandbox, by its own clock.
    async fn now(&self) -> DateTime {
        DateTime(self.present.now)
    }

    /// Today, in its books.
    async fn business_date(&self) -> Date {
        Date(self.present.today)
    }

    /// When that day ends; null where it ends by hand.
    async fn business_date_ends_at(&self) -> Option<DateTime> {
        let ends = self.present.head.day_at(self.present.now).ends;
        (ends != i64::MAX).then_some(DateTime(ends))
    }

    /// The last day whose work is done: `closePeriod` waits for it. Null until the first day has begun.
    async fn business_date_done(&self) -> Option<Date> {
        self.present.head.day_done.map(Date)
    }

    /// The last day that its books are closed for; none when no period was ever closed.
    async fn closed_through(&self) -> Option<Date> {
        self.present.head.closed_through.map(Date)
    }

    /// Where its days begin and end: a name of the IANA database.
    async fn time_zone(&self) -> &str {
        self.present.head.settings.time_zone.name()
    }

    /// Which days are business days.
    async fn calendar(&self) -> BusinessCalendar {
        let calendar = &self.present.head.settings.calendar;
        BusinessCalendar {
            holidays: calendar.base,
            weekend: calendar.weekend.iter().copied().collect(),
            closing_days: calendar.closing_days.iter().copied().map(Date).collect(),
        }
    }

    /// When its business day ends.
    async fn day_end(&self) -> DayEnd {
        match self.present.head.settings.day_end {
            settings::DayEnd::Midnight => DayEnd::Midnight,
            settings::DayEnd::At(_) => DayEnd::CutOff,
            settings::DayEnd::ByHand => DayEnd::ByHand,
        }
    }

    /// The local time at which its business day ends, where it is not midnight.
    async fn cut_off(&self) -> Option<LocalTime> {
        match self.present.head.settings.day_end {
            settings::DayEnd::At(time) => Some(LocalTime(time)),
            settings::DayEnd::Midnight | settings::DayEnd::ByHand => None,
        }
    }

    /// What holds for the rails, where something does.
    async fn channels(&self) -> Vec<ChannelRuleView> {
        let rule = |(channel, rule): (&PaymentChannel, &ChannelRule)| ChannelRuleView {
            channel: *channel,
            cut_off: rule.cut_off.map(LocalTime),
            roll: rule.roll,
        };
        self.present.head.settings.channels.iter().map(rule).collect()
    }

    /// What addresses may be used for; for anything where there is none.
    async fn address_usages(&self) -> Vec<AgreedAddressUsage> {
        let agreed =
            |(name, service): &(String, String)| AgreedAddressUsage { name: name.clone(), service: service.clone() };
        self.present.head.settings.address_usages.iter().map(agreed).collect()
    }
}

/// A business day in the API.
#[derive(Clone, Debug)]
pub struct BusinessDay(day::BusinessDay);

impl Listed for BusinessDay {
    const LIST: &'static str = "BusinessDay";
}

/// How far a step of a business day is.
#[derive(Clone, Debug, SimpleObject)]
pub struct BusinessDayStep {
    /// What it is called.
    name: String,
    /// How much was done.
    done: i64,
    /// How much was refused.
    refused: i64,
    /// The first refusal, for people.
    refusal: Option<String>,
    /// Why it failed last, if it has; it is tried again.
    failure: Option<String>,
    /// Whether nothing is left.
    complete: bool,
}

/// A business day that has ended, and the work that its end brings. It runs by itself.
#[Object]
impl BusinessDay {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The day.
    async fn date(&self) -> Date {
        Date(self.0.day)
    }

    /// The business day after it.
    async fn next_date(&self) -> Date {
        Date(self.0.next_day)
    }

    /// How far its work is.
    async fn state(&self) -> DayState {
        self.0.state
    }

    /// Its steps, in the order in which they are run.
    async fn steps(&self) -> Vec<BusinessDayStep> {
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let step = |run: &day::StepRun| BusinessDayStep {
            name: run.name.clone(),
            done: count(run.done),
            refused: count(run.refused),
            refusal: run.refusal.clone(),
            failure: run.failure.clone(),
            complete: run.complete,
        };
        self.0.steps.iter().map(step).collect()
    }

    /// When it ended.
    async fn ended_at(&self) -> DateTime {
        DateTime(self.0.ended_at)
    }

    /// When its first step was begun.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When its last step was done.
    async fn done_at(&self) -> Option<DateTime> {
        self.0.done_at.map(DateTime)
    }
}

/// A business day by its id, if the token sees it: one that is bound to a customer sees none.
///
/// # Errors
/// The database's.
pub async fn day_by_id(caller: &Caller, id: BusinessDayId) -> Result<Option<BusinessDay>, Fault> {
    if caller.customer().is_some() {
        return Ok(None);
    }
    Ok(caller.loaders.row::<day::BusinessDay>(id).await?.map(BusinessDay))
}

/// Questions about the tenant's days. Scope: read.
#[derive(Debug, Default)]
pub struct TenantQuery;

/// Questions about the tenant's days. Scope: read.
#[Object]
impl TenantQuery {
    /// The business days that have ended, the last first; none for a token that is bound to a customer.
    async fn business_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in one of these states. At least one.")] states: Option<Vec<DayState>>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<BusinessDay>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<day::BusinessDay>>::new(&PageArgs::forward(first, after))?;
        let states = crate::api::inputs::filter_list("states", states)?;
        if caller.customer().is_some() {
            return Ok(Connection::empty());
        }
        let page = window.page(Ordinal::place);
        let rows = store::list(caller.db(), caller.tenant(), states.as_deref().unwrap_or_default(), page).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), BusinessDay))
    }
}

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
    /// The currency of its reports.
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
    /// What addresses may be used for; replaces all that was agreed on before, and for anything where it is empty. What
    /// addresses are used for already stays.
    address_usages: Option<Vec<AgreedAddressUsageInput>>,
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
            Reply::Done(Done { replayed, .. }) => {
                UpdateTenantResult::Done(UpdateTenantSuccess { tenant: of(caller(ctx)?).await?, replayed })
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
        let mut replayed = false;
        if let Some(Date(day)) = input.end_day {
            match call.run(&input.idempotency_key, Ok(EndDay { day })).await? {
                Reply::Refused(refusal) => return Ok(Some(RunBusinessDayResult::Refused(refusal))),
                Reply::Done(done) => replayed = done.replayed,
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
        let day = store::list(caller.db(), caller.tenant(), &[], last).await?.into_iter().next().map(BusinessDay);
        Ok(Some(RunBusinessDayResult::Done(RunBusinessDaySuccess { tenant: of(caller).await?, day, replayed })))
    }

    /// Begins a sandbox tenant anew: without customers, accounts and entries, with its settings, the products that every
    /// tenant starts with, and its clients, whose next tokens are of it. What there was is kept apart; tokens that were
    /// issued before still see it. Scope: admin.
    async fn reset_sandbox(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which request this is.")] input: ResetSandboxInput,
    ) -> Result<Option<ResetSandboxResult>, Fault> {
        let call = Call::begin(ctx, "resetSandbox", Scope::Admin, Reach::Tenant).await?;
        // Its record is the former tenant's: it says who has asked.
        let replayed = match call.run(&input.idempotency_key, Ok(LeaveSandbox {})).await? {
            Reply::Refused(refusal) => return Ok(Some(ResetSandboxResult::Refused(refusal))),
            Reply::Done(done) => done.replayed,
        };
        let tenant = tenants::reset_sandbox(call.engine, call.origin.tenant).await;
        let tenant = tenant.map_err(|error| match error {
            access::TenantError::Database(error) => Fault::from(LedgerFault::from(error)),
            other => Fault::internal(&other),
        })?;
        let sandbox = FreshSandbox { id: tenant.id.into(), code: tenant.code };
        Ok(Some(ResetSandboxResult::Done(ResetSandboxSuccess { sandbox, replayed })))
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
        let (arrived, replayed) = match tokio::time::timeout(PATIENCE, moved).await {
            Err(_) => (false, false),
            Ok(Ok(answer)) => match call.reply(answer).await? {
                Reply::Refused(refusal) => return Ok(Some(AdvanceClockResult::Refused(refusal))),
                Reply::Done(done) => (true, done.replayed),
            },
            Ok(Err(_)) => return Err(LedgerFault::Stopped.into()),
        };
        let tenant = of(caller(ctx)?).await?;
        Ok(Some(AdvanceClockResult::Done(AdvanceClockSuccess { tenant, arrived, replayed })))
    }
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
            address_usages: self
                .address_usages
                .map(|agreed| agreed.into_iter().map(|usage| (usage.name, usage.service)).collect()),
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
