//! What became of asking there once.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_refresh")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub currency: String,
    pub state: String,
    pub pages: i32,
    pub attempts: i32,
    pub next_ask_us: Option<i64>,
    pub taken: i32,
    pub known: i32,
    pub balance_minor: Option<i64>,
    pub difference_minor: Option<i64>,
    pub failure: Option<String>,
    pub requested_at_us: i64,
    pub ended_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
