//! Users, roles and permissions as replicated state, and who may do what. Pure rules: passwords come hashed and tokens
//! come checked. Must not know how a caller showed who it is.

mod caller;
mod change;
mod error;
mod guard;
mod permission;
mod range_set;
mod rights;
mod secret;
mod state;
mod token;
mod user;
mod v2_pattern;
mod v2_put;

pub use caller::Caller;
pub use change::AuthChange;
pub use error::{AccessError, AuthChangeError, PermissionError};
pub use guard::Guard;
pub use permission::{Access, Permission, PermissionKind};
pub use rights::Rights;
pub use secret::Secret;
pub use state::AuthState;
pub use token::{TokenId, TokenRenewal};
pub use user::{Role, User};
pub use v2_pattern::{V2Pattern, V2Patterns};
pub use v2_put::{V2AuthError, V2RolePermissions, V2RolePut, V2UserPut, V2UserRoles};
pub(crate) use v2_put::{put_role, put_user};

/// The user without which authentication cannot be enabled, and the role that may do everything.
pub const ROOT: &str = "root";
