//! An instalment of a lease plan.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lease_instalment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub plan_id: Uuid,
    pub account_id: Uuid,
    pub number: i32,
    pub due_on: Date,
    pub billing_on: Option<Date>,
    pub bill_on: Date,
    pub letter_at_us: Option<i64>,
    pub reminder_at_us: Option<i64>,
    pub principal_minor: i64,
    pub interest_minor: i64,
    pub fee_minor: i64,
    pub vat_minor: i64,
    pub currency: String,
    pub service: String,
    pub residual: bool,
    pub billed_on: Option<Date>,
    pub entries: String,
    pub cancelled_on: Option<Date>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
