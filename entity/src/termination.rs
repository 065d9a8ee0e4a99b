//! Whether a credit is on its way to its termination: the id is the account's.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "termination")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub status: String,
    pub currency: String,
    pub next_check_on: Option<Date>,
    pub minimum_minor: Option<i64>,
    pub paid_minor: i64,
    pub credit_account_id: Option<Uuid>,
    pub since_us: i64,
    pub pre_terminated_on: Option<Date>,
    pub terminated_on: Option<Date>,
    pub normal_on: Option<Date>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
