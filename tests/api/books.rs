//! The books of the API.
