//! What subscribes insurance, records its events and ends it.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::events::{self, INSURANCE_END_SET, INSURANCE_ENDED, INSURANCE_EVENT_RECORDED, INSURANCE_SUBSCRIBED};
use super::model::{
    InsuranceContract, InsuranceEvent, InsurancePackage, InsuranceStatus, MOST_CONTRACTS, PackageEvent,
};
use super::refusals::{INSURANCE_EVENT_NOT_AUTHORISED, INSURANCE_EXISTS, INSURANCE_NOT_OFFERED};
use super::store::{ContractBy, OF_ACCOUNT, PackageBy, STANDING};
use crate::accounts::{Account, AccountBy};
use crate::customers::Customer;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::ledger::{AccountStatus, Refusal};
use crate::primitives::AccountId;
use crate::refused::{Facts, INVALID_STATE, Refused, noted, reason};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// How many days ahead an insurance may begin or end.
const DAYS_AHEAD: u64 = 3_660;

/// Subscribes an insurance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubscribeInsurance {
    /// On which account.
    pub account: AccountBy,
    /// Of which package.
    pub package: PackageBy,
    /// The event that activates it; the package's own when absent.
    pub event: Option<String>,
    /// Its first day; today when absent.
    pub from: Option<NaiveDate>,
    /// For people.
    pub note: Option<String>,
}

impl Command for SubscribeInsurance {
    const OPERATION: &'static str = "subscribeInsurance";
    type Made = InsuranceContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.package.hint(wants);
    }

    /// Refused as: `NOT_FOUND` (account, then package), `INVALID_INPUT` (`from`, `note`, no event and none by default),
    /// `ACCOUNT_NOT_OPEN`, `INVALID_STATE` for a retired package, `INSURANCE_NOT_OFFERED`, `INSURANCE_EVENT_NOT_AUTHORISED`,
    /// `INSURED_AGE_UNKNOWN`, `INSURED_AGE_OUT_OF_RANGE` on its first day, `INSURANCE_EXISTS`, `LIMIT_EXCEEDED`, in this
    /// order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InsuranceContract>> {
        let account = self.account.locate(work, "account")?;
        let package = self.package.locate(work, "package")?;
        let today = work.today();
        let from = ahead("from", self.from, today)?;
        let note = noted("note", self.note.as_deref())?;
        let Some(code) = self.event.as_ref().or(package.terms.default_event.as_ref()) else {
            return Err(Refused::invalid("event", "the package names no event that activates by default").into());
        };
        let status = work.position(account.id)?.status;
        if status != AccountStatus::Open {
            let refusal = Refusal::AccountNotOpen { account: account.id, status };
            return Err(Stop::from(refusal)).named(&[(account.id, "account")]);
        }
        if package.retired {
            return Err(Refused::of_field(INVALID_STATE, "package", "the package is retired").into());
        }
        if !package.terms.products.contains(&account.product) {
            let message = "the package is not offered with accounts of this product";
            return Err(Refused::of_field(INSURANCE_NOT_OFFERED, "package", message).into());
        }
        let event = package.activating("event", code)?.clone();
        package.check_age(born(work, &account)?, from)?;
        let standing = InsuranceContract::standing_of(account.id, package.id);
        if work.find::<InsuranceContract>(&STANDING, &standing)?.is_some() {
            let message = "the account has an insurance of this package";
            return Err(Refused::of_field(INSURANCE_EXISTS, "package", message).into());
        }
        if work.all::<InsuranceContract, Account>(OF_ACCOUNT, account.id)?.len() >= MOST_CONTRACTS {
            let refused =
                Refused::of_field(LIMIT_EXCEEDED, "account", format!("at most {MOST_CONTRACTS} insurances at once"));
            let facts = Facts { maximum_count: i32::try_from(MOST_CONTRACTS).ok(), ..Facts::default() };
            return Err(Refused { facts: Box::new(facts), ..refused }.into());
        }
        let begins = from == today;
        let contract = InsuranceContract {
            id: work.id(),
            ordinal: work.ordinal(),
            package: package.id,
            account: account.id,
            standing: Some(standing),
            status: if begins { InsuranceStatus::Active } else { InsuranceStatus::Disabled },
            covered: begins,
            starts_on: from,
            activates_on: (!begins).then_some(from),
            ends_on: None,
            end_reason: None,
            closed_on: None,
            periods: 0,
            premium_due_on: begins.then_some(from),
            last_event: None,
            created_at: work.now(),
        };
        let contract = work.insert(contract)?;
        let contract = record(work, &contract, &event, (from, note), |_| Ok(()))?;
        work.tell(events::of_contract(INSURANCE_SUBSCRIBED, &contract, Some(&event.code)));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        5
    }
}

/// Records something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordInsuranceEvent {
    /// To which insurance.
    pub insurance: ContractBy,
    /// What, as a code of its package.
    pub event: String,
    /// When; today when absent.
    pub occurred_on: Option<NaiveDate>,
    /// For people.
    pub note: Option<String>,
}

