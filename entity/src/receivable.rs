//! A creditor's account of a debtor: what is owed on it is in its claims.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receivable")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub reference: String,
    pub currency: String,
    pub account_id: Option<Uuid>,
    pub party_id: Option<Uuid>,
    pub payment_reference: Option<String>,
    pub portfolio_reference: Option<String>,
    pub products: String,
    pub scores: String,
    pub metadata: String,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
