//! Who is let into a cluster: authentication after the cluster was made, and users and roles as resources. What differs is
//! worked out by pure functions; here it is asked for. Passwords are never logged, and never part of an error.

mod cluster;
mod controller;
mod error;
mod execute;
mod password;
mod reach;
mod rights;
mod role;
mod steps;
mod store;
mod user;

pub use cluster::{Access, ensure};
pub use controller::run;
pub use error::AccessError;
pub use password::generate_password;
pub use rights::{Keys, Kind, Right};
pub use store::AccessStore;
