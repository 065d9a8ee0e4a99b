//! What instalments book, and where.
//!
//! | what | from | to |
//! |---|---|---|
//! | the credit is paid out | the contract's account, PRINCIPAL | the receiving account, as a payment: what it owes first |
//! | an instalment | the paying account, all of it | the contract's account, PRINCIPAL: what is repaid; INTEREST_INCOME; FEE_INCOME |
//! | what is settled outside of the plan, by the paying account | the same | the same |
//! | the same, by the issuer | WRITE_OFF | the contract's account, PRINCIPAL; interest and fee are charged to nobody |
//!
//! By the contract's posting type an instalment is one operation on the paying account, or principal and interest apart from
//! the fee, or all three apart. What repays, alone or together with interest and fee, is owed as principal there; interest
//! and a fee that are posted apart are owed as such. An account that may owe is charged, as a purchase that was cleared:
//! past its limit as well. One that may not, pays of its funds or not at all.

use crate::ledger::chart::{Component, InternalRole};
use crate::ledger::entry::{Side, Spread};
use crate::ledger::{Draft, Position, TransactionKind};
use crate::primitives::{EntryId, Minor};
use crate::work::{Decision, Stop, Work};

use super::contracts::{InstalmentContract, SettledBy};
use super::models::PostingType;

/// What is collected, of each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// What repays.
    pub principal: Minor,
    /// Interest.
    pub interest: Minor,
    /// Of the fee.
    pub fee: Minor,
}

impl Parts {
    /// All of it.
    #[must_use]
    pub fn total(self) -> Minor {
        Minor(self.principal.0 + self.interest.0 + self.fee.0)
    }

    /// The operations that it is posted in, by a posting type; none of nothing.
    #[must_use]
    pub fn operations(self, posting: PostingType) -> Vec<Self> {
        let (principal, interest, fee) = (
            Self { principal: self.principal, ..Self::default() },
            Self { interest: self.interest, ..Self::default() },
            Self { fee: self.fee, ..Self::default() },
        );
        let operations = match posting {
            PostingType::PrincipalInterestFee => vec![self],
            PostingType::PrincipalInterest => vec![Self { fee: Minor::ZERO, ..self }, fee],
            PostingType::Separate => vec![principal, interest, fee],
        };
        operations.into_iter().filter(|operation| operation.total() != Minor::ZERO).collect()
    }

    /// The part that it is owed as, on an account that keeps debts apart.
    fn component(self) -> Component {
        match (self.principal.0 + self.interest.0, self.interest.0, self.fee.0) {
            (0, 0, _) => Component::Fee,
            (together, interest, 0) if together == interest => Component::Interest,
            _ => Component::Principal,
        }
    }
}

/// How the paying account is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It owes it: an account that may owe is charged in any case.
    Due,
    /// Its owner wants to: it has to be available.
    Willing,
}

/// Books what is collected, all of it or nothing. Gives the entries.
///
/// # Errors
/// The books': `INSUFFICIENT_FUNDS` where the paying account lacks it.
pub fn collect(
    work: &mut Work,
    contract: &InstalmentContract,
    parts: Parts,
    (by, asked): (SettledBy, Asked),
    title: &str,
) -> Decision<Vec<EntryId>> {
    let own = contract.account.ok_or_else(|| Stop::damaged("a contract in force without its account"))?;
    let mut entries = Vec::new();
    match by {
        SettledBy::Issuer if parts.principal == Minor::ZERO => {}
        SettledBy::Issuer => {
            let mut draft = draft(contract, TransactionKind::WriteOff, title);
            draft.facts.reason = Some("borne by the issuer".into());
            let draft = draft.moving(
                Side::Internal(InternalRole::WriteOff),
                Side::Account(own, Spread::On(Component::Principal), None),
                parts.principal,
            );
            entries.push(work.post(&draft)?.id);
        }
        SettledBy::PayingAccount => {
            work.get_all::<Position>(&[own, contract.paying])?;
            let may_owe = work.position(contract.paying)?.may_owe();
            for operation in parts.operations(contract.posting) {
                let spread = match operation.component() {
                    Component::Principal if may_owe && asked == Asked::Due => Spread::Cleared,
                    Component::Principal => Spread::Flow,
                    component => Spread::Charge(component),
                };
                let from = Side::Account(contract.paying, spread, None);
                let to = [
                    (Side::Account(own, Spread::On(Component::Principal), None), operation.principal),
                    (Side::Internal(InternalRole::InterestIncome), operation.interest),
                    (Side::Internal(InternalRole::FeeIncome), operation.fee),
                ];
                let draft = draft(contract, TransactionKind::Instalment, title).parting(from, to);
                entries.push(work.post(&draft)?.id);
            }
        }
    }
    Ok(entries)
}

fn draft(contract: &InstalmentContract, kind: TransactionKind, title: &str) -> Draft {
    let mut draft = Draft::new(kind, contract.currency, title.into());
    draft.facts.reference = Some(contract.reference.clone());
    draft.of_contract = true;
    draft
}

#[cfg(test)]
mod tests {
    use super::*;
    use PostingType::{PrincipalInterest, PrincipalInterestFee, Separate};

    #[test]
    fn an_instalment_is_posted_in_one_two_or_three_operations() {
        let parts = |principal, interest, fee| Parts {
            principal: Minor(principal),
            interest: Minor(interest),
            fee: Minor(fee),
        };
        for (whole, posting, expected) in [
            (parts(90, 9, 1), PrincipalInterestFee, vec![parts(90, 9, 1)]),
            (parts(90, 9, 1), PrincipalInterest, vec![parts(90, 9, 0), parts(0, 0, 1)]),
            (parts(90, 9, 1), Separate, vec![parts(90, 0, 0), parts(0, 9, 0), parts(0, 0, 1)]),
            (parts(90, 0, 0), Separate, vec![parts(90, 0, 0)]),
            (parts(0, 9, 0), PrincipalInterest, vec![parts(0, 9, 0)]),
            (parts(0, 0, 0), PrincipalInterestFee, vec![]),
        ] {
            let operations = whole.operations(posting);
            assert_eq!(operations, expected, "{whole:?} {posting:?}");
            assert_eq!(operations.iter().map(|part| part.total().0).sum::<i64>(), whole.total().0);
        }
        let owed_as = [parts(1, 0, 0), parts(1, 1, 1), parts(0, 1, 0), parts(0, 0, 1), parts(0, 1, 1)];
        assert_eq!(
            owed_as.map(Parts::component),
            [Component::Principal, Component::Principal, Component::Interest, Component::Fee, Component::Principal]
        );
    }
}
