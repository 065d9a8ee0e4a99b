//! What each domain does when two records of a person are merged, and when one is erased.

use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};

use super::merge::require_few;
use super::{Merge, Part};
use crate::accounts::Account;
use crate::accounts::events as account_events;
use crate::accounts::participants::{self, Participant, ParticipantRole};
use crate::accounts::store as of_accounts;
use crate::customers::erasure::{Erasure, Kept, KeptData, PersonalData};
use crate::customers::profile::{MOST_CONTACT_POINTS, MOST_LANGUAGES};
use crate::customers::{Customer, CustomerIdentifier, identity};
use crate::documents::events::{self as document_events, DOCUMENT_REMOVED};
use crate::documents::store::{CODE, OF_CUSTOMER};
use crate::documents::{Document, DocumentKind, DocumentStatus, Subject};
use crate::ledger::{AccountStatus, Position};
use crate::primitives::{AccountId, CustomerId, Minor};
use crate::refused::Refused;
use crate::work::{Decision, Sweep, Work};

/// Accounts that a merge moves, at most; and documents, and what a customer takes part in.
pub(super) const MOST: usize = 200;
/// Accounts whose entries an erasure looks at, at most: whoever has more is no natural person.
const MOST_ERASED: usize = 1_000;
/// Years after that of the last closure that the books are kept: the longest time that a law of the countries at hand asks
/// for (Germany's ten, HGB 257; Sweden and the Netherlands ask for seven, the others for five or six).
const YEARS_KEPT: i32 = 10;
/// What an erased file is called.
const ERASED_NAME: &str = "erased";

// ------------------------------------------------------------------------------------------------- customers

pub(super) const CUSTOMERS: Part =
    Part { name: "customers", merge: merge_customers, hinders: |_, _| Ok(Vec::new()), erase: erase_customer };

/// Identifiers, contact points and languages move; what the record that stays does not know is taken from the other.
fn merge_customers(work: &mut Work, merge: &Merge) -> Decision<()> {
    let Merge { from, into } = merge;
    let points = from.contact_points.iter().filter(|point| {
        !into.contact_points.iter().any(|known| known.kind == point.kind && known.value == point.value)
    });
    let points: Vec<_> = points.cloned().collect();
    require_few("contact points with the other's", into.contact_points.len() + points.len(), MOST_CONTACT_POINTS)?;
    for identifier in identity::of(work, from.id)? {
        work.change::<CustomerIdentifier, Refused>(identifier.id, |row| {
            row.customer = into.id;
            Ok(())
        })?;
    }
    work.change::<Customer, Refused>(into.id, |customer| {
        for mut point in points {
            // The primary ones are those of the record that stays.
            point.primary &= !customer.contact_points.iter().any(|known| known.kind == point.kind);
            customer.contact_points.push(point);
        }
        for language in &from.languages {
            if !customer.languages.contains(language) && customer.languages.len() < MOST_LANGUAGES {
                customer.languages.push(language.clone());
            }
        }
        customer.birth_date = customer.birth_date.or(from.birth_date);
        Ok(())
    })?;
    work.change::<Customer, Refused>(from.id, |customer| {
        customer.contact_points.clear();
        Ok(())
    })?;
    Ok(())
}

/// Everything but the number goes.
fn erase_customer(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    let identifiers = identity::of(work, customer.id)?;
    for identifier in &identifiers {
        work.remove::<CustomerIdentifier>(identifier.id)?;
    }
    let had = [
        (PersonalData::Names, !customer.name().is_empty()),
        (PersonalData::BirthDate, customer.birth_date.is_some()),
        (PersonalData::Languages, !customer.languages.is_empty()),
        (PersonalData::ContactPoints, !customer.contact_points.is_empty()),
        (PersonalData::Identifiers, !identifiers.is_empty()),
        (PersonalData::ExternalReference, customer.external_reference.is_some()),
        (PersonalData::Metadata, customer.metadata != "{}"),
    ];
    for (what, _) in had.into_iter().filter(|(_, had)| *had) {
        erased(erasure, what);
    }
    work.change::<Customer, Refused>(customer.id, |row| {
        (row.first_name, row.middle_name, row.last_name, row.company_name) = (None, None, None, None);
        (row.birth_date, row.external_reference) = (None, None);
        row.languages.clear();
        row.contact_points.clear();
        row.metadata = "{}".into();
        Ok(())
    })?;
    Ok(())
}

