//! Mutations of direct debits.

use async_graphql::{Context, InputObject, Object};

use super::DirectDebit;
use super::queries::DirectDebitTerms;
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::{DebitOutcome, DebitReason};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::{AccountBy, name};
use crate::api::mandates::MandateBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::Date;
use crate::debits::{CancelDirectDebit, CreateDirectDebit, ReportDirectDebit, SetDirectDebitTerms};
use crate::refused::{Refused, said};

/// Money to collect.
#[derive(InputObject)]
pub struct CreateDirectDebitInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// For which account.
    account: AccountBy,
    /// How much, in the account's currency.
    amount: MoneyInput,
    /// By which mandate of the account; the only one in force when absent.
    mandate: Option<MandateBy>,
    /// When it is to be paid: as early as the mandate's announcement and your lead days allow when absent. A day that is no
    /// business day is the next one that is.
    collection_date: Option<Date>,
    /// Where goes what is left once everything that the account owes is paid; onto the account itself when absent.
    overpayment_account: Option<AccountBy>,
    /// What the payer is told, up to 140 characters. In a sandbox, `SIM-REJECT`, `SIM-RETURN-n`, `SIM-REFUND-n` and
    /// `SIM-SILENT` say what its rail does.
    remittance_info: Option<String>,
    /// Whether nothing is collected by the mandate after it.
    #[graphql(default)]
    last: bool,
}

/// A direct debit to cancel.
#[derive(InputObject)]
pub struct CancelDirectDebitInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which: what the rail would know it by.
    end_to_end_id: String,
    /// Why, for people.
    reason: Option<String>,
}

/// What the rail tells of a direct debit.
#[derive(InputObject)]
pub struct ReportDirectDebitInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which: what the rail knows it by.
    end_to_end_id: String,
    /// What.
    outcome: DebitOutcome,
    /// Why: of all that is not `ACCEPTED` or `PAID`. It decides whether the debit is tried again, whether the account is
    /// charged and what becomes of the mandate. A refund is of `MD06` within eight weeks, of `MD01` within 13 months.
    reason: Option<DebitReason>,
    /// The day on which it was so, and settled; today when absent.
    date: Option<Date>,
    /// For people.
    note: Option<String>,
}

/// How direct debits are to be made: all of it.
#[derive(InputObject)]
pub struct SetDirectDebitTermsInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Business days before its collection on which a debit is sent, up to 30.
    #[graphql(validator(minimum = 0))]
    lead_days: i32,
    /// Business days after it was paid on which the money is the account's, up to 30. Until then it is pending, and nothing
    /// can be spent of it.
    #[graphql(validator(minimum = 0))]
    available_after_days: i32,
    /// How often what was not paid for want of funds is tried again, up to 5.
    #[graphql(default, validator(minimum = 0))]
    retries: i32,
    /// After how many business days, up to 30.
    #[graphql(default, validator(minimum = 0))]
    retry_after_days: i32,
    /// What the account is charged when one comes back that the payer could have prevented, one for each currency.
    return_fees: Option<Vec<MoneyInput>>,
}

outcomes! {
    /// A direct debit was made.
    CreateDirectDebitResult = CreateDirectDebitSuccess {
        /// The debit.
        direct_debit: DirectDebit,
    }

    /// A direct debit was cancelled.
    CancelDirectDebitResult = CancelDirectDebitSuccess {
        /// The debit, as it is now.
        direct_debit: DirectDebit,
    }

    /// It was noted what the rail tells.
    ReportDirectDebitResult = ReportDirectDebitSuccess {
        /// The debit, as it is now.
        direct_debit: DirectDebit,
    }

    /// How direct debits are made was changed.
    SetDirectDebitTermsResult = SetDirectDebitTermsSuccess {
        /// How they are made from now on.
        terms: DirectDebitTerms,
    }
}

/// The result of a mutation that gives a direct debit.
macro_rules! of_debit {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                let direct_debit = DirectDebit::new((*done.value).clone());
                $result::Done($success { direct_debit, receipt: done.receipt.into() })
            }
        }))
    };
}

