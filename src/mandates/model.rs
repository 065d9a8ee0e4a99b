//! A mandate, its schemes and states.

use chrono::{Months, NaiveDate};

use super::payer::Sealed;
use super::refusals::MANDATE_NOT_ACTIVE;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CustomerId, DirectDebitId, MandateId};
use crate::refused::{Facts, INVALID_STATE, Refused};

/// Months after which a SEPA mandate lapses that nothing was collected by (SEPA Direct Debit rulebooks, 4.1).
const LAPSES_AFTER: Months = Months::new(36);
/// The most days before a collection that it is announced.
pub const MOST_NOTIFICATION_DAYS: u16 = 60;
/// The longest reference that a bank takes (ISO 20022, Max35Text).
pub const LONGEST_REFERENCE: usize = 35;

crate::words! {
    /// By whose rules is collected.
    MandateScheme {
        /// SEPA Direct Debit Core: consumers and companies, refunds within eight weeks without a reason.
        SepaCore = "SEPA_CORE",
        /// SEPA Direct Debit B2B: companies alone, confirmed by the payer's bank, no refunds.
        SepaB2b = "SEPA_B2B",
        /// Swedish Autogiro.
        Autogiro = "AUTOGIRO",
        /// Norwegian AvtaleGiro.
        Avtalegiro = "AVTALEGIRO",
        /// Danish Betalingsservice.
        Betalingsservice = "BETALINGSSERVICE",
        /// The provider `ferratumCheckoutCreditCardV2`.
        FerratumCheckoutCreditCardV2 = "FERRATUM_CHECKOUT_CREDIT_CARD_V2",
        /// The provider `paylandsenBizum`; asks for the customer's IP address.
        PaylandsenBizum = "PAYLANDSEN_BIZUM",
        /// The provider `paylandsenCards`; asks for the customer's IP address.
        PaylandsenCards = "PAYLANDSEN_CARDS",
        /// The provider `split`.
        Split = "SPLIT",
        /// The provider `trustly`.
        Trustly = "TRUSTLY",
    }

    /// Where a mandate is in its life.
    MandateStatus {
        /// It waits to be signed, or to be confirmed by the payer's bank.
        Pending = "PENDING",
        /// It is in force: debits may be made by it.
        Active = "ACTIVE",
        /// No debits are made by it for the time being.
        Suspended = "SUSPENDED",
        /// It was taken back, for good.
        Revoked = "REVOKED",
        /// It has lapsed because nothing was collected by it, or its last collection was paid; for good.
        Expired = "EXPIRED",
    }

    /// The place of a collection among those of its mandate.
    SequenceType {
        /// The first of several.
        Frst = "FRST",
        /// One that follows.
        Rcur = "RCUR",
        /// The last.
        Fnal = "FNAL",
        /// The only one.
        Ooff = "OOFF",
    }

    /// What can be done with a mandate.
    MandateAction {
        /// `activateMandate`.
        Activate = "ACTIVATE",
        /// `suspendMandate`.
        Suspend = "SUSPEND",
        /// `amendMandate`.
        Amend = "AMEND",
        /// `revokeMandate`.
        Revoke = "REVOKE",
        /// `createDirectDebit` by it.
        Debit = "DEBIT",
    }
}

impl MandateScheme {
    /// Whether a provider keeps the mandate, and a bank does not.
    #[must_use]
    pub fn is_of_provider(self) -> bool {
        self.provider().is_some()
    }

