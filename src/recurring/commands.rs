//! What sets up, changes and removes recurring payments, and what a customer says to them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{
    self, DEBIT_CONSENT_GIVEN, DEBIT_CONSENT_REVOKED, PAYMENT_ORDER_CANCELLED, RECURRING_PAYMENT_CHANGED,
    RECURRING_PAYMENT_REMOVED, RECURRING_PAYMENT_SET_UP,
};
use super::model::{
    DebitConsent, PaymentOrder, PaymentOrderReason, PaymentOrderStatus, PaymentScope, RecurringMethod,
    RecurringPayment, RecurringState,
};
use super::store::SCHEDULED;
use crate::accounts::recurring::{PaymentFrequency, RecurringTerms};
use crate::accounts::{Account, AccountBy, Product, WorkingMode};
use crate::ledger::amounts::positive;
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::ledger::{AccountStatus, Position, Refusal};
use crate::primitives::{AccountId, Currency, Minor, Money, PaymentOrderId};
use crate::refused::{Facts, INVALID_STATE, NOT_FOUND, Refused, check_reference};
use crate::work::{Change, Command, Decision, Named as _, Owned as _, Stop, Wants, Work};

/// A fixed amount goes with [`PaymentScope::Fixed`], and with no other.
fn fixed(scope: PaymentScope, amount: Option<Money>, currency: Currency) -> Result<Option<Minor>, Refused> {
    match (scope, amount) {
        (PaymentScope::Fixed, None) => Err(Refused::invalid("fixedAmount", "say how much is drawn")),
        (PaymentScope::Fixed, Some(money)) => {
            let amount = positive("fixedAmount", money)?;
            if money.currency != currency {
                let message = format!("the account is in {currency}");
                return Err(Refused::of_field(CURRENCY_MISMATCH, "fixedAmount.currency", message));
            }
            Ok(Some(amount))
        }
        (_, Some(_)) => Err(Refused::invalid("fixedAmount", "is of the scope FIXED alone")),
        (_, None) => Ok(None),
    }
}

fn terms_of(
    product: &Product,
    scope: PaymentScope,
    frequency: Option<PaymentFrequency>,
    day: Option<u8>,
) -> Result<RecurringTerms, Refused> {
    let own = RecurringTerms::of_product(product);
    let terms = match frequency {
        Some(other) if other != own.frequency => {
            let usual = RecurringTerms::of(other);
            let RecurringTerms { collection_days, retries, retry_days, .. } = own;
            RecurringTerms { collection_days, retries, retry_days, ..usual }
        }
        _ => own,
    };
    let terms = terms.on(day).checked("")?;
    let at_once = product.working_mode == Some(WorkingMode::PayNow);
    if at_once && terms.frequency == PaymentFrequency::Monthly {
        return Err(Refused::invalid("frequency", "what is spent with cards of PAY_NOW is drawn daily or weekly"));
    }
    if at_once && scope != PaymentScope::TotalDebt {
        return Err(Refused::invalid("paymentScope", "all that is spent with cards of PAY_NOW is drawn: TOTAL_DEBT"));
    }
    Ok(terms)
}

fn product_of(work: &mut Work, account: &Account) -> Decision<Arc<Product>> {
    work.get::<Product>(account.product)?.ok_or_else(|| Stop::damaged("an account without its product"))
}

/// The settings of an account that are in force.
fn active(work: &mut Work, account: AccountId) -> Decision<Arc<RecurringPayment>> {
    let found = work.get::<RecurringPayment>(RecurringPayment::id_of(account))?;
    found.filter(|settings| settings.is_active()).ok_or_else(|| {
        let message = "the account has no recurring payments";
        let facts = Box::new(Facts { account: Some(account), ..Facts::default() });
        Refused { facts, ..Refused::of_field(NOT_FOUND, "account", message) }.into()
    })
}

/// Has something drawn for an account again and again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetUpRecurringPayment {
    /// For which account.
    pub account: AccountBy,
    /// By which scheme.
    pub method: RecurringMethod,
    /// What is drawn.
    pub scope: PaymentScope,
    /// How much, of a fixed amount.
    pub fixed_amount: Option<Money>,
    /// How often, where not as the product says.
    pub frequency: Option<PaymentFrequency>,
    /// On which day, where not as the product says.
    pub execution_day: Option<u8>,
}

