//! A PostgreSQL that Patroni runs, with the store as its only memory of who leads. Must not look into the store.

use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::binaries::{BinaryError, ReferenceTool, reference};
use crate::ports::{self, PortLease};
use crate::process::{ChildProcess, ProcessError};

/// The user that PostgreSQL runs as where the test runs as root, which it refuses.
const USER: &str = "postgres";

/// Why Patroni does not run.
#[derive(Debug, thiserror::Error)]
pub enum PatroniError {
    /// It is not installed.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// There is no PostgreSQL.
    #[error("no initdb in /usr/lib/postgresql/*/bin; install the package `postgresql`")]
    NoPostgres,
    /// Its folder cannot be made.
    #[error("cannot make a folder for PostgreSQL")]
    Folder(#[from] std::io::Error),
    /// Its process failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// Patroni with its PostgreSQL; both end when it is dropped.
#[derive(Debug)]
pub struct Patroni {
    process: ChildProcess,
    rest: PortLease,
    _database: PortLease,
    _folder: TempDir,
}

/// The folder of PostgreSQL's programs: Debian keeps them away from PATH, one folder for each version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").is_file()).max()
}

impl Patroni {
    /// Whether everything that it needs is installed.
    ///
    /// # Errors
    /// What is missing.
    pub fn is_installed() -> Result<(), PatroniError> {
        reference(ReferenceTool::PythonEtcd)?;
        programs().map(|_| ()).ok_or(PatroniError::NoPostgres)
    }

    /// Starts it on the v2 API of a store.
    ///
    /// # Errors
    /// If something is missing or does not start.
    pub fn start(name: &str, scope: &str, store: SocketAddr) -> Result<Patroni, PatroniError> {
        let folder = TempDir::with_prefix("holdfast-patroni-")?;
        let (rest, database) = (ports::lease(), ports::lease());
        let bin = programs().ok_or(PatroniError::NoPostgres)?;
        let configuration = folder.path().join("patroni.yml");
        let text =
            configuration_text(name, scope, store, [rest.address(), database.address()], folder.path(), &bin);
        std::fs::write(&configuration, text)?;
        let mut command = command(&reference(ReferenceTool::PythonEtcd)?, folder.path())?;
        command.args(["-m", "patroni"]).arg(&configuration).current_dir(folder.path());
        let process = ChildProcess::spawn("patroni", command, &folder.path().join("log"))?;
        Ok(Patroni { process, rest, _database: database, _folder: folder })
    }

    /// Where it tells what role PostgreSQL has.
    #[must_use]
    pub fn rest_address(&self) -> SocketAddr {
        self.rest.address()
    }

    /// What it printed last.
    #[must_use]
    pub fn output(&self) -> String {
        self.process.output_tail()
    }
}

impl Drop for Patroni {
    fn drop(&mut self) {
        // In order, since only Patroni ends its PostgreSQL; what is left after that is killed with it.
        let _ = self.process.terminate(std::time::Duration::from_secs(20));
    }
}

/// Runs a program as whoever PostgreSQL accepts, with the folder as its own. Programs and packages of root's cache stay
/// readable for it by a capability.
fn command(program: &Path, folder: &Path) -> Result<Command, PatroniError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Command::new(program));
    }
    let id = |flag: &str| -> Option<u32> {
        let output = Command::new("id").args([flag, USER]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    let (user, group) = (id("-u"), id("-g"));
    if user.is_none() {
        return Err(PatroniError::NoPostgres);
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    for entry in std::fs::read_dir(folder)?.flatten() {
        chown(entry.path(), user, group)?;
    }
    chown(folder, user, group)?;
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={USER}"), &format!("--regid={USER}"), "--clear-groups"]);
    command.args(["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]).arg(program);
    Ok(command)
}

fn configuration_text(
    name: &str,
    scope: &str,
    store: SocketAddr,
    [rest, database]: [SocketAddr; 2],
    folder: &Path,
    bin: &Path,
) -> String {
    let (data, passwords) = (folder.join("data"), folder.join("pgpass"));
    format!(
        "scope: {scope}\nname: {name}\n\
         restapi: {{listen: '{rest}', connect_address: '{rest}'}}\n\
         etcd: {{host: '{store}', protocol: http}}\n\
         bootstrap:\n  dcs: {{ttl: 20, loop_wait: 5, retry_timeout: 5}}\n  initdb: [encoding: UTF8]\n\
         postgresql:\n  listen: '{database}'\n  connect_address: '{database}'\n  data_dir: '{data}'\n  \
         bin_dir: '{bin}'\n  pgpass: '{passwords}'\n  parameters: {{unix_socket_directories: '{folder}'}}\n  \
         authentication:\n    superuser: {{username: postgres, password: one}}\n    \
         replication: {{username: replicator, password: two}}\n",
        data = data.display(),
        bin = bin.display(),
        passwords = passwords.display(),
        folder = folder.display(),
    )
}
