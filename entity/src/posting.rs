//! One line of an entry. The first line of each customer account carries the account's net amount and its balance afterwards, so that a list of transactions is one index scan.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "posting")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_sequence: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i32,
    pub account_id: Option<Uuid>,
    pub component: Option<String>,
    pub internal_id: Option<Uuid>,
    pub amount_minor: i64,
    pub currency: String,
    pub kind: String,
    pub value_date: Date,
    pub booked_at_us: i64,
    pub authorised_on: Date,
    pub account_amount_minor: Option<i64>,
    pub account_balance_after_minor: Option<i64>,
    pub message: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
