//! A payment through a payment service provider.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_payment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub provider_id: Uuid,
    pub account_id: Uuid,
    pub currency: String,
    pub amount_minor: i64,
    pub state: String,
    pub transaction_id: Option<String>,
    pub transaction_key: Option<String>,
    pub redirect_url: Option<String>,
    pub additional_input: Option<String>,
    pub additional_output: Option<String>,
    pub asking: Option<String>,
    pub asking_minor: i64,
    pub asks: i32,
    pub attempts: i32,
    pub next_ask_us: Option<i64>,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub entry_id: Option<Uuid>,
    pub payout_id: Option<Uuid>,
    pub failure: Option<String>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
