//! What becomes of a command that waits: yes, no, taken back, too late.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::APPROVAL_BY_MAKER;
use super::events::{
    self, APPROVAL_APPROVED, APPROVAL_EXPIRED, APPROVAL_FAILED, APPROVAL_REJECTED, APPROVAL_WITHDRAWN,
};
use super::model::{Approval, ApprovalState};
use crate::jobs::refusal::KeptRefusal;
use crate::ledger::event::EventType;
use crate::primitives::ApprovalId;
use crate::refused::{INVALID_STATE, Refused, noted};
use crate::work::{Became, Command, Decision, Idempotency, Owned as _, Wants, Whose, Work};

/// The approval that an input names, if the origin sees it.
fn located(work: &mut Work, id: ApprovalId) -> Decision<Arc<Approval>> {
    match work.get::<Approval>(id)? {
        Some(approval) if approval.is_visible(work)? => Ok(approval),
        _ => Err(Refused::not_found("approval", "approval").into()),
    }
}

/// The approval that a second person says yes or no to, with what they say to it. Refused as: `NOT_FOUND`,
/// `APPROVAL_EXPIRED`, `INVALID_STATE` for what does not wait, `APPROVAL_BY_MAKER`, `INVALID_INPUT`, in this order.
fn judged(
    work: &mut Work,
    id: ApprovalId,
    comment: Option<&str>,
    by_maker: &str,
) -> Decision<(Arc<Approval>, Option<String>)> {
    let found = located(work, id)?;
    found.require_pending(work.now())?;
    if found.is_by(work.origin()) {
        return Err(Refused::of_field(APPROVAL_BY_MAKER, "approval", by_maker).into());
    }
    Ok((found, noted("comment", comment)?))
}

/// How one ends.
struct Ending {
    state: ApprovalState,
    event: EventType,
    comment: Option<String>,
    result: Option<String>,
    refusal: Option<KeptRefusal>,
    done_by: Option<i64>,
}

impl Ending {
    fn new(state: ApprovalState, event: EventType, comment: Option<String>) -> Self {
        Self { state, event, comment, result: None, refusal: None, done_by: None }
    }

    /// Ends it, and forgets what was asked for: what is personal in it is not kept longer than it is of use.
    fn of(self, work: &mut Work, id: ApprovalId) -> Decision<Arc<Approval>> {
        let (now, checker) = (work.now(), work.origin().client.to_string());
        let approval = work.change::<Approval, Refused>(id, |approval| {
            approval.state = self.state;
            approval.ended_at = Some(now);
            approval.checker = Some(checker);
            approval.comment = self.comment;
            approval.result = self.result;
            approval.refusal = self.refusal;
            approval.done_by = self.done_by;
            approval.command = String::new();
            Ok(())
        })?;
        work.tell(events::of(self.event, &approval));
        Ok(approval)
    }
}

/// Says yes: the command is decided anew, and done if it is not refused now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Approve {
    /// To what.
    pub approval: ApprovalId,
    /// For people.
    pub comment: Option<String>,
}

impl Command for Approve {
    const OPERATION: &'static str = "approve";
    type Made = Approval;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Approval>(self.approval);
    }

    /// Refused as [`judged`]. What the command itself is refused for ends the approval, and stands with it.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Approval>> {
        let by_maker = "whoever asked for it cannot say yes to it";
        let (found, comment) = judged(work, self.approval, self.comment.as_deref(), by_maker)?;
        let Some(command) = work.read(&found.operation, &found.command) else {
            let message = "this version of Konto has no such operation";
            return Err(Refused::of_field(INVALID_STATE, "approval", message).into());
        };
        let maker = found.maker(work.tenant());
        let key = found.key.clone().map(|key| Idempotency::of_stored(key, &found.operation, &found.command));
        let whose = Whose { origin: &maker, key: key.as_ref(), approved: true, atomic: false };
        let ending = match work.decide_aside(&whose, &*command)? {
            Became::Done(result) => {
                // What was done aside has the place before this one's.
                let done_by = Some(work.command() - 1);
                let ending = Ending::new(ApprovalState::Approved, APPROVAL_APPROVED, comment);
                Ending { result: Some(result), done_by, ..ending }
            }
            Became::Refused(refused) => Ending {
                refusal: Some(KeptRefusal::from(&*refused)),
                ..Ending::new(ApprovalState::Failed, APPROVAL_FAILED, comment)
            },
            Became::Failed => Ending::new(ApprovalState::Failed, APPROVAL_FAILED, comment),
        };
        ending.of(work, found.id)
    }

    fn weight(&self) -> usize {
        16
    }
}

/// Says no.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RejectApproval {
    /// To what.
    pub approval: ApprovalId,
    /// For people.
    pub comment: Option<String>,
}

impl Command for RejectApproval {
    const OPERATION: &'static str = "rejectApproval";
    type Made = Approval;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Approval>(self.approval);
    }

    /// Refused as [`judged`]: whoever asked for it withdraws it.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Approval>> {
        let by_maker = "whoever asked for it withdraws it";
        let (found, comment) = judged(work, self.approval, self.comment.as_deref(), by_maker)?;
        Ending::new(ApprovalState::Rejected, APPROVAL_REJECTED, comment).of(work, found.id)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Takes back what one has asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WithdrawApproval {
    /// What.
    pub approval: ApprovalId,
    /// For people.
    pub comment: Option<String>,
}

impl Command for WithdrawApproval {
    const OPERATION: &'static str = "withdrawApproval";
    type Made = Approval;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Approval>(self.approval);
    }

    /// Refused as: `NOT_FOUND` (what others have asked for included), `APPROVAL_EXPIRED`, `INVALID_STATE`,
    /// `INVALID_INPUT`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Approval>> {
        let found = located(work, self.approval)?;
        if !found.is_by(work.origin()) {
            return Err(Refused::not_found("approval", "approval of yours").into());
        }
        found.require_pending(work.now())?;
        let comment = noted("comment", self.comment.as_deref())?;
        Ending::new(ApprovalState::Withdrawn, APPROVAL_WITHDRAWN, comment).of(work, found.id)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Notes that nobody said yes in time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExpireApproval {
    /// To what.
    pub approval: ApprovalId,
}

impl Command for ExpireApproval {
    const OPERATION: &'static str = "expireApproval";
    type Made = Approval;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Approval>(self.approval);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for what does not wait, or has time left.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Approval>> {
        let found = located(work, self.approval)?;
        if found.state != ApprovalState::Pending || found.stands(work.now()) != ApprovalState::Expired {
            return Err(Refused::of_field(INVALID_STATE, "approval", "it does not lapse now").into());
        }
        let ended = Ending::new(ApprovalState::Expired, APPROVAL_EXPIRED, None).of(work, found.id)?;
        Ok(ended)
    }

    fn weight(&self) -> usize {
        3
    }
}
