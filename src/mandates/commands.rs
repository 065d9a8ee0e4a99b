//! What becomes of mandates.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::events::{
    self, MANDATE_ACTIVATED, MANDATE_AMENDED, MANDATE_CREATED, MANDATE_EXPIRED, MANDATE_REVOKED, MANDATE_SUSPENDED,
};
use super::model::{LONGEST_REFERENCE, MOST_NOTIFICATION_DAYS, Mandate, MandateScheme, MandateStatus, known_as};
use super::payer::{Amendment, MOST_AMENDMENTS, Payer, Sealed};
use super::refusals::DEBTOR_NOT_OF_ACCOUNT;
use super::store::{self, MOST_OF_ACCOUNT, MandateBy};
use crate::accounts::{Account, AccountBy, participants};
use crate::customers::{Customer, CustomerBy};
use crate::ledger::event::EventType;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::primitives::MandateId;
use crate::refused::{Facts, Refused, check_reference, noted};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// Product references of a mandate, at most.
const MOST_PRODUCTS: usize = 50;

/// Registers a mandate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateMandate {
    /// For which account.
    pub account: AccountBy,
    /// Its reference; made when absent.
    pub reference: Option<String>,
    /// By whose rules is collected.
    pub scheme: MandateScheme,
    /// Who pays; the account's owner when absent.
    pub debtor: Option<CustomerBy>,
    /// What of the account it is for, in the caller's own words.
    pub product_references: Vec<String>,
    /// Who pays from where.
    pub payer: Option<Payer>,
    /// From where the customer has allowed it.
    pub client_ip: Option<String>,
    /// Whether it is for one collection alone.
    pub one_off: bool,
    /// When it was signed.
    pub signed_on: Option<NaiveDate>,
    /// How many days before a collection it is announced.
    pub pre_notification_days: Option<u16>,
}

