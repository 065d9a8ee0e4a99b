//! The event log, but for what entries are in it themselves: gap-free per tenant together with them, written in the transaction that it tells of.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub command_sequence: i64,
    #[sea_orm(column_name = "type")]
    pub type_: String,
    pub occurred_at_us: i64,
    pub subject: String,
    pub account_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    pub payload: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
