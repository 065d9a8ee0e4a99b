//! What initiates payments through providers, and what is asked of these afterwards.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{
    self, PAYMENT_PROVIDER_CREATED, PAYMENT_PROVIDER_UPDATED, PROVIDER_PAYMENT_CHANGED, PROVIDER_PAYMENT_INITIATED,
};
use super::model::{
    LONGEST_JSON, PaymentProvider, ProviderKind, ProviderOperation, ProviderPayment, ProviderPaymentState,
};
use super::store::{CODE, located};
use crate::accounts::AccountBy;
use crate::events::webhooks::sign;
use crate::ledger::amounts::positive;
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::ledger::{EntryFacts, Refusal};
use crate::primitives::{Minor, Money, ProviderPaymentId};
use crate::refused::{Facts, INVALID_STATE, Refused, reason};
use crate::sealing::Secret;
use crate::work::{Change, Command, Decision, Named as _, Reversal, Stop, Wants, Work};

/// Creates a provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatePaymentProvider {
    /// Unique in the tenant.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// How it is reached.
    pub kind: ProviderKind,
    /// Where, over HTTP.
    pub url: Option<String>,
}

impl Command for CreatePaymentProvider {
    const OPERATION: &'static str = "createPaymentProvider";
    type Made = PaymentProvider;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<PaymentProvider>(&CODE, &self.code);
    }

    /// Refused as: `INVALID_INPUT`, `DUPLICATE_REFERENCE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PaymentProvider>> {
        let sandbox = work.settings().sandbox;
        let provider = PaymentProvider {
            id: work.id(),
            ordinal: work.ordinal(),
            code: self.code.clone(),
            name: self.name.clone(),
            kind: self.kind,
            url: self.url.clone(),
            secret: Secret(sign::secret(work.secret("provider"))),
            retired: false,
            created_at: work.now(),
        }
        .checked(sandbox)?;
        let provider = work.insert(provider)?;
        work.tell(events::of_provider(PAYMENT_PROVIDER_CREATED, &provider));
        Ok(provider)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Changes a provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdatePaymentProvider {
    /// Which, by its code.
    pub provider: String,
    /// What people call it.
    pub name: Option<String>,
    /// Where it is, over HTTP.
    pub url: Change<String>,
    /// Whether no new payment is made through it.
    pub retired: Option<bool>,
}

impl Command for UpdatePaymentProvider {
    const OPERATION: &'static str = "updatePaymentProvider";
    type Made = PaymentProvider;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<PaymentProvider>(&CODE, &self.provider);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PaymentProvider>> {
        let found = called(work, &self.provider)?;
        let sandbox = work.settings().sandbox;
        let provider = work.change::<PaymentProvider, Refused>(found.id, |provider| {
            if let Some(name) = &self.name {
                provider.name.clone_from(name);
            }
            self.url.apply(&mut provider.url);
            provider.retired = self.retired.unwrap_or(provider.retired);
            *provider = provider.clone().checked(sandbox)?;
            Ok(())
        })?;
        work.tell(events::of_provider(PAYMENT_PROVIDER_UPDATED, &provider));
        Ok(provider)
    }

    fn weight(&self) -> usize {
        3
    }
}

fn called(work: &mut Work, code: &str) -> Decision<Arc<PaymentProvider>> {
    let found = work.find::<PaymentProvider>(&CODE, code)?;
    found.ok_or_else(|| Refused::not_found("provider", "payment provider").into())
}

/// Initiates a payment into an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InitiateProviderPayment {
    /// Into which account.
    pub account: AccountBy,
    /// Through which provider, by its code.
    pub provider: String,
    /// How much.
    pub amount: Money,
    /// What goes to the provider besides: JSON, as text.
    pub additional_input: Option<String>,
}

impl Command for InitiateProviderPayment {
    const OPERATION: &'static str = "initiateProviderPayment";
    type Made = ProviderPayment;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        wants.unique::<PaymentProvider>(&CODE, &self.provider);
    }

    /// Refused as: `NOT_FOUND` (account, then provider), `INVALID_STATE` for a retired provider, `INVALID_INPUT`,
    /// `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`, `ACCOUNT_NOT_OPEN` for a closed account, `LIMIT_EXCEEDED` above the
    /// account's `maxPaymentAmount`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ProviderPayment>> {
        let account = self.account.locate(work, "account")?;
        let provider = called(work, &self.provider)?;
        if provider.retired {
            return Err(Refused::of_field(INVALID_STATE, "provider", "the provider is retired").into());
        }
        if self.additional_input.as_ref().is_some_and(|input| input.len() > LONGEST_JSON) {
            return Err(Refused::invalid("additionalInput", "is larger than 16 kB").into());
        }
        let amount = positive("amount", self.amount)?;
        let names = [(account.id, "account")];
        if account.currency != self.amount.currency {
            return Err(Stop::from(Refusal::CurrencyMismatch(account.id))).named(&names);
        }
        let position = work.position(account.id)?;
        position.require_not_closed().map_err(Stop::from).named(&names)?;
        if let Some(most) = position.most_payable().filter(|most| amount > *most) {
            let maximum = most.in_currency(account.currency);
            return Err(Stop::from(Refusal::MaximumBalanceExceeded { account: account.id, maximum }))
                .of_field("amount");
        }
        let clock = work.clock();
        let mut payment = ProviderPayment {
            id: work.id(),
            ordinal: work.ordinal(),
            provider: provider.id,
            account: account.id,
            currency: account.currency,
            amount,
            state: ProviderPaymentState::Initiated,
            transaction: None,
            transaction_key: None,
            redirect_url: None,
            additional_input: self.additional_input.clone(),
            additional_output: None,
            asking: None,
            asking_amount: Minor::ZERO,
            asks: 0,
            attempts: 0,
            next_ask: None,
            captured: Minor::ZERO,
            refunded: Minor::ZERO,
            entry: None,
            payout: None,
            failure: None,
            created_at: work.now(),
        };
        payment.ask(ProviderOperation::Initiate, amount, clock);
        let payment = work.insert(payment)?;
        work.tell(events::of(PROVIDER_PAYMENT_INITIATED, &payment));
        Ok(payment)
    }

    fn weight(&self) -> usize {
        3
    }

    fn amount(&self, _payment: &ProviderPayment) -> Option<Money> {
        Some(self.amount)
    }
}

