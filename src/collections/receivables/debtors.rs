//! Who owes on a receivable, and its account in the books.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::model::{MOST_DEBTORS, Receivable, ReceivableDebtor, link};
use super::store::{DEBTORS, LINK};
use crate::accounts::{Account, CreateProduct, Family, NewOwner, OpenAccount, Product, ProductBy, store as accounts};
use crate::collections::events;
use crate::customers::store::EXTERNAL_REFERENCE;
use crate::customers::{CreateCustomer, Customer, CustomerBy, CustomerType};
use crate::ledger::position::{ItemOrder, RepaymentOrder};
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::ledger::{DebtRule, Position};
use crate::parties::store::EXTERNAL_REFERENCE as PARTY_REFERENCE;
use crate::parties::{CreateParty, Party, PartyBy};
use crate::primitives::{AccountId, Currency, Minor, PartyId};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};
use crate::work::{Command as _, Decision, Stop, Wants, Work};

/// Somebody who owes: a customer who is there under the reference, or one who is created.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewDebtor(pub CreateCustomer);

impl NewDebtor {
    /// What is looked up for it.
    pub fn hint(&self, wants: &mut Wants) {
        self.0.hints(wants);
    }

    /// Rows that it writes, at most.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.rows()
    }

    /// Who it is. A customer who is there stays as it is: what is said of it here is not put over what is known.
    ///
    /// # Errors
    /// Below the field: `CUSTOMER_MERGED`, `CUSTOMER_ERASED`; of a new one `INVALID_INPUT` for a person without both names
    /// and for one without contact information, then as customers are refused.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<Customer>> {
        let new = &self.0;
        check_reference("externalReference", new.external_reference.as_deref())
            .map_err(|refused| refused.under(field))?;
        if let Some(reference) = &new.external_reference
            && let Some(found) = work.find::<Customer>(&EXTERNAL_REFERENCE, reference)?
        {
            found.require_present(field)?;
            return Ok(found);
        }
        if new.type_ == CustomerType::Person && new.first_name.is_none() {
            return Err(Refused::invalid("firstName", "a natural debtor needs a first name").under(field).into());
        }
        if new.profile.contact_points.is_empty() && new.addresses.is_empty() {
            let message = "a debtor can be reached: give a contact point or an address";
            return Err(Refused::invalid("contactPoints", message).under(field).into());
        }
        new.decide(work).map_err(|stop| match stop {
            Stop::Refused(refused) => refused.under(field).into(),
            stop => stop,
        })
    }
}

/// Makes somebody owe on a receivable, who may do so already; opens its account in the books with the first.
///
/// # Errors
/// `LIMIT_EXCEEDED` for more than 100, `INVALID_STATE` where the tenant's product for it is none of receivables.
pub fn attach(work: &mut Work, receivable: &Receivable, debtor: &Customer, field: &str) -> Decision<Arc<Receivable>> {
    let key = link(receivable.id, debtor.id);
    let now = match receivable.account {
        Some(_) => Arc::new(receivable.clone()),
        None => {
            let account = open(work, receivable, debtor)?;
            work.change::<Receivable, Refused>(receivable.id, |row| {
                row.account = Some(account);
                Ok(())
            })?
        }
    };
    if work.find::<ReceivableDebtor>(&LINK, &key)?.is_some() {
        return Ok(now);
    }
    if work.all::<ReceivableDebtor, Receivable>(DEBTORS, receivable.id)?.len() >= MOST_DEBTORS {
        let refused =
            Refused::of_field(LIMIT_EXCEEDED, field, format!("an account has at most {MOST_DEBTORS} debtors"));
        let facts = Box::new(Facts { maximum_count: i32::try_from(MOST_DEBTORS).ok(), ..Facts::default() });
        return Err(Refused { facts, ..refused }.into());
    }
    let row = ReceivableDebtor {
        id: work.id(),
        ordinal: work.ordinal(),
        receivable: receivable.id,
        customer: debtor.id,
        link: key,
        created_at: work.now(),
    };
    work.insert(row)?;
    work.tell(events::of_debtor(&now, debtor.id));
    Ok(now)
}

