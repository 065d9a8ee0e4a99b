//! A command that waits for a second person.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "approval")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub operation: String,
    pub command: String,
    pub key: Option<String>,
    pub key_digest: Option<String>,
    pub request_hash: Option<String>,
    pub client: String,
    pub customer_id: Option<Uuid>,
    pub request_id: String,
    pub amount_minor: Option<i64>,
    pub currency: Option<String>,
    pub account_id: Option<Uuid>,
    pub product_id: Option<Uuid>,
    pub state: String,
    pub requested_at_us: i64,
    pub expires_at_us: i64,
    pub ended_at_us: Option<i64>,
    pub checker: Option<String>,
    pub comment: Option<String>,
    pub result: Option<String>,
    pub refusal: Option<String>,
    pub done_by: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
