//! Identification: customers prove who they are before they are shown what is sensitive.
//!
//! A tenant says who vouches for its customers ([`SetIdentificationProvider`]): itself, with tokens that it signs and whose
//! keys it gives (SELF), or a provider of OpenID Connect. Requests name it, carry the caller's own token of the customer, and
//! say where the customer is to come back to, which has to be on the provider's list.
//!
//! | kind | the token | identified |
//! |---|---|---|
//! | SELF | a JSON web token of the tenant's, for the customer | as long as the token is valid, and at most so many minutes from its issue; after that the customer is sent to the tenant's own page |
//! | OPEN_ID_CONNECT | any text that the caller keeps for the customer | once they have come back from the provider, for so many minutes |
//!
//! What always holds: the state that a customer leaves with is sealed, holds everything that the way back is checked by (whose
//! purchase, where to, the nonce, the verifier of PKCE) and runs out; it counts once, because its digest is unique. Whom the
//! provider names has to be the customer whose purchase was asked for, or nothing is noted and the refusal is audited. Neither
//! tokens nor states are kept, only digests of them.

pub mod commands;
pub mod events;
pub mod flow;
pub mod model;
pub mod oidc;
pub mod refusals;
pub mod store;
#[cfg(test)]
mod tests;
pub mod token;

pub use commands::{NoteIdentification, SetIdentificationProvider};
pub use flow::{Asked, Identifications, Shown};
pub use model::{Identification, IdentificationClaim, IdentificationKind, IdentificationProvider};

use crate::work::{About, Stored};

/// What changes identification.
pub const COMMANDS: &[Stored] = &[Stored::of::<SetIdentificationProvider>().about(About::Nothing)];
