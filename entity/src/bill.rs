//! A bill, or a reminder of one.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub currency: String,
    pub statement_id: Uuid,
    pub number: String,
    pub kind: String,
    pub ended: Option<String>,
    pub follows_id: Option<Uuid>,
    pub amount_minor: i64,
    pub minimum_minor: i64,
    pub fee_minor: i64,
    pub due_on: Date,
    pub made_on: Date,
    pub follow_on: Option<Date>,
    pub ended_on: Option<Date>,
    pub created_at_us: i64,
    pub document_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
