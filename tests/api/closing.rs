//! The closing of the API.
