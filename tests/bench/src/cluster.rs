//! A cluster of one server's processes: starts, restarts and stops them, on ports that the system gave. The data is
//! removed when the cluster is dropped.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::access::Access;
use crate::error::BenchError;
use crate::limits::START_TIMEOUT;
use crate::member::Member;
use crate::probe;
use crate::product::{MemberAddress, Product, Side};
use crate::row::Protection;

/// Running members with empty data at the start.
pub struct Cluster {
    side: Side,
    members: Vec<Member>,
    access: Access,
    folder: TempDir,
}

impl Cluster {
    /// Starts that many members, waits until each answers a linearizable read, and makes users where they are wanted.
    ///
    /// # Errors
    /// If a member cannot be started, ends, or does not answer in time.
    pub async fn start(
        product: &Product,
        members: usize,
        protection: Protection,
        data: &Path,
    ) -> Result<Self, BenchError> {
        let path = data.display().to_string();
        let folder = tempfile::Builder::new()
            .prefix("holdfast-bench-")
            .tempdir_in(data)
            .map_err(|source| BenchError::Create { path, source })?;
        let access = Access::prepare(protection, folder.path())?;
        let addresses = addresses(members, access.scheme())?;
        let mut cluster = Self { side: product.side, members: Vec::new(), access, folder };
        let more_flags = cluster.access.member_flags();
        for address in &addresses {
            let member = Member::start(product, address, &addresses, &more_flags, cluster.folder.path())?;
            cluster.members.push(member);
        }
        cluster.wait_until_ready().await?;
        cluster.access.enforce(product.side.name(), &addresses[0].client_url).await?;
        Ok(cluster)
    }

    /// Which server this is.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// How clients get in.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The process ids of all members.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.members.iter().map(Member::pid).collect()
    }

    /// The folder with the data of all members.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The client addresses of all members.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.members.iter().map(|member| member.address().client_url.clone()).collect()
    }

    /// The client address of the leader.
    ///
    /// # Errors
    /// If no member says that it leads.
    pub async fn leader(&self) -> Result<String, BenchError> {
        probe::leader(self.side.name(), &self.access, &self.endpoints()).await
    }

    /// Ends the only member by a signal, starts it again and returns the time from there to its first linearizable
    /// read.
    ///
    /// # Errors
    /// As `start`.
    pub async fn restart(&mut self, signal: Signal) -> Result<Duration, BenchError> {
        for member in &mut self.members {
            member.end(signal).await?;
        }
        let begin = Instant::now();
        for member in &mut self.members {
            member.start_again()?;
        }
        self.wait_until_ready().await?;
        Ok(begin.elapsed())
    }

    /// Stops all members and removes their data.
    ///
    /// # Errors
    /// If a member cannot be stopped.
    pub async fn stop(mut self) -> Result<(), BenchError> {
        for member in &mut self.members {
            member.end(Signal::TERM).await?;
        }
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> Result<(), BenchError> {
        let deadline = Instant::now() + START_TIMEOUT;
        for member in &mut self.members {
            let url = member.address().client_url.clone();
            tokio::select! {
                read = probe::first_read(&self.access, &url, deadline) => {
                    if !read {
                        let what = format!("answered no read within {} s", START_TIMEOUT.as_secs());
                        return Err(member.failed(what));
                    }
                }
                status = member.ended() => return Err(member.failed(format!("ended ({status}) while it started"))),
            }
        }
        Ok(())
    }
}

/// Addresses on free ports. They are all taken before the first is given back, so that no two are the same.
fn addresses(members: usize, scheme: &str) -> Result<Vec<MemberAddress>, BenchError> {
    let failed = |source| BenchError::Create { path: "a listener on 127.0.0.1".to_owned(), source };
    let mut held = Vec::new();
    let mut addresses = Vec::new();
    for number in 1..=members {
        let mut url = || -> Result<String, BenchError> {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(failed)?;
            let port = listener.local_addr().map_err(failed)?.port();
            held.push(listener);
            Ok(format!("{scheme}://127.0.0.1:{port}"))
        };
        addresses.push(MemberAddress { name: format!("m{number}"), client_url: url()?, peer_url: url()? });
    }
    Ok(addresses)
}
