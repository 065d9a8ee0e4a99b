//! Insurance in the API: packages, and the contracts that ride on accounts.

pub mod contract_mutations;
pub mod contracts;
pub mod package_mutations;
pub mod packages;

pub use contract_mutations::InsuranceMutation;
pub use contracts::{InsuranceContract, InsuranceQuery};
pub use package_mutations::InsurancePackageMutation;
pub use packages::{InsurancePackage, InsurancePackageQuery};
