//! An insurance on an account.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "insurance_contract")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub package_id: Uuid,
    pub account_id: Uuid,
    pub standing: Option<String>,
    pub status: String,
    pub covered: bool,
    pub starts_on: Date,
    pub activates_on: Option<Date>,
    pub ends_on: Option<Date>,
    pub end_reason: Option<String>,
    pub closed_on: Option<Date>,
    pub periods: i32,
    pub premium_due_on: Option<Date>,
    pub last_event_id: Option<Uuid>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
