//! `docs/http.md`, line by line, as a person would paste it into a shell: what is printed must be what stands there.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::{Implementation, Server, http};

const PAGE: &str = include_str!("../../docs/http.md");

/// The address that the page writes for the server's.
const WRITTEN_ADDRESS: &str = "localhost:2379";

/// Ends what a command prints.
const END_MARK: &str = "[end of the command]";

/// Longest time until a wait hangs on the server.
const PATIENCE: Duration = Duration::from_secs(20);

/// A command with what the page says that it prints.
struct Step {
    command: String,
    printed: String,
}

/// The commands of all `console` blocks.
fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_inside = false;
    for line in PAGE.lines() {
        match (is_inside, line) {
            (false, "```console") => is_inside = true,
            (true, "```") => is_inside = false,
            (true, line) => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    steps.push(Step { command: command.to_owned(), printed: String::new() });
                }
                (None, Some(step)) => step.printed += &format!("{line}\n"),
                (None, None) => panic!("a block begins with what a command prints: {line}"),
            },
            (false, _) => {}
        }
    }
    steps
}

/// One shell for the whole page.
struct Shell {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
}

impl Shell {
    fn start() -> Shell {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("bash")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Shell { process, input, output, _folder: folder }
    }

    /// Runs a command and returns what it prints.
    fn run(&mut self, command: &str) -> String {
        writeln!(self.input, "{command}\necho '{END_MARK}'").unwrap();
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the shell ended at: {command}");
            if line.trim_end() == END_MARK {
                return printed;
            }
            printed += &line;
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Times differ from run to run, and on a slow machine what is left of them.
fn without_times(text: &str) -> String {
    let mut pieces = text.split("\"expiration\":\"");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept += "\"expiration\":\"";
        let behind = piece.trim_start_matches(|character| character != '"').trim_start_matches("\",\"ttl\":");
        kept += behind.trim_start_matches(char::is_numeric);
    }
    kept
}

/// Until a wait hangs on the server.
async fn await_watcher(address: SocketAddr) {
    let start = Instant::now();
    while http::get(address, "/v2/stats/store").await.unwrap().json().unwrap()["watchers"] == 0 {
        assert!(start.elapsed() < PATIENCE, "no wait reaches the server");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_prints_what_stands_in_it() {
    let server = Server::start(Implementation::Holdfast).await.unwrap();
    let address = server.client_address();
    let mut shell = Shell::start();
    let steps = steps();
    assert!(steps.len() > 30, "only {} commands", steps.len());
    let mut different = String::new();
    for step in &steps {
        let command = step.command.replace(WRITTEN_ADDRESS, &address.to_string());
        let printed = shell.run(&command);
        if command.ends_with('&') {
            await_watcher(address).await;
        }
        if without_times(&printed) != without_times(&step.printed) {
            different += &format!("$ {}\n{printed}instead of\n{}\n", step.command, step.printed);
        }
    }
    assert!(different.is_empty(), "{different}");
}
