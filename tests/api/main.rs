//! Konto end to end: the real server on a port, on SQLite and on PostgreSQL, spoken to as its clients do.
#![allow(clippy::unwrap_used)]
#![recursion_limit = "256"]

#[macro_use]
mod app;

mod access;
mod accounts;
mod actions;
mod adding;
mod addresses;
mod applications;
mod approvals;
mod attacks;
mod bad_input;
mod batches;
mod billing;
mod blocks;
mod books;
mod cards;
mod charity;
mod closing;
mod collections;
mod coming_from;
mod credit_transfers;
mod customers;
mod database;
mod days;
mod direct_debits;
mod documents;
mod dues;
mod events;
mod explorer;
mod faults;
mod history;
mod holds;
mod instalments;
mod insurance;
mod isolation;
mod jobs;
mod keys;
mod loads;
mod lookups;
mod mandates;
mod metrics;
mod migrated;
mod model;
mod openings;
mod operations;
mod parties;
mod payment_references;
mod payments;
mod points_of_sale;
mod printing;
mod products;
mod providers;
mod recurring;
mod relay;
mod reversals;
mod schema;
mod telemetry;
mod tidy;
mod transfers;
mod transport;
mod verify;
mod walks;
mod webhooks;
