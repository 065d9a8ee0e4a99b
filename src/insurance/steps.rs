//! What the business day does with insurance: premiums, beginnings, ends.

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use super::commands::{account_of, born, package_of, record};
use super::events::{self, INSURANCE_ENDED, INSURANCE_STARTED};
use super::model::{InsuranceContract, InsurancePackage, InsurancePremium, InsuranceStatus};
use super::store;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::entry::{Side, Spread};
use crate::ledger::{Component, Draft, LedgerFault, TransactionKind};
use crate::primitives::{Minor, TenantId};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

/// Charges the premiums of the periods that have begun.
#[derive(Debug)]
pub struct ChargePremiums;

impl Step for ChargePremiums {
    const NAME: &'static str = "chargeInsurancePremiums";
    const PAGE: u64 = 200;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_charge(db.reader(), tenant, day.day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<InsuranceContract>(key, wants);
    }

    /// Refused as the books refuse it: then it is tried again with the next day. One period a day, so that whoever can pay
    /// for one and not for all that have come together pays for one.
    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let contract = found(work, key)?;
        let package = package_of(work, &contract)?;
        let rule = package.terms.premium;
        // Somebody was faster.
        if contract.premium_due_on.is_none_or(|due| due > day.day || contract.ends_on.is_some_and(|ends| ends < due)) {
            return Ok(());
        }
        let (from, through) =
            contract.period(rule.period).ok_or_else(|| Stop::damaged("a period of an insurance that never ends"))?;
        let id = InsurancePremium::id_of(contract.id, from);
        if work.get::<InsurancePremium>(id)?.is_some() {
            return Err(Stop::damaged("a period of an insurance that is charged already"));
        }
        let position = work.position(contract.account)?;
        let (amount, currency) = (rule.premium(&position), position.currency);
        let entry = match amount {
            Minor::ZERO => None,
            amount => {
                let spread = match rule.component {
                    Component::Principal => Spread::Flow,
                    component => Spread::Charge(component),
                };
                let title = format!("{}, {from} to {through}", package.name);
                let draft = Draft::new(TransactionKind::InsurancePremium, currency, title);
                let own = Side::Account(contract.account, spread, None);
                let mut draft = draft.moving(own, Side::Internal(rule.ledger_account), amount);
                draft.facts.reference = Some(package.code.clone());
                Some(work.post(&draft)?.id)
            }
        };
        let premium = InsurancePremium {
            id,
            ordinal: work.ordinal(),
            contract: contract.id,
            from,
            through,
            amount,
            currency,
            entry,
            charged_on: work.today(),
        };
        let premium = work.insert(premium)?;
        let contract = work.change::<InsuranceContract, Refused>(contract.id, |contract| {
            contract.charged(rule.period);
            Ok(())
        })?;
        work.tell(events::charged(&contract, &premium));
        Ok(())
    }
}

/// Begins what begins with the next day, and closes what is over by then.
#[derive(Debug)]
pub struct TurnContracts;

impl Step for TurnContracts {
    const NAME: &'static str = "turnInsurance";
    const PAGE: u64 = 200;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_turn(db.reader(), tenant, day.next_day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<InsuranceContract>(key, wants);
    }

    fn books_on(day: &BusinessDay) -> Option<NaiveDate> {
        Some(day.next_day)
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let contract = found(work, key)?;
        let next = day.next_day;
        // Somebody was faster.
        if contract.status == InsuranceStatus::Closed {
            return Ok(());
        }
        let package = package_of(work, &contract)?;
        let account = account_of(work, &contract)?;
        if contract.ends_on.is_some_and(|ends_on| ends_on < next) {
            let contract = work.change::<InsuranceContract, Refused>(contract.id, |contract| {
                contract.close(next, None);
                Ok(())
            })?;
            work.tell(events::of_contract(INSURANCE_ENDED, &contract, None));
            return Ok(());
        }
        if package.is_too_old(born(work, &account)?, next) {
            return end_by_age(work, &contract, &package, day);
        }
        if contract.activates_on.is_some_and(|on| on <= next) {
            let contract = work.change::<InsuranceContract, Refused>(contract.id, |contract| {
                contract.status.may_become(InsuranceStatus::Active, "insurance")?;
                contract.status = InsuranceStatus::Active;
                contract.covered = true;
                contract.activates_on = None;
                contract.premium_due_on = Some(contract.starts_on);
                Ok(())
            })?;
            work.tell(events::of_contract(INSURANCE_STARTED, &contract, None));
        }
        Ok(())
    }
}

fn end_by_age(
    work: &mut Work,
    contract: &InsuranceContract,
    package: &InsurancePackage,
    day: &BusinessDay,
) -> Decision<()> {
    let next = day.next_day;
    let close = |contract: &mut InsuranceContract| {
        contract.ends_on = Some(day.through());
        contract.close(next, Some("the insured is older than the package allows".into()));
        Ok(())
    };
    let event = package.terms.maximum_age_event.as_deref().and_then(|code| package.event(code)).cloned();
    let contract = match &event {
        Some(event) => record(work, contract, event, (next, None), close)?,
        None => work.change::<InsuranceContract, Refused>(contract.id, close)?,
    };
    let code = event.as_ref().map(|event| event.code.as_str());
    work.tell(events::of_contract(INSURANCE_ENDED, &contract, code));
    Ok(())
}

fn found(work: &mut Work, key: &str) -> Decision<Arc<InsuranceContract>> {
    by_id::row(work, key, "the key of a step is no insurance")
}
