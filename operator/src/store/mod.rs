//! Talking to the members of a cluster: one connection for each request, so that every look also sees which certificate
//! a member shows now. Knows bytes and JSON, and nothing of what is to be done with them.

mod calls;
mod connection;
mod error;
mod member;
mod number;

pub use calls::{
    AddedMember, ChangeMembership, ConfigurationMember, Header, MemberRole, MemberStatus, MembershipAnswer,
    State, Versions,
};
pub(crate) use connection::fingerprint;
pub use connection::{Credentials, MemberAddress, Shown};
pub use error::StoreError;
pub use member::MemberClient;