/// Asks for what the payer has agreed to, or a part of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaptureProviderPayment {
    /// Of which payment.
    pub payment: ProviderPaymentId,
    /// How much; all of it when absent.
    pub amount: Option<Money>,
}

impl Command for CaptureProviderPayment {
    const OPERATION: &'static str = "captureProviderPayment";
    type Made = ProviderPayment;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<ProviderPayment>(self.payment);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ProviderPayment>> {
        let payment = located(work, self.payment, "payment")?;
        payment.may(ProviderOperation::Capture, "payment")?;
        let amount = part(self.amount, &payment, payment.amount)?;
        asking(work, &payment, ProviderOperation::Capture, amount)
    }

    fn weight(&self) -> usize {
        3
    }

    fn amount(&self, payment: &ProviderPayment) -> Option<Money> {
        Some(payment.asking_amount.in_currency(payment.currency))
    }
}

/// Calls a payment off that is not captured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelProviderPayment {
    /// Which.
    pub payment: ProviderPaymentId,
}

impl Command for CancelProviderPayment {
    const OPERATION: &'static str = "cancelProviderPayment";
    type Made = ProviderPayment;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<ProviderPayment>(self.payment);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ProviderPayment>> {
        let payment = located(work, self.payment, "payment")?;
        payment.may(ProviderOperation::Cancel, "payment")?;
        asking(work, &payment, ProviderOperation::Cancel, payment.amount)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Gives a captured payment back, or a part of it: it leaves the account at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefundProviderPayment {
    /// Which.
    pub payment: ProviderPaymentId,
    /// How much; all that is left of it when absent.
    pub amount: Option<Money>,
    /// Why, for people.
    pub reason: String,
}

impl Command for RefundProviderPayment {
    const OPERATION: &'static str = "refundProviderPayment";
    type Made = ProviderPayment;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<ProviderPayment>(self.payment);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`, then what a
    /// reversal of the payment is refused for.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ProviderPayment>> {
        let payment = located(work, self.payment, "payment")?;
        let why = reason("reason", &self.reason)?;
        payment.may(ProviderOperation::Refund, "payment")?;
        let left = Minor(payment.captured.0 - payment.refunded.0);
        let amount = part(self.amount, &payment, left)?;
        give_back(work, &payment, amount, why)?;
        let payment = work.change::<ProviderPayment, Refused>(payment.id, |payment| {
            payment.refunded = Minor(payment.refunded.0 + amount.0);
            Ok(())
        })?;
        asking(work, &payment, ProviderOperation::Refund, amount)
    }

    fn weight(&self) -> usize {
        8
    }
}

/// Books that a part of a captured payment leaves the account again.
pub(super) fn give_back(work: &mut Work, payment: &ProviderPayment, amount: Minor, reason: String) -> Decision<()> {
    let entry = payment.entry.ok_or_else(|| Stop::damaged("a captured payment that is not booked"))?;
    let entry = work.entry(entry)?.ok_or_else(|| Stop::damaged("the entry of a captured payment is not there"))?;
    let reversal = Reversal {
        amount: Some((amount, payment.currency)),
        value_date: None,
        description: "Refund by a provider".into(),
        facts: EntryFacts { reason: Some(reason), ..EntryFacts::default() },
    };
    work.reverse(&entry, &reversal).of_field("payment").map(|_| ())
}

fn asking(
    work: &mut Work,
    payment: &ProviderPayment,
    operation: ProviderOperation,
    amount: Minor,
) -> Decision<Arc<ProviderPayment>> {
    let clock = work.clock();
    let payment = work.change::<ProviderPayment, Refused>(payment.id, |payment| {
        payment.failure = None;
        payment.ask(operation, amount, clock);
        Ok(())
    })?;
    work.tell(events::of(PROVIDER_PAYMENT_CHANGED, &payment));
    Ok(payment)
}

/// An amount of at most what is left.
fn part(asked: Option<Money>, payment: &ProviderPayment, left: Minor) -> Decision<Minor> {
    let Some(money) = asked else { return Ok(left) };
    let amount = positive("amount", money)?;
    if money.currency != payment.currency {
        return Err(Stop::from(Refusal::CurrencyMismatch(payment.account))).named(&[]);
    }
    if amount > left {
        let facts = Box::new(Facts { remaining: Some(left.in_currency(payment.currency)), ..Facts::default() });
        let refused = Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", "more than is left of the payment");
        return Err(Refused { facts, ..refused }.into());
    }
    Ok(amount)
}
