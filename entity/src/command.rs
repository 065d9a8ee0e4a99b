//! A command that was decided: who, what, when, from which request, under which key, with what result.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "command")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub occurred_at_us: i64,
    pub client: String,
    pub customer_id: Option<Uuid>,
    pub request_id: String,
    pub operation: String,
    pub outcome: String,
    pub code: Option<String>,
    pub target: Option<String>,
    pub key: Option<String>,
    pub request_hash: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
