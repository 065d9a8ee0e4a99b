//! What a document belongs to: anything that has an id of its own and a place in the API.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::accounts::{Account, Product};
use crate::cards::{self, Card};
use crate::collections::{Claim, Receivable};
use crate::customers::{Customer, visible};
use crate::instalments::contracts::InstalmentContract;
use crate::ledger::Hold;
use crate::parties::Party;
use crate::primitives::{
    AccountId, CardId, ClaimId, CustomerId, DocumentId, EntryId, HoldId, InstalmentContractId, InvalidId, PartyId,
    ProductId, ReceivableId,
};
use crate::work::{Decision, Owned, Wants, Work};

/// What a document, or a history, is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// Of an account.
    Account(AccountId),
    /// Of a card.
    Card(CardId),
    /// Of a claim.
    Claim(ClaimId),
    /// Of a customer.
    Customer(CustomerId),
    /// Of a document. Documents have a history, and no documents.
    Document(DocumentId),
    /// Of an entry.
    Entry(EntryId),
    /// Of a hold.
    Hold(HoldId),
    /// Of an instalment contract.
    InstalmentContract(InstalmentContractId),
    /// Of a party.
    Party(PartyId),
    /// Of a product.
    Product(ProductId),
    /// Of a receivable.
    Receivable(ReceivableId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Card(id) => id.fmt(f),
            Self::Claim(id) => id.fmt(f),
            Self::Customer(id) => id.fmt(f),
            Self::Document(id) => id.fmt(f),
            Self::Entry(id) => id.fmt(f),
            Self::Hold(id) => id.fmt(f),
            Self::InstalmentContract(id) => id.fmt(f),
            Self::Party(id) => id.fmt(f),
            Self::Product(id) => id.fmt(f),
            Self::Receivable(id) => id.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('_').map_or("", |(prefix, _)| prefix) {
            AccountId::PREFIX => text.parse().map(Self::Account),
            CardId::PREFIX => text.parse().map(Self::Card),
            ClaimId::PREFIX => text.parse().map(Self::Claim),
            CustomerId::PREFIX => text.parse().map(Self::Customer),
            DocumentId::PREFIX => text.parse().map(Self::Document),
            EntryId::PREFIX => text.parse().map(Self::Entry),
            HoldId::PREFIX => text.parse().map(Self::Hold),
            InstalmentContractId::PREFIX => text.parse().map(Self::InstalmentContract),
            PartyId::PREFIX => text.parse().map(Self::Party),
            ProductId::PREFIX => text.parse().map(Self::Product),
            ReceivableId::PREFIX => text.parse().map(Self::Receivable),
            _ => Err(InvalidId),
        }
    }
}

/// Whose something is: what decides who sees a document, and whom its events concern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Belongs {
    /// The account that it is of.
    pub account: Option<AccountId>,
    /// The one customer whose it is.
    pub customer: Option<CustomerId>,
}

impl Subject {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Account(id) => wants.row::<Account>(*id),
            Self::Card(id) => wants.row::<Card>(*id),
            Self::Claim(id) => wants.row::<Claim>(*id),
            Self::Customer(id) => wants.row::<Customer>(*id),
            Self::Hold(id) => wants.row::<Hold>(*id),
            Self::InstalmentContract(id) => wants.row::<InstalmentContract>(*id),
            Self::Party(id) => wants.row::<Party>(*id),
            Self::Product(id) => wants.row::<Product>(*id),
            Self::Receivable(id) => wants.row::<Receivable>(*id),
            Self::Document(_) | Self::Entry(_) => {}
        }
    }

    /// Whose it is, if it is there and the origin sees it. Documents are no subject of documents.
    ///
    /// # Errors
    /// That something is not loaded yet.
    pub fn located(&self, work: &mut Work) -> Decision<Option<Belongs>> {
        Ok(match self {
            Self::Account(id) => of_account(work, *id)?,
            Self::Card(id) => match work.get::<Card>(*id)? {
                Some(card) => of_card(work, &card)?,
                None => None,
            },
            Self::Claim(id) => match work.get::<Claim>(*id)? {
                Some(claim) if claim.is_visible(work)? => {
                    Some(Belongs { account: Some(claim.account), customer: Some(claim.debtor) })
                }
                _ => None,
            },
            Self::Customer(id) => {
                let customer = work.get::<Customer>(*id)?;
                let customer = customer.filter(|customer| visible(work.origin(), customer.id));
                customer.map(|customer| Belongs { account: None, customer: Some(customer.id) })
            }
            Self::Hold(id) => match work.get::<Hold>(*id)? {
                Some(hold) => of_account(work, hold.account)?,
                None => None,
            },
            Self::InstalmentContract(id) => match work.get::<InstalmentContract>(*id)? {
                Some(contract) if contract.is_visible(work)? => {
                    Some(Belongs { account: contract.account, customer: Some(contract.customer) })
                }
                _ => None,
            },
            Self::Party(id) => match work.get::<Party>(*id)? {
                Some(party) if party.is_visible(work)? => Some(Belongs::default()),
                _ => None,
            },
            Self::Receivable(id) => match work.get::<Receivable>(*id)? {
                Some(receivable) if receivable.is_visible(work)? => {
                    Some(Belongs { account: receivable.account, customer: None })
                }
                _ => None,
            },
            Self::Product(id) => work.get::<Product>(*id)?.map(|_| Belongs::default()),
            Self::Entry(id) => of_entry(work, *id)?,
            Self::Document(_) => None,
        })
    }
}

fn of_account(work: &mut Work, id: AccountId) -> Decision<Option<Belongs>> {
    let account = work.get::<Account>(id)?.filter(|account| visible(work.origin(), account.owner));
    Ok(account.map(|account| Belongs { account: Some(account.id), customer: Some(account.owner) }))
}

/// A card is seen by its holder and by its account's owner. What is kept with it is the holder's.
fn of_card(work: &mut Work, card: &Card) -> Decision<Option<Belongs>> {
    let account = work.get::<Account>(card.account)?;
    let is_seen = account.is_some_and(|account| cards::visible(work.origin(), card, &account));
    Ok(is_seen.then_some(Belongs { account: Some(card.account), customer: Some(card.holder) }))
}

/// An entry is seen by whoever sees a line of it. It is one customer's if all accounts that it touches are.
fn of_entry(work: &mut Work, id: EntryId) -> Decision<Option<Belongs>> {
    let Some(entry) = work.entry(id)? else { return Ok(None) };
    let touched: Vec<AccountId> = entry.postings.iter().filter_map(|line| line.account).collect();
    let accounts = work.get_all::<Account>(&touched)?;
    let owners: Vec<CustomerId> = accounts.iter().flatten().map(|account| account.owner).collect();
    let is_seen = work.origin().customer.is_none() || owners.iter().any(|owner| visible(work.origin(), *owner));
    let one = owners.first().copied().filter(|first| owners.iter().all(|owner| owner == first));
    Ok(is_seen.then_some(Belongs { account: None, customer: one }))
}
