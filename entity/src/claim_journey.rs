//! A claim on its way through a strategy.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "claim_journey")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub claim_id: Uuid,
    pub life: i32,
    pub strategy_id: Uuid,
    pub version: i32,
    pub status: String,
    pub step: i32,
    pub act_on: Option<Date>,
    pub waiting_days: Option<i32>,
    pub reason: Option<String>,
    pub description: Option<String>,
    pub log: String,
    pub started_on: Date,
    pub ended_on: Option<Date>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
