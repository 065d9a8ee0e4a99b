//! What stops money, and what is set aside of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "block")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub subject: String,
    pub subject_id: Uuid,
    pub kind: String,
    pub status: String,
    pub reason_code: String,
    pub reason: Option<String>,
    pub until: Option<Date>,
    pub garnished_minor: Option<i64>,
    pub currency: Option<String>,
    pub paid_minor: i64,
    pub placed_at_us: i64,
    pub ended_at_us: Option<i64>,
    pub lift_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
