//! Reversals: what they take back of earlier entries, and what is noted of it.
//!
//! A reversal mirrors its entry, or a part of it, per account, per ledger account of the tenant's own and per party. Within
//! a customer's account the components may differ: a credit in one of them settles the others. So may a party's ledger
//! accounts: what is owed to it follows from what its accounts owe, then and now.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::{Replay, VerifyError};
use crate::ledger::chart::Component;
use crate::ledger::entry::{Entry, Posting, TransactionKind, without_mirror};
use crate::ledger::rows::Reversed;
use crate::primitives::{AccountId, EntryId, LedgerAccountId, PartyId};
use crate::work::row::Row as _;

/// What reversals have taken back of an entry.
pub(super) struct TakenBack {
    sequence: i64,
    account: Option<AccountId>,
    /// Of each line, signed like the line.
    lines: Vec<i64>,
    complete: bool,
    /// The reversal that took the last part.
    last: EntryId,
}

/// Whose a line is, as far as a reversal has to give back to the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Account(AccountId),
    Internal(LedgerAccountId),
    Party(PartyId),
}

/// Whose the ledger accounts are that hold something for a party.
pub(super) type PartyRows = BTreeMap<LedgerAccountId, PartyId>;

fn side(line: &Posting, parties: &PartyRows) -> Side {
    let own =
        || parties.get(&line.ledger_account).map_or(Side::Internal(line.ledger_account), |party| Side::Party(*party));
    line.account.map_or_else(own, Side::Account)
}

