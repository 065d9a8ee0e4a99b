//! What is to be drawn from a customer's bank account on a day, and what became of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_order")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub period: Date,
    pub method: String,
    pub scope: String,
    pub currency: String,
    pub planned_minor: i64,
    pub collected_minor: Option<i64>,
    pub execution_on: Date,
    pub act_on: Option<Date>,
    pub status: String,
    pub reason: Option<String>,
    pub attempts: i32,
    pub entry_id: Option<Uuid>,
    pub bounces: bool,
    pub scheduled_at_us: i64,
    pub ended_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
