//! What changes a tenant's settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::events::TENANT_UPDATED;
use super::sandbox::NOT_A_SANDBOX;
use crate::ledger::PaymentChannel;
use crate::ledger::event::NewEvent;
use crate::primitives::Currency;
use crate::primitives::calendar::{Calendar, Zone};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::history_codes::{Given, HistoryCodes};
use crate::work::settings::{ChannelRule, DayEnd, Settings};
use crate::work::{About, Change, Command, Decision, Made, Stored, Work};

/// What changes the tenant itself.
pub const COMMANDS: &[Stored] =
    &[Stored::of::<UpdateTenant>().about(About::Nothing), Stored::of::<SetHistoryCodes>().about(About::Nothing)];

/// Changes what a tenant has decided about itself. What is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateTenant {
    /// For people.
    pub name: Option<String>,
    /// The currency of its reports.
    pub base_currency: Option<Currency>,
    /// Where its days begin and end.
    pub time_zone: Option<Zone>,
    /// Which days are business days.
    pub calendar: Option<Calendar>,
    /// When its business day ends.
    pub day_end: Option<DayEnd>,
    /// What holds for the rails: all of it.
    pub channels: Option<BTreeMap<PaymentChannel, ChannelRule>>,
    /// For how many days after it was deleted a card can be restored.
    pub card_restore_days: Option<u32>,
    /// What addresses may be used for: all of it.
    pub address_usages: Option<BTreeSet<(String, String)>>,
    /// Of a sandbox: what the chance of its rails is made from.
    #[serde(default)]
    pub sandbox_seed: Change<u32>,
}

/// The tenant, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated(pub Arc<Settings>);

impl Made for Updated {
    fn result(&self) -> String {
        String::new()
    }

    fn again(work: &mut Work, _: &str) -> Decision<Arc<Self>> {
        Ok(Arc::new(Self(work.settings())))
    }
}

impl Command for UpdateTenant {
    const OPERATION: &'static str = "updateTenant";
    type Made = Updated;

    /// The business date stays until it ends, wherever that is now: it never goes back. Refused as: `INVALID_STATE` for
    /// another currency when something is booked, `NOT_A_SANDBOX` for a seed, `INVALID_INPUT`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Updated>> {
        let mut settings = (*work.settings()).clone();
        if self.base_currency.is_some_and(|other| other != settings.base_currency) && work.head().entry_sequence > 0 {
            let message = format!("something is booked, and the reports are in {}", settings.base_currency.code());
            return Err(Refused::of_field(INVALID_STATE, "baseCurrency", message).into());
        }
        let Self {
            name,
            base_currency,
            time_zone,
            calendar,
            day_end,
            channels,
            card_restore_days,
            address_usages,
            sandbox_seed,
        } = self.clone();
        settings.name = name.unwrap_or(settings.name);
        settings.base_currency = base_currency.unwrap_or(settings.base_currency);
        settings.time_zone = time_zone.unwrap_or(settings.time_zone);
        settings.calendar = calendar.unwrap_or(settings.calendar);
        settings.day_end = day_end.unwrap_or(settings.day_end);
        settings.channels = channels.unwrap_or(settings.channels);
        settings.card_restore_days = card_restore_days.unwrap_or(settings.card_restore_days);
        settings.address_usages = address_usages.unwrap_or(settings.address_usages);
        if sandbox_seed != Change::Keep && !settings.sandbox {
            return Err(Refused::of_field(NOT_A_SANDBOX, "sandboxSeed", "only a sandbox's rails are played").into());
        }
        sandbox_seed.apply(&mut settings.sandbox_seed);
        let settings = Arc::new(settings.checked()?);
        let now = settings.clone();
        work.change_head(|head| head.settings = settings);
        work.tell(NewEvent::of(TENANT_UPDATED, work.tenant(), json!({})));
        Ok(Arc::new(Updated(now)))
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Says what another system's numbers of actions stand for: all of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SetHistoryCodes {
    /// Of types of actions.
    pub types: Given,
    /// Of groups of actions.
    pub groups: Given,
}

impl Command for SetHistoryCodes {
    const OPERATION: &'static str = "setHistoryCodes";
    type Made = Updated;

    /// Refused as: `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Updated>> {
        let history_codes = HistoryCodes::checked(self.types.clone(), self.groups.clone())?;
        let settings = Arc::new(Settings { history_codes, ..(*work.settings()).clone() });
        let now = settings.clone();
        work.change_head(|head| head.settings = settings);
        work.tell(NewEvent::of(TENANT_UPDATED, work.tenant(), json!({})));
        Ok(Arc::new(Updated(now)))
    }

    fn weight(&self) -> usize {
        2
    }
}
