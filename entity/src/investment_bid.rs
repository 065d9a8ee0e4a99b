//! What an investor would give to an offer.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "investment_bid")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub offer_id: Uuid,
    pub account_id: Uuid,
    pub currency: String,
    pub amount_minor: i64,
    pub accepted_minor: i64,
    pub valid_until_us: Option<i64>,
    pub expires_on: Option<Date>,
    pub minimum_rate: Option<String>,
    pub maximum_rate: Option<String>,
    pub minimum_amount_minor: Option<i64>,
    pub maximum_amount_minor: Option<i64>,
    pub note: Option<String>,
    pub message: Option<String>,
    pub additional_data: Option<String>,
    pub status: String,
    pub reason: Option<String>,
    pub placed_at_us: i64,
    pub ended_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
