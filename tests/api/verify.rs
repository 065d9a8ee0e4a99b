//! The verify of the API.
