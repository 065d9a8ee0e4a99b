//! Who is asking: carried from the request down to the audit record.

use std::sync::Arc;

use super::ids::{CustomerId, TenantId};

/// The origin of a mutation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The tenant that everything happens in. Comes from the token, never from an argument.
    pub tenant: TenantId,
    /// The OAuth client (or `system`): the scope of idempotency keys.
    pub client: Arc<str>,
    /// The customer that the token is bound to; it then sees and moves only that customer's things.
    pub customer: Option<CustomerId>,
    /// The request that the audit record and the logs share.
    pub request_id: Arc<str>,
}

impl Origin {
    /// Konto itself: background jobs and set-up.
    #[must_use]
    pub fn system(tenant: TenantId) -> Self {
        Self { tenant, client: "system".into(), customer: None, request_id: "system".into() }
    }
}