impl Command for SetUpRecurringPayment {
    const OPERATION: &'static str = "setUpRecurringPayment";
    type Made = RecurringPayment;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `ACCOUNT_NOT_OPEN`, `INVALID_INPUT` for an account that never owes, `INVALID_STATE` where there
    /// are settings already, `INVALID_INPUT` (`fixedAmount`, `executionDay`, `frequency`, `scope`), `AMOUNT_OUT_OF_RANGE`,
    /// `CURRENCY_MISMATCH`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<RecurringPayment>> {
        let account = self.account.locate(work, "account")?;
        let position = work.position(account.id)?;
        if position.status != AccountStatus::Open {
            let refusal = Refusal::AccountNotOpen { account: account.id, status: position.status };
            return Err(Stop::from(refusal)).named(&[(account.id, "account")]);
        }
        if !position.may_owe() {
            return Err(Refused::invalid("account", "the account never owes anything").into());
        }
        let id = RecurringPayment::id_of(account.id);
        let before = work.get::<RecurringPayment>(id)?;
        if before.as_ref().is_some_and(|settings| settings.is_active()) {
            let message = "the account has recurring payments already: change them, or remove them";
            return Err(Refused::of_field(INVALID_STATE, "account", message).into());
        }
        let fixed = fixed(self.scope, self.fixed_amount, account.currency)?;
        let product = product_of(work, &account)?;
        let terms = terms_of(&product, self.scope, self.frequency, self.execution_day)?;
        let (today, now) = (work.today(), work.now());
        let mut settings = RecurringPayment {
            account: account.id,
            state: RecurringState::Active,
            method: self.method,
            scope: self.scope,
            fixed,
            currency: account.currency,
            terms,
            next_on: today,
            schedule_on: today,
            set_up_at: now,
            changed_at: now,
        };
        settings.go_on_after(today);
        let settings = match before {
            None => work.insert(settings)?,
            Some(_) => work.change::<RecurringPayment, Refused>(id, |before| {
                *before = settings;
                Ok(())
            })?,
        };
        work.tell(events::of_settings(RECURRING_PAYMENT_SET_UP, &settings));
        Ok(settings)
    }

    fn weight(&self) -> usize {
        4
    }

    fn amount(&self, _settings: &RecurringPayment) -> Option<Money> {
        self.fixed_amount
    }
}

/// Changes what is drawn for an account. What is absent stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateRecurringPayment {
    /// For which account.
    pub account: AccountBy,
    /// By which scheme.
    pub method: Option<RecurringMethod>,
    /// What is drawn: a fixed amount goes when it is another than that.
    pub scope: Option<PaymentScope>,
    /// How much, of a fixed amount.
    pub fixed_amount: Change<Money>,
    /// How often.
    pub frequency: Option<PaymentFrequency>,
    /// On which day.
    pub execution_day: Option<u8>,
}

