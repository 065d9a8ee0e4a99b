//! What providers tell of payments, as answers and as call-backs: it moves the payment, and books it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::commands::give_back;
use super::events::{self, PROVIDER_PAYMENT_CHANGED};
use super::model::{PaymentProvider, ProviderOperation, ProviderPayment, ProviderPaymentState};
use super::refusals::{PROVIDER_AMOUNT_MISMATCH, PROVIDER_TRANSACTION_MISMATCH};
use super::store::TRANSACTION;
use crate::accounts::AccountBy;
use crate::ledger::amounts::positive;
use crate::ledger::entry::Side;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::ledger::{Draft, PaymentChannel, TransactionKind};
use crate::payments::RegisterPayment;
use crate::primitives::clock::Micros;
use crate::primitives::{Minor, Money, PaymentProviderId, ProviderPaymentId};
use crate::refused::{Facts, INVALID_STATE, Refused};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// What a provider tells of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Where it is.
    pub state: ProviderPaymentState,
    /// What the provider calls it.
    pub transaction: Option<String>,
    /// How much it is about: of REFUNDED and PARTLY_REFUNDED, all that was given back so far.
    pub amount: Option<Money>,
    /// Why it failed or was called off, for people.
    pub reason: Option<String>,
}

/// What came of asking a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It has answered.
    Told {
        /// What it tells.
        told: Told,
        /// Where the payer goes on.
        redirect_url: Option<String>,
        /// What it gives besides: JSON, as text.
        additional_output: Option<String>,
    },
    /// It will not do it.
    No(String),
    /// It could not be asked; why, and when it is to be tried again, on the server's clock.
    Later(String, Micros),
}

/// Notes what came of asking a provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoteProviderAnswer {
    /// About which payment.
    pub payment: ProviderPaymentId,
    /// The number of what was asked for.
    pub number: i32,
    /// What came of it.
    pub outcome: Outcome,
}

impl Command for NoteProviderAnswer {
    const OPERATION: &'static str = "noteProviderAnswer";
    type Made = ProviderPayment;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<ProviderPayment>(self.payment);
    }

    /// What is no longer asked for changes nothing. Refused as [`NoteProviderEvent`].
    fn decide(&self, work: &mut Work) -> Decision<Arc<ProviderPayment>> {
        let not_found = || Refused::not_found("payment", "payment through a provider");
        let payment = work.get::<ProviderPayment>(self.payment)?.ok_or_else(not_found)?;
        let Some(operation) = payment.asking.filter(|_| payment.asks == self.number) else { return Ok(payment) };
        match &self.outcome {
            Outcome::Told { told, redirect_url, additional_output } => {
                let payment = work.change::<ProviderPayment, Refused>(payment.id, |payment| {
                    payment.redirect_url = redirect_url.clone().or(payment.redirect_url.take());
                    payment.additional_output = additional_output.clone().or(payment.additional_output.take());
                    Ok(())
                })?;
                // What was asked for is done once it has told so; an answer that tells less waits for the call-back.
                let payment = hear(work, &payment, told)?;
                let is_done = match operation {
                    ProviderOperation::Initiate => true,
                    ProviderOperation::Capture | ProviderOperation::Cancel => payment.state.is_completed(),
                    ProviderOperation::Refund => payment.asking.is_none(),
                };
                changed(work, &payment, |payment| match is_done {
                    true => payment.answered(),
                    false => payment.next_ask = None,
                })
            }
            Outcome::Later(why, next) => changed(work, &payment, |payment| {
                payment.attempts += 1;
                payment.next_ask = Some(*next);
                payment.failure = Some(why.clone());
            }),
            Outcome::No(why) => {
                if operation == ProviderOperation::Refund {
                    take_again(work, &payment)?;
                }
                changed(work, &payment, |payment| {
                    match operation {
                        ProviderOperation::Initiate => payment.state = ProviderPaymentState::Failed,
                        ProviderOperation::Refund => {
                            payment.refunded = Minor(payment.refunded.0 - payment.asking_amount.0);
                        }
                        ProviderOperation::Capture | ProviderOperation::Cancel => {}
                    }
                    payment.failure = Some(why.clone());
                    payment.answered();
                })
            }
        }
    }

    fn weight(&self) -> usize {
        10
    }
}

