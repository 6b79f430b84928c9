//! What the endpoints share.

use std::sync::Arc;

use jeton_authority::Authority;

use crate::clock::Clock;
use crate::endpoints::health::Readiness;
use crate::limits::Limits;

/// What the endpoints share.
pub(crate) struct App {
    pub(crate) authority: Arc<Authority>,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) readiness: Readiness,
}
