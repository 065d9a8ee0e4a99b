//! The reversals of the API.
