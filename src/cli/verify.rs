//! `konto verify`.

use std::process::ExitCode;

use sea_orm::{AccessMode, DbBackend, IsolationLevel, TransactionTrait as _};

use super::say;
use crate::database::Database;
use crate::ledger::verify::{Checked, VerifyError, verify};

/// Verifies all books on one state of the database: a snapshot on both engines.
pub(super) async fn run(db: &Database) -> anyhow::Result<ExitCode> {
    let snapshot = match db.backend() {
        DbBackend::Postgres => {
            let (isolation, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
            db.reader().begin_with_config(Some(isolation), Some(access)).await?
        }
        _ => db.reader().begin().await?,
    };
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
