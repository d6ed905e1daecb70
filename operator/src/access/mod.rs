//! Who is let into a cluster: authentication after the cluster was made, and users and roles as resources. What differs is
//! worked out by pure functions; here it is asked for. Passwords are never logged, and never part of an error.

mod password;

pub use password::generate_password;
