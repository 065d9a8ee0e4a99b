//! A person or a company.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub number: String,
    pub external_reference: Option<String>,
    #[sea_orm(column_name = "type")]
    pub type_: String,
    pub first_name: Option<String>,
    pub middle_name: Option<String>,
    pub last_name: Option<String>,
    pub company_name: Option<String>,
    /// The whole name in lower case: what names are searched in.
    pub name_folded: String,
    pub birth_date: Option<Date>,
    /// A JSON list of BCP 47 tags.
    pub languages: String,
    /// A JSON list.
    pub contact_points: String,
    pub metadata: String,
    pub merged_into: Option<Uuid>,
    pub erased_at_us: Option<i64>,
    /// What was erased, and what is kept, as JSON.
    pub erasure: Option<String>,
    pub restrictions: Option<String>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