/// Notes what a provider tells of its own accord.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoteProviderEvent {
    /// Which provider.
    pub provider: PaymentProviderId,
    /// About which payment, by our id.
    pub payment: Option<ProviderPaymentId>,
    /// What it tells; without our id the payment is found by the provider's.
    pub told: Told,
}

impl Command for NoteProviderEvent {
    const OPERATION: &'static str = "noteProviderEvent";
    type Made = ProviderPayment;

    fn looks_at(&self, wants: &mut Wants) {
        if let Some(payment) = self.payment {
            wants.row::<ProviderPayment>(payment);
        }
    }

    /// What was told before, or is late, changes nothing. Refused as: `NOT_FOUND` for a payment that is not the provider's,
    /// `PROVIDER_TRANSACTION_MISMATCH`, `CURRENCY_MISMATCH`, `PROVIDER_AMOUNT_MISMATCH`, `INVALID_STATE` for what cannot
    /// come of its state, then what `registerPayment` or a reversal is refused for.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ProviderPayment>> {
        let found = match (self.payment, &self.told.transaction) {
            (Some(payment), _) => work.get::<ProviderPayment>(payment)?,
            (None, Some(transaction)) => {
                let key = ProviderPayment::key_of(self.provider, transaction);
                work.find::<ProviderPayment>(&TRANSACTION, &key)?
            }
            (None, None) => None,
        };
        let found = found.filter(|payment| payment.provider == self.provider);
        let payment = found.ok_or_else(|| Refused::not_found("payment", "payment through this provider"))?;
        hear(work, &payment, &self.told)
    }

    fn weight(&self) -> usize {
        10
    }
}

fn changed(
    work: &mut Work,
    payment: &ProviderPayment,
    change: impl FnOnce(&mut ProviderPayment),
) -> Decision<Arc<ProviderPayment>> {
    let payment = work.change::<ProviderPayment, Refused>(payment.id, |payment| {
        change(payment);
        Ok(())
    })?;
    work.tell(events::of(PROVIDER_PAYMENT_CHANGED, &payment));
    Ok(payment)
}

/// Does what a provider tells.
fn hear(work: &mut Work, payment: &Arc<ProviderPayment>, told: &Told) -> Decision<Arc<ProviderPayment>> {
    let payment = known_as(work, payment, told.transaction.as_deref())?;
    let amount = match told.amount {
        None => None,
        Some(money) if money.currency != payment.currency => {
            let message = format!("the payment is in {}", payment.currency);
            return Err(Refused::of_field(CURRENCY_MISMATCH, "amount.currency", message).into());
        }
        Some(money) => Some(positive("amount", money)?),
    };
    match told.state {
        ProviderPaymentState::Captured => captured(work, &payment, amount),
        ProviderPaymentState::Refunded | ProviderPaymentState::PartlyRefunded => {
            let total = amount.unwrap_or(match told.state {
                ProviderPaymentState::Refunded => payment.captured,
                _ => payment.refunded,
            });
            refunded(work, &payment, total)
        }
        state => {
            if matches!(state, ProviderPaymentState::Pending | ProviderPaymentState::Authorised) {
                require(&payment, amount, payment.amount)?;
            }
            if payment.state.was(state) {
                return Ok(payment);
            }
            require_next(&payment, state)?;
            changed(work, &payment, |payment| {
                payment.state = state;
                payment.failure = told.reason.clone();
                if state.is_completed() {
                    payment.answered();
                }
            })
        }
    }
}

/// The provider's own id of it: told once, and never another.
fn known_as(work: &mut Work, payment: &Arc<ProviderPayment>, told: Option<&str>) -> Decision<Arc<ProviderPayment>> {
    match (told, &payment.transaction) {
        (None, _) => Ok(payment.clone()),
        (Some(told), Some(known)) if told == known => Ok(payment.clone()),
        (Some(_), Some(_)) => {
            let message = "the provider calls the payment otherwise than before";
            Err(Refused::of_field(PROVIDER_TRANSACTION_MISMATCH, "transactionId", message).into())
        }
        (Some(told), None) => {
            crate::primitives::text::required(told, super::model::LONGEST_CODE)
                .map_err(|problem| Refused::invalid("transactionId", problem.to_string()))?;
            work.change::<ProviderPayment, Refused>(payment.id, |payment| {
                payment.transaction = Some(told.to_owned());
                payment.transaction_key = Some(ProviderPayment::key_of(payment.provider, told));
                Ok(())
            })
        }
    }
}

