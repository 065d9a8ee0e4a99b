//! Konto's tables as SeaORM entities: raw columns, one file per table. Knows nothing of GraphQL or of the
//! domain; `store.rs` files and the ledger are the only readers.

pub mod account;
pub mod audit_record;
pub mod batch;
pub mod client;
pub mod customer;
pub mod entry;
pub mod event;
pub mod hold;
pub mod idempotency_key;
pub mod ledger_account;
pub mod ledger_head;
pub mod posting;
pub mod product;
pub mod signing_key;
pub mod tenant;
