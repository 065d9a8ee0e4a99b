//! Which account an input means: one that it names, one that it describes, or both, which then have to agree.
//!
//! A description has to fit exactly one account. Where it says neither number nor reference, closed accounts step back
//! behind those that are not: who speaks of a customer's savings account means the one that is there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::model::{Account, Family};
use super::refusals::{AMBIGUOUS_LOOKUP, LOOKUP_MISMATCH};
use super::store::{self, AccountBy, EXTERNAL_REFERENCE, MOST_OF_OWNER, NUMBER, ProductBy};
use crate::customers::{Customer, CustomerBy, visible};
use crate::ledger::{AccountStatus, Position};
use crate::parties::PartyBy;
use crate::primitives::{AccountId, CustomerId, PartyId, ProductId};
use crate::refused::{Facts, Refused};
use crate::work::{Decision, Wants, Work};

/// The input's field that describes the account.
const LOOKUP: &str = "lookup";

/// Names an account, describes it, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRef {
    /// By one of its names.
    pub account: Option<AccountBy>,
    /// By what it is.
    pub lookup: Option<AccountLookup>,
}

/// What an account is: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLookup {
    /// Whose it is.
    pub customer: Option<CustomerBy>,
    /// Whom its debt is owed to.
    pub creditor: Option<PartyBy>,
    /// What it is an instance of.
    pub product: Option<ProductBy>,
    /// What kind of account it is.
    pub family: Option<Family>,
    /// Its number.
    pub number: Option<String>,
    /// The tenant's own reference of it.
    pub external_reference: Option<String>,
}

impl From<AccountBy> for AccountRef {
    fn from(by: AccountBy) -> Self {
        Self { account: Some(by), lookup: None }
    }
}

impl AccountRef {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        if let Some(by) = &self.account {
            by.hint(wants);
        }
        if let Some(lookup) = &self.lookup {
            lookup.hint(wants, self.account.is_none());
        }
    }

    /// The account, if the origin sees it.
    ///
    /// # Errors
    /// `INVALID_INPUT` where nothing is said, `NOT_FOUND` (account, then the lookup's customer, creditor and product, then
    /// the lookup), `LOOKUP_MISMATCH` where both are given and do not agree, `AMBIGUOUS_LOOKUP`, in this order.
    pub fn locate(&self, work: &mut Work) -> Decision<Arc<Account>> {
        let named = match &self.account {
            Some(by) => Some(by.locate(work, "account")?),
            None => None,
        };
        match (named, &self.lookup) {
            (Some(account), None) => Ok(account),
            (Some(account), Some(lookup)) => {
                if let Some(field) = lookup.asked(work)?.differs_in(&account) {
                    return Err(mismatch(field, account.id).into());
                }
                Ok(account)
            }
            (None, Some(lookup)) => lookup.locate(work),
            (None, None) => {
                Err(Refused::invalid("account", "name the account, or describe it: account or lookup").into())
            }
        }
    }
}

/// A lookup whose names stand for rows.
struct Asked<'a> {
    owner: Option<CustomerId>,
    creditor: Option<PartyId>,
    product: Option<ProductId>,
    family: Option<Family>,
    number: Option<&'a str>,
    external_reference: Option<&'a str>,
}

impl Asked<'_> {
    /// The first of its fields that does not hold for an account.
    fn differs_in(&self, account: &Account) -> Option<&'static str> {
        fn differs<T: PartialEq>(asked: &Option<T>, is: Option<T>) -> bool {
            asked.is_some() && *asked != is
        }
        let fields = [
            ("customer", differs(&self.owner, Some(account.owner))),
            ("creditor", differs(&self.creditor, account.creditor)),
            ("product", differs(&self.product, Some(account.product))),
            ("family", differs(&self.family, Some(account.family))),
            ("number", differs(&self.number, Some(account.number.as_str()))),
            ("externalReference", differs(&self.external_reference, account.external_reference.as_deref())),
        ];
        fields.into_iter().find(|(_, differs)| *differs).map(|(field, _)| field)
    }
}

