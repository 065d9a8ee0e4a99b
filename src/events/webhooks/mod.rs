//! Webhooks: a tenant's events, sent to addresses that it names.
//!
//! A webhook has a cursor in the log. A server that holds the webhook's lease reads on from there, sends what passes the
//! filter, signed as Standard Webhooks has it, and notes by commands in the background how far it came
//! ([`records::RecordDeliveries`]). What always holds:
//!
//! - **At least once.** The cursor passes an event only with a note of what became of it, in one command. A server that
//!   dies sends again what it had not noted; the id of the message is the event's, so a receiver can tell.
//! - **In order per subject.** An event waits for the earlier ones about the same thing, until they are delivered or given
//!   up. Others do not wait for it.
//! - **Bounded.** So many messages on their way at once, so many kept in memory, so many that wait; an answer is read up
//!   to 64 KB and for ten seconds. The log is the queue: nothing else grows when a receiver is away.
//! - **Nobody inside.** Addresses of private networks are refused when the connection is made, after the name was looked
//!   up, unless the operator allows them; redirects are not followed.
//! - **No loops.** What is noted about deliveries tells no event, but that a webhook was given up.
//!
//! | file | what |
//! |---|---|
//! | `model` | a webhook, a delivery, what passes a filter |
//! | `commands`, `records` | what operators change; what servers note |
//! | `sign`, `address`, `schedule` | signatures; who may be called; when it is tried again |
//! | `post` | one message over HTTP |
//! | `queue`, `deliver` | a webhook at work: what is sent when, and the loop around it |

pub mod address;
pub mod commands;
mod deliver;
pub mod events;
pub mod metrics;
pub mod model;
mod post;
mod queue;
pub mod records;
pub mod schedule;
pub mod sign;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{
    CreateWebhook, DeleteWebhook, DisableWebhook, EnableWebhook, ReplayWebhook, RetryDelivery, RotateWebhookSecret,
    SendTestWebhook, UpdateWebhook,
};
pub(super) use deliver::Deliverer;
pub use metrics::WebhookMetrics;
pub use model::{Delivery, DeliveryState, DisabledReason, Filter, Webhook, WebhookState};
pub(crate) use post::{Message, Poster, TooLong};

use crate::work::{About, Stored};

/// What people change about webhooks. Not the secret: that is told to whoever asks for it, when they do.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateWebhook>().about(About::Nothing),
    Stored::of::<UpdateWebhook>().about(About::Nothing),
    Stored::of::<EnableWebhook>().about(About::Nothing),
    Stored::of::<DisableWebhook>().about(About::Nothing),
    Stored::of::<DeleteWebhook>().about(About::Nothing),
    Stored::of::<ReplayWebhook>().about(About::Nothing),
    Stored::of::<SendTestWebhook>().about(About::Nothing),
    Stored::of::<RetryDelivery>().about(About::Nothing),
];