impl Command for RecordInsuranceEvent {
    const OPERATION: &'static str = "recordInsuranceEvent";
    type Made = InsuranceContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.insurance.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` (`occurredOn` after the business date, `note`),
    /// `INSURANCE_EVENT_NOT_AUTHORISED`, `INVALID_STATE` where the state that results cannot come of the present one,
    /// `INSURED_AGE_UNKNOWN` and `INSURED_AGE_OUT_OF_RANGE` for one that activates, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InsuranceContract>> {
        let found = self.insurance.locate(work, "insurance")?;
        let today = work.today();
        let occurred_on = self.occurred_on.unwrap_or(today);
        if occurred_on > today {
            return Err(Refused::invalid("occurredOn", "must not lie after the business date").into());
        }
        let note = noted("note", self.note.as_deref())?;
        let package = package_of(work, &found)?;
        let Some(event) = package.event(&self.event).cloned() else {
            let message = "the package does not authorise the event";
            return Err(Refused::of_field(INSURANCE_EVENT_NOT_AUTHORISED, "event", message).into());
        };
        found.status.may_become(event.status, "insurance")?;
        if event.status == InsuranceStatus::Active && found.status != InsuranceStatus::Active {
            let account = account_of(work, &found)?;
            package.check_age(born(work, &account)?, today).map_err(|mut refused| {
                refused.fields.iter_mut().for_each(|field| field.path = vec!["insurance".into()]);
                refused
            })?;
        }
        let period = package.terms.premium.period;
        let applied = event.clone();
        let contract =
            record(work, &found, &event, (occurred_on, note), |contract| contract.apply(&applied, period, today))?;
        work.tell(events::of_contract(INSURANCE_EVENT_RECORDED, &contract, Some(&event.code)));
        if contract.status == InsuranceStatus::Closed {
            work.tell(events::of_contract(INSURANCE_ENDED, &contract, Some(&event.code)));
        }
        Ok(contract)
    }

    fn weight(&self) -> usize {
        5
    }
}

/// Ends an insurance, at once or after a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndInsurance {
    /// Which.
    pub insurance: ContractBy,
    /// Its last day; today when absent.
    pub on: Option<NaiveDate>,
    /// Why, for people.
    pub reason: String,
}

impl Command for EndInsurance {
    const OPERATION: &'static str = "endInsurance";
    type Made = InsuranceContract;

    fn looks_at(&self, wants: &mut Wants) {
        self.insurance.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` (`on`, `reason`), `INVALID_STATE` for one that is closed, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InsuranceContract>> {
        let found = self.insurance.locate(work, "insurance")?;
        let today = work.today();
        let on = ahead("on", self.on, today)?;
        let why = reason("reason", &self.reason)?;
        found.status.may_become(InsuranceStatus::Closed, "insurance")?;
        let contract = work.change::<InsuranceContract, Refused>(found.id, |contract| {
            contract.ends_on = Some(on);
            contract.end_reason = Some(why.clone());
            if on == today {
                contract.close(today, Some(why));
            }
            Ok(())
        })?;
        let is_over = contract.status == InsuranceStatus::Closed;
        work.tell(events::of_contract(if is_over { INSURANCE_ENDED } else { INSURANCE_END_SET }, &contract, None));
        Ok(contract)
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Closes what is insured on an account that has just been closed.
///
/// # Errors
/// That something is not loaded yet.
pub fn close_all(work: &mut Work, account: AccountId) -> Decision<()> {
    let today = work.today();
    for contract in work.all::<InsuranceContract, Account>(OF_ACCOUNT, account)? {
        let contract = work.change::<InsuranceContract, Refused>(contract.id, |contract| {
            contract.close(today, Some("the account was closed".into()));
            Ok(())
        })?;
        work.tell(events::of_contract(INSURANCE_ENDED, &contract, None));
    }
    Ok(())
}

/// Records an event, with what it does to the contract.
pub(super) fn record(
    work: &mut Work,
    contract: &InsuranceContract,
    event: &PackageEvent,
    (occurred_on, note): (NaiveDate, Option<String>),
    change: impl FnOnce(&mut InsuranceContract) -> Result<(), Refused>,
) -> Decision<Arc<InsuranceContract>> {
    let recorded = InsuranceEvent {
        id: work.id(),
        ordinal: work.ordinal(),
        contract: contract.id,
        event: event.clone(),
        occurred_on,
        note,
        client: work.origin().client.to_string(),
        recorded_at: work.now(),
    };
    let recorded = work.insert(recorded)?;
    work.change::<InsuranceContract, Refused>(contract.id, |contract| {
        contract.last_event = Some(recorded.id);
        change(contract)
    })
}

/// When the insured was born, if that is known.
pub(super) fn born(work: &mut Work, account: &Account) -> Decision<Option<NaiveDate>> {
    Ok(work.get::<Customer>(account.owner)?.and_then(|owner| owner.birth_date))
}

pub(super) fn account_of(work: &mut Work, contract: &InsuranceContract) -> Decision<Arc<Account>> {
    work.get::<Account>(contract.account)?.ok_or_else(|| Stop::damaged("an insurance without its account"))
}

pub(super) fn package_of(work: &mut Work, contract: &InsuranceContract) -> Decision<Arc<InsurancePackage>> {
    work.get::<InsurancePackage>(contract.package)?.ok_or_else(|| Stop::damaged("an insurance without its package"))
}

/// A day that begins today at the earliest.
fn ahead(field: &str, day: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate, Refused> {
    let day = day.unwrap_or(today);
    let latest = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    if day < today || day > latest {
        let facts = Box::new(Facts { earliest: Some(today), latest: Some(latest), ..Facts::default() });
        return Err(Refused { facts, ..Refused::invalid(field, format!("must lie between {today} and {latest}")) });
    }
    Ok(day)
}