impl AccountLookup {
    /// What is looked up to find it; `alone` where nothing names the account besides.
    fn hint(&self, wants: &mut Wants, alone: bool) {
        if let Some(customer) = &self.customer {
            customer.hint(wants);
        }
        if let Some(creditor) = &self.creditor {
            creditor.hint(wants);
        }
        if let Some(product) = &self.product {
            product.hint(wants);
        }
        match (&self.number, &self.external_reference, &self.customer) {
            _ if !alone => {}
            (Some(number), ..) => wants.unique::<Account>(&NUMBER, number),
            (None, Some(reference), _) => wants.unique::<Account>(&EXTERNAL_REFERENCE, reference),
            (None, None, Some(CustomerBy::Id(owner))) => wants.set::<Account>(store::of_owner(), owner.0),
            (None, None, _) => {}
        }
    }

    fn asked(&self, work: &mut Work) -> Decision<Asked<'_>> {
        if *self == Self::default() {
            return Err(Refused::invalid(LOOKUP, "says nothing of the account").into());
        }
        let owner = match &self.customer {
            Some(by) => Some(by.locate(work, "lookup.customer")?.id),
            None => None,
        };
        let creditor = match &self.creditor {
            Some(by) => Some(by.locate(work, "lookup.creditor")?.id),
            None => None,
        };
        let product = match &self.product {
            Some(by) => Some(by.locate(work, "lookup.product")?.id),
            None => None,
        };
        let (number, external_reference) = (self.number.as_deref(), self.external_reference.as_deref());
        Ok(Asked { owner, creditor, product, family: self.family, number, external_reference })
    }

    /// The one account that is so.
    fn locate(&self, work: &mut Work) -> Decision<Arc<Account>> {
        let asked = self.asked(work)?;
        let found = match (asked.number, asked.external_reference, asked.owner) {
            (Some(number), ..) => work.find::<Account>(&NUMBER, number)?.into_iter().collect(),
            (None, Some(reference), _) => work.find::<Account>(&EXTERNAL_REFERENCE, reference)?.into_iter().collect(),
            (None, None, Some(owner)) => of_owner(work, owner)?,
            (None, None, None) => {
                let message = "takes a customer, a number or a reference where no account is named: \
                               of the others there may be any number";
                return Err(Refused::invalid(LOOKUP, message).into());
            }
        };
        let fits = |account: &Arc<Account>| asked.differs_in(account).is_none();
        let mut fitting: Vec<Arc<Account>> = found.into_iter().filter(fits).collect();
        fitting.retain(|account| visible(work.origin(), account.owner));
        if fitting.len() > 1 {
            let present = present(work, &fitting)?;
            if !present.is_empty() {
                fitting = present;
            }
        }
        match fitting.len() {
            0 => Err(Refused::not_found(LOOKUP, "account").into()),
            1 => Ok(fitting.swap_remove(0)),
            many => Err(ambiguous(LOOKUP, format!("{many} accounts are so: say more of the one that is meant")).into()),
        }
    }
}

fn of_owner(work: &mut Work, owner: CustomerId) -> Decision<Vec<Arc<Account>>> {
    let accounts = work.all::<Account, Customer>(store::of_owner(), owner)?;
    if accounts.len() > MOST_OF_OWNER {
        let message =
            format!("the customer has more than {MOST_OF_OWNER} accounts: say the number of the one that is meant");
        return Err(ambiguous("lookup.customer", message).into());
    }
    Ok(accounts)
}

/// Those that are not closed.
fn present(work: &mut Work, accounts: &[Arc<Account>]) -> Decision<Vec<Arc<Account>>> {
    let ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    let positions = work.get_all::<Position>(&ids)?;
    let is_open = |position: &Option<Arc<Position>>| {
        position.as_ref().is_some_and(|position| position.status != AccountStatus::Closed)
    };
    let both = accounts.iter().zip(&positions);
    Ok(both.filter(|(_, position)| is_open(position)).map(|(account, _)| account.clone()).collect())
}

fn ambiguous(field: &str, message: String) -> Refused {
    Refused::of_field(AMBIGUOUS_LOOKUP, field, message)
}

fn mismatch(field: &str, account: AccountId) -> Refused {
    let refused =
        Refused::of_field(LOOKUP_MISMATCH, &format!("{LOOKUP}.{field}"), "the account that is named is not so");
    Refused { facts: Box::new(Facts { account: Some(account), ..Facts::default() }), ..refused }
}
