//! An event on its way to a webhook, or what became of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub webhook_id: Uuid,
    pub event_sequence: i64,
    pub event_type: String,
    pub subject: String,
    pub state: String,
    pub attempts: i32,
    pub next_attempt_us: Option<i64>,
    pub last_attempt_us: Option<i64>,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    pub last_millis: Option<i32>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