pub(super) fn erased(erasure: &mut Erasure, what: PersonalData) {
    if !erasure.erased.contains(&what) {
        erasure.erased.push(what);
    }
}

// -------------------------------------------------------------------------------------------------- accounts

pub(super) const ACCOUNTS: Part =
    Part { name: "accounts", merge: merge_accounts, hinders: open_accounts, erase: erase_accounts };

pub(super) fn owned(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<Account>>> {
    work.all::<Account, Customer>(of_accounts::owned(), customer)
}

/// How accounts stand in the books: all that is missing is missed at once.
pub(super) fn positions(work: &mut Work, accounts: &[AccountId]) -> Decision<Vec<Arc<Position>>> {
    Ok(work.get_all::<Position>(accounts)?.into_iter().flatten().collect())
}

/// Accounts change their owner, and what the one took part in the other does. Nobody takes part twice as the same, nor as
/// an owner beside itself.
fn merge_accounts(work: &mut Work, merge: &Merge) -> Decision<()> {
    let (from, into) = (merge.from.id, merge.into.id);
    let (owned_by_one, owned_by_other) = (owned(work, from), owned(work, into));
    let (parts, own_parts) = (participants::of_customer(work, from), participants::of_customer(work, into));
    let (accounts, kept, parts, own_parts) = (owned_by_one?, owned_by_other?, parts?, own_parts?);
    require_few("accounts", accounts.len(), MOST)?;
    require_few("accounts to take part in", parts.len(), MOST)?;
    for account in &accounts {
        work.change::<Account, Refused>(account.id, |row| {
            row.owner = into;
            Ok(())
        })?;
        work.tell(account_events::owner_merged(account.id, from, into));
    }
    let owns = |account: AccountId| accounts.iter().chain(&kept).any(|owned| owned.id == account);
    let superfluous = |part: &Participant, role: ParticipantRole| owns(part.account) && !role.fits_owner();
    for part in own_parts.iter().filter(|part| superfluous(part, part.role)) {
        work.remove::<Participant>(part.id)?;
    }
    for part in &parts {
        let link = part.link_for(into);
        if superfluous(part, part.role) || own_parts.iter().any(|own| own.link == link) {
            work.remove::<Participant>(part.id)?;
            continue;
        }
        work.change::<Participant, Refused>(part.id, |row| {
            (row.customer, row.link) = (into, link);
            Ok(())
        })?;
    }
    Ok(())
}

/// Each open account, each debt and each reservation; and each open account of somebody else's that it answers for.
fn open_accounts(work: &mut Work, customer: &Customer) -> Decision<Vec<String>> {
    let (accounts, parts) = (owned(work, customer.id), participants::of_customer(work, customer.id));
    let (accounts, parts) = (accounts?, parts?);
    if accounts.len() > MOST_ERASED {
        return Ok(vec![format!("it owns more than {MOST_ERASED} accounts")]);
    }
    let ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    let theirs: Vec<AccountId> = parts.iter().map(|part| part.account).collect();
    let (own, others) = (positions(work, &ids), positions(work, &theirs));
    let (own, others, names) = (own?, others?, work.get_all::<Account>(&theirs)?);
    let mut reasons = Vec::new();
    for (account, position) in accounts.iter().zip(own) {
        let number = &account.number;
        if position.status != AccountStatus::Closed {
            reasons.push(format!("account {number} is {}", position.status.word()));
        }
        let money = |amount: Minor| amount.in_currency(position.currency);
        if position.balances.iter().any(|balance| balance.0 < 0) {
            let debt: i64 = position.balances.iter().map(|balance| balance.0.min(0)).sum();
            reasons.push(format!("account {number} owes {}", money(Minor(-debt))));
        }
        if position.reserved != Minor::ZERO {
            reasons.push(format!("account {number} has {} reserved", money(position.reserved)));
        }
    }
    for ((part, position), account) in parts.iter().zip(others).zip(names) {
        if let Some(account) = account.filter(|_| position.status != AccountStatus::Closed) {
            reasons.push(format!(
                "it is {} of account {}, which is {}",
                part.role.word(),
                account.number,
                position.status.word()
            ));
        }
    }
    Ok(reasons)
}

/// What was kept with the accounts goes, and what their entries told of persons. The entries stay.
fn erase_accounts(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    let accounts = owned(work, customer.id)?;
    if accounts.is_empty() {
        return Ok(());
    }
    let ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    let last = positions(work, &ids)?.iter().filter_map(|position| position.closed_on).max();
    for account in &accounts {
        work.sweep(Sweep::EraseEntries(account.id));
        if account.metadata != "{}" {
            erased(erasure, PersonalData::Metadata);
            work.change::<Account, Refused>(account.id, |row| {
                row.metadata = "{}".into();
                Ok(())
            })?;
        }
    }
    erased(erasure, PersonalData::EntryTexts);
    let until = last.and_then(|day| NaiveDate::from_ymd_opt(day.year() + YEARS_KEPT, 12, 31));
    let known = erasure.kept.iter_mut().find(|kept| kept.what == KeptData::Entries);
    match known {
        Some(kept) => kept.until = kept.until.max(until),
        None => erasure.kept.push(Kept {
            what: KeptData::Entries,
            why: "the law wants books kept: amounts, days, kinds, descriptions and references".into(),
            until,
        }),
    }
    Ok(())
}

// ------------------------------------------------------------------------------------------------- documents

pub(super) const DOCUMENTS: Part =
    Part { name: "documents", merge: merge_documents, hinders: |_, _| Ok(Vec::new()), erase: erase_documents };

fn documents_of(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<Document>>> {
    work.all::<Document, Customer>(&OF_CUSTOMER, customer)
}

/// Documents go along with what they belong to.
fn merge_documents(work: &mut Work, merge: &Merge) -> Decision<()> {
    let documents = documents_of(work, merge.from.id)?;
    require_few("documents", documents.len(), MOST)?;
    for document in documents {
        work.change::<Document, Refused>(document.id, |row| {
            row.customer = Some(merge.into.id);
            if row.subject == Subject::Customer(merge.from.id) {
                row.subject = Subject::Customer(merge.into.id);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Documents go, but for those that have to be kept.
fn erase_documents(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    let (today, now) = (work.today(), work.now());
    let documents = documents_of(work, customer.id)?;
    let rules: Vec<_> = documents.iter().map(|document| work.find::<DocumentKind>(&CODE, &document.kind)).collect();
    let rules: Vec<Option<Arc<DocumentKind>>> = rules.into_iter().collect::<Decision<_>>()?;
    let (mut kept, mut until) = (0_usize, None::<NaiveDate>);
    for (document, rule) in documents.iter().zip(rules) {
        if document.check_removal(rule.as_deref(), today).is_err() {
            kept += 1;
            until = until.max(document.retain_until);
            continue;
        }
        erased(erasure, PersonalData::Documents);
        let removed = work.change::<Document, Refused>(document.id, |row| {
            row.status = DocumentStatus::Removed;
            row.removed_at = Some(now);
            row.history_item = None;
            row.name = ERASED_NAME.into();
            Ok(())
        })?;
        work.tell(document_events::of(DOCUMENT_REMOVED, &removed));
    }
    if kept > 0 {
        let why = format!("{kept} have to be kept: their time is not over, or a legal hold is on them");
        erasure.kept.push(Kept { what: KeptData::Documents, why, until });
    }
    Ok(())
}
