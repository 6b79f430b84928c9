//! Reading requests: the body within its limits, and its fields in every accepted encoding.

mod body;
mod context;
mod field;
mod fields;
pub(crate) mod form;
mod glance;
pub(crate) mod host;
pub(crate) mod id;
mod json;
mod media_type;
mod multipart;
mod object;
mod reader;

pub(crate) use body::BodyError;
pub(crate) use context::{Credentials, RequestContext, logged};
pub(crate) use field::{FieldErrors, FieldValue, Validation};
pub(crate) use fields::{ReadError, read_fields};
pub(crate) use form::FormError;
pub(crate) use glance::Glance;
pub(crate) use object::read_object;
pub(crate) use reader::Reader;
