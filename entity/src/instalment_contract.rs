//! A credit that is repaid in instalments.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instalment_contract")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub reference: String,
    pub external_reference: Option<String>,
    pub model_id: Uuid,
    pub customer_id: Uuid,
    pub receiving_account_id: Uuid,
    pub paying_account_id: Uuid,
    pub account_id: Option<Uuid>,
    pub state: String,
    pub currency: String,
    pub channel: String,
    pub msisdn: Option<String>,
    /// Made of the number: what contracts of one number are found by.
    pub msisdn_id: Option<Uuid>,
    pub contracted_on: Date,
    pub activated_on: Option<Date>,
    pub ended_on: Option<Date>,
    pub credit_minor: i64,
    pub rate_annual_pct: String,
    pub method: String,
    pub balloon_minor: i64,
    pub grace_terms: i64,
    pub fee_minor: i64,
    pub fee_timing: String,
    pub posting: String,
    pub terms: i64,
    pub first_due: Date,
    pub interest_minor: i64,
    pub level_minor: i64,
    pub regular_minor: i64,
    pub next_number: i64,
    pub next_due: Option<Date>,
    pub last_number: i64,
    pub principal_posted_minor: i64,
    pub interest_posted_minor: i64,
    pub fee_posted_minor: i64,
    pub payout_id: Option<Uuid>,
    pub settled_by: Option<String>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