/// Mutations of direct debits.
#[derive(Default)]
pub struct DirectDebitMutation;

#[Object]
impl DirectDebitMutation {
    /// Collects money from the customer's bank by a mandate of the account. The business day sends it; when it is paid, and
    /// your days have passed, the account is credited, what it owes first. Scope: money.
    async fn create_direct_debit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to collect.")] input: CreateDirectDebitInput,
    ) -> Result<Option<CreateDirectDebitResult>, Fault> {
        let call = Call::begin(ctx, "createDirectDebit", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_debit!(call.run(&key, input.command()).await?, CreateDirectDebitResult, CreateDirectDebitSuccess)
    }

    /// Cancels a direct debit that is not sent. Scope: money.
    async fn cancel_direct_debit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which debit.")] input: CancelDirectDebitInput,
    ) -> Result<Option<CancelDirectDebitResult>, Fault> {
        let call = Call::begin(ctx, "cancelDirectDebit", Scope::Money, Reach::Tenant).await?;
        let end_to_end = named("endToEndId", "direct debit", name(&input.end_to_end_id));
        let reason = said(input.reason);
        let command = end_to_end.map(|end_to_end| CancelDirectDebit { end_to_end, reason });
        of_debit!(call.run(&input.idempotency_key, command).await?, CancelDirectDebitResult, CancelDirectDebitSuccess)
    }

    /// Notes what the rail tells of a direct debit: accepted, paid, rejected, returned, refunded, or reversed by you. What was
    /// booked is taken back on the day on which that settles, also into debt. Scope: money.
    async fn report_direct_debit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the rail tells.")] input: ReportDirectDebitInput,
    ) -> Result<Option<ReportDirectDebitResult>, Fault> {
        let call = Call::begin(ctx, "reportDirectDebit", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_debit!(call.run(&key, input.command()).await?, ReportDirectDebitResult, ReportDirectDebitSuccess)
    }

    /// Says how direct debits are made, all of it. Scope: admin.
    async fn set_direct_debit_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How they are made.")] input: SetDirectDebitTermsInput,
    ) -> Result<Option<SetDirectDebitTermsResult>, Fault> {
        let call = Call::begin(ctx, "setDirectDebitTerms", Scope::Admin, Reach::Tenant).await?;
        let days = |days: i32| u16::try_from(days).unwrap_or(u16::MAX);
        let command = SetDirectDebitTerms {
            lead_days: days(input.lead_days),
            available_after_days: days(input.available_after_days),
            retries: days(input.retries),
            retry_after_days: days(input.retry_after_days),
            return_fees: input.return_fees.unwrap_or_default().into_iter().map(Into::into).collect(),
        };
        Ok(Some(match call.run(&input.idempotency_key, Ok(command)).await? {
            Reply::Refused(refusal) => SetDirectDebitTermsResult::Refused(refusal),
            Reply::Done(done) => {
                let terms = (&done.value.0.direct_debits).into();
                SetDirectDebitTermsResult::Done(SetDirectDebitTermsSuccess { terms, receipt: done.receipt.into() })
            }
        }))
    }
}

impl CreateDirectDebitInput {
    fn command(self) -> Result<CreateDirectDebit, Refused> {
        let mandate = self.mandate.map(|mandate| named("mandate", "mandate", mandate.to_domain())).transpose()?;
        let overpayment = self.overpayment_account;
        let overpayment =
            overpayment.map(|account| named("overpaymentAccount", "account", account.to_domain())).transpose()?;
        Ok(CreateDirectDebit {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            mandate,
            collection_on: self.collection_date.map(|day| day.0),
            overpayment,
            remittance_info: said(self.remittance_info),
            last: self.last,
        })
    }
}

impl ReportDirectDebitInput {
    fn command(self) -> Result<ReportDirectDebit, Refused> {
        Ok(ReportDirectDebit {
            end_to_end: named("endToEndId", "direct debit", name(&self.end_to_end_id))?,
            outcome: self.outcome,
            reason: self.reason,
            on: self.date.map(|day| day.0),
            note: said(self.note),
        })
    }
}
