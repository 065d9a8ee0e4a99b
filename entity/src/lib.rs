//! Konto's tables as SeaORM entities: raw columns, one file per table. Knows nothing of GraphQL or of the
//! domain; `store.rs` files and the ledger are the only readers.

pub mod account;
pub mod account_position;
pub mod action_run;
pub mod action_version;
pub mod approval;
pub mod approval_rules;
pub mod batch;
pub mod business_day;
pub mod client;
pub mod command;
pub mod custom_action;
pub mod customer;
pub mod document;
pub mod document_kind;
pub mod entry;
pub mod event;
pub mod hold;
pub mod internal_account;
pub mod job;
pub mod job_item;
pub mod lease;
pub mod ledger_head;
pub mod party;
pub mod posting;
pub mod product;
pub mod reversed_entry;
pub mod signing_key;
pub mod simulation;
pub mod tenant;
pub mod webhook;
pub mod webhook_delivery;
