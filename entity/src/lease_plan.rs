//! A plan of a leasing account.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lease_plan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub reference: Option<String>,
    pub principal_mode: String,
    pub currency: String,
    pub last_number: i32,
    pub principal_minor: i64,
    pub interest_minor: i64,
    pub fee_minor: i64,
    pub vat_minor: i64,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
