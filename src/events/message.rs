//! An event as it leaves Konto: the same text for webhooks and for the relay, and the id that repeats are known by.
//!
//! The text is versioned: what is in a version stays as it is, fields may be added. It names things by their ids and
//! holds nothing of a person: neither names nor what was written on a payment.

use serde_json::{Value as Json, json};

use super::Event;
use crate::ledger::{Entry, audit};
use crate::primitives::clock::{Micros, from_micros};
use crate::primitives::{EventId, TenantId};

/// The version of the text.
pub const VERSION: i32 = 1;

/// The id of an event: the same for everybody who sends it, however often.
#[must_use]
pub fn id_of(tenant: TenantId, sequence: i64) -> EventId {
    // Of the tenant and the place in its log, as the id of a record is of its place in the journal.
    EventId(audit::id_of(tenant, sequence).0)
}

/// The text of an event.
#[must_use]
pub fn text(tenant: TenantId, event: &Event) -> String {
    envelope(&event.type_, event.occurred_at, &data(tenant, event))
}

/// The text of something that is said.
#[must_use]
pub fn envelope(type_: &str, at: Micros, data: &Json) -> String {
    json!({ "type": type_, "timestamp": moment(at), "version": VERSION, "data": data }).to_string()
}

fn moment(at: Micros) -> String {
    from_micros(at).to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

fn data(tenant: TenantId, event: &Event) -> Json {
    json!({
        "id": id_of(tenant, event.sequence).to_string(),
        "sequence": event.sequence.to_string(),
        "subject": event.subject,
        "account": event.account.map(|id| id.to_string()),
        "customer": event.customer.map(|id| id.to_string()),
        "command": audit::id_of(tenant, event.command).to_string(),
        "entry": event.entry.as_deref().map(entry),
        "payload": event.payload,
    })
}

fn entry(entry: &Entry) -> Json {
    let lines = entry.postings.iter().map(|line| {
        let decimal = |minor: crate::primitives::Minor| minor.in_currency(line.currency).amount.to_string();
        json!({
            "ledgerAccount": line.ledger_account.to_string(),
            "account": line.account.map(|id| id.to_string()),
            "component": line.component().map(|component| component.word()),
            "amount": decimal(line.amount),
            "currency": line.currency.code(),
            "accountAmount": line.total.map(|total| decimal(total.amount)),
            "accountBalanceAfter": line.total.map(|total| decimal(total.balance_after)),
        })
    });
    json!({
        "id": entry.id.to_string(),
        "sequence": entry.sequence.to_string(),
        "kind": entry.kind.word(),
        "valueDate": entry.value_date.to_string(),
        "businessDate": entry.business_date.to_string(),
        "bookedAt": moment(entry.booked_at),
        "reverses": entry.reverses.map(|id| id.to_string()),
        "hold": entry.hold.map(|id| id.to_string()),
        "postings": lines.collect::<Vec<_>>(),
    })
}
