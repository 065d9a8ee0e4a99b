//! Receivables: creditors' accounts of debtors.
//!
//! A receivable takes a currency and a reference and nothing else to begin with. Its account in the books has an owner, so it
//! is opened with the first debtor, who owns it for life; until then nothing can be owed on it. The product is the tenant's
//! `receivable`, if that is kept in the currency, and one of that currency that is made when it is first needed otherwise.
//! Its debt is owed to one creditor: the party that its first claim names, or the tenant.

pub mod changes;
pub mod commands;
pub mod debtors;
pub mod model;
pub mod store;

pub use changes::{
    AddReceivableDebtor, AddReceivableProduct, SetReceivableScore, UpdateReceivable, UpdateReceivableDebtor,
    UpdateReceivableProduct,
};
pub use commands::{CreateReceivable, NewReceivable};
pub use debtors::NewDebtor;
pub use model::{Receivable, ReceivableDebtor, ReceivableProduct};
pub use store::ReceivableFilter;
