//! The transfers of the API.
