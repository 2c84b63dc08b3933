//! How a configuration is judged by others' published rules.

mod labs;
mod profile;

pub(crate) use labs::score;
pub use labs::{Grade, Score};
pub use profile::Profile;
pub(crate) use profile::profile;
