//! What was paid out and came back, and what the tenant keeps of an account's money.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::corrections::{EntryBy, sees_all};
use super::moves::Details;
use crate::accounts::AccountBy;
use crate::ledger::amounts::positive;
use crate::ledger::entry::Side;
use crate::ledger::{Draft, Entry, EntryFacts, InternalRole, Refusal, TransactionKind};
use crate::primitives::Money;
use crate::refused::{INVALID_STATE, Refused, described, reason};
use crate::work::{Command, Decision, Named as _, Reversal, Stop, Wants, Work};

/// Books that a disbursement came back whole: the receiver's bank has not taken it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReturnDisbursement {
    /// Which.
    pub disbursement: EntryBy,
    /// When it counts: not before the disbursement.
    pub value_date: Option<NaiveDate>,
    /// Why it came back.
    pub reason: String,
    /// For people.
    pub description: Option<String>,
}

impl Command for ReturnDisbursement {
    const OPERATION: &'static str = "returnDisbursement";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.disbursement.hint(wants);
    }

    /// It comes back whatever is blocked. Refused as: `NOT_FOUND`, `INVALID_STATE` for what is no disbursement,
    /// `INVALID_INPUT`, then the books': `ALREADY_REVERSED`, `VALUE_DATE_OUT_OF_RANGE`, `ACCOUNT_NOT_OPEN`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let field = match &self.disbursement {
            EntryBy::Id(_) => "disbursement",
            EntryBy::External(_) => "original",
        };
        let not_found = || Refused::not_found(field, "disbursement");
        let original = self.disbursement.locate(work)?.ok_or_else(not_found)?;
        if !sees_all(work, &original)? {
            return Err(not_found().into());
        }
        if original.kind != TransactionKind::Disbursement {
            return Err(Refused::of_field(INVALID_STATE, field, "the entry is no disbursement").into());
        }
        let why = reason("reason", &self.reason)?;
        let title = format!("Returned: {}", original.description);
        let title: String = title.chars().take(500).collect();
        let back = Reversal {
            amount: None,
            value_date: self.value_date,
            description: described("description", self.description.as_deref(), &title)?,
            facts: EntryFacts { reason: Some(why), ..EntryFacts::default() },
        };
        let returned = work.bring_back(&original, &back);
        match &returned {
            Err(Stop::Books(Refusal::PeriodClosed { .. } | Refusal::ValueDateOutOfRange { .. })) => returned.named(&[]),
            Err(Stop::Books(_)) => returned.of_field(field),
            _ => returned,
        }
    }
}

/// Takes from an account what the tenant keeps of its money, for a reason.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostDeduction {
    /// From which account.
    pub account: AccountBy,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// The rest.
    pub details: Details,
}

impl Command for PostDeduction {
    const OPERATION: &'static str = "postDeduction";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.details.hint(wants);
    }

    /// Blocks do not stop it. Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their
    /// order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let account = self.account.locate_id(work, "account")?;
        let amount = positive("amount", self.amount)?;
        let why = reason("reason", &self.reason)?;
        let draft = Draft::new(TransactionKind::Deduction, self.amount.currency, String::new());
        let mut draft = draft.moving(Side::account(account), Side::Internal(InternalRole::SettlementInternal), amount);
        draft.facts.reason = Some(why);
        let draft = self.details.on(draft, "Deduction")?;
        work.post(&draft).named(&[(account, "account")])
    }
}
