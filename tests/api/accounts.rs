//! The accounts of the API.
