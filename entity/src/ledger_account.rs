//! A row in the books: one component of a customer's account, or an internal account of the tenant. The PRINCIPAL row of an account also carries what decides its postings: status, limit, reserved.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Option<Uuid>,
    pub component: Option<String>,
    pub role: Option<String>,
    pub currency: String,
    pub balance_minor: i64,
    pub status: Option<String>,
    pub closed_on: Option<Date>,
    pub debt_rule: Option<String>,
    pub repayment_order: Option<String>,
    pub credit_limit_minor: i64,
    pub maximum_balance_minor: Option<i64>,
    pub reserved_minor: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
