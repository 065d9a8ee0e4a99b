//! Konto: one system of record for every kind of customer account, on one double-entry ledger.
//!
//! The modules stand in dependency order: each imports only those above it.

pub mod primitives;

pub mod telemetry;

pub mod sealing;

pub mod database;

pub mod refused;

pub mod templates;

pub mod ledger;

pub mod work;

pub mod events;

pub mod jobs;

pub mod parties;

pub mod customers;

pub mod accounts;

pub mod merchants;

pub mod cards;

pub mod dues;
pub mod instalments;
pub mod investments;
pub mod mandates;

pub mod payments;

pub mod collections;
pub mod insurance;
pub mod mirrors;
pub mod recurring;

pub mod billing;
pub mod debits;

pub mod leasing;
pub mod purchases;

pub mod identification;

pub mod documents;
pub mod printing;

pub mod messages;

pub mod journeys;

pub mod pages;

pub mod actions;
pub mod persons;

pub mod engine;

pub mod access;

pub mod demo;

pub mod api;

pub mod http;

pub mod server;

pub mod cli;
