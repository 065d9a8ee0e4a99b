//! The API: schema root, context, scalars, pagination, faults.

pub mod books;
pub mod context;
pub mod enums;
pub mod families;
pub mod fault;
pub mod input;
pub mod inputs;
pub mod limits;
pub mod loaders;
pub mod money;
pub mod mutation;
pub mod node;
pub mod pagination;
pub mod period;
pub mod query;
pub mod scalars;
pub mod subscription;
