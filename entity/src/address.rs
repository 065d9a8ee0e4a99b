//! An address of a customer's.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub customer_id: Uuid,
    pub external_reference: Option<String>,
    pub label: String,
    #[sea_orm(column_name = "type")]
    pub type_: String,
    /// As JSON: the parts of a postal address, a phone number or an e-mail address. None once it is erased.
    pub content: Option<String>,
    /// As JSON: what it is used for.
    pub usages: String,
    pub entity_reference: Option<String>,
    pub status: String,
    pub invalid: bool,
    pub starts_on: Date,
    pub ends_on: Option<Date>,
    /// The first day that it is not in force any more, of one that is out of use.
    pub out_of_use_since: Option<Date>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
