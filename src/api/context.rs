//! What a resolver knows: the engine, who asks, and the loaders of this request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_graphql::Context;
use sea_orm::DatabaseConnection;

use super::fault::{Fault, FaultCode, MAY_BE_DONE, Retry};
use super::limits::RequestId;
use super::loaders::{Hubs, Loaders};
use crate::access::{Principal, Scope};
use crate::database;
use crate::engine::Engine;
use crate::ledger::LedgerFault;
use crate::primitives::{CustomerId, Origin, TenantId};

/// One request's surroundings, put into its data by [`super::decorate`].
pub struct Caller {
    /// The running Konto.
    pub engine: Engine,
    /// Who asks.
    pub principal: Principal,
    /// Of the request.
    pub request_id: RequestId,
    /// Of the request: what was read once is not read again.
    pub loaders: Loaders,
    /// Bytes of documents that the answer carries.
    pub inline_bytes: AtomicU64,
}

impl Caller {
    /// The surroundings of one request.
    #[must_use]
    pub fn new(engine: &Engine, hubs: &Arc<Hubs>, principal: &Principal, request_id: &RequestId) -> Self {
        let loaders = Loaders::new(hubs, principal.tenant);
        Self {
            engine: engine.clone(),
            principal: principal.clone(),
            request_id: request_id.clone(),
            loaders,
            inline_bytes: AtomicU64::new(0),
        }
    }

    /// Where reads go.
    #[must_use]
    pub fn db(&self) -> &DatabaseConnection {
        self.engine.db.reader()
    }

    /// Whose books.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.principal.tenant
    }

    /// The one customer whose things the token sees, if it is bound to one.
    #[must_use]
    pub fn customer(&self) -> Option<CustomerId> {
        self.principal.customer
    }

    /// Whether the token sees a customer and what is theirs.
    #[must_use]
    pub fn sees(&self, owner: CustomerId) -> bool {
        self.customer().is_none_or(|own| own == owner)
    }

    /// Refuses tokens without the scope.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn require(&self, scope: Scope) -> Result<&Self, Fault> {
        if self.principal.may(scope) { Ok(self) } else { Err(Fault::forbidden(scope)) }
    }

    /// Refuses tokens that are bound to a customer: for what concerns all of the tenant's customers at once.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn require_unbound(&self) -> Result<&Self, Fault> {
        match self.customer() {
            None => Ok(self),
            Some(_) => Err(Fault::new(FaultCode::Forbidden, "this takes a token that is not bound to a customer")),
        }
    }
}

/// Whether a mutation was refused. The transport puts one into a mutation's data, and reads it for its figures.
#[derive(Clone, Debug, Default)]
pub struct Verdict(Arc<AtomicBool>);

impl Verdict {
    /// It was.
    pub fn refuse(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The surroundings of the request.
///
/// # Errors
/// `INTERNAL` when the request came in past [`super::decorate`].
pub fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Caller, Fault> {
    ctx.data::<Caller>().map_err(|error| Fault::internal(&error.message))
}

/// The surroundings of the request, if its token has the scope.
///
/// # Errors
/// `FORBIDDEN`.
pub fn allowed<'a>(ctx: &Context<'a>, scope: Scope) -> Result<&'a Caller, Fault> {
    caller(ctx)?.require(scope)
}

/// Who asks, if the token has the scope.
///
/// # Errors
/// `FORBIDDEN`.
pub fn require<'a>(ctx: &Context<'a>, scope: Scope) -> Result<&'a Principal, Fault> {
    allowed(ctx, scope).map(|caller| &caller.principal)
}

/// The running Konto.
///
/// # Errors
/// As [`caller`].
pub fn engine<'a>(ctx: &Context<'a>) -> Result<&'a Engine, Fault> {
    caller(ctx).map(|caller| &caller.engine)
}

/// The origin of what the request does.
///
/// # Errors
/// As [`caller`].
pub fn origin(ctx: &Context<'_>) -> Result<Origin, Fault> {
    caller(ctx).map(|caller| caller.principal.origin(&caller.request_id.0))
}

impl From<&LedgerFault> for Fault {
    fn from(fault: &LedgerFault) -> Self {
        match fault {
            LedgerFault::Overloaded => Self::new(FaultCode::Overloaded, "too much to do; nothing was done, try again"),
            LedgerFault::Stopped => Self {
                retry: Retry::Safe,
                ..Self::new(FaultCode::Unavailable, "the server is shutting down; nothing was done, try again")
            },
            LedgerFault::Database(error) if database::is_lost(error) => {
                tracing::warn!(%fault, "the database does not answer");
                Self::new(FaultCode::Unavailable, &format!("the database does not answer; {MAY_BE_DONE}"))
            }
            LedgerFault::Database(_) | LedgerFault::Inconsistent(_) | LedgerFault::Undecided(_) => {
                Self::internal(fault)
            }
        }
    }
}

impl From<LedgerFault> for Fault {
    fn from(fault: LedgerFault) -> Self {
        Self::from(&fault)
    }
}

impl From<Arc<LedgerFault>> for Fault {
    fn from(fault: Arc<LedgerFault>) -> Self {
        Self::from(&*fault)
    }
}
