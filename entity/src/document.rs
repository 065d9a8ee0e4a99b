//! A document: what is known of it. Its bytes are in the store, under the tenant, the digest and the place.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub status: String,
    pub name: String,
    pub media_type: Option<String>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
    pub place: Option<Uuid>,
    pub kind: String,
    pub product_reference: Option<String>,
    pub subject: String,
    pub account_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    pub history_item: Option<String>,
    pub history_sequence: Option<i64>,
    pub client: String,
    pub retain_until: Option<Date>,
    pub legal_hold: bool,
    pub created_at_us: i64,
    pub removed_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
