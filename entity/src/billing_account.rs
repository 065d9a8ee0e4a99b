//! Where an account stands in its billing.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "billing_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub opened_on: Date,
    pub next_closure: Date,
    pub last_closure: Option<Date>,
    pub last_cut: i64,
    pub scan_from: i64,
    pub own_first: i64,
    pub own_last: i64,
    pub last_statement_id: Option<Uuid>,
    pub statements: i32,
    pub balance_minor: i64,
    pub memory: String,
    pub open_bill_id: Option<Uuid>,
    pub delinquent_since: Option<Date>,
    pub lifted_through: Option<Date>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
