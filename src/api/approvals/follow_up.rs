//! What a mutation does besides its command: once a second person has said yes it is done for its maker, who may be away.
//!
//! All of it can be done again without effect, so whoever repeats the yes, or the mutation itself, makes up for a server
//! that was killed between the two.

use async_graphql::Context;

use crate::api::call::Call;
use crate::api::documents::{files as files_of, files, removed_bytes};
use crate::api::fault::Fault;
use crate::api::tenants;
use crate::documents::{Document, RemoveDocument};
use crate::jobs::approvals::{Approval, ApprovalState};
use crate::jobs::sandbox::{AdvanceClock, LeaveSandbox};
use crate::persons::EraseCustomer;
use crate::primitives::DocumentId;
use crate::work::{Command as _, read};

/// Does what is left of a mutation whose command was done.
///
/// # Errors
/// The store's and the database's: what was said yes to is done all the same.
pub(super) async fn follow_up(ctx: &Context<'_>, call: &Call<'_>, approval: &Approval) -> Result<(), Fault> {
    let (ApprovalState::Approved, Some(result)) = (approval.state, &approval.result) else { return Ok(()) };
    // A webhook may have been changed, a job begun anew.
    call.engine.outbound.look();
    call.engine.jobs.wake();
    let (engine, tenant) = (call.engine, call.origin.tenant);
    match approval.operation.as_str() {
        RemoveDocument::OPERATION => {
            let Ok(id) = result.parse::<DocumentId>() else { return Ok(()) };
            let found = read::by_id::<Document>(engine.db.reader(), tenant, id).await.map_err(Fault::from)?;
            if let Some(content) = found.and_then(|document| document.content) {
                let gone = files_of(ctx)?.vault().remove(tenant, &content.sha256, content.place).await;
                gone.map_err(|error| files::not_stored(&error).half_way())?;
            }
        }
        EraseCustomer::OPERATION => {
            let Ok(id) = result.parse() else { return Ok(()) };
            removed_bytes(ctx, call, id).await?;
        }
        AdvanceClock::OPERATION => {
            let (days, to) = (engine.days().clone(), result.parse().unwrap_or_default());
            engine.spawn(async move {
                if let Err(failure) = days.go_on(tenant, to).await {
                    tracing::warn!(%failure, "a sandbox's clock stopped on its way");
                }
            });
        }
        LeaveSandbox::OPERATION => {
            tenants::begun_anew(engine, tenant).await.map_err(Fault::half_way)?;
        }
        _ => {}
    }
    Ok(())
}