/// The sums of amounts by side; a side whose amounts cancel out is left out.
fn net(lines: impl Iterator<Item = (Side, i64)>) -> BTreeMap<Side, i128> {
    let mut sums: BTreeMap<Side, i128> = BTreeMap::new();
    for (side, amount) in lines {
        *sums.entry(side).or_default() += i128::from(amount);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// Whether what was booked moves one amount from one side to another.
fn has_two_sides(lines: &[Posting], booked: &[i64], parties: &PartyRows) -> bool {
    let mut signs: BTreeMap<Side, bool> = BTreeMap::new();
    let one_sided = lines.iter().zip(booked).filter(|(_, booked)| **booked != 0).all(|(line, booked)| {
        let positive = *booked > 0;
        *signs.entry(side(line, parties)).or_insert(positive) == positive
    });
    one_sided && signs.len() == 2
}

/// What a reversal takes back of each line of its entry, of which some is gone already: all that is left, or a part of
/// what moves between two sides, from each side's lines in their order. `None` if it takes anything else.
fn taken_back(
    original: &[Posting],
    booked: &[i64],
    gone: &[i64],
    reversal: &[Posting],
    parties: &PartyRows,
) -> Option<Vec<i64>> {
    let left: Vec<i64> = booked.iter().zip(gone).map(|(booked, gone)| booked - gone).collect();
    let side = |line: &Posting| side(line, parties);
    if left.iter().all(|part| *part == 0) {
        return None;
    }
    let mut back = net(reversal.iter().map(|line| (side(line), -line.amount.0)));
    if back == net(original.iter().map(side).zip(left.iter().copied())) {
        return Some(left);
    }
    if !has_two_sides(original, booked, parties) {
        return None;
    }
    let mut parts = Vec::with_capacity(left.len());
    for (line, left) in original.iter().zip(left) {
        let rest = back.entry(side(line)).or_default();
        if (*rest > 0) != (left > 0) && *rest != 0 && left != 0 {
            return None;
        }
        let part =
            if rest.unsigned_abs() < u128::from(left.unsigned_abs()) { i64::try_from(*rest).ok()? } else { left };
        *rest -= i128::from(part);
        parts.push(part);
    }
    back.values().all(|rest| *rest == 0).then_some(parts)
}

impl<C: ConnectionTrait> Replay<'_, C> {
    /// What an entry takes back, if it is a reversal, and what it puts on its way. `originals` have been verified.
    pub(super) fn reversal(&mut self, entry: &Entry, originals: &BTreeMap<EntryId, Entry>) -> Result<(), VerifyError> {
        let account = entry.postings.iter().find_map(|posting| posting.account);
        let differs = |what: &str| self.differs(account, Some(entry.sequence), what);
        let is_reversal = entry.kind.is_reversal();
        let Some(reverses) = entry.reverses else {
            if is_reversal {
                return Err(differs("the entry is a reversal of nothing"));
            }
            self.arrive(entry, None);
            return Ok(());
        };
        let Some(original) = originals.get(&reverses) else {
            return Err(differs("the entry reverses one that does not stand before it"));
        };
        if !is_reversal || original.kind.is_reversal() {
            return Err(differs("the entry reverses another, and is no reversal, or the other one is"));
        }
        let is_return = entry.kind == TransactionKind::DisbursementReturned;
        if is_return && original.kind != TransactionKind::Disbursement {
            return Err(differs("the entry brings something back that is no disbursement"));
        }
        if entry.value_date < original.value_date {
            return Err(differs("the entry is valued before the one that it reverses"));
        }
        let gone = self.reversed.get(&reverses).map(|before| before.lines.clone());
        let gone = gone.unwrap_or_else(|| vec![0; original.postings.len()]);
        let booked = without_mirror(&original.postings, |id| self.party_rows.get(&id).copied());
        let Some(parts) = taken_back(&original.postings, &booked, &gone, &entry.postings, &self.party_rows) else {
            return Err(differs("the entry takes back something else than what is left of the one that it reverses"));
        };
        self.arrive(entry, Some((original, &parts)));
        let lines: Vec<i64> = gone.iter().zip(&parts).map(|(gone, part)| gone + part).collect();
        let complete = booked == lines;
        let account = original.postings.iter().find_map(|posting| posting.account);
        let taken = TakenBack { sequence: original.sequence, account, lines, complete, last: entry.id };
        self.reversed.insert(reverses, taken);
        Ok(())
    }

    /// What is on its way to the accounts of an entry. What is taken back before it has come does not come; days that
    /// are over are dropped; what comes to principal and counts after the business date is on its way until then.
    fn arrive(&mut self, entry: &Entry, taken_back: Option<(&Entry, &[i64])>) {
        let today = entry.business_date;
        let mut principal: BTreeMap<AccountId, i128> = BTreeMap::new();
        let is_principal = |line: &Posting| line.component() == Some(Component::Principal);
        for line in &entry.postings {
            if let Some(account) = line.account {
                let amount = if is_principal(line) { line.amount.0 } else { 0 };
                *principal.entry(account).or_default() += i128::from(amount);
            }
        }
        if let Some((original, parts)) = taken_back {
            let mut back: BTreeMap<AccountId, i128> = BTreeMap::new();
            for (line, part) in original.postings.iter().zip(parts).filter(|(_, part)| **part != 0) {
                if let Some(account) = line.account {
                    // Its position is touched, even if nothing but its components moves, or not even those.
                    principal.entry(account).or_default();
                    *back.entry(account).or_default() += if is_principal(line) { i128::from(*part) } else { 0 };
                }
            }
            // What left counted at once, and so does its coming back on that day: it is not on its way.
            if entry.value_date == original.value_date {
                let mut whole: BTreeMap<AccountId, i128> = BTreeMap::new();
                for (line, part) in original.postings.iter().zip(parts) {
                    if let Some(account) = line.account {
                        *whole.entry(account).or_default() += i128::from(*part);
                    }
                }
                for (account, _) in whole.into_iter().filter(|(_, part)| *part < 0) {
                    principal.insert(account, 0);
                }
            }
            for (account, part) in back.into_iter().filter(|(_, part)| *part > 0 && original.value_date > today) {
                if let Some(amount) = self.arriving.entry(account).or_default().get_mut(&original.value_date) {
                    *amount = (*amount - part).max(0);
                }
            }
        }
        for (account, amount) in principal {
            let days = self.arriving.entry(account).or_default();
            days.retain(|day, amount| *day > today && *amount > 0);
            if entry.value_date > today && amount > 0 {
                *days.entry(entry.value_date).or_default() += amount;
            }
            if days.is_empty() {
                self.arriving.remove(&account);
            }
        }
    }

    /// What is noted of entries that were reversed.
    pub(super) async fn reversed(&mut self) -> Result<(), VerifyError> {
        for row in self.rows("SELECT * FROM reversed_entry WHERE tenant_id = $1 ORDER BY entry_id", &[]).await? {
            let noted = Reversed::of_result(&row)?;
            let id = noted.entry;
            let Some(taken) = self.reversed.remove(&id) else {
                return Err(self.differs(None, None, format!("{id} is noted as reversed, and nothing reverses it")));
            };
            let what = if noted.lines != taken.lines {
                format!("of its lines, {:?} is noted as reversed, its reversals sum to {:?}", noted.lines, taken.lines)
            } else if noted.complete != taken.complete {
                let (is, has) = if noted.complete { ("as a whole", "in part") } else { ("in part", "as a whole") };
                format!("it is noted as reversed {is}, and was {has}")
            } else if noted.last != taken.last {
                format!("it is noted as last reversed by {}, and was by {}", noted.last, taken.last)
            } else {
                continue;
            };
            return Err(self.differs(taken.account, Some(taken.sequence), what));
        }
        match self.reversed.values().next() {
            None => Ok(()),
            Some(taken) => {
                let what = "the entry was reversed, and that is not noted";
                Err(self.differs(taken.account, Some(taken.sequence), what))
            }
        }
    }
}
