//! How clients are added, changed and removed.

mod self_description;

pub(crate) use self_description::SelfDescriptionRules;
