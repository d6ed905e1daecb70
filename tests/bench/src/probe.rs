//! The few requests that the benchmark makes itself, by a client that neither side wrote: the first read after a start,
//! the key that the range rows read, who leads. Nothing here is measured but the restart time.

use std::time::Instant;

use etcd_client::Client;
use tokio::net::TcpStream;

use crate::access::Access;
use crate::error::BenchError;
use crate::limits::{PROBE_PAUSE, PROBE_TIMEOUT, RANGE_KEY, VALUE_BYTES};

/// Tries until a linearizable read is answered; false if the deadline comes first.
pub async fn first_read(access: &Access, url: &str, deadline: Instant) -> bool {
    while Instant::now() < deadline {
        if reads(access, url).await {
            return true;
        }
        tokio::time::sleep(PROBE_PAUSE).await;
    }
    false
}

/// Writes the key that the range rows read.
///
/// # Errors
/// If the put is refused.
pub async fn put_range_key(server: &'static str, access: &Access, url: &str) -> Result<(), BenchError> {
    let value = vec![b'v'; usize::try_from(VALUE_BYTES).expect("a value fits into memory")];
    let failed = |source| BenchError::Request { server, what: "the put of the key to be read", source };
    let mut client = access.connect(url).await.map_err(|error| failed(Box::new(error)))?;
    client.put(RANGE_KEY, value, None).await.map_err(|error| failed(Box::new(error)))?;
    Ok(())
}

/// The number of keys that the server counts.
///
/// # Errors
/// If the range is refused.
pub async fn count_keys(server: &'static str, url: &str) -> Result<i64, BenchError> {
    let failed = |source| BenchError::Request { server, what: "the count of all keys", source };
    let options = etcd_client::GetOptions::new().with_all_keys().with_count_only();
    let mut client = Client::connect([url], None).await.map_err(|error| failed(Box::new(error)))?;
    let answer = client.get("", Some(options)).await.map_err(|error| failed(Box::new(error)))?;
    Ok(answer.count())
}

/// The endpoint of the member that says that it leads.
///
/// # Errors
/// If a member does not answer, or none leads.
pub async fn leader(server: &'static str, access: &Access, urls: &[String]) -> Result<String, BenchError> {
    let failed = |source| BenchError::Request { server, what: "the question for the leader", source };
    for url in urls {
        let mut client = access.connect(url).await.map_err(|error| failed(Box::new(error)))?;
        let status = client.status().await.map_err(|error| failed(Box::new(error)))?;
        if status.header().is_some_and(|header| header.member_id() == status.leader()) {
            return Ok(url.clone());
        }
    }
    Err(BenchError::Server {
        server: server.to_owned(),
        what: "has no leader".to_owned(),
        log_tail: String::new(),
    })
}

async fn reads(access: &Access, url: &str) -> bool {
    // A connection refused is found at once here, while a gRPC channel would wait before its second try.
    let address = url.split_once("://").map_or(url, |(_, address)| address);
    if TcpStream::connect(address).await.is_err() {
        return false;
    }
    let read = async {
        let mut client = access.connect_as_nobody(url).await.ok()?;
        client.get("restart", None).await.ok()
    };
    matches!(tokio::time::timeout(PROBE_TIMEOUT, read).await, Ok(Some(_)))
}
