//! An application for a higher credit limit.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "limit_application")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub customer_id: Uuid,
    pub currency: String,
    pub wanted_minor: i64,
    pub former_minor: i64,
    pub granted_minor: Option<i64>,
    pub reason: Option<String>,
    pub status: String,
    pub maker: String,
    pub maker_customer_id: Option<Uuid>,
    pub valid_through: Date,
    pub submitted_at_us: i64,
    pub ended_at_us: Option<i64>,
    pub decided_by: Option<String>,
    pub comment: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
