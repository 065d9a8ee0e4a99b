//! The holds of the API.
