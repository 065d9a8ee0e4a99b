//! The same of what hangs on customers and their accounts: addresses, blocks, applications for limits,
//! insurance, cards.

use std::sync::Arc;

use super::merge::require_few;
use super::parts::{MOST, erased, owned, positions};
use super::{Merge, Part};
use crate::accounts::Account;
use crate::accounts::applications::LimitApplication;
use crate::accounts::applications::store::OF_CUSTOMER as APPLICATIONS_OF;
use crate::accounts::blocks::store::EVERY as EVERY_BLOCK;
use crate::accounts::blocks::{self, Block};
use crate::cards::store::HELD;
use crate::cards::{Card, CardStatus};
use crate::collections::claims::store::OF_DEBTOR as CLAIMS_OF;
use crate::collections::receivables::model::link;
use crate::collections::receivables::store::OF_CUSTOMER as OWES_ON;
use crate::collections::{Claim, ClaimStatus, Receivable, ReceivableDebtor};
use crate::customers::Customer;
use crate::customers::addresses::store::EVERY as EVERY_ADDRESS;
use crate::customers::addresses::{self, Address};
use crate::customers::erasure::{Erasure, PersonalData};
use crate::instalments::contracts::InstalmentContract;
use crate::instalments::contracts::store::EVERY as EVERY_CONTRACT;
use crate::insurance::store::{EVERY as INSURANCES_OF, NOTED};
use crate::insurance::{InsuranceContract, InsuranceEvent};
use crate::investments::InvestmentBid;
use crate::investments::store::WRITTEN as BIDS_WRITTEN;
use crate::ledger::AccountStatus;
use crate::mandates::Mandate;
use crate::mandates::payer::Sealed;
use crate::mandates::store::SETS as MANDATES_OF;
use crate::primitives::{AccountId, CustomerId};
use crate::purchases::Purchase;
use crate::purchases::store::OF_ACCOUNT as BOUGHT_ON;
use crate::refused::Refused;
use crate::work::{Decision, Work};

// ------------------------------------------------------------------------------------------------- addresses

pub(super) const ADDRESSES: Part = Part {
    name: "addresses",
    merge: |work, merge| {
        let count = every_address(work, merge.from.id)?.len();
        require_few("addresses", count, MOST)?;
        addresses::move_all(work, merge.from.id, merge.into.id)
    },
    hinders: |_, _| Ok(Vec::new()),
    erase: |work, customer, erasure| {
        if every_address(work, customer.id)?.iter().any(|address| address.content.is_some()) {
            erased(erasure, PersonalData::Addresses);
        }
        addresses::erase(work, customer.id)
    },
};

