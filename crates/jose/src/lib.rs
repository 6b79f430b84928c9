//! JOSE and JWT.
