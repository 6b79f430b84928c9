//! What the token authority remembers.
