//! Settings, consents and orders.

use chrono::{Days, NaiveDate};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::accounts::recurring::RecurringTerms;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, DebitConsentId, EntryId, Minor, PaymentOrderId, RecurringPaymentId};
use crate::refused::{Facts, INVALID_STATE, Refused};

crate::words! {
    /// By which scheme a customer's bank account is debited.
    RecurringMethod {
        /// Swedish direct debit.
        Autogiro = "AUTOGIRO",
        /// Direct debit in euros.
        SepaDirectDebit = "SEPA_DIRECT_DEBIT",
        /// Norwegian direct debit.
        AvtaleGiro = "AVTALEGIRO",
        /// Danish direct debit.
        Betalingsservice = "BETALINGSSERVICE",
    }

    /// What is drawn.
    PaymentScope {
        /// A fixed amount, or the debt where that is less.
        Fixed = "FIXED",
        /// All that is owed.
        TotalDebt = "TOTAL_DEBT",
        /// What of the dues is open and to be paid by then, and at most the debt.
        BilledAmount = "BILLED_AMOUNT",
    }

    /// Whether settings are in force.
    RecurringState {
        /// They are.
        Active = "ACTIVE",
        /// They were taken away. The consent stays as it is.
        Removed = "REMOVED",
    }

    /// Where a payment order is in its life.
    PaymentOrderStatus {
        /// It waits for its day.
        Scheduled = "SCHEDULED",
        /// It is on the rail: credited, and on its way.
        Sent = "SENT",
        /// The money has come.
        Executed = "EXECUTED",
        /// Nothing was drawn on its day, and it is over.
        Skipped = "SKIPPED",
        /// It did not come, and is not tried again.
        Failed = "FAILED",
        /// Somebody did not want it, or removed the settings.
        Cancelled = "CANCELLED",
    }

    /// Why nothing came of a payment order, or has not yet.
    PaymentOrderReason {
        /// Nothing was to be paid on its day.
        NothingDue = "NOTHING_DUE",
        /// There was no consent to its method on its day.
        NoConsent = "NO_CONSENT",
        /// The account was closed.
        AccountClosed = "ACCOUNT_CLOSED",
        /// The settings were removed.
        SettingsRemoved = "SETTINGS_REMOVED",
        /// Somebody cancelled it.
        ByHand = "BY_HAND",
        /// The customer's bank gave it back.
        Returned = "RETURNED",
        /// The account did not take the money, as when it is blocked.
        NotTaken = "NOT_TAKEN",
    }

    /// What can be done with a payment order.
    PaymentOrderAction {
        /// `cancelPaymentOrder`.
        Cancel = "CANCEL_PAYMENT_ORDER",
    }

    /// What can be done with recurring payments.
    RecurringAction {
        /// `updateRecurringPayment`.
        Update = "UPDATE_RECURRING_PAYMENT",
        /// `removeRecurringPayment`.
        Remove = "REMOVE_RECURRING_PAYMENT",
        /// `giveDebitConsent`.
        GiveConsent = "GIVE_DEBIT_CONSENT",
        /// `revokeDebitConsent`.
        RevokeConsent = "REVOKE_DEBIT_CONSENT",
    }
}

impl PaymentOrderStatus {
    /// What it may become. What was sent and came back is scheduled again where the terms say so.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Scheduled => &[Self::Scheduled, Self::Sent, Self::Skipped, Self::Failed, Self::Cancelled],
            Self::Sent => &[Self::Executed, Self::Scheduled, Self::Failed],
            Self::Executed | Self::Skipped | Self::Failed | Self::Cancelled => &[],
        }
    }
}

/// What is drawn for an account again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecurringPayment {
    /// Of which account.
    pub account: AccountId,
    /// Whether it is in force.
    pub state: RecurringState,
    /// By which scheme.
    pub method: RecurringMethod,
    /// What is drawn.
    pub scope: PaymentScope,
    /// How much, of [`PaymentScope::Fixed`] and of no other.
    pub fixed: Option<Minor>,
    /// The account's.
    pub currency: Currency,
    /// When and how often: the product's when it was set up, with a day of its own where one was given.
    pub terms: RecurringTerms,
    /// The day of the next order that is to be made, before the calendar has rolled it.
    pub next_on: NaiveDate,
    /// The business day that makes it.
    pub schedule_on: NaiveDate,
    /// When it was set up.
    pub set_up_at: Micros,
    /// When it was changed last.
    pub changed_at: Micros,
}

impl RecurringPayment {
    /// The id: an account has one.
    #[must_use]
    pub fn id_of(account: AccountId) -> RecurringPaymentId {
        RecurringPaymentId(account.0)
    }

