//! What is collected by a mandate.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "direct_debit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub end_to_end: String,
    pub account_id: Uuid,
    pub overpayment_id: Option<Uuid>,
    pub mandate_id: Uuid,
    pub mandate_reference: String,
    pub sequence: String,
    pub currency: String,
    pub amount_minor: i64,
    pub source: String,
    pub state: String,
    pub remittance_info: Option<String>,
    pub collection_on: Date,
    pub send_on: Date,
    pub sent_on: Option<Date>,
    pub settled_on: Option<Date>,
    pub available_on: Option<Date>,
    pub ended_on: Option<Date>,
    /// When a sandbox's rail answers next.
    pub rail_on: Option<Date>,
    pub reason_code: Option<String>,
    pub note: Option<String>,
    pub attempt: i64,
    pub retry_of_id: Option<Uuid>,
    pub retried_by_id: Option<Uuid>,
    pub collected_id: Option<Uuid>,
    pub payment_id: Option<Uuid>,
    pub taken_back_id: Option<Uuid>,
    pub fee_id: Option<Uuid>,
    pub created_on: Date,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
