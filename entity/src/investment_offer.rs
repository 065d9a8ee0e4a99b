//! Something that seeks money.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "investment_offer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub code: String,
    pub name: String,
    pub issuer_id: Uuid,
    pub currency: String,
    pub sought_minor: i64,
    pub minimum_rate: String,
    pub maximum_rate: String,
    pub term_months: i32,
    pub deadline: Date,
    pub status: String,
    pub rate: Option<String>,
    pub invested_minor: i64,
    pub repaid_minor: i64,
    pub interest_minor: i64,
    pub created_at_us: i64,
    pub allocated_on: Option<Date>,
    pub closed_on: Option<Date>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