    /// What the provider is called elsewhere.
    #[must_use]
    pub fn provider(self) -> Option<&'static str> {
        match self {
            Self::SepaCore | Self::SepaB2b | Self::Autogiro | Self::Avtalegiro | Self::Betalingsservice => None,
            Self::FerratumCheckoutCreditCardV2 => Some("ferratumCheckoutCreditCardV2"),
            Self::PaylandsenBizum => Some("paylandsenBizum"),
            Self::PaylandsenCards => Some("paylandsenCards"),
            Self::Split => Some("split"),
            Self::Trustly => Some("trustly"),
        }
    }

    /// Whether the provider has to be told the customer's IP address.
    #[must_use]
    pub fn asks_for_ip(self) -> bool {
        matches!(self, Self::PaylandsenBizum | Self::PaylandsenCards)
    }

    /// Where a new mandate begins: a bank confirms those of the Nordic schemes and of B2B, a Core mandate is in force with
    /// its signature, and a provider hands out what is in force.
    #[must_use]
    pub fn begins(self, signed: bool) -> MandateStatus {
        match self {
            Self::SepaCore if signed => MandateStatus::Active,
            Self::SepaCore | Self::SepaB2b | Self::Autogiro | Self::Avtalegiro | Self::Betalingsservice => {
                MandateStatus::Pending
            }
            _ => MandateStatus::Active,
        }
    }

    /// How many days before a collection it is announced, where nobody has said: as the rulebook wants it in SEPA; in the
    /// others the payer's bank or provider tells.
    #[must_use]
    pub fn notification_days(self) -> u16 {
        match self {
            Self::SepaCore | Self::SepaB2b => 14,
            _ => 0,
        }
    }

    /// The day from which on a mandate has lapsed that was used last, or signed, on a day.
    #[must_use]
    pub fn lapses(self, after: NaiveDate) -> Option<NaiveDate> {
        matches!(self, Self::SepaCore | Self::SepaB2b).then(|| after.checked_add_months(LAPSES_AFTER)).flatten()
    }
}

impl MandateStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Active, Self::Revoked, Self::Expired],
            Self::Active => &[Self::Suspended, Self::Revoked, Self::Expired],
            Self::Suspended => &[Self::Active, Self::Revoked, Self::Expired],
            Self::Revoked | Self::Expired => &[],
        }
    }
}

/// A mandate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mandate {
    /// Its id.
    pub id: MandateId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What it is for.
    pub account: AccountId,
    /// Who pays.
    pub debtor: CustomerId,
    /// What it is called: by the house, or by the provider.
    pub reference: String,
    /// What is unique: see [`known_as`].
    pub known_as: String,
    /// By whose rules is collected.
    pub scheme: MandateScheme,
    /// Where it is in its life, as was noted last.
    pub status: MandateStatus,
    /// Whether it is for one collection alone.
    pub one_off: bool,
    /// What of the account it is for, in the caller's own words.
    pub product_references: Vec<String>,
    /// Who pays from where, and what was amended.
    pub sealed: Sealed,
    /// The day on which it was signed, or else told of.
    pub signed_on: NaiveDate,
    /// How many days before a collection it is announced.
    pub pre_notification_days: u16,
    /// Collections by it: those that came to nothing before they were paid are not counted.
    pub uses: i64,
    /// The place of the one that was made last.
    pub sequence: Option<SequenceType>,
    /// The day for which one was presented last.
    pub last_used_on: Option<NaiveDate>,
    /// The day from which on it has lapsed, unless it is used before.
    pub lapses_on: Option<NaiveDate>,
    /// The collection that is the last one of it, as long as that has not come to nothing.
    pub last_debit: Option<DirectDebitId>,
    /// Why it was suspended or revoked, for people.
    pub reason: Option<String>,
    /// When it was registered.
    pub created_at: Micros,
    /// When it ended, if that was noted.
    pub ended_at: Option<Micros>,
}

/// What is unique: a bank's references are the tenant's own, those of providers are told by account.
#[must_use]
pub fn known_as(scheme: MandateScheme, account: AccountId, reference: &str) -> String {
    if scheme.is_of_provider() { format!("{account}/{reference}") } else { format!("/{reference}") }
}

impl Mandate {
    /// Where it stands on a day: one whose time is over has lapsed, whether or not that was noted.
    #[must_use]
    pub fn stands(&self, today: NaiveDate) -> MandateStatus {
        let is_over = self.status.next().contains(&MandateStatus::Expired)
            && self.lapses_on.is_some_and(|lapses| lapses <= today);
        if is_over { MandateStatus::Expired } else { self.status }
    }

