//! `konto verify`.

use std::process::ExitCode;

use super::say;
use crate::database::Database;
use crate::ledger::verify::{Checked, VerifyError, verify};

/// Verifies all books on one state of the database: a snapshot on both engines.
pub(super) async fn run(db: &Database) -> anyhow::Result<ExitCode> {
    let snapshot = db.snapshot().await?;
    match verify(&snapshot).await {
        Ok(checked) => {
            let Checked { tenants, entries, postings, events } = checked;
            say(&format!("clean; tenants: {tenants}, entries: {entries}, postings: {postings}, events: {events}"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(VerifyError::Difference(difference)) => {
            say(&format!("different: {difference}"))?;
            Ok(ExitCode::FAILURE)
        }
        Err(VerifyError::Fault(fault)) => Err(fault.into()),
    }
}