/// The money is with the provider: it is booked as a payment that is registered, under the provider's id of it.
fn captured(work: &mut Work, payment: &Arc<ProviderPayment>, told: Option<Minor>) -> Decision<Arc<ProviderPayment>> {
    if payment.state.has_captured() {
        require(payment, told, payment.captured)?;
        return Ok(payment.clone());
    }
    let expected = match payment.asking {
        Some(ProviderOperation::Capture) => payment.asking_amount,
        _ => payment.amount,
    };
    require(payment, told, expected)?;
    require_next(payment, ProviderPaymentState::Captured)?;
    let Some(transaction_id) = payment.transaction.clone() else {
        return Err(Refused::invalid("transactionId", "a captured payment has the provider's id").into());
    };
    let provider = work.get::<PaymentProvider>(payment.provider)?;
    let provider = provider.ok_or_else(|| Stop::damaged("a payment without its provider"))?;
    let register = RegisterPayment {
        account: AccountBy::Id(payment.account),
        amount: expected.in_currency(payment.currency),
        paid_on: work.today(),
        provider: provider.code.clone(),
        transaction_id,
        metadata: "{}".into(),
    };
    let entry = register.decide(work)?;
    changed(work, payment, |payment| {
        payment.state = ProviderPaymentState::Captured;
        payment.captured = expected;
        payment.entry = Some(entry.id);
        payment.failure = None;
        payment.answered();
    })
}

/// So much was given back in all: what was asked for is done, and what was not is booked.
fn refunded(work: &mut Work, payment: &Arc<ProviderPayment>, total: Minor) -> Decision<Arc<ProviderPayment>> {
    if !payment.state.has_captured() {
        return Err(invalid(payment, ProviderPaymentState::Refunded).into());
    }
    if total > payment.captured {
        let facts = Box::new(Facts { limit: Some(payment.captured.in_currency(payment.currency)), ..Facts::default() });
        let refused = Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", "more than was captured");
        return Err(Refused { facts, ..refused }.into());
    }
    if total < payment.refunded {
        return Ok(payment.clone());
    }
    let more = Minor(total.0 - payment.refunded.0);
    if more > Minor::ZERO {
        give_back(work, payment, more, "refunded by the provider".into())?;
    }
    let state = match total == payment.captured {
        true => ProviderPaymentState::Refunded,
        false => ProviderPaymentState::PartlyRefunded,
    };
    if more == Minor::ZERO && payment.state == state && payment.asking.is_none() {
        return Ok(payment.clone());
    }
    changed(work, payment, |payment| {
        payment.state = if total == Minor::ZERO { payment.state } else { state };
        payment.refunded = total;
        payment.answered();
    })
}

/// A refund that the provider would not do: what had left the account comes back.
fn take_again(work: &mut Work, payment: &ProviderPayment) -> Decision<()> {
    let draft = Draft::new(TransactionKind::Payment, payment.currency, "Refund not done by the provider".into());
    let from = Side::Internal(PaymentChannel::Psp.settlement());
    let mut draft = draft.moving(from, Side::account(payment.account), payment.asking_amount);
    draft.facts.channel = Some(PaymentChannel::Psp);
    draft.facts.reference.clone_from(&payment.transaction);
    draft.passes_blocks = true;
    work.post(&draft).of_field("payment").map(|_| ())
}

fn require(payment: &ProviderPayment, told: Option<Minor>, expected: Minor) -> Result<(), Refused> {
    if told.is_none_or(|told| told == expected) {
        return Ok(());
    }
    let expected = expected.in_currency(payment.currency);
    let facts = Box::new(Facts { remaining: Some(expected), ..Facts::default() });
    let refused = Refused::of_field(PROVIDER_AMOUNT_MISMATCH, "amount", format!("the payment is of {expected}"));
    Err(Refused { facts, ..refused })
}

fn require_next(payment: &ProviderPayment, state: ProviderPaymentState) -> Result<(), Refused> {
    if payment.state.next().contains(&state) { Ok(()) } else { Err(invalid(payment, state)) }
}

fn invalid(payment: &ProviderPayment, state: ProviderPaymentState) -> Refused {
    let message = format!("the payment is {}, and does not become {}", payment.state.word(), state.word());
    let facts = Box::new(Facts { status: Some(payment.state.word()), ..Facts::default() });
    Refused { facts, ..Refused::of_field(INVALID_STATE, "state", message) }
}
