//! Runs etcd's own `benchmark` against a cluster and reads its summary, or lets the light generator make the load of a
//! row. Must not look at the servers.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crate::client_view::ClientView;
use crate::cluster::Cluster;
use crate::error::BenchError;
use crate::http1;
use crate::light;
use crate::limits::{GENERATOR_TIMEOUT, KEY_BYTES, PUT_KEYS, RANGE_KEY, VALUE_BYTES};
use crate::options::GeneratorKind;
use crate::row::{Interface, Operation, Row, shared_connections};

/// What makes load.
#[derive(Debug, Clone)]
pub struct Generator {
    program: PathBuf,
    kind: GeneratorKind,
}

impl Generator {
    /// The program at this path, which rows of the other kind do not use.
    #[must_use]
    pub fn new(program: PathBuf, kind: GeneratorKind) -> Self {
        Self { program, kind }
    }

    /// Runs one row.
    ///
    /// # Errors
    /// If the tool fails, or if a single request does: a server that refuses requests must not look fast.
    pub async fn run(
        &self,
        cluster: &Cluster,
        row: &Row,
        endpoints: &[String],
    ) -> Result<ClientView, BenchError> {
        let server = cluster.side().name();
        if row.operation.interface() == Interface::V2 {
            return http1::run(server, row, endpoints).await;
        }
        if self.kind == GeneratorKind::Light {
            return light::run(server, cluster.access(), row, endpoints).await;
        }
        let requests = format!("--total={}", row.requests);
        let arguments = match row.operation {
            Operation::Put => put_arguments(PUT_KEYS, &requests),
            Operation::RangeLinearizable => range_arguments("--consistency=l", &requests),
            Operation::RangeSerializable => range_arguments("--consistency=s", &requests),
            Operation::V2Get | Operation::V2List | Operation::V2Put => {
                unreachable!("the tool does not speak v2; such rows went another way above")
            }
        };
        self.ask(cluster, &row.name(), row.clients, endpoints, &arguments).await
    }

    /// Writes that many different keys, in order.
    ///
    /// # Errors
    /// See `run`.
    pub async fn load(
        &self,
        cluster: &Cluster,
        keys: u64,
        clients: u64,
        endpoints: &[String],
    ) -> Result<ClientView, BenchError> {
        let mut arguments = put_arguments(keys, &format!("--total={keys}"));
        arguments.push("--sequential-keys".to_owned());
        self.ask(cluster, "load", clients, endpoints, &arguments).await
    }

    async fn ask(
        &self,
        cluster: &Cluster,
        row: &str,
        clients: u64,
        endpoints: &[String],
        arguments: &[String],
    ) -> Result<ClientView, BenchError> {
        let server = cluster.side().name();
        let failed = |what: String| BenchError::Generator { server, row: row.to_owned(), what };
        let running = tokio::process::Command::new(&self.program)
            .arg("--precise")
            .arg(format!("--endpoints={}", endpoints.join(",")))
            .arg(format!("--conns={}", shared_connections(clients)))
            .arg(format!("--clients={clients}"))
            .args(cluster.access().tool_flags())
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(GENERATOR_TIMEOUT, running)
            .await
            .map_err(|_| failed(format!("did not end within {} s", GENERATOR_TIMEOUT.as_secs())))?
            .map_err(|source| BenchError::Spawn { program: self.program.clone(), source })?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(failed(format!("{}: {}", output.status, errors.lines().last().unwrap_or_default())));
        }
        read_summary(&text).map_err(failed)
    }
}

fn put_arguments(keys: u64, requests: &str) -> Vec<String> {
    vec![
        "put".to_owned(),
        format!("--key-size={KEY_BYTES}"),
        format!("--val-size={VALUE_BYTES}"),
        format!("--key-space-size={keys}"),
        requests.to_owned(),
    ]
}

fn range_arguments(consistency: &str, requests: &str) -> Vec<String> {
    vec!["range".to_owned(), RANGE_KEY.to_owned(), consistency.to_owned(), requests.to_owned()]
}

/// The figures of a summary, or what is wrong with it.
fn read_summary(text: &str) -> Result<ClientView, String> {
    if let Some(at) = text.find("Error distribution:") {
        let first = text[at..].lines().nth(1).unwrap_or_default().trim();
        return Err(format!("requests failed: {first}"));
    }
    let field = |start: &str| -> Result<f64, String> {
        let line = text.lines().map(str::trim).find_map(|line| line.strip_prefix(start));
        let number = line.and_then(|rest| rest.split_ascii_whitespace().next());
        number.and_then(|number| number.parse().ok()).ok_or_else(|| format!("its summary has no `{start}`"))
    };
    let seconds = |start: &str| -> Result<Duration, String> {
        Duration::try_from_secs_f64(field(start)?).map_err(|_| format!("its summary has a bad `{start}`"))
    };
    Ok(ClientView {
        requests_per_second: field("Requests/sec:")?,
        p50: seconds("50% in")?,
        p99: seconds("99% in")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = "
Summary:
  Total:\t0.878667121 secs.
  Requests/sec:\t11380.874236672389

Latency distribution:
  10% in 0.00391188 secs.
  50% in 0.007009062 secs.
  95% in 0.017408183 secs.
  99% in 0.03901058 secs.
  99.9% in 0.059420017 secs.
";

    #[test]
    fn the_summary_is_read() {
        let view = read_summary(SUMMARY).unwrap();
        assert!((view.requests_per_second - 11380.874).abs() < 0.001);
        assert_eq!(view.p50, Duration::from_nanos(7_009_062));
        assert_eq!(view.p99, Duration::from_nanos(39_010_580));
    }

    #[test]
    fn a_failed_request_fails_the_row() {
        let text = format!("{SUMMARY}\nError distribution:\n  [3] etcdserver: too many requests\n");
        assert_eq!(read_summary(&text), Err("requests failed: [3] etcdserver: too many requests".to_owned()));
        assert_eq!(read_summary("nothing"), Err("its summary has no `Requests/sec:`".to_owned()));
    }
}