impl Command for UpdateRecurringPayment {
    const OPERATION: &'static str = "updateRecurringPayment";
    type Made = RecurringPayment;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `NOT_FOUND` for the account, and where there are no settings, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`,
    /// `CURRENCY_MISMATCH`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<RecurringPayment>> {
        let account = self.account.locate(work, "account")?;
        let before = active(work, account.id)?;
        let scope = self.scope.unwrap_or(before.scope);
        let fixed = match (&self.fixed_amount, scope, before.fixed) {
            (Change::Set(money), ..) => fixed(scope, Some(*money), account.currency)?,
            (Change::Keep, PaymentScope::Fixed, Some(amount)) => Some(amount),
            _ => fixed(scope, None, account.currency)?,
        };
        let product = product_of(work, &account)?;
        let frequency = self.frequency.unwrap_or(before.terms.frequency);
        let day = match frequency == before.terms.frequency {
            true => Some(self.execution_day.unwrap_or(before.terms.execution_day)),
            false => self.execution_day,
        };
        let terms = terms_of(&product, scope, Some(frequency), day)?;
        let (today, now) = (work.today(), work.now());
        let settings = work.change::<RecurringPayment, Refused>(RecurringPayment::id_of(account.id), |settings| {
            settings.method = self.method.unwrap_or(settings.method);
            settings.scope = scope;
            settings.fixed = fixed;
            let is_other_day =
                terms.frequency != settings.terms.frequency || terms.execution_day != settings.terms.execution_day;
            settings.terms = terms;
            settings.changed_at = now;
            if is_other_day {
                settings.go_on_after(today);
            }
            Ok(())
        })?;
        work.tell(events::of_settings(RECURRING_PAYMENT_CHANGED, &settings));
        Ok(settings)
    }

    fn weight(&self) -> usize {
        4
    }

    fn amount(&self, settings: &RecurringPayment) -> Option<Money> {
        settings.fixed.map(|fixed| fixed.in_currency(settings.currency))
    }
}

/// Has nothing drawn for an account any more. The consent stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveRecurringPayment {
    /// For which account.
    pub account: AccountBy,
}

impl Command for RemoveRecurringPayment {
    const OPERATION: &'static str = "removeRecurringPayment";
    type Made = RecurringPayment;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `NOT_FOUND` for the account, and where there are no settings.
    fn decide(&self, work: &mut Work) -> Decision<Arc<RecurringPayment>> {
        let account = self.account.locate(work, "account")?;
        active(work, account.id)?;
        remove(work, account.id)
    }

    fn weight(&self) -> usize {
        6
    }
}

/// Takes the settings of an account away that are in force, and cancels what waits for its day.
pub(super) fn remove(work: &mut Work, account: AccountId) -> Decision<Arc<RecurringPayment>> {
    let now = work.now();
    for order in work.all::<PaymentOrder, Position>(&SCHEDULED, account)? {
        let order = work.change::<PaymentOrder, Refused>(order.id, |order| {
            order.end(PaymentOrderStatus::Cancelled, Some(PaymentOrderReason::SettingsRemoved), now)
        })?;
        work.tell(events::of_order(PAYMENT_ORDER_CANCELLED, &order));
    }
    let settings = work.change::<RecurringPayment, Refused>(RecurringPayment::id_of(account), |settings| {
        settings.state = RecurringState::Removed;
        settings.changed_at = now;
        Ok(())
    })?;
    work.tell(events::of_settings(RECURRING_PAYMENT_REMOVED, &settings));
    Ok(settings)
}

/// Notes that a customer has said yes to being debited for an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GiveDebitConsent {
    /// For which account.
    pub account: AccountBy,
    /// By which scheme.
    pub method: RecurringMethod,
    /// What the mandate is called.
    pub reference: Option<String>,
}

impl Command for GiveDebitConsent {
    const OPERATION: &'static str = "giveDebitConsent";
    type Made = DebitConsent;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` for the reference, `ACCOUNT_NOT_OPEN` for a closed account, `INVALID_STATE` where
    /// there is a consent to the same scheme, in this order. One to another scheme takes its place.
    fn decide(&self, work: &mut Work) -> Decision<Arc<DebitConsent>> {
        let account = self.account.locate(work, "account")?;
        check_reference("reference", self.reference.as_deref())?;
        work.position(account.id)?.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
        let id = DebitConsent::id_of(account.id);
        let before = work.get::<DebitConsent>(id)?;
        if before.as_ref().is_some_and(|consent| consent.allows(self.method)) {
            let message = "there is a consent already: revoke it before another is given";
            return Err(Refused::of_field(INVALID_STATE, "account", message).into());
        }
        let origin = work.origin();
        let (given_by, by_customer) = (origin.client.to_string(), origin.customer.is_some());
        let consent = DebitConsent {
            account: account.id,
            method: self.method,
            reference: self.reference.clone(),
            given_at: work.now(),
            given_by,
            by_customer,
            revoked_at: None,
            revoked_by: None,
        };
        let consent = match before {
            None => work.insert(consent)?,
            Some(_) => work.change::<DebitConsent, Refused>(id, |before| {
                *before = consent;
                Ok(())
            })?,
        };
        work.tell(events::of_consent(DEBIT_CONSENT_GIVEN, &consent));
        Ok(consent)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Notes that a customer does not want to be debited any more. The settings stay, and nothing is drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokeDebitConsent {
    /// For which account.
    pub account: AccountBy,
}

impl Command for RevokeDebitConsent {
    const OPERATION: &'static str = "revokeDebitConsent";
    type Made = DebitConsent;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `NOT_FOUND` for the account, and where no consent was ever given, `INVALID_STATE` where it is revoked.
    fn decide(&self, work: &mut Work) -> Decision<Arc<DebitConsent>> {
        let account = self.account.locate(work, "account")?;
        let id = DebitConsent::id_of(account.id);
        let Some(before) = work.get::<DebitConsent>(id)? else {
            return Err(Refused::of_field(NOT_FOUND, "account", "no consent was given for the account").into());
        };
        if !before.is_in_force() {
            return Err(Refused::of_field(INVALID_STATE, "account", "the consent is revoked").into());
        }
        let (now, by) = (work.now(), work.origin().client.to_string());
        let consent = work.change::<DebitConsent, Refused>(id, |consent| {
            consent.revoked_at = Some(now);
            consent.revoked_by = Some(by);
            Ok(())
        })?;
        work.tell(events::of_consent(DEBIT_CONSENT_REVOKED, &consent));
        Ok(consent)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Cancels a payment order that waits for its day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelPaymentOrder {
    /// Which.
    pub order: PaymentOrderId,
}

impl Command for CancelPaymentOrder {
    const OPERATION: &'static str = "cancelPaymentOrder";
    type Made = PaymentOrder;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<PaymentOrder>(self.order);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for one that is sent or over.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PaymentOrder>> {
        let found = match work.get::<PaymentOrder>(self.order)? {
            Some(order) if order.is_visible(work)? => order,
            _ => return Err(Refused::not_found("order", "payment order").into()),
        };
        let now = work.now();
        let order = work.change::<PaymentOrder, Refused>(found.id, |order| {
            order.end(PaymentOrderStatus::Cancelled, Some(PaymentOrderReason::ByHand), now)
        })?;
        work.tell(events::of_order(PAYMENT_ORDER_CANCELLED, &order));
        Ok(order)
    }

    fn weight(&self) -> usize {
        3
    }
}
