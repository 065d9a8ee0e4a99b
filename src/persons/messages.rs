//! The same of the messages to a customer, and of whether anybody writes to it.

use super::merge::require_few;
use super::parts::{MOST, erased};
use super::{Merge, Part};
use crate::collections::Claim;
use crate::collections::claims::store::OF_DEBTOR;
use crate::customers::Customer;
use crate::customers::erasure::{Erasure, PersonalData};
use crate::journeys::ClaimJourney;
use crate::journeys::store::OF_CLAIM;
use crate::messages::commands::contact_of;
use crate::messages::events::{MESSAGE_FAILED, of_contact, of_message};
use crate::messages::store::OF_CUSTOMER;
use crate::messages::{DebtorContact, Message, MessageStatus};
use crate::pages::DebtorAnswer;
use crate::pages::store::ANSWERS;
use crate::refused::Refused;
use crate::work::{Decision, Work};

pub(super) const MESSAGES: Part =
    Part { name: "messages", merge: merge_messages, hinders: |_, _| Ok(Vec::new()), erase: erase_messages };

/// Messages go along. Whoever nobody wrote to under one record, nobody writes to.
fn merge_messages(work: &mut Work, merge: &Merge) -> Decision<()> {
    let messages = work.all::<Message, Customer>(&OF_CUSTOMER, merge.from.id)?;
    require_few("messages", messages.len(), MOST)?;
    let before = work.get::<DebtorContact>(DebtorContact::id_of(merge.from.id))?;
    if let Some(before) = before {
        let kept = contact_of(work, &merge.into)?;
        let ceases = kept.cease.is_none() && before.cease.is_some();
        let contact = work.change::<DebtorContact, Refused>(kept.id, |row| {
            if ceases {
                (row.cease, row.since) = (before.cease, before.since);
            }
            for day in &before.contacted {
                row.note(*day);
            }
            row.contacted.sort_unstable();
            Ok(())
        })?;
        if ceases {
            work.tell(of_contact(&contact));
        }
    }
    for message in messages {
        work.change::<Message, Refused>(message.id, |row| {
            row.customer = merge.into.id;
            Ok(())
        })?;
    }
    Ok(())
}

/// What the debtor wrote on pages, and what was written of why a journey was stopped.
fn erase_words(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for claim in work.all::<Claim, Customer>(&OF_DEBTOR, customer.id)? {
        for answer in work.all::<DebtorAnswer, Claim>(&ANSWERS, claim.id)? {
            if answer.text.is_some() {
                erased(erasure, PersonalData::Messages);
                work.change::<DebtorAnswer, Refused>(answer.id, |row| {
                    row.text = None;
                    Ok(())
                })?;
            }
        }
        for journey in work.all::<ClaimJourney, Claim>(&OF_CLAIM, claim.id)? {
            if journey.description.is_some() {
                erased(erasure, PersonalData::Messages);
                work.change::<ClaimJourney, Refused>(journey.id, |row| {
                    row.description = None;
                    Ok(())
                })?;
            }
        }
    }
    Ok(())
}

/// Where they went and what they said goes; that something was sent, and when, stays. What waits is not sent.
fn erase_messages(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for message in work.all::<Message, Customer>(&OF_CUSTOMER, customer.id)? {
        erased(erasure, PersonalData::Messages);
        let waits = message.status == MessageStatus::Pending;
        let after = work.change::<Message, Refused>(message.id, |row| {
            if waits {
                row.become_(MessageStatus::Failed)?;
                row.failure = Some("the customer was erased".into());
            }
            (row.recipient, row.body, row.subject) = (String::new(), String::new(), None);
            Ok(())
        })?;
        if waits {
            work.tell(of_message(MESSAGE_FAILED, &after));
        }
    }
    erase_words(work, customer, erasure)
}
