//! Protects a Rust API with access tokens.
