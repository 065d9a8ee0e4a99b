//! The journal of commands: what everything else was done by.

use sea_orm::{ConnectionTrait, QueryResult};

use super::{Replay, VerifyError, WINDOW};
use crate::ledger::audit::AuditOutcome;
use crate::ledger::fault::LedgerFault;
use crate::primitives::clock::Micros;

impl<C: ConnectionTrait> Replay<'_, C> {
    /// Every command, up to the head's.
    pub(super) async fn commands(&mut self) -> Result<(), VerifyError> {
        let head = self.head().await?;
        let (head, booked): (i64, Micros) =
            (head.try_get("", "command_sequence")?, head.try_get("", "last_booked_us")?);
        let mut last = 0;
        let mut before = Micros::MIN;
        loop {
            let sql = "SELECT sequence, occurred_at_us, outcome, code, target, key, request_hash FROM command \
                       WHERE tenant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
            let rows = self.rows(sql, &[last, WINDOW]).await?;
            for row in &rows {
                let sequence: i64 = row.try_get("", "sequence")?;
                last += 1;
                if sequence != last {
                    return Err(self.differs(None, None, format!("command {last} is missing")));
                }
                let at: Micros = row.try_get("", "occurred_at_us")?;
                let outcome = outcome(row)?;
                let wrong = if at < before {
                    Some("was decided before the one before it")
                } else if at > booked {
                    Some("was decided after the head was moved last")
                } else {
                    misfit(row, outcome)?
                };
                if let Some(wrong) = wrong {
                    return Err(self.differs(None, None, format!("command {sequence} {wrong}")));
                }
                before = at;
                self.commands.push((outcome == AuditOutcome::Done).then_some(at));
            }
            if rows.is_empty() {
                break;
            }
        }
        if last != head {
            return Err(self.differs(None, None, format!("the last command is {last}, the head says {head}")));
        }
        match self.stray("command", "sequence", last).await? {
            None => Ok(()),
            Some(stray) => Err(self.differs(None, None, format!("command {stray} has no place in the sequence"))),
        }
    }
}

fn outcome(row: &QueryResult) -> Result<AuditOutcome, LedgerFault> {
    let word: String = row.try_get("", "outcome")?;
    AuditOutcome::from_word(&word).ok_or(LedgerFault::Inconsistent("outcome of a command"))
}

/// What of a command's row does not fit how it ended.
fn misfit(row: &QueryResult, outcome: AuditOutcome) -> Result<Option<&'static str>, LedgerFault> {
    let text = |column: &str| row.try_get::<Option<String>>("", column);
    let (has_code, has_target, has_key) = (text("code")?.is_some(), text("target")?.is_some(), text("key")?.is_some());
    let hash: Option<Vec<u8>> = row.try_get("", "request_hash")?;
    let (may_make, may_remember) = match outcome {
        AuditOutcome::Done => (true, true),
        AuditOutcome::Replayed => (true, false),
        AuditOutcome::Refused | AuditOutcome::Denied => (false, false),
    };
    Ok(if has_code != (outcome == AuditOutcome::Refused) {
        Some("has a code, or none, unlike its outcome")
    } else if has_target && !may_make {
        Some("has made something, unlike its outcome")
    } else if has_key && !may_remember {
        Some("is remembered under a key, unlike its outcome")
    } else if has_key != hash.is_some() || hash.is_some_and(|hash| hash.len() != 32) {
        Some("has a key without the digest of its request, or a digest without a key")
    } else {
        None
    })
}
