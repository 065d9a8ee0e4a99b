//! What is drawn for an account again and again: one per account.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recurring_payment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    pub state: String,
    pub method: String,
    pub scope: String,
    pub fixed_minor: Option<i64>,
    pub currency: String,
    pub terms: String,
    pub next_on: Date,
    pub schedule_on: Date,
    pub set_up_at_us: i64,
    pub changed_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
