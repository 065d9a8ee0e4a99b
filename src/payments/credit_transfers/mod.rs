//! Credit transfers: money that leaves an account for a bank account, and can be followed and called back on its way.
//!
//! CREATED -> SENT -> PAID -> RETURNED; CANCELLED while it is not sent; REJECTED and RETURNED from SENT. The account is
//! debited when the transfer is made, as by `disburse`, with the same entry; a cancellation undoes that, and what comes
//! back is booked as any disbursement's return. Who is paid stands on the entry alone.
//!
//! | what happened | debits (money leaves) | credits (money arrives) |
//! |---|---|---|
//! | CREATED | the account's funds or credit | SETTLEMENT_BANK |
//! | CANCELLED, REJECTED, RETURNED | SETTLEMENT_BANK | the account: the mirror |

pub mod commands;
pub mod events;
pub mod model;
pub mod steps;
pub mod store;

pub use commands::{CancelCreditTransfer, CreateCreditTransfer, ReportCreditTransfer};
pub use model::{CreditTransfer, CreditTransferAction, CreditTransferState, TransferOutcome};
