//! What a receivable has besides claims and entries.

use async_graphql::SimpleObject;

use crate::api::scalars::Json;
use crate::collections as domain;

/// What was bought by those who owe on a receivable: context for its claims and entries.
#[derive(SimpleObject)]
pub struct ReceivableProduct {
    /// What the creditor calls it.
    reference: String,
    /// What payments of it carry.
    payment_reference: Option<String>,
    /// What kind of thing it is.
    #[graphql(name = "type")]
    type_: Option<String>,
    /// Its name.
    name: Option<String>,
    /// The creditor's code of it.
    code: Option<String>,
    /// What you keep with it.
    metadata: Json,
}

impl From<&domain::ReceivableProduct> for ReceivableProduct {
    fn from(product: &domain::ReceivableProduct) -> Self {
        Self {
            reference: product.reference.clone(),
            payment_reference: product.payment_reference.clone(),
            type_: product.type_.clone(),
            name: product.name.clone(),
            code: product.code.clone(),
            metadata: Json::stored(&product.metadata),
        }
    }
}
