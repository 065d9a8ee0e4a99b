//! Failures that are nobody's decision.

use sea_orm::DbErr;

/// The database's, or a row that no program of ours has written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerFault {
    /// The database's.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// A row that cannot be read as what it should be.
    #[error("inconsistent row: {0}")]
    Inconsistent(&'static str),
    /// A command that could not be decided, and does not say why: a defect.
    #[error("a decision of {0} failed")]
    Undecided(&'static str),
    /// The worker has stopped.
    #[error("the server is shutting down")]
    Stopped,
    /// The worker's queue is full.
    #[error("too much is waiting to be committed")]
    Overloaded,
}
