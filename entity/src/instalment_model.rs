//! What instalment credits are an instance of.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instalment_model")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub reference: String,
    /// What kind of credit, as a word of the tenant's own.
    pub kind: String,
    pub status: String,
    pub currency: String,
    pub minimum_minor: i64,
    pub maximum_minor: i64,
    pub channel: Option<String>,
    pub card_product_id: Option<Uuid>,
    pub account_product_id: Uuid,
    /// The numbers of instalments that are offered, separated by commas.
    pub terms: String,
    pub default_terms: i64,
    pub minimum_first_days: i64,
    pub maximum_first_days: i64,
    pub default_first_days: i64,
    /// A decimal, in percent.
    pub rate_annual_pct: String,
    pub method: String,
    /// A decimal, in percent of the credit.
    pub balloon_pct: String,
    pub grace_terms: i64,
    pub fee_minor: i64,
    pub fee_timing: String,
    pub posting: String,
    pub maximum_per_customer: Option<i64>,
    pub maximum_per_day: Option<i64>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
