//! A customer's product. Its status, limit and balances live in the books (`account_position`).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub number: String,
    pub external_reference: Option<String>,
    pub product_id: Uuid,
    pub customer_id: Uuid,
    pub party_id: Option<Uuid>,
    pub family: String,
    pub currency: String,
    pub opened_on: Date,
    pub closure_code: Option<String>,
    pub payment_reference: Option<String>,
    pub application_id: Option<Uuid>,
    pub metadata: String,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
