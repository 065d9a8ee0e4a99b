//! What an account owes by a day: an open item.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "due")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub component: String,
    pub currency: String,
    pub source: String,
    pub reference: Option<String>,
    pub due_on: Date,
    pub amount_minor: i64,
    pub settled_minor: i64,
    pub cancelled_minor: i64,
    pub status: String,
    pub cancel_reason: Option<String>,
    pub created_at_us: i64,
    pub ended_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
