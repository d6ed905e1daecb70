//! Prints a password: root's, or that of a user with a resource. Reads Secrets as the person who asks.
#![allow(clippy::print_stdout, reason = "it talks to a person on the command line")]

use super::asked::Asked;
use super::error::PluginError;
use crate::crd::HoldfastUser;
use crate::trust::names;

/// Prints the password and nothing else, so that it can go into a pipe.
pub async fn show(asked: &Asked, user: Option<&str>) -> Result<(), PluginError> {
    let secret = match user {
        None => {
            let cluster = asked.cluster().await?;
            let named = cluster.spec.auth.root_secret_name.clone();
            named.unwrap_or_else(|| names::root_password_secret(&cluster))
        }
        Some(user) => {
            let resource = asked
                .api::<HoldfastUser>()
                .get(user)
                .await
                .map_err(PluginError::kubernetes(format!("read the HoldfastUser {user}")))?;
            resource.password_secret()
        }
    };
    println!("{}", asked.secret_text(&secret, "password").await?);
    Ok(())
}
