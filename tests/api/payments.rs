//! The payments of the API.
