//! An account that purchases are on.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub kind: String,
    pub currency: String,
    pub original_minor: i64,
    pub minimum_minor: i64,
    pub carried_minor: i64,
    pub opened_on: Date,
    pub due_on: Option<Date>,
    pub turns_on: Option<Date>,
    pub postponed: bool,
    pub overdue_on: Option<Date>,
    pub transferred_to_id: Option<Uuid>,
    pub transferred_from_id: Option<Uuid>,
    pub credit: Option<String>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
