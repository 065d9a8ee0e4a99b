//! A customer's account in the books: the balances of its components, and what decides its postings: status, limit, reserved, what is still on its way.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_position")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    pub currency: String,
    pub party_id: Option<Uuid>,
    pub status: String,
    pub closed_on: Option<Date>,
    pub debt_rule: String,
    pub repayment_order: String,
    pub credit_limit_minor: i64,
    pub maximum_balance_minor: Option<i64>,
    pub reserved_minor: i64,
    pub principal_minor: i64,
    pub interest_minor: i64,
    pub fee_minor: i64,
    pub shortfall_minor: i64,
    pub arriving: Option<String>,
    pub restrictions: Option<String>,
    pub charity: Option<String>,
    pub itemised: bool,
    pub item_order: Option<String>,
    pub ties: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
