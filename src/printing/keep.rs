//! Notes what was printed of a statement, a bill or a reprint: as a document of the account, which the thing then names.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::prints::PrintDocument;
use crate::billing::{Bill, Statement, StatementReprint};
use crate::documents::Document;
use crate::primitives::{BillId, StatementId, StatementReprintId};
use crate::refused::Refused;
use crate::work::{Command, Decision, Stop, Wants, Work};

/// What was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Printed {
    /// A statement, as it was issued.
    Statement(StatementId),
    /// A bill, or a reminder.
    Bill(BillId),
    /// A statement that was asked for again.
    Reprint(StatementReprintId),
}

/// Keeps what was printed, whose bytes are in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeepPrint {
    /// Of what.
    pub of: Printed,
    /// The document.
    pub print: PrintDocument,
}

impl Command for KeepPrint {
    const OPERATION: &'static str = "keepPrint";
    type Made = Document;

    fn looks_at(&self, wants: &mut Wants) {
        self.print.looks_at(wants);
        match self.of {
            Printed::Statement(id) => wants.row::<Statement>(id),
            Printed::Bill(id) => wants.row::<Bill>(id),
            Printed::Reprint(id) => wants.row::<StatementReprint>(id),
        }
    }

    /// Refused as [`PrintDocument`].
    fn decide(&self, work: &mut Work) -> Decision<Arc<Document>> {
        let before = match self.of {
            Printed::Statement(of) => work.get::<Statement>(of)?.and_then(|statement| statement.document),
            Printed::Bill(of) => work.get::<Bill>(of)?.and_then(|bill| bill.document),
            Printed::Reprint(of) => work.get::<StatementReprint>(of)?.and_then(|reprint| reprint.document),
        };
        // Somebody was faster: what is named stays.
        if let Some(before) = before {
            return work.get::<Document>(before)?.ok_or_else(|| Stop::damaged("what was printed is not there"));
        }
        let document = self.print.decide(work)?;
        let id = Some(document.id);
        match self.of {
            Printed::Statement(of) => {
                work.change::<Statement, Refused>(of, |statement| {
                    statement.document = id;
                    Ok(())
                })?;
            }
            Printed::Bill(of) => {
                work.change::<Bill, Refused>(of, |bill| {
                    bill.document = id;
                    Ok(())
                })?;
            }
            Printed::Reprint(of) => {
                work.change::<StatementReprint, Refused>(of, |reprint| {
                    reprint.document = id;
                    Ok(())
                })?;
            }
        }
        Ok(document)
    }

    fn weight(&self) -> usize {
        4
    }
}
