//! Approvals: commands that wait until a second person says yes.
//!
//! A tenant's rules ([`rules`]) say which: by operation, by how much it moves, by the product of the accounts that it
//! touches. A command that a rule asks for is decided first: what would be refused anyway is refused. Otherwise it is
//! undone again and kept ([`Approval`]), and its caller is refused with `APPROVAL_REQUIRED` and the approval's id. The yes
//! of somebody else decides it anew, on the books as they then stand, in its maker's name and under its maker's key.
//!
//! Tenants without rules pay for none of it: that there are none is remembered with the tenant's other rows.

pub mod commands;
pub mod events;
pub mod model;
pub mod rules;
pub mod store;

pub use commands::{Approve, ExpireApproval, RejectApproval, WithdrawApproval};
pub use model::{Approval, ApprovalState};
pub use rules::{ApprovalRules, Rule, SetApprovalRules, TheHouse};
pub use store::ApprovalFilter;

use crate::refused::RefusalCode;
use crate::work::{About, Stored};

crate::open_words! { RefusalCode:
    /// What is refused for the sake of a second person.
    CODES {
        /// A second person has to say yes first: `facts.approval` is what waits for that.
        APPROVAL_REQUIRED,
        /// Whoever asked for it cannot be the one who says yes to it.
        APPROVAL_BY_MAKER,
        /// Nobody said yes to it in time.
        APPROVAL_EXPIRED,
        /// It was rejected, withdrawn, or refused when it was decided anew: `facts.status` says which.
        APPROVAL_NOT_GIVEN,
    }
}

/// What changes the rules: that may wait as well.
pub const COMMANDS: &[Stored] = &[Stored::of::<SetApprovalRules>().about(About::Nothing)];
