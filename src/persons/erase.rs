//! What is personal of a customer goes, and the books stay.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::PARTS;
use crate::customers::erasure::{Erasure, Kept, KeptData};
use crate::customers::events::{self, CUSTOMER_DATA_ERASED};
use crate::customers::refusals::CUSTOMER_HAS_OBLIGATIONS;
use crate::customers::store::MERGED;
use crate::customers::{Customer, CustomerBy};
use crate::refused::{FieldProblem, Refused};
use crate::work::{Command, Decision, Wants, Work};

/// Reasons that a refusal names, at most.
const MOST_REASONS: usize = 50;
/// Records that were merged into one customer, at most, over all generations.
const MOST_RECORDS: usize = 1_000;

/// Erases what is personal of a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EraseCustomer {
    /// Which.
    pub customer: CustomerBy,
}

impl Command for EraseCustomer {
    const OPERATION: &'static str = "eraseCustomer";
    type Made = Customer;

    fn looks_at(&self, wants: &mut Wants) {
        self.customer.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `CUSTOMER_ERASED`, `CUSTOMER_MERGED` (the record that it was merged into is erased with
    /// all of its own), `CUSTOMER_HAS_OBLIGATIONS` naming each, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        let found = self.customer.locate(work, "customer")?;
        let records = records_of(work, found)?;
        let mut reasons = Vec::new();
        for record in &records {
            for part in PARTS {
                reasons.extend((part.hinders)(work, record)?);
            }
        }
        if !reasons.is_empty() {
            return Err(hindered(&reasons).into());
        }
        let mut erasure = Erasure::default();
        for record in &records {
            for part in PARTS {
                (part.erase)(work, record, &mut erasure)?;
            }
        }
        keep(&mut erasure, KeptData::Number, "the accounts are kept under it");
        keep(&mut erasure, KeptData::AuditTrail, "it tells who did what, by ids alone");
        keep(&mut erasure, KeptData::ActionRuns, "runs on no account do not say of whom they are");
        let now = work.now();
        let mut erased = None;
        for record in &records {
            let customer = work.change::<Customer, Refused>(record.id, |customer| {
                customer.erased_at = Some(now);
                customer.erasure = Some(erasure.clone());
                Ok(())
            })?;
            work.tell(events::of(CUSTOMER_DATA_ERASED, &customer));
            erased.get_or_insert(customer);
        }
        erased.ok_or_else(|| Refused::not_found("customer", "customer").into())
    }

    fn weight(&self) -> usize {
        256
    }
}

fn keep(erasure: &mut Erasure, what: KeptData, why: &str) {
    erasure.kept.push(Kept { what, why: why.to_owned(), until: None });
}

/// The customer, and the records that were merged into it, and into them.
fn records_of(work: &mut Work, customer: Arc<Customer>) -> Decision<Vec<Arc<Customer>>> {
    let mut records = vec![customer];
    let mut next = 0;
    while next < records.len() && records.len() <= MOST_RECORDS {
        let merged = work.all::<Customer, Customer>(&MERGED, records[next].id)?;
        records.extend(merged.into_iter().filter(|record| record.erased_at.is_none()));
        next += 1;
    }
    Ok(records)
}

/// Every reason is named, as far as somebody would read.
fn hindered(reasons: &[String]) -> Refused {
    let named = reasons.iter().take(MOST_REASONS);
    let mut message = named.clone().map(String::as_str).collect::<Vec<_>>().join("; ");
    if reasons.len() > MOST_REASONS {
        message.push_str(&format!("; and {} more", reasons.len() - MOST_REASONS));
    }
    let mut refused = Refused::new(CUSTOMER_HAS_OBLIGATIONS, message);
    refused.fields = named.map(|reason| FieldProblem::new("customer", reason.clone())).collect();
    refused
}
