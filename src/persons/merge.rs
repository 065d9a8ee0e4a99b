//! Two records of one person become one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Merge, PARTS};
use crate::customers::events;
use crate::customers::identity;
use crate::customers::refusals::{NOT_THE_SAME_CUSTOMER, TOO_MANY_TO_MERGE};
use crate::customers::{Customer, CustomerBy};
use crate::refused::{Facts, Refused};
use crate::work::{Command, Decision, Wants, Work};

/// Merges one record of a person into another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MergeCustomers {
    /// The record that goes.
    pub customer: CustomerBy,
    /// The record that stays.
    pub into: CustomerBy,
}

impl Command for MergeCustomers {
    const OPERATION: &'static str = "mergeCustomers";
    /// The record that stays.
    type Made = Customer;

    const NEEDS_APPROVAL: bool = true;

    fn looks_at(&self, wants: &mut Wants) {
        self.customer.hint(wants);
        self.into.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `CUSTOMER_ERASED` and `CUSTOMER_MERGED` (the one that goes, then the one that stays),
    /// `INVALID_INPUT` for one record as both, `NOT_THE_SAME_CUSTOMER`, `TOO_MANY_TO_MERGE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        let from = self.customer.locate(work, "customer")?;
        let into = self.into.locate(work, "into")?;
        if from.id == into.id {
            return Err(Refused::invalid("into", "is the same record").into());
        }
        let merge = Merge { from, into };
        require_one_person(work, &merge)?;
        for part in PARTS {
            (part.merge)(work, &merge)?;
        }
        let into = merge.into.id;
        let gone = work.change::<Customer, Refused>(merge.from.id, |customer| {
            customer.merged_into = Some(into);
            Ok(())
        })?;
        let stays = work.get::<Customer>(into)?.unwrap_or(merge.into);
        for event in events::of_merge(&gone, &stays) {
            work.tell(event);
        }
        Ok(stays)
    }

    fn weight(&self) -> usize {
        256
    }
}

/// What cannot be two things of one person must not differ: the type, the birth date, a number of one kind.
fn require_one_person(work: &mut Work, merge: &Merge) -> Decision<()> {
    let differ = |what: &str| {
        let message = format!("the two records have different {what}: they are not of one person");
        Refused::of_field(NOT_THE_SAME_CUSTOMER, "into", message)
    };
    let Merge { from, into } = merge;
    if from.type_ != into.type_ {
        return Err(differ("types").into());
    }
    if from.birth_date.zip(into.birth_date).is_some_and(|(one, other)| one != other) {
        return Err(differ("birth dates").into());
    }
    let (of_one, of_other) = (identity::of(work, from.id), identity::of(work, into.id));
    let (of_one, of_other) = (of_one?, of_other?);
    if of_one.iter().any(|one| of_other.iter().any(|other| one.kind == other.kind)) {
        return Err(differ("identifiers of one kind").into());
    }
    Ok(())
}

/// Checks that a merge moves no more than it may.
///
/// # Errors
/// `TOO_MANY_TO_MERGE`, naming what there is too much of.
pub(super) fn require_few(what: &str, count: usize, most: usize) -> Result<(), Refused> {
    if count <= most {
        return Ok(());
    }
    let message = format!("it has more than {most} {what}");
    let facts = Facts { maximum_count: i32::try_from(most).ok(), ..Facts::default() };
    Err(Refused { facts: Box::new(facts), ..Refused::of_field(TOO_MANY_TO_MERGE, "customer", message) })
}
