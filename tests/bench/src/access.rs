//! How clients get into a cluster: openly, or by mutual TLS and as a user. Makes certificates, the flags that servers
//! and etcd's tool get for them, and the user. Must not measure.

use std::path::{Path, PathBuf};

use etcd_client::{Certificate, Client, ConnectOptions, Identity, Permission, TlsOptions};
use holdfast_tests::certificates::{Authority, Issued, IssuedFiles, Wanted};
use holdfast_tests::tls::{TlsClient, pair_flags, path_flag};

use crate::error::BenchError;
use crate::row::Protection;

/// The user of the clients: one with a role of its own, so that its permissions are looked at with each request, which
/// those of `root` are not.
const USER: &str = "bench";

/// Passwords of both users, on a machine and in a folder of this run alone.
const PASSWORD: &str = "of-this-run";

/// How clients get in.
pub enum Access {
    /// By plain TCP and as nobody.
    Open,
    /// By mutual TLS and as a user.
    Secured(Secured),
}

/// What mutual TLS needs, for members and clients.
pub struct Secured {
    authority: String,
    client: Issued,
    authority_path: PathBuf,
    client_files: IssuedFiles,
    member_files: IssuedFiles,
}

impl Access {
    /// Makes what that protection needs, below the folder.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn prepare(protection: Protection, folder: &Path) -> Result<Self, BenchError> {
        if protection == Protection::None {
            return Ok(Self::Open);
        }
        let authority_path = folder.join("ca.pem");
        let failed = |source| BenchError::Create { path: authority_path.display().to_string(), source };
        let authority = Authority::new("bench");
        std::fs::write(&authority_path, authority.pem()).map_err(failed)?;
        let client = authority.issue(&Wanted::new(USER));
        Ok(Self::Secured(Secured {
            client_files: client.write(folder, "client"),
            member_files: authority.issue(&Wanted::new("member")).write(folder, "member"),
            authority: authority.pem(),
            client,
            authority_path,
        }))
    }

    /// The scheme of the members' URLs.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Open => "http",
            Self::Secured(_) => "https",
        }
    }

    /// What a member needs for it, the same for both servers.
    #[must_use]
    pub fn member_flags(&self) -> Vec<String> {
        let Self::Secured(secured) = self else { return Vec::new() };
        let mut flags = Vec::new();
        for prefix in ["", "peer-"] {
            flags.extend(pair_flags(prefix, &secured.member_files));
            flags.push(path_flag(&format!("{prefix}trusted-ca-file"), &secured.authority_path));
            flags.push(format!("--{prefix}client-cert-auth"));
        }
        flags
    }

    /// What etcd's tool needs for it.
    #[must_use]
    pub fn tool_flags(&self) -> Vec<String> {
        let Self::Secured(secured) = self else { return Vec::new() };
        vec![
            path_flag("cacert", &secured.authority_path),
            path_flag("cert", &secured.client_files.certificate),
            path_flag("key", &secured.client_files.key),
            format!("--user={USER}:{PASSWORD}"),
        ]
    }

    /// A client as the rows have it.
    ///
    /// # Errors
    /// If it cannot connect, or is not let in.
    pub async fn connect(&self, url: &str) -> Result<Client, etcd_client::Error> {
        self.connect_as(Some(USER), url).await
    }

    /// A client before there are users.
    ///
    /// # Errors
    /// If it cannot connect.
    pub async fn connect_as_nobody(&self, url: &str) -> Result<Client, etcd_client::Error> {
        self.connect_as(None, url).await
    }

    async fn connect_as(&self, user: Option<&str>, url: &str) -> Result<Client, etcd_client::Error> {
        let Self::Secured(secured) = self else { return Client::connect([url], None).await };
        let tls = TlsOptions::new()
            .ca_certificate(Certificate::from_pem(&secured.authority))
            .identity(Identity::from_pem(&secured.client.certificate, &secured.client.key));
        let options = ConnectOptions::new().with_tls(tls);
        let options = match user {
            Some(user) => options.with_user(user, PASSWORD),
            None => options,
        };
        Client::connect([url], Some(options)).await
    }

    /// For connections of the light client: TLS where it is needed.
    #[must_use]
    pub fn tls(&self) -> Option<TlsClient> {
        let Self::Secured(secured) = self else { return None };
        let authorities = std::slice::from_ref(&secured.authority);
        Some(TlsClient::new(authorities, Some(&secured.client)).speaking(b"h2"))
    }

    /// A token of the rows' user at that member, where users are in force.
    ///
    /// # Errors
    /// If the member gives none.
    pub async fn token(&self, url: &str) -> Result<Option<String>, etcd_client::Error> {
        let Self::Secured(_) = self else { return Ok(None) };
        let mut client = self.connect_as_nobody(url).await?.auth_client();
        Ok(Some(client.authenticate(USER.to_owned(), PASSWORD.to_owned()).await?.token().to_owned()))
    }

    /// Puts users in force, where they are wanted: `root`, and the rows' user, who may read and write every key.
    ///
    /// # Errors
    /// If the member refuses.
    pub async fn enforce(&self, server: &'static str, url: &str) -> Result<(), BenchError> {
        if matches!(self, Self::Open) {
            return Ok(());
        }
        self.make_users(url).await.map_err(|error| BenchError::Request {
            server,
            what: "making users",
            source: Box::new(error),
        })
    }

    async fn make_users(&self, url: &str) -> Result<(), etcd_client::Error> {
        let mut client = self.connect_as_nobody(url).await?;
        for user in ["root", USER] {
            client.role_add(user).await?;
            client.user_add(user, PASSWORD, None).await?;
            client.user_grant_role(user, user).await?;
        }
        let all_keys = Permission::read_write("").with_all_keys();
        client.role_grant_permission(USER, all_keys).await?;
        client.auth_enable().await?;
        Ok(())
    }
}
