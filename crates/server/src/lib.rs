//! The token authority over HTTP.
