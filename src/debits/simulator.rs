//! The rail of a sandbox, which answers by itself: what was sent is paid on its collection day, unless something else is
//! asked for.
//!
//! By what the payer is told (`remittanceInfo`), or else by the amount, as for the other rails ([`payments::simulator`]):
//!
//! | text | amount, in minor units | what happens |
//! |---|---|---|
//! | `SIM-REJECT` | 9996nn | rejected on the collection day: AM04 |
//! | `SIM-RETURN`, `SIM-RETURN-n` | 9997nn | paid, and returned two, or `n`, business days later: AM04 |
//! | `SIM-REFUND`, `SIM-REFUND-n` | 9995nn | paid, and refunded two, or `n`, business days later: MD06 |
//! | `SIM-SILENT` | | the rail says nothing: report the outcome yourself |
//!
//! With a seed, of fifty debits one is rejected and one returned by chance.
//!
//! [`payments::simulator`]: crate::payments::simulator

use chrono::NaiveDate;

use super::model::{DirectDebit, DirectDebitState};
use super::outcomes::{DebitOutcome, ReportDirectDebit, report};
use super::reasons::DebitReason;
use super::terms;
use crate::payments::simulator::{DEBIT_REFUNDED, DEBIT_REJECTED, DEBIT_RETURNED};
use crate::refused::Refused;
use crate::work::{Decision, Work};

/// What a rail says nothing to.
const SILENT: &str = "SIM-SILENT";

/// When a sandbox's rail answers a debit that is sent.
pub(super) fn answers(work: &Work, debit: &DirectDebit) -> Option<NaiveDate> {
    let is_silent = debit.remittance_info.as_deref().is_some_and(|info| info.trim() == SILENT);
    (work.settings().sandbox && !is_silent).then_some(debit.collection_on)
}

/// Answers.
pub(super) fn answer(work: &mut Work, debit: &DirectDebit) -> Decision<()> {
    let info = debit.remittance_info.as_deref();
    let told = |outcome, reason| ReportDirectDebit {
        end_to_end: debit.end_to_end.clone(),
        outcome,
        reason,
        on: None,
        note: None,
    };
    let returned = DEBIT_RETURNED.days(work, info, debit.amount);
    let refunded = DEBIT_REFUNDED.days(work, info, debit.amount);
    let (answer, next) = match debit.state {
        DirectDebitState::Sent | DirectDebitState::Accepted => match DEBIT_REJECTED.days(work, info, debit.amount) {
            Some(_) => (told(DebitOutcome::Rejected, Some(DebitReason::Am04)), None),
            None => (told(DebitOutcome::Paid, None), returned.or(refunded)),
        },
        DirectDebitState::Paid if refunded.is_some() => (told(DebitOutcome::Refunded, Some(DebitReason::Md06)), None),
        DirectDebitState::Paid => (told(DebitOutcome::Returned, Some(DebitReason::Am04)), None),
        _ => return quiet(work, debit, None),
    };
    let settings = work.settings();
    let next = next.map(|days| terms::after(&settings, work.today(), days));
    // What is refused is not tried again every day.
    let _refused = work.attempt(|work| report(work, debit, &answer))?;
    quiet(work, debit, next)
}

/// Notes when the rail answers next, if it does.
fn quiet(work: &mut Work, debit: &DirectDebit, next: Option<NaiveDate>) -> Decision<()> {
    work.change::<DirectDebit, Refused>(debit.id, |debit| {
        debit.rail_on = next;
        Ok(())
    })?;
    Ok(())
}
