//! A job: what is worked off in the background.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub kind: String,
    pub operation: String,
    pub scope: String,
    pub mode: String,
    pub state: String,
    pub total: i32,
    pub done: i32,
    pub refused: i32,
    pub failed: i32,
    pub round: i32,
    pub next: i32,
    pub items_kept: bool,
    pub client: String,
    pub customer_id: Option<Uuid>,
    pub request_id: String,
    pub created_at_us: i64,
    pub started_at_us: Option<i64>,
    pub ended_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
