//! A statement of an account.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "statement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub currency: String,
    pub number: i32,
    pub from_on: Date,
    pub closed_on: Date,
    pub previous_closed_on: Option<Date>,
    pub next_closed_on: Date,
    pub previous_cut: i64,
    pub scan_from: i64,
    pub previous_own_first: i64,
    pub previous_own_last: i64,
    pub cut: i64,
    pub own_first: i64,
    pub own_last: i64,
    pub previous_balance_minor: i64,
    pub payments_minor: i64,
    pub interest_minor: i64,
    pub fees_minor: i64,
    pub balance_minor: i64,
    pub amount_due_minor: i64,
    pub remaining_due_minor: i64,
    pub past_due_minor: i64,
    pub theoretical_direct_debit_minor: i64,
    pub direct_debit_minor: Option<i64>,
    pub due_on: Date,
    pub issue_on: Date,
    pub state: String,
    pub interest_free: bool,
    pub lines: String,
    pub created_at_us: i64,
    pub issued_at_us: Option<i64>,
    pub document_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
