//! What the fuzz targets share: fixed keys, a second opinion about JSON, and tokens made by hand.
//!
//! A signature stops a fuzzer at the door, so most targets take a *header* and a *payload* and sign them with a known
//! key, by other code than Jeton's. What lies behind the signature is then as open to them as what lies before it.

pub mod input;
pub mod keys;
pub mod second_opinion;
pub mod token;