fn every_address(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<Address>>> {
    work.all::<Address, Customer>(EVERY_ADDRESS, customer)
}

// ---------------------------------------------------------------------------------------------------- blocks

/// Behind the accounts: what is moved is on the accounts of the record that stays.
pub(super) const BLOCKS: Part = Part {
    name: "blocks",
    merge: |work, merge| {
        let (ours, theirs) = (blocks::in_force_on(work, merge.from.id), blocks::in_force_on(work, merge.into.id));
        require_few("blocks with the other's", ours?.len() + theirs?.len(), blocks::model::MOST)?;
        blocks::move_all(work, merge.from.id, merge.into.id)
    },
    hinders: |work, customer| {
        let blocks = blocks::in_force_on(work, customer.id)?;
        Ok(blocks.iter().map(|block| format!("block {} is on it", block.id)).collect())
    },
    erase: erase_blocks,
};

/// Why something was blocked may tell of a person. That it was blocked stays.
fn erase_blocks(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    let accounts = owned(work, customer.id)?;
    let of_customer = work.all::<Block, Customer>(EVERY_BLOCK, customer.id);
    let of_accounts: Vec<_> =
        accounts.iter().map(|account| work.all::<Block, Account>(EVERY_BLOCK, account.id)).collect();
    let mut blocks = of_customer?;
    for of_account in of_accounts {
        blocks.extend(of_account?);
    }
    for block in blocks.iter().filter(|block| block.reason.is_some() || block.lift_reason.is_some()) {
        erased(erasure, PersonalData::Remarks);
        work.change::<Block, Refused>(block.id, |row| {
            (row.reason, row.lift_reason) = (None, None);
            Ok(())
        })?;
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------- applications

pub(super) const APPLICATIONS: Part = Part {
    name: "applications for limits",
    merge: merge_applications,
    hinders: |_, _| Ok(Vec::new()),
    erase: erase_applications,
};

/// Applications go along with their accounts.
fn merge_applications(work: &mut Work, merge: &Merge) -> Decision<()> {
    let applications = work.all::<LimitApplication, Customer>(&APPLICATIONS_OF, merge.from.id)?;
    require_few("applications for limits", applications.len(), MOST)?;
    for application in applications {
        work.change::<LimitApplication, Refused>(application.id, |row| {
            row.customer = merge.into.id;
            Ok(())
        })?;
    }
    Ok(())
}

/// What was said for and against it goes. What was asked for and decided stays.
fn erase_applications(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for application in work.all::<LimitApplication, Customer>(&APPLICATIONS_OF, customer.id)? {
        if application.reason.is_none() && application.comment.is_none() {
            continue;
        }
        erased(erasure, PersonalData::Remarks);
        work.change::<LimitApplication, Refused>(application.id, |row| {
            (row.reason, row.comment) = (None, None);
            Ok(())
        })?;
    }
    Ok(())
}

// ------------------------------------------------------------------------------------------------- insurance

/// Insurances hang on accounts, and go with them.
pub(super) const INSURANCE: Part =
    Part { name: "insurance", merge: |_, _| Ok(()), hinders: |_, _| Ok(Vec::new()), erase: erase_insurance };

/// What was noted to events, and why an insurance ended, goes: it may tell of illness. What was recorded and charged stays.
fn erase_insurance(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for account in owned(work, customer.id)? {
        for contract in work.all::<InsuranceContract, Account>(INSURANCES_OF, account.id)? {
            for event in work.all::<InsuranceEvent, InsuranceContract>(&NOTED, contract.id)? {
                erased(erasure, PersonalData::Remarks);
                work.change::<InsuranceEvent, Refused>(event.id, |row| {
                    row.note = None;
                    Ok(())
                })?;
            }
            if contract.end_reason.is_some() {
                erased(erasure, PersonalData::Remarks);
                work.change::<InsuranceContract, Refused>(contract.id, |row| {
                    row.end_reason = None;
                    Ok(())
                })?;
            }
        }
    }
    Ok(())
}

// ----------------------------------------------------------------------------------------------- investments

/// Bids and positions hang on accounts, and go with them.
pub(super) const INVESTMENTS: Part =
    Part { name: "investments", merge: |_, _| Ok(()), hinders: |_, _| Ok(Vec::new()), erase: erase_bids };

/// What was written to bids goes; what was bid and given stays.
fn erase_bids(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for account in owned(work, customer.id)? {
        for bid in work.all::<InvestmentBid, Account>(BIDS_WRITTEN, account.id)? {
            erased(erasure, PersonalData::Remarks);
            work.change::<InvestmentBid, Refused>(bid.id, |row| {
                (row.note, row.message, row.additional_data, row.reason) = (None, None, None, None);
                Ok(())
            })?;
        }
    }
    Ok(())
}

// ----------------------------------------------------------------------------------------------------- cards

pub(super) const CARDS: Part = Part { name: "cards", merge: merge_cards, hinders: cards_in_force, erase: erase_cards };

fn held(work: &mut Work, holder: CustomerId) -> Decision<Vec<Arc<Card>>> {
    work.all::<Card, Customer>(HELD, holder)
}

/// Cards have the other holder: a main card's account has the other owner by now.
fn merge_cards(work: &mut Work, merge: &Merge) -> Decision<()> {
    let cards = held(work, merge.from.id)?;
    require_few("cards", cards.len(), MOST)?;
    for card in cards {
        work.change::<Card, Refused>(card.id, |row| {
            row.holder = merge.into.id;
            Ok(())
        })?;
    }
    Ok(())
}

/// Each card in force on an account that is not closed, its own or another's.
fn cards_in_force(work: &mut Work, customer: &Customer) -> Decision<Vec<String>> {
    let cards: Vec<_> = held(work, customer.id)?.into_iter().filter(|card| card.status == CardStatus::Active).collect();
    let ids: Vec<AccountId> = cards.iter().map(|card| card.account).collect();
    let (positions, accounts) = (positions(work, &ids), work.get_all::<Account>(&ids));
    let open = positions?.into_iter().map(|position| position.status != AccountStatus::Closed);
    let open = open.zip(accounts?.into_iter().flatten()).filter(|(open, _)| *open);
    Ok(open.map(|(_, account)| format!("it holds a card in force of account {}", account.number)).collect())
}

/// What was on a card goes: its printed name, what was shown of its number, what was kept with it, why it
/// was blocked. Its token stays taken.
fn erase_cards(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for card in held(work, customer.id)? {
        let is_plain = card.embossed_name.is_none() && card.number.is_none() && card.metadata == "{}";
        if is_plain && card.blocks.is_empty() {
            continue;
        }
        erased(erasure, PersonalData::Cards);
        work.change::<Card, Refused>(card.id, |row| {
            (row.embossed_name, row.number) = (None, None);
            row.metadata = "{}".into();
            row.blocks.clear();
            Ok(())
        })?;
    }
    Ok(())
}

// -------------------------------------------------------------------------------------------------- mandates

pub(super) const MANDATES: Part =
    Part { name: "mandates", merge: merge_mandates, hinders: |_, _| Ok(Vec::new()), erase: erase_mandates };

fn given(work: &mut Work, debtor: CustomerId) -> Decision<Vec<Arc<Mandate>>> {
    work.all::<Mandate, Customer>(&MANDATES_OF[1], debtor)
}

/// Mandates are those of the record that stays.
fn merge_mandates(work: &mut Work, merge: &Merge) -> Decision<()> {
    let mandates = given(work, merge.from.id)?;
    require_few("mandates", mandates.len(), MOST)?;
    for mandate in mandates {
        work.change::<Mandate, Refused>(mandate.id, |row| {
            row.debtor = merge.into.id;
            Ok(())
        })?;
    }
    Ok(())
}

/// Who paid from where goes, with what was amended of it. That there was a mandate stays.
fn erase_mandates(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for mandate in given(work, customer.id)? {
        if mandate.sealed == Sealed::default() && mandate.reason.is_none() {
            continue;
        }
        erased(erasure, PersonalData::Mandates);
        work.change::<Mandate, Refused>(mandate.id, |row| {
            row.sealed = Sealed::default();
            row.reason = None;
            Ok(())
        })?;
    }
    Ok(())
}

// ----------------------------------------------------------------------------------------------- collections

/// Behind the accounts: a receivable's account has the other owner by now.
pub(super) const CLAIMS: Part =
    Part { name: "claims", merge: merge_claims, hinders: active_claims, erase: erase_claims };

fn owed_by(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<Claim>>> {
    work.all::<Claim, Customer>(&CLAIMS_OF, customer)
}

/// What the one owes, the other does; nobody owes twice on one receivable.
fn merge_claims(work: &mut Work, merge: &Merge) -> Decision<()> {
    let (from, into) = (merge.from.id, merge.into.id);
    let (claims, debtors) = (owed_by(work, from), work.all::<ReceivableDebtor, Customer>(OWES_ON, from));
    let own = work.all::<ReceivableDebtor, Customer>(OWES_ON, into);
    let (claims, debtors, own) = (claims?, debtors?, own?);
    require_few("claims", claims.len(), MOST)?;
    require_few("accounts to owe on", debtors.len(), MOST)?;
    for claim in claims {
        work.change::<Claim, Refused>(claim.id, |row| {
            row.debtor = into;
            Ok(())
        })?;
    }
    for debtor in debtors {
        if own.iter().any(|own| own.receivable == debtor.receivable) {
            work.remove::<ReceivableDebtor>(debtor.id)?;
            continue;
        }
        work.change::<ReceivableDebtor, Refused>(debtor.id, |row| {
            (row.customer, row.link) = (into, link(row.receivable, into));
            Ok(())
        })?;
    }
    Ok(())
}

/// Each claim that is to be collected.
fn active_claims(work: &mut Work, customer: &Customer) -> Decision<Vec<String>> {
    let claims = owed_by(work, customer.id)?;
    let active = claims.iter().filter(|claim| claim.status == ClaimStatus::Active);
    Ok(active.map(|claim| format!("it owes claim {}", claim.reference)).collect())
}

/// What was kept with a claim or a receivable, and thought of its debtor, goes. What was owed, and when, stays.
fn erase_claims(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for claim in owed_by(work, customer.id)? {
        if claim.metadata == "{}" && claim.scores.is_empty() {
            continue;
        }
        erased(erasure, PersonalData::Metadata);
        work.change::<Claim, Refused>(claim.id, |row| {
            row.metadata = "{}".into();
            row.scores.clear();
            Ok(())
        })?;
    }
    for debtor in work.all::<ReceivableDebtor, Customer>(OWES_ON, customer.id)? {
        let found = work.get::<Receivable>(debtor.receivable)?;
        if found.is_none_or(|receivable| receivable.metadata == "{}" && receivable.scores.is_empty()) {
            continue;
        }
        erased(erasure, PersonalData::Metadata);
        work.change::<Receivable, Refused>(debtor.receivable, |row| {
            row.metadata = "{}".into();
            row.scores.clear();
            Ok(())
        })?;
    }
    Ok(())
}

// ----------------------------------------------------------------------------------------------- instalments

pub(super) const INSTALMENTS: Part = Part {
    name: "instalment contracts",
    merge: merge_instalments,
    hinders: open_instalments,
    erase: erase_instalments,
};

fn every_contract(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<InstalmentContract>>> {
    work.all::<InstalmentContract, Customer>(EVERY_CONTRACT, customer)
}

/// Contracts go along with the accounts that they are paid from.
fn merge_instalments(work: &mut Work, merge: &Merge) -> Decision<()> {
    let contracts = every_contract(work, merge.from.id)?;
    require_few("instalment contracts", contracts.len(), MOST)?;
    for contract in contracts {
        work.change::<InstalmentContract, Refused>(contract.id, |row| {
            row.customer = merge.into.id;
            Ok(())
        })?;
    }
    Ok(())
}

/// Each contract that is not over.
fn open_instalments(work: &mut Work, customer: &Customer) -> Decision<Vec<String>> {
    let contracts = every_contract(work, customer.id)?;
    let open = contracts.iter().filter(|contract| contract.state.is_open());
    Ok(open.map(|contract| format!("instalment contract {} is open", contract.reference)).collect())
}

/// The telephone number that a contract came from goes. What was lent and repaid stays.
fn erase_instalments(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for contract in every_contract(work, customer.id)? {
        if contract.msisdn.is_none() {
            continue;
        }
        erased(erasure, PersonalData::ContactPoints);
        work.change::<InstalmentContract, Refused>(contract.id, |row| {
            row.msisdn = None;
            Ok(())
        })?;
    }
    Ok(())
}

// ------------------------------------------------------------------------------------------------- purchases

/// Purchases hang on accounts, and go with them.
pub(super) const PURCHASES: Part =
    Part { name: "purchases", merge: |_, _| Ok(()), hinders: |_, _| Ok(Vec::new()), erase: erase_purchases };

/// What was bought goes. That something was, for how much and with which tax, stays.
fn erase_purchases(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for account in owned(work, customer.id)? {
        for purchase in work.all::<Purchase, Account>(&BOUGHT_ON, account.id)? {
            if purchase.content.lines.iter().all(|line| line.description.is_none() && line.notes.is_none()) {
                continue;
            }
            erased(erasure, PersonalData::Remarks);
            work.change::<Purchase, Refused>(purchase.id, |row| {
                for line in &mut row.content.lines {
                    (line.description, line.notes) = (None, None);
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}
