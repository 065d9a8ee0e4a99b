//! Faults: what is not a business answer. They are GraphQL errors with a code from a closed list and the
//! request's id, and never carry a word from the database.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensionValues, ErrorExtensions as _};

crate::words! {
    /// The closed list of faults (`extensions.code`).
    FaultCode {
        /// No token, or one that is expired, forged or unknown.
        Unauthenticated = "UNAUTHENTICATED",
        /// The token lacks the scope.
        Forbidden = "FORBIDDEN",
        /// Not a GraphQL request, or not one of this schema.
        BadRequest = "BAD_REQUEST",
        /// Over a limit of size, depth, complexity or number.
        OverLimit = "OVER_LIMIT",
        /// Over the rate of this principal; retry after a while.
        RateLimited = "RATE_LIMITED",
        /// The server has too much to do; nothing was done, retry after a while.
        Overloaded = "OVERLOADED",
        /// Took too long. What was begun may still complete: repeat with the same idempotency key.
        Timeout = "TIMEOUT",
        /// The database does not answer. Repeat with the same idempotency key.
        Unavailable = "UNAVAILABLE",
        /// A subscriber that did not keep up; resume from the last cursor.
        TooSlow = "TOO_SLOW",
        /// A defect on our side; the log has it under the request's id.
        Internal = "INTERNAL",
    }
}

/// A fault on its way out. Deliberately without `Display`: what displays, async-graphql would publish.
#[derive(Clone, Debug)]
pub struct Fault {
    /// From the closed list.
    pub code: FaultCode,
    /// For people; says what to do.
    pub message: Arc<str>,
}

impl Fault {
    /// A fault with a message of its own.
    #[must_use]
    pub fn new(code: FaultCode, message: &str) -> Self {
        Self { code, message: message.into() }
    }

    /// The token lacks a scope.
    #[must_use]
    pub fn forbidden(scope: crate::access::Scope) -> Self {
        Self::new(FaultCode::Forbidden, &format!("this takes a token with the scope '{}'", scope.word()))
    }

    /// Logs the cause under the current request's span and hides it.
    #[must_use]
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal fault");
        Self::new(FaultCode::Internal, "something went wrong on our side; quote the request id")
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::new(fault.message.as_ref()).extend_with(|_, extensions: &mut ErrorExtensionValues| {
            extensions.set("code", fault.code.word());
        })
    }
}
