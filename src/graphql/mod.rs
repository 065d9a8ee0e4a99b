//! The API: schema root, context, scalars, pagination, faults.

pub mod fault;
pub mod limits;
