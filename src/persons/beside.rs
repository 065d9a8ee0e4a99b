//! The same of what hangs on a customer beside the domain's own: runs of custom actions, and credentials.

use std::sync::Arc;

use super::Part;
use super::parts::{erased, owned};
use crate::accounts::Account;
use crate::actions::ActionRun;
use crate::actions::store::UNDER_WAY;
use crate::customers::Customer;
use crate::customers::erasure::{Erasure, PersonalData};
use crate::work::{Decision, Sweep, Work};

// ----------------------------------------------------------------------------------------------- custom actions

/// Runs belong to their accounts, and go along with them in a merge.
pub(super) const ACTIONS: Part =
    Part { name: "custom actions", merge: |_, _| Ok(()), hinders: runs_under_way, erase: erase_runs };

/// What is under way would be written down after the erasure.
fn runs_under_way(work: &mut Work, customer: &Customer) -> Decision<Vec<String>> {
    let accounts = owned(work, customer.id)?;
    let runs: Vec<_> = accounts.iter().map(|account| work.all::<ActionRun, Account>(&UNDER_WAY, account.id)).collect();
    let mut reasons = Vec::new();
    for (account, runs) in accounts.iter().zip(runs) {
        let runs: Vec<Arc<ActionRun>> = runs?;
        reasons.extend(runs.iter().map(|run| {
            format!("run {} of a custom action on account {} is {}", run.id, account.number, run.state.word())
        }));
    }
    Ok(reasons)
}

/// What went in, and what came out. That something was run stays, and what it made.
fn erase_runs(work: &mut Work, customer: &Customer, erasure: &mut Erasure) -> Decision<()> {
    for account in owned(work, customer.id)? {
        work.sweep(Sweep::EraseRuns(account.id));
        erased(erasure, PersonalData::ActionRuns);
    }
    Ok(())
}

// -------------------------------------------------------------------------------------------------- credentials

/// What a person signs in with goes along with the record that stays, and opens nothing once there is nobody.
pub(super) const CREDENTIALS: Part = Part {
    name: "credentials",
    merge: |work, merge| {
        work.sweep(Sweep::BindClients(merge.from.id, merge.into.id));
        Ok(())
    },
    hinders: |_, _| Ok(Vec::new()),
    erase: |work, customer, _| {
        work.sweep(Sweep::DisableClients(customer.id));
        Ok(())
    },
};