impl Command for CreateMandate {
    const OPERATION: &'static str = "createMandate";
    type Made = Mandate;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        if let Some(debtor) = &self.debtor {
            debtor.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND` (account, then debtor), `INVALID_INPUT`, `DEBTOR_NOT_OF_ACCOUNT`, `ACCOUNT_NOT_OPEN` once it is
    /// closed, `LIMIT_EXCEEDED` for too many mandates of one account, `DUPLICATE_REFERENCE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Mandate>> {
        let account = self.account.locate(work, "account");
        let debtor = self.debtor.as_ref().map(|debtor| debtor.locate(work, "debtor")).transpose();
        let (account, debtor) = (account?, debtor?);
        self.check(work.today())?;
        let payer = self.payer.clone().map(Payer::checked).transpose()?;
        let debtor = match debtor {
            Some(debtor) => debtor,
            None => {
                let owner = work.get::<Customer>(account.owner)?;
                owner.ok_or_else(|| Stop::damaged("an account without its owner"))?
            }
        };
        debtor.require_present("debtor")?;
        require_part(work, &account, &debtor)?;
        let position = work.position(account.id)?;
        position.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
        let others = store::of_account(work, account.id)?;
        let today = work.today();
        if others.iter().filter(|other| !other.stands(today).next().is_empty()).count() >= MOST_OF_ACCOUNT {
            return Err(too_many("account", MOST_OF_ACCOUNT, "an account has at most that many mandates").into());
        }
        let id: MandateId = work.id();
        let reference = self.reference.clone().unwrap_or_else(|| id.0.simple().to_string().to_uppercase());
        // A bank's and a provider's reference of one account are told apart by nobody.
        if others.iter().any(|other| other.reference == reference) {
            return Err(Refused::duplicate("reference", "the mandate's reference").into());
        }
        let signed_on = self.signed_on.unwrap_or(today);
        let mandate = Mandate {
            id,
            ordinal: work.ordinal(),
            account: account.id,
            debtor: debtor.id,
            known_as: known_as(self.scheme, account.id, &reference),
            reference,
            scheme: self.scheme,
            status: self.scheme.begins(self.signed_on.is_some()),
            one_off: self.one_off,
            product_references: self.product_references.clone(),
            sealed: Sealed { payer, client_ip: self.client_ip.clone(), amendments: Vec::new() },
            signed_on,
            pre_notification_days: self.pre_notification_days.unwrap_or(self.scheme.notification_days()),
            uses: 0,
            sequence: None,
            last_used_on: None,
            lapses_on: self.scheme.lapses(signed_on),
            last_debit: None,
            reason: None,
            created_at: work.now(),
            ended_at: None,
        };
        let mandate = work.insert(mandate)?;
        work.tell(events::of(MANDATE_CREATED, &mandate));
        Ok(mandate)
    }

    fn weight(&self) -> usize {
        3
    }
}

impl CreateMandate {
    fn check(&self, today: NaiveDate) -> Result<(), Refused> {
        check_own_reference(self.scheme, self.reference.as_deref())?;
        check_products(&self.product_references)?;
        check_notification(self.pre_notification_days)?;
        if self.scheme.is_of_provider() {
            if self.product_references.is_empty() {
                return Err(Refused::invalid("productReferences", "a provider's mandate names at least one product"));
            }
            if self.reference.is_none() {
                return Err(Refused::invalid("reference", "a provider's mandate has the provider's id"));
            }
        } else {
            require_account(self.payer.as_ref())?;
        }
        match &self.client_ip {
            None if self.scheme.asks_for_ip() => {
                Err(Refused::invalid("clientIpAddress", "the provider asks for the customer's IP address"))
            }
            Some(_) if !self.scheme.asks_for_ip() => {
                Err(Refused::invalid("clientIpAddress", "is kept for a provider that asks for it alone"))
            }
            Some(ip) if ip.parse::<IpAddr>().is_err() => {
                Err(Refused::invalid("clientIpAddress", "is no IP address, of version 4 or 6"))
            }
            _ => Ok(()),
        }?;
        match self.signed_on {
            Some(day) if day > today => Err(Refused::invalid("signedOn", "must not lie after the business date")),
            Some(day) if self.scheme.lapses(day).is_some_and(|lapses| lapses <= today) => {
                Err(Refused::invalid("signedOn", "the mandate has lapsed: it was signed 36 months ago or longer"))
            }
            _ => Ok(()),
        }
    }
}

fn check_own_reference(scheme: MandateScheme, reference: Option<&str>) -> Result<(), Refused> {
    check_reference("reference", reference)?;
    let is_long = reference.is_some_and(|reference| reference.chars().count() > LONGEST_REFERENCE);
    if !scheme.is_of_provider() && is_long {
        return Err(Refused::invalid("reference", format!("a bank takes at most {LONGEST_REFERENCE} characters")));
    }
    Ok(())
}

fn check_products(references: &[String]) -> Result<(), Refused> {
    if references.len() > MOST_PRODUCTS {
        return Err(too_many("productReferences", MOST_PRODUCTS, "a mandate is for at most that many products"));
    }
    for (place, reference) in references.iter().enumerate() {
        check_reference(&format!("productReferences.{place}"), Some(reference))?;
        if references[..place].contains(reference) {
            return Err(Refused::invalid(&format!("productReferences.{place}"), "stands there twice"));
        }
    }
    Ok(())
}

fn check_notification(days: Option<u16>) -> Result<(), Refused> {
    if days.is_some_and(|days| days > MOST_NOTIFICATION_DAYS) {
        let message = format!("must be at most {MOST_NOTIFICATION_DAYS}");
        return Err(Refused::invalid("preNotificationDays", message));
    }
    Ok(())
}

/// A bank debits an account whose number it knows.
fn require_account(payer: Option<&Payer>) -> Result<(), Refused> {
    match payer {
        None => Err(Refused::invalid("payer", "say from which bank account is collected")),
        Some(Payer::Card { .. }) => Err(Refused::invalid("payer.card", "a bank's mandate is of a bank account")),
        Some(payer) if payer.bank_account().is_none() => {
            Err(Refused::invalid("payer.bankAccount.bankAccountClass", "a bank's mandate is of an account in full"))
        }
        Some(_) => Ok(()),
    }
}

fn too_many(field: &str, most: usize, message: &str) -> Refused {
    let maximum_count = i32::try_from(most).ok();
    let facts = Box::new(Facts { maximum_count, ..Facts::default() });
    Refused { facts, ..Refused::of_field(LIMIT_EXCEEDED, field, message) }
}

/// Whoever is to pay owns the account, or takes part in it.
fn require_part(work: &mut Work, account: &Account, debtor: &Customer) -> Decision<()> {
    if debtor.id == account.owner {
        return Ok(());
    }
    let parts = participants::of_customer(work, debtor.id)?;
    if parts.iter().any(|part| part.account == account.id) {
        return Ok(());
    }
    let message = "the debtor neither owns the account nor takes part in it";
    Err(Refused::of_field(DEBTOR_NOT_OF_ACCOUNT, "debtor", message).into())
}

/// Turns a mandate to a state, and tells of it.
///
/// # Errors
/// `INVALID_STATE` where it cannot become that.
pub fn turn(work: &mut Work, id: MandateId, status: MandateStatus, reason: Option<String>) -> Decision<Arc<Mandate>> {
    let (today, now) = (work.today(), work.now());
    work.get::<Mandate>(id)?;
    let mandate = work.change::<Mandate, Refused>(id, |mandate| {
        mandate.turn(status, today, now)?;
        mandate.reason = reason;
        Ok(())
    })?;
    work.tell(events::of(event(status), &mandate));
    Ok(mandate)
}

fn event(status: MandateStatus) -> EventType {
    match status {
        MandateStatus::Pending => MANDATE_CREATED,
        MandateStatus::Active => MANDATE_ACTIVATED,
        MandateStatus::Suspended => MANDATE_SUSPENDED,
        MandateStatus::Revoked => MANDATE_REVOKED,
        MandateStatus::Expired => MANDATE_EXPIRED,
    }
}

/// Puts a mandate into force: it was signed or confirmed, or is no longer suspended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActivateMandate {
    /// Which.
    pub mandate: MandateBy,
}

