//! What a debtor owes, one by one.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "claim")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub reference: String,
    pub receivable_id: Uuid,
    pub account_id: Uuid,
    pub customer_id: Uuid,
    pub managed: bool,
    pub status: String,
    pub resolution: Option<String>,
    pub currency: String,
    pub amount_minor: i64,
    pub fees_minor: i64,
    pub fees: String,
    pub original_due_date: Date,
    pub current_due_date: Date,
    pub limitation_date: Option<Date>,
    pub product_reference: Option<String>,
    pub payment_reference: Option<String>,
    pub portfolio_reference: Option<String>,
    pub creditor_reference: Option<String>,
    pub scores: String,
    pub metadata: String,
    pub begun: i32,
    pub created_at_us: i64,
    pub changed_at_us: i64,
    pub ended_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
