//! The customers of the API.
