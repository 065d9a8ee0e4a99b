//! Konto's schema migrations.
//!
//! Append-only: a migration that has been released is never edited; a change is a new file. The package
//! does not import `entity`, so that an old migration keeps meaning what it meant.
#![allow(clippy::missing_errors_doc)]

pub use sea_orm_migration::{MigratorTrait, prelude};

mod m20261121_000001_core;
mod m20261127_000001_days;
mod m20261127_000002_documents;
mod m20261127_000003_webhooks;
mod m20261127_000004_jobs;
mod m20261128_000001_customers;
mod m20261128_000002_addresses;
mod m20261128_000003_cards;
mod m20261128_000004_pos;
mod m20261128_000006_money;
mod m20261128_000007_actions;
mod m20261129_000001_data_keys;
mod m20261129_000002_references;
mod m20261129_000010_refunds;
mod m20261129_000011_prepaid;
mod m20261129_000012_card_blocks;
mod m20261129_000013_authorisation_days;
mod m20261129_000020_dues;
mod m20261129_000021_recurring;
mod m20261129_000030_mandates;
mod m20261129_000031_direct_debits;
mod m20261129_000032_credit_transfers;
mod m20261129_000040_claims;
mod m20261129_000041_receivable_entries;
mod m20261129_000050_insurance;
mod m20261129_000051_providers;
mod m20261129_000060_instalment_models;
mod m20261129_000061_instalment_contracts;
mod m20261130_000011_billing;
mod m20261130_000021_printing;
mod m20261130_000041_purchases;
mod m20261130_000042_identification;
mod m20261130_000061_messages;
mod m20261130_000062_journeys;
mod m20261201_000011_leasing;
mod m20261201_000021_matching;
mod m20261201_000031_investments;
mod m20261201_000032_merchants;
mod m20261201_000032_mirrors;

/// Applies every migration in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_core::Migration),
            Box::new(m20261127_000001_days::Migration),
            Box::new(m20261127_000002_documents::Migration),
            Box::new(m20261127_000003_webhooks::Migration),
            Box::new(m20261127_000004_jobs::Migration),
            Box::new(m20261128_000001_customers::Migration),
            Box::new(m20261128_000002_addresses::Migration),
            Box::new(m20261128_000003_cards::Migration),
            Box::new(m20261128_000004_pos::Migration),
            Box::new(m20261128_000006_money::Migration),
            Box::new(m20261128_000007_actions::Migration),
            Box::new(m20261129_000001_data_keys::Migration),
            Box::new(m20261129_000002_references::Migration),
            Box::new(m20261129_000030_mandates::Migration),
            Box::new(m20261129_000010_refunds::Migration),
            Box::new(m20261129_000011_prepaid::Migration),
            Box::new(m20261129_000012_card_blocks::Migration),
            Box::new(m20261129_000013_authorisation_days::Migration),
            Box::new(m20261129_000050_insurance::Migration),
            Box::new(m20261129_000051_providers::Migration),
            Box::new(m20261129_000040_claims::Migration),
            Box::new(m20261129_000020_dues::Migration),
            Box::new(m20261129_000031_direct_debits::Migration),
            Box::new(m20261129_000032_credit_transfers::Migration),
            Box::new(m20261129_000060_instalment_models::Migration),
            Box::new(m20261129_000061_instalment_contracts::Migration),
            Box::new(m20261129_000021_recurring::Migration),
            Box::new(m20261129_000041_receivable_entries::Migration),
            Box::new(m20261130_000021_printing::Migration),
            Box::new(m20261130_000011_billing::Migration),
            Box::new(m20261130_000041_purchases::Migration),
            Box::new(m20261130_000042_identification::Migration),
            Box::new(m20261130_000061_messages::Migration),
            Box::new(m20261130_000062_journeys::Migration),
            Box::new(m20261201_000031_investments::Migration),
            Box::new(m20261201_000011_leasing::Migration),
            Box::new(m20261201_000032_mirrors::Migration),
            Box::new(m20261201_000032_merchants::Migration),
            Box::new(m20261201_000021_matching::Migration),
        ]
    }
}
