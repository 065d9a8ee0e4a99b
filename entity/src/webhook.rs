//! Where a tenant has events sent to.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub slot: Option<String>,
    pub url: String,
    pub description: String,
    pub filter: String,
    pub secret: String,
    pub previous_secret: Option<String>,
    pub previous_until_us: Option<i64>,
    pub payload_version: i32,
    pub state: String,
    pub disabled_reason: Option<String>,
    pub event_sequence: i64,
    pub generation: i64,
    pub revision: i64,
    pub failing_since_us: Option<i64>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
