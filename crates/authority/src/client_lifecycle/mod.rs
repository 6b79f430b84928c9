//! How clients come to be, change and end: the rules that commands, registration and an administrator share.
//!
//! [`crate::client`] has clients as the store keeps them, with what holds of each. [`crate::client_directory`] finds them for
//! requests.

mod description;
mod draft;
mod error;
mod known_members;
mod operating;
mod self_description;

pub use description::{ClientDescription, ProfileChange, TokenBinding};
pub(crate) use draft::draft;
pub use draft::{Drafted, SecretChoice};
pub use error::{ClientAdminError, DescriptionError, MembersOf, NotOfSector};
pub use operating::{ClientLifecycle, SectorCheck};
pub(crate) use self_description::SelfDescriptionRules;
