//! A tenant's present, for those who read: its time and its business date, as its next command would see them.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, EntityTrait, QueryResult};

use super::head::Head;
use super::settings::Settings;
use crate::ledger::LedgerFault;
use crate::primitives::clock::Micros;
use crate::primitives::{Clock, TenantId};
use entity::ledger_head::{Entity, Model};

/// What of the head tells the present as a rule, to be selected beside something else; `$1` is the tenant.
pub const COLUMNS: &str = "(SELECT business_date FROM ledger_head WHERE tenant_id = $1) AS business_date, \
     (SELECT day_ends_us FROM ledger_head WHERE tenant_id = $1) AS day_ends_us, \
     (SELECT clock_ahead_us FROM ledger_head WHERE tenant_id = $1) AS clock_ahead_us, \
     (SELECT last_booked_us FROM ledger_head WHERE tenant_id = $1) AS last_booked_us";

/// The business date, where the last batch's has not ended yet. Otherwise the whole head has to be asked ([`of`]).
///
/// # Errors
/// The database's.
pub fn today(clock: &Clock, row: &QueryResult) -> Result<Option<NaiveDate>, LedgerFault> {
    let date: Option<NaiveDate> = row.try_get("", "business_date")?;
    let ends: Option<Micros> = row.try_get("", "day_ends_us")?;
    let (clock_ahead, last_booked) = (row.try_get("", "clock_ahead_us")?, row.try_get("", "last_booked_us")?);
    let now = Head { clock_ahead, last_booked, ..Head::default() }.booking_time(clock.micros());
    Ok(date.filter(|_| ends.is_some_and(|ends| now < ends)))
}

/// A tenant's present.
#[derive(Clone, Debug)]
pub struct Present {
    /// The tenant's time: of a sandbox, its own.
    pub now: Micros,
    /// Its business date.
    pub today: NaiveDate,
    /// Its head.
    pub head: Head,
}

/// The present of a tenant.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of(db: &impl ConnectionTrait, clock: &Clock, tenant: TenantId) -> Result<Present, LedgerFault> {
    let row = Entity::find_by_id(tenant.0).one(db).await?;
    at(clock, row.ok_or(LedgerFault::Inconsistent("a tenant without a head"))?)
}

/// The present that a head tells.
///
/// # Errors
/// [`LedgerFault`].
pub(crate) fn at(clock: &Clock, row: Model) -> Result<Present, LedgerFault> {
    let settings = Settings::from_text(&row.settings).map_err(|_| LedgerFault::Inconsistent("settings of a tenant"))?;
    let head = Head {
        epoch: row.epoch,
        command_sequence: row.command_sequence,
        entry_sequence: row.entry_sequence,
        event_sequence: row.event_sequence,
        batch_number: row.batch_number,
        last_booked: row.last_booked_us,
        chain_hash: row.chain_hash,
        business_date: row.business_date,
        day_ends: row.day_ends_us,
        day_open: row.day_open,
        day_done: row.day_done,
        clock_ahead: row.clock_ahead_us,
        settings: settings.into(),
        closed_through: row.closed_through,
    };
    let now = head.booking_time(clock.micros());
    Ok(Present { now, today: head.day_at(now).date, head })
}