    /// Turns to another state.
    ///
    /// # Errors
    /// `INVALID_STATE` where it cannot become that on this day.
    pub fn turn(&mut self, status: MandateStatus, today: NaiveDate, now: Micros) -> Result<(), Refused> {
        let stands = if status == MandateStatus::Expired { self.status } else { self.stands(today) };
        if !stands.next().contains(&status) {
            return Err(of_status(INVALID_STATE, stands));
        }
        self.status = status;
        if matches!(status, MandateStatus::Revoked | MandateStatus::Expired) {
            self.ended_at = Some(now);
        }
        Ok(())
    }

    /// That a debit can be made by it on a day.
    ///
    /// # Errors
    /// `MANDATE_NOT_ACTIVE`, and `INVALID_STATE` where its last collection is on the way.
    pub fn require_usable(&self, today: NaiveDate) -> Result<(), Refused> {
        let stands = self.stands(today);
        if stands != MandateStatus::Active {
            return Err(of_status(MANDATE_NOT_ACTIVE, stands));
        }
        if self.last_debit.is_some() {
            return Err(Refused::of_field(INVALID_STATE, "mandate", "the mandate's last collection is on the way"));
        }
        Ok(())
    }

    /// The place of the next collection.
    #[must_use]
    pub fn next_sequence(&self, is_last: bool) -> SequenceType {
        match (self.one_off, is_last, self.uses) {
            (true, ..) => SequenceType::Ooff,
            (false, true, _) => SequenceType::Fnal,
            (false, false, 0) => SequenceType::Frst,
            (false, false, _) => SequenceType::Rcur,
        }
    }

    /// Notes a collection.
    pub fn use_for(&mut self, debit: DirectDebitId, sequence: SequenceType) {
        self.uses += 1;
        self.sequence = Some(sequence);
        if matches!(sequence, SequenceType::Fnal | SequenceType::Ooff) {
            self.last_debit = Some(debit);
        }
    }

    /// Notes that one was presented for a day: the time until it lapses begins anew.
    pub fn present(&mut self, day: NaiveDate) {
        self.last_used_on = self.last_used_on.max(Some(day));
        self.lapses_on = self.scheme.lapses(self.last_used_on.unwrap_or(day));
    }

    /// Notes that one came to nothing before it was paid: the next takes its place.
    pub fn give_back(&mut self, debit: DirectDebitId) {
        self.uses = (self.uses - 1).max(0);
        if self.last_debit == Some(debit) {
            self.last_debit = None;
        }
    }

    /// What stands in the way of an action on a day.
    #[must_use]
    pub fn obstacle(&self, action: MandateAction, today: NaiveDate) -> Option<String> {
        let stands = self.stands(today);
        let reaches = |status: MandateStatus| {
            (!stands.next().contains(&status)).then(|| format!("the mandate is {}", stands.word()))
        };
        match action {
            MandateAction::Activate => reaches(MandateStatus::Active),
            MandateAction::Suspend => reaches(MandateStatus::Suspended),
            MandateAction::Revoke => reaches(MandateStatus::Revoked),
            MandateAction::Amend => self.require_amendable(today).err().map(|refused| refused.message),
            MandateAction::Debit => self.require_usable(today).err().map(|refused| refused.message),
        }
    }

    /// That it can be amended on a day.
    ///
    /// # Errors
    /// `INVALID_STATE` once it is over.
    pub fn require_amendable(&self, today: NaiveDate) -> Result<(), Refused> {
        let stands = self.stands(today);
        if stands.next().is_empty() { Err(of_status(INVALID_STATE, stands)) } else { Ok(()) }
    }
}

fn of_status(code: crate::refused::RefusalCode, status: MandateStatus) -> Refused {
    let facts = Box::new(Facts { status: Some(status.word()), ..Facts::default() });
    Refused { facts, ..Refused::of_field(code, "mandate", format!("the mandate is {}", status.word())) }
}