/// Whoever came to owe first, if anybody did.
///
/// # Errors
/// That something is not loaded yet.
pub fn first(work: &mut Work, receivable: &Receivable) -> Decision<Option<Arc<Customer>>> {
    let debtors = work.all::<ReceivableDebtor, Receivable>(DEBTORS, receivable.id)?;
    match debtors.first() {
        None => Ok(None),
        Some(debtor) => work.get::<Customer>(debtor.customer),
    }
}

/// Opens the account in the books, where what is owed is kept item by item.
fn open(work: &mut Work, receivable: &Receivable, owner: &Customer) -> Decision<AccountId> {
    let product = product(work, receivable.currency)?;
    let account = OpenAccount {
        product: ProductBy::Id(product.id),
        owner: NewOwner::Existing(CustomerBy::Id(owner.id)),
        creditor: receivable.creditor.map(PartyBy::Id),
        number: None,
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: "{}".into(),
    }
    .decide(work)?;
    work.change::<Position, Refused>(account.id, |position| {
        position.itemised = true;
        Ok(())
    })?;
    Ok(account.id)
}

/// What such accounts are instances of: the tenant's `receivable` where it is kept in the currency, or one of the currency's
/// own, made when it is first needed.
fn product(work: &mut Work, currency: Currency) -> Decision<Arc<Product>> {
    let fits = |product: &Product| {
        let is_one = product.family == Family::Receivable && product.debt_rule == DebtRule::Unlimited;
        is_one && product.currency == currency && !product.retired && product.maximum_balance.is_none()
    };
    if let Some(product) = work.find::<Product>(&accounts::CODE, "receivable")?
        && fits(&product)
    {
        return Ok(product);
    }
    let code = format!("receivable-{}", currency.code().to_ascii_lowercase());
    match work.find::<Product>(&accounts::CODE, &code)? {
        Some(product) if fits(&product) => Ok(product),
        Some(_) => {
            let message =
                format!("the product {code} takes no receivables in {currency}: it was made for something else");
            Err(Refused::of_field(INVALID_STATE, "currency", message).into())
        }
        None => CreateProduct {
            code,
            alias: format!("Receivable {currency}"),
            family: Family::Receivable,
            working_mode: None,
            currency,
            debt_rule: DebtRule::Unlimited,
            repayment_order: RepaymentOrder::DEFAULT,
            item_order: ItemOrder::DEFAULT,
            default_credit_limit: None,
            maximum_credit_limit: None,
            maximum_balance: None,
            charity: None,
            reference: None,
            payee: None,
            prepaid: None,
            authorisation_days: None,
            recurring: None,
            metadata: "{}".into(),
        }
        .decide(work),
    }
}

/// The party that a creditor's reference is of; made when it is new.
///
/// # Errors
/// `INVALID_INPUT` for the field.
pub fn creditor(work: &mut Work, reference: &str, field: &str) -> Decision<PartyId> {
    check_reference(field, Some(reference))?;
    if let Some(found) = work.find::<Party>(&PARTY_REFERENCE, reference)? {
        return Ok(found.id);
    }
    let new = CreateParty {
        number: None,
        external_reference: Some(reference.to_owned()),
        name: reference.to_owned(),
        metadata: "{}".into(),
    };
    new.decide(work).map(|party| party.id).map_err(|stop| match stop {
        Stop::Refused(refused) => Refused::of_field(refused.code, field, refused.message).into(),
        stop => stop,
    })
}

/// Has a receivable's debt be owed to a party from now on.
///
/// # Errors
/// `INVALID_STATE` for the field while it owes another one, or the tenant.
pub fn owe_to(work: &mut Work, receivable: &Receivable, party: PartyId, field: &str) -> Decision<Arc<Receivable>> {
    if receivable.creditor == Some(party) {
        return Ok(Arc::new(receivable.clone()));
    }
    if let Some(account) = receivable.account {
        if work.position(account)?.balances.iter().any(|balance| *balance != Minor::ZERO) {
            let message = "what is owed on the account is another creditor's: give this one an account of its own";
            return Err(Refused::of_field(INVALID_STATE, field, message).into());
        }
        work.change::<Position, Refused>(account, |position| {
            position.party = Some(party);
            Ok(())
        })?;
        work.change::<Account, Refused>(account, |row| {
            row.creditor = Some(party);
            Ok(())
        })?;
    }
    work.change::<Receivable, Refused>(receivable.id, |row| {
        row.creditor = Some(party);
        Ok(())
    })
}
