//! What an account is an instance of.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub code: String,
    pub alias: String,
    pub family: String,
    pub working_mode: Option<String>,
    pub currency: String,
    pub debt_rule: String,
    pub repayment_order: String,
    pub item_order: String,
    pub recurring: Option<String>,
    pub default_credit_limit_minor: i64,
    pub maximum_credit_limit_minor: Option<i64>,
    pub maximum_balance_minor: Option<i64>,
    pub charity: Option<String>,
    pub prepaid: Option<String>,
    pub authorisation_days: Option<i32>,
    pub reference_scheme: Option<String>,
    pub payee: Option<String>,
    pub retired: bool,
    pub metadata: String,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
