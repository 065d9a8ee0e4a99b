//! The ledger's tests: tables over the pure parts. What commands do in the books is tested in `work`.

mod hold;
mod position;

use uuid::Uuid;

use super::chart::Component;
use super::entry::Spread;
use super::position::{AccountStatus, Arriving, DebtRule, Position, RepaymentOrder};
use super::refusal::{
    ACCOUNT_NOT_OPEN, AMOUNT_OUT_OF_RANGE, BALANCE_REMAINS, CREDIT_LIMIT_INCREASE_NOT_ALLOWED, HOLD_NOT_OPEN,
    HOLDS_REMAIN, INSUFFICIENT_FUNDS, LIMIT_EXCEEDED, Refusal,
};
use crate::primitives::{HoldId, Minor};
use crate::refused::{INVALID_STATE, RefusalCode};
use crate::work::tests::{account, holding, minors, position, sek, today, without_shortfall};
