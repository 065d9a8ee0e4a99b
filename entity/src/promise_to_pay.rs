//! A promise to pay some of a claim by a day.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promise_to_pay")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub claim_id: Uuid,
    pub life: i32,
    pub currency: String,
    pub amount_minor: i64,
    pub paid_minor: i64,
    pub counted: i64,
    pub due_date: Date,
    pub by_debtor: bool,
    pub status: String,
    pub reason: Option<String>,
    pub judged_on: Option<Date>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