    /// Whether it is in force.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == RecurringState::Active
    }

    /// Goes on to the first order after a day.
    pub fn go_on_after(&mut self, day: NaiveDate) {
        self.next_on = self.terms.first_after(day);
        self.schedule_on = self.next_on - Days::new(u64::from(self.terms.lead_days));
    }

    /// What is to be drawn of a debt: `open` are what of each due is open, and the day by which it is to be paid.
    #[must_use]
    pub fn amount(&self, debt: Minor, open: impl IntoIterator<Item = (NaiveDate, Minor)>, by: NaiveDate) -> Minor {
        let asked = match self.scope {
            PaymentScope::Fixed => self.fixed.unwrap_or_default().0,
            PaymentScope::TotalDebt => debt.0,
            PaymentScope::BilledAmount => open.into_iter().filter(|(day, _)| *day <= by).map(|(_, open)| open.0).sum(),
        };
        Minor(asked.min(debt.0).max(0))
    }
}

/// That a customer has said yes to being debited for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebitConsent {
    /// For which account.
    pub account: AccountId,
    /// By which scheme.
    pub method: RecurringMethod,
    /// What the mandate is called, at the bank or in another system.
    pub reference: Option<String>,
    /// When it was given.
    pub given_at: Micros,
    /// Who has told it: the client.
    pub given_by: String,
    /// Whether that was the customer's own token.
    pub by_customer: bool,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
    /// Who has told that: the client.
    pub revoked_by: Option<String>,
}

impl DebitConsent {
    /// The id: an account has one.
    #[must_use]
    pub fn id_of(account: AccountId) -> DebitConsentId {
        DebitConsentId(account.0)
    }

    /// Whether it is in force.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        self.revoked_at.is_none()
    }

    /// Whether it lets be drawn by a method.
    #[must_use]
    pub fn allows(&self, method: RecurringMethod) -> bool {
        self.is_in_force() && self.method == method
    }
}

/// What is to be drawn on a day, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrder {
    /// A digest of account and period: see [`PaymentOrder::id_of`].
    pub id: PaymentOrderId,
    /// Its place in lists.
    pub ordinal: i64,
    /// For which account.
    pub account: AccountId,
    /// The day that it is for, before the calendar has rolled it: an account has one order for it.
    pub period: NaiveDate,
    /// By which scheme, when it was made or sent.
    pub method: RecurringMethod,
    /// What is drawn, when it was made or sent.
    pub scope: PaymentScope,
    /// The account's.
    pub currency: Currency,
    /// What was to be paid when it was made.
    pub planned: Minor,
    /// What was drawn.
    pub collected: Option<Minor>,
    /// The business day on which it is, or was, sent.
    pub execution_on: NaiveDate,
    /// The business day that has something to do with it.
    pub act_on: Option<NaiveDate>,
    /// Where it is in its life.
    pub status: PaymentOrderStatus,
    /// Why nothing came of it, or why it is tried again.
    pub reason: Option<PaymentOrderReason>,
    /// How often it was tried.
    pub attempts: u32,
    /// The entry of the last try.
    pub entry: Option<EntryId>,
    /// Of a sandbox: that the rail still has to give it back.
    pub bounces: bool,
    /// When it was made.
    pub scheduled_at: Micros,
    /// When it was over.
    pub ended_at: Option<Micros>,
}

impl PaymentOrder {
    /// The one of a period of an account.
    #[must_use]
    pub fn id_of(account: AccountId, period: NaiveDate) -> PaymentOrderId {
        PaymentOrderId(digest(&["order", &account.to_string(), &period.to_string()]))
    }

    /// The entry of a try: whoever tries it again after a kill books the same, which the database has once.
    #[must_use]
    pub fn entry_of(&self, attempt: u32) -> EntryId {
        EntryId(digest(&["entry of order", &self.id.to_string(), &attempt.to_string()]))
    }

    /// Goes on to a state.
    ///
    /// # Errors
    /// `INVALID_STATE` where that does not follow.
    pub fn go_on(&mut self, status: PaymentOrderStatus, reason: Option<PaymentOrderReason>) -> Result<(), Refused> {
        if !self.status.next().contains(&status) {
            let refused =
                Refused::of_field(INVALID_STATE, "order", format!("the payment order is {}", self.status.word()));
            let facts = Box::new(Facts { status: Some(self.status.word()), ..Facts::default() });
            return Err(Refused { facts, ..refused });
        }
        self.status = status;
        self.reason = reason;
        Ok(())
    }

    /// Ends in a state.
    ///
    /// # Errors
    /// As [`PaymentOrder::go_on`].
    pub fn end(
        &mut self,
        status: PaymentOrderStatus,
        reason: Option<PaymentOrderReason>,
        now: Micros,
    ) -> Result<(), Refused> {
        self.go_on(status, reason)?;
        self.act_on = None;
        self.ended_at = Some(now);
        Ok(())
    }
}

fn digest(parts: &[&str]) -> Uuid {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    Uuid::from_bytes(std::array::from_fn(|place| digest[place]))
}
