//! Money: in from a rail, out to a bank account, between accounts, corrected, charged, reserved, reversed.
//!
//! Each of these checks its input and names its postings; whether the money is there is decided on the books as they
//! stand.
//!
//! | operation | debits (money leaves) | credits (money arrives) |
//! |---|---|---|
//! | `postPayment` | the rail's settlement account | the account: fees, interest, principal in its product's order |
//! | the same, with an overpayment account | the rail's settlement account | the account: what it owes; the other account: the rest |
//! | `registerPayment` | SETTLEMENT_PSP | as `postPayment` |
//! | `postReimbursement` | the account's funds | SETTLEMENT_BANK |
//! | `disburse` | the account's funds or credit | SETTLEMENT_BANK |
//! | `createCreditTransfer` | as `disburse` | SETTLEMENT_BANK |
//! | `transfer` | the sender's funds or credit | the receiver, as a payment |
//! | `postAdjustment` | SUSPENSE or the account | the account or SUSPENSE, on the named component; for a party's principal, CLIENT_MONEY in the place of SUSPENSE |
//! | `postCharge` | the account's free funds, then its FEE or INTEREST (its funds alone where it may not owe) | FEE_INCOME or INTEREST_INCOME |
//! | `remitToParty` | CLIENT_MONEY of the party | SETTLEMENT_BANK, and the commission to FEE_INCOME |
//! | `payGarnishment` | what of the account's funds is set aside | SETTLEMENT_BANK |
//! | a donation, with a purchase or transfer | the account's funds or credit | CHARITY |
//! | `captureHold` | what the hold reserved | SETTLEMENT_CARD, or a merchant's account |
//! | `reverseEntry` | the mirror of the entry | |

pub mod charity;
pub mod chores;
pub mod corrections;
pub mod credit_transfers;
pub mod garnishments;
pub mod holds;
pub mod moves;
pub mod periods;
pub mod registrations;
pub mod reimbursements;
pub mod remittances;
pub mod simulator;

pub use crate::accounts::bank::{self, BankAccount, BankAccountClass, BankAccountInput};
pub use corrections::{ChargeKind, EntryBy, PostAdjustment, PostCharge, ReverseEntry};
pub use credit_transfers::{CancelCreditTransfer, CreateCreditTransfer, ReportCreditTransfer};
pub use garnishments::PayGarnishment;
pub use holds::{CaptureHold, ExpireHold, PlaceHold, ReleaseHold};
pub use moves::{Details, Disburse, PostPayment, Transfer};
pub use periods::{ClosePeriod, ClosedThrough};
pub use registrations::RegisterPayment;
pub use reimbursements::{PostReimbursement, ReimbursementType};
pub use remittances::RemitToParty;

use crate::work::{About, Stored};

/// What moves money.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<PostPayment>(),
    Stored::of::<RegisterPayment>(),
    Stored::of::<Disburse>(),
    Stored::of::<CreateCreditTransfer>(),
    Stored::of::<CancelCreditTransfer>(),
    Stored::of::<ReportCreditTransfer>(),
    Stored::of::<PostReimbursement>(),
    Stored::of::<Transfer>(),
    Stored::of::<PostAdjustment>(),
    Stored::of::<PostCharge>(),
    Stored::of::<ReverseEntry>(),
    Stored::of::<RemitToParty>().about(About::Amount),
    Stored::of::<PayGarnishment>(),
    Stored::of::<PlaceHold>(),
    Stored::of::<CaptureHold>(),
    Stored::of::<ReleaseHold>().about(About::Accounts),
    Stored::of::<ClosePeriod>().about(About::Nothing),
];
