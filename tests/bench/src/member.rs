//! One server process. Must not speak to it: `probe` does.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::error::BenchError;
use crate::limits::{LOG_TAIL_LINES, STOP_TIMEOUT};
use crate::product::{MemberAddress, Product, flags};

/// A started server; it is killed when this is dropped.
#[derive(Debug)]
pub struct Member {
    product: Product,
    address: MemberAddress,
    flags: Vec<String>,
    log: PathBuf,
    child: Child,
    pid: u32,
}

impl Member {
    /// Starts a member of the cluster with its data and log in the folder.
    ///
    /// # Errors
    /// If the program does not start.
    pub fn start(
        product: &Product,
        address: &MemberAddress,
        cluster: &[MemberAddress],
        more_flags: &[String],
        folder: &Path,
    ) -> Result<Self, BenchError> {
        let mut flags = flags(address, cluster, &folder.join(&address.name));
        flags.extend(more_flags.iter().cloned());
        flags.extend(product.extra_flags.iter().copied().map(str::to_owned));
        let log = folder.join(format!("{}.log", address.name));
        let (child, pid) = spawn(product, &flags, &log)?;
        Ok(Self { product: product.clone(), address: address.clone(), flags, log, child, pid })
    }

    /// Starts it again with the same flags and data.
    ///
    /// # Errors
    /// If the program does not start.
    pub fn start_again(&mut self) -> Result<(), BenchError> {
        (self.child, self.pid) = spawn(&self.product, &self.flags, &self.log)?;
        Ok(())
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &MemberAddress {
        &self.address
    }

    /// Waits for its end, without causing it.
    pub async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Sends a signal and waits for the end.
    ///
    /// # Errors
    /// If it had ended by itself, or does not end.
    pub async fn end(&mut self, signal: Signal) -> Result<(), BenchError> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Err(self.failed(format!("had ended by itself ({status})")));
        }
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid
            && let Err(error) = kill_process(pid, signal)
        {
            return Err(self.failed(format!("cannot be stopped: {error}")));
        }
        if tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
            return Err(self.failed(format!("did not stop within {} s", STOP_TIMEOUT.as_secs())));
        }
        Ok(())
    }

    /// The error that says what it did and shows the end of its log.
    #[must_use]
    pub fn failed(&self, what: String) -> BenchError {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<_> = text.lines().collect();
        let tail = &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..];
        let server = format!("{} {}", self.product.side.name(), self.address.name);
        BenchError::Server { server, what, log_tail: tail.join("\n") }
    }
}

fn spawn(product: &Product, flags: &[String], log: &Path) -> Result<(Child, u32), BenchError> {
    let create = |source| BenchError::Create { path: log.display().to_string(), source };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(log).map_err(create)?;
    let same_file = file.try_clone().map_err(create)?;
    let child = Command::new(&product.program)
        .args(flags)
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(same_file)
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| BenchError::Spawn { program: product.program.clone(), source })?;
    let pid = child.id().expect("a child that nobody waited for has an id");
    Ok((child, pid))
}
