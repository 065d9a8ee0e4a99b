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
//! | `loadAccount` | the rail's settlement account | the prepaid account |
//! | `unloadAccount` | the prepaid account's funds | the rail's settlement account |
//! | the fee of either, in an entry of its own | the prepaid account's funds | FEE_INCOME |
//! | a payment through a provider, its refund and its payout | see `providers` | |
//! | `postReimbursement` | the account's funds | SETTLEMENT_BANK |
//! | `disburse` | the account's funds or credit | SETTLEMENT_BANK |
//! | `returnDisbursement` | the mirror of the disbursement | |
//! | `postDeduction` | the account's funds or credit | SETTLEMENT_INTERNAL |
//! | `createCreditTransfer` | as `disburse` | SETTLEMENT_BANK |
//! | `transfer` | the sender's funds or credit | the receiver, as a payment |
//! | `postAdjustment` | SUSPENSE or the account | the account or SUSPENSE, on the named component; for a party's principal, CLIENT_MONEY in the place of SUSPENSE |
//! | `postCharge` | the account's free funds, then its FEE or INTEREST (its funds alone where it may not owe) | FEE_INCOME or INTEREST_INCOME |
//! | `remitToParty` | CLIENT_MONEY of the party | SETTLEMENT_BANK, and the commission to FEE_INCOME |
//! | `settleCardScheme` | SCHEME_SETTLEMENT, as far as it is owed | SETTLEMENT_BANK; the other way when it is received |
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
pub mod loads;
pub mod moves;
pub mod periods;
pub mod providers;
pub mod registrations;
pub mod reimbursements;
pub mod remittances;
pub mod returns;
pub mod schemes;
pub mod simulator;

pub use crate::accounts::bank::{self, BankAccount, BankAccountClass, BankAccountInput};
pub use corrections::{ChargeKind, EntryBy, PostAdjustment, PostCharge, ReverseEntry};
pub use credit_transfers::{CancelCreditTransfer, CreateCreditTransfer, ReportCreditTransfer};
pub use garnishments::PayGarnishment;
pub use holds::{CaptureHold, ExpireHold, PlaceHold, ReleaseHold};
pub use loads::{LoadAccount, Prepaid, UnloadAccount};
pub use moves::{Details, Disburse, PostPayment, Transfer};
pub use periods::{ClosePeriod, ClosedThrough};
pub use registrations::RegisterPayment;
pub use reimbursements::{PostReimbursement, ReimbursementType};
pub use remittances::RemitToParty;
pub use returns::{PostDeduction, ReturnDisbursement};
pub use schemes::{SettleCardScheme, SettlementDirection};

use crate::work::{About, Stored};
use providers::{
    CancelProviderPayment, CaptureProviderPayment, CreatePaymentProvider, InitiateProviderPayment,
    ReconcileProviderPayout, RefundProviderPayment, UpdatePaymentProvider,
};

/// What moves money.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<PostPayment>(),
    Stored::of::<RegisterPayment>(),
    Stored::of::<LoadAccount>(),
    Stored::of::<UnloadAccount>(),
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
    Stored::of::<ReturnDisbursement>(),
    Stored::of::<PostDeduction>(),
    Stored::of::<SettleCardScheme>().about(About::Amount),
    Stored::of::<PayGarnishment>(),
    Stored::of::<PlaceHold>(),
    Stored::of::<CaptureHold>(),
    Stored::of::<ReleaseHold>().about(About::Accounts),
    Stored::of::<ClosePeriod>().about(About::Nothing),
    Stored::of::<CreatePaymentProvider>().about(About::Nothing),
    Stored::of::<UpdatePaymentProvider>().about(About::Nothing),
    Stored::of::<InitiateProviderPayment>().about(About::Amount),
    Stored::of::<CaptureProviderPayment>().about(About::Amount),
    Stored::of::<CancelProviderPayment>().about(About::Nothing),
    Stored::of::<RefundProviderPayment>(),
    Stored::of::<ReconcileProviderPayout>().about(About::Amount),
];