impl Command for ActivateMandate {
    const OPERATION: &'static str = "activateMandate";
    type Made = Mandate;

    fn looks_at(&self, wants: &mut Wants) {
        self.mandate.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Mandate>> {
        let found = self.mandate.locate(work, "mandate")?;
        turn(work, found.id, MandateStatus::Active, None)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Has no debits made by a mandate for the time being. What is on the way stays so.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuspendMandate {
    /// Which.
    pub mandate: MandateBy,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Command for SuspendMandate {
    const OPERATION: &'static str = "suspendMandate";
    type Made = Mandate;

    fn looks_at(&self, wants: &mut Wants) {
        self.mandate.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Mandate>> {
        let found = self.mandate.locate(work, "mandate")?;
        let reason = noted("reason", self.reason.as_deref())?;
        turn(work, found.id, MandateStatus::Suspended, reason)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Takes a mandate back, for good.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokeMandate {
    /// Which.
    pub mandate: MandateBy,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Command for RevokeMandate {
    const OPERATION: &'static str = "revokeMandate";
    type Made = Mandate;

    fn looks_at(&self, wants: &mut Wants) {
        self.mandate.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Mandate>> {
        let found = self.mandate.locate(work, "mandate")?;
        let reason = noted("reason", self.reason.as_deref())?;
        turn(work, found.id, MandateStatus::Revoked, reason)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Changes what a mandate says; what it said before is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AmendMandate {
    /// Which.
    pub mandate: MandateBy,
    /// Another reference.
    pub reference: Option<String>,
    /// Who pays from where from now on.
    pub payer: Option<Payer>,
    /// How many days before a collection it is announced from now on.
    pub pre_notification_days: Option<u16>,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Command for AmendMandate {
    const OPERATION: &'static str = "amendMandate";
    type Made = Mandate;

    fn looks_at(&self, wants: &mut Wants) {
        self.mandate.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` once it is over, `INVALID_INPUT`, also where nothing would change,
    /// `LIMIT_EXCEEDED` for too many amendments, `DUPLICATE_REFERENCE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Mandate>> {
        let found = self.mandate.locate(work, "mandate")?;
        found.require_amendable(work.today())?;
        check_own_reference(found.scheme, self.reference.as_deref())?;
        let payer = self.payer.clone().map(Payer::checked).transpose()?;
        if payer.is_some() && !found.scheme.is_of_provider() {
            require_account(payer.as_ref())?;
        }
        check_notification(self.pre_notification_days)?;
        let reason = noted("reason", self.reason.as_deref())?;
        let reference = self.reference.clone().filter(|reference| *reference != found.reference);
        let payer = payer.filter(|payer| Some(payer) != found.sealed.payer.as_ref());
        let days = self.pre_notification_days.filter(|days| *days != found.pre_notification_days);
        if reference.is_none() && payer.is_none() && days.is_none() {
            return Err(Refused::invalid("mandate", "says all of that already: nothing would be amended").into());
        }
        if found.sealed.amendments.len() >= MOST_AMENDMENTS {
            return Err(too_many("mandate", MOST_AMENDMENTS, "a mandate is amended at most that often").into());
        }
        if let Some(reference) = &reference {
            let others = store::of_account(work, found.account)?;
            if others.iter().any(|other| other.reference == *reference) {
                return Err(Refused::duplicate("reference", "the mandate's reference").into());
            }
        }
        let before = Amendment {
            on: work.today(),
            reference: reference.is_some().then(|| found.reference.clone()),
            payer: payer.is_some().then(|| found.sealed.payer.clone()).flatten(),
            pre_notification_days: days.is_some().then_some(found.pre_notification_days),
            reason,
        };
        let mandate = work.change::<Mandate, Refused>(found.id, |mandate| {
            if let Some(reference) = reference {
                mandate.known_as = known_as(mandate.scheme, mandate.account, &reference);
                mandate.reference = reference;
            }
            mandate.sealed.payer = payer.or(mandate.sealed.payer.take());
            mandate.pre_notification_days = days.unwrap_or(mandate.pre_notification_days);
            mandate.sealed.amendments.push(before);
            Ok(())
        })?;
        work.tell(events::of(MANDATE_AMENDED, &mandate));
        Ok(mandate)
    }

    fn weight(&self) -> usize {
        3
    }
}
