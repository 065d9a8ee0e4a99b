//! Webhooks in the API: where a tenant has its events sent to. All of it takes the scope `admin`.

pub mod mutations;
pub mod queries;
pub mod types;

pub use mutations::WebhookMutation;
pub use queries::WebhookQuery;
pub use types::{Webhook, WebhookDelivery, by_id, delivery_by_id};
