//! A tenant and its business days, as they are shown.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use crate::access::{Scope, tenants};
use crate::api::context::{Caller, allowed};
use crate::api::customers::addresses::AgreedAddressUsage;
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{CurrencyCode, Date, DateTime, LocalTime};
use crate::events::history::HistoryOf;
use crate::jobs::day::{self, DayState};
use crate::jobs::store;
use crate::ledger::{LedgerFault, PaymentChannel};
use crate::primitives::calendar::{BankCalendar, DayOfWeek, RollRule};
use crate::primitives::{BusinessDayId, TenantId};
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

/// The tenant that a token is of, by its id. No other is ever seen.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: TenantId) -> Result<Option<Tenant>, Fault> {
    if id == caller.tenant() { of(caller).await.map(Some) } else { Ok(None) }
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

    /// What the chance of a sandbox's played rails is made from; null where nothing happens by chance.
    async fn sandbox_seed(&self) -> Option<i32> {
        self.present.head.settings.sandbox_seed.and_then(|seed| i32::try_from(seed).ok())
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

    /// For how many days after it was deleted a card can be restored.
    async fn card_restore_days(&self) -> i32 {
        i32::try_from(self.present.head.settings.card_restore_days).unwrap_or(i32::MAX)
    }

    /// What addresses may be used for; for anything where there is none.
    async fn address_usages(&self) -> Vec<AgreedAddressUsage> {
        let agreed =
            |(name, service): &(String, String)| AgreedAddressUsage { name: name.clone(), service: service.clone() };
        self.present.head.settings.address_usages.iter().map(agreed).collect()
    }

    /// Every command that touched it, newest first. Not for a token that is bound to a
    /// customer. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        allowed(ctx, Scope::Read)?.require_unbound()?;
        let of = HistoryOf::Tenant(self.tenant.id);
        history::of_traces(ctx, &of, filter, first, after).await
    }
}

/// A business day in the API.
#[derive(Clone, Debug)]
pub struct BusinessDay(day::BusinessDay);

impl BusinessDay {
    /// Of a day of the caller's tenant.
    #[must_use]
    pub fn new(day: day::BusinessDay) -> Self {
        Self(day)
    }
}

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
    /// The tenant that the token is of, with its settings as they stand.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant, Fault> {
        of(allowed(ctx, Scope::Read)?).await
    }

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
