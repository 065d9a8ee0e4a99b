//! Faults: what is not a business answer. They are GraphQL errors with a code from a closed list and the
//! request's id, and never carry a word from the database. Each says whether the request may be sent again.

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
        /// The database does not answer, or not in time. Repeat with the same idempotency key.
        Unavailable = "UNAVAILABLE",
        /// A subscriber that did not keep up; resume from the last cursor.
        TooSlow = "TOO_SLOW",
        /// A defect on our side; the log has it under the request's id.
        Internal = "INTERNAL",
    }
}

crate::words! {
    /// Whether a request that ended in a fault may be sent again (`extensions.retry`).
    Retry {
        /// As it is, it gets the same answer.
        No = "NO",
        /// It did nothing: send it again, after a while where the fault names one.
        Safe = "SAFE",
        /// It may have been done. Sent again with the same idempotency key it is done once, and the answer tells.
        SameKey = "SAME_KEY",
    }
}

impl FaultCode {
    /// What holds for a mutation that ended with this code, when no more is known.
    #[must_use]
    pub fn retry(self) -> Retry {
        match self {
            Self::Unauthenticated | Self::Forbidden | Self::BadRequest | Self::OverLimit => Retry::No,
            Self::RateLimited | Self::Overloaded | Self::TooSlow => Retry::Safe,
            Self::Timeout | Self::Unavailable | Self::Internal => Retry::SameKey,
        }
    }
}

/// How the message of a fault ends that leaves open whether a mutation was done.
pub const MAY_BE_DONE: &str = "this may have been done: repeat it with the same idempotency key";

/// A fault on its way out. Deliberately without `Display`: what displays, async-graphql would publish.
#[derive(Clone, Debug)]
pub struct Fault {
    /// From the closed list.
    pub code: FaultCode,
    /// For people; says what to do.
    pub message: Arc<str>,
    /// Whether the request may be sent again.
    pub retry: Retry,
}

impl Fault {
    /// A fault with a message of its own.
    #[must_use]
    pub fn new(code: FaultCode, message: &str) -> Self {
        Self { code, message: message.into(), retry: code.retry() }
    }

    /// The same fault of a mutation that had done something before: whatever it says of its own part, the whole may
    /// have been done.
    #[must_use]
    pub fn half_way(self) -> Self {
        match self.retry {
            Retry::SameKey => self,
            Retry::No | Retry::Safe => {
                Self::new(FaultCode::Unavailable, &format!("there was no time for all of the answer; {MAY_BE_DONE}"))
            }
        }
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
            extensions.set("retry", fault.retry.word());
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_in_part_is_never_said_to_be_undone() {
        for code in FaultCode::ALL {
            assert_eq!(Fault::new(*code, "nothing was done").half_way().retry, Retry::SameKey, "{code:?}");
        }
    }
}
