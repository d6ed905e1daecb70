//! Plays the steps of a script against one server, through bash, as a person with several terminals would. Must not
//! change what a command prints except for what may differ between two runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use holdfast_tests::Server;
use holdfast_tests::binaries::{ReferenceTool, reference};
use holdfast_tests::message_gate::MessageGate;
use holdfast_tests::normalise::{Normaliser, without_json_spaces};
use holdfast_tests::process::{ChildProcess, POLL_INTERVAL};

use crate::script::Step;

/// How long a command may take to end, or to print what is waited for.
const STEP_DEADLINE: Duration = Duration::from_secs(20);

/// A command that goes on.
struct Started {
    process: ChildProcess,
    gate: MessageGate,
    lines_seen: usize,
}

/// The terminals.
pub struct Session<'a> {
    server: &'a Server,
    folder: tempfile::TempDir,
    started: BTreeMap<String, Started>,
    normaliser: Normaliser,
    lease: String,
}

impl<'a> Session<'a> {
    pub fn new(server: &'a Server) -> Self {
        let mut normaliser = Normaliser::new();
        normaliser.add_address(server.client_address(), "client");
        normaliser.add_address(server.peer_address(), "peer");
        let folder = tempfile::tempdir().unwrap();
        Self { server, folder, started: BTreeMap::new(), normaliser, lease: String::new() }
    }

    pub fn run(&mut self, step: &Step) -> String {
        let printed = match *step {
            Step::Run(command) => self.run_to_end(command),
            Step::Start { name, command } => self.start(name, command),
            Step::AwaitMessages { name, count } => self.await_messages(name, count),
            Step::AwaitLines { name, count } => self.await_lines(name, count),
            Step::Type { name, text } => {
                self.started(name).process.type_line(text).unwrap();
                String::new()
            }
            Step::Stop(name) => self.stop(name),
        };
        let printed: String = printed.lines().map(|line| plain(line) + "\n").collect();
        self.normaliser.normalise(&printed)
    }

    fn run_to_end(&mut self, command: &str) -> String {
        let log = self.folder.path().join("command");
        let _ = std::fs::remove_file(&log);
        let process = ChildProcess::spawn(command, self.shell(command, &self.server.client_url()), &log);
        let mut process = process.unwrap();
        let status = process.wait(STEP_DEADLINE).unwrap();
        let mut printed = process.output();
        if let Some(lease) = granted_lease(&printed) {
            self.lease = lease;
        }
        if !status.success() {
            printed.push_str(&format!("[exit {}]\n", status.code().unwrap_or(-1)));
        }
        printed
    }

    fn start(&mut self, name: &str, command: &str) -> String {
        let gate = MessageGate::open(self.server.client_address()).unwrap();
        self.normaliser.add_address(gate.address(), "client");
        let shell = self.shell(&format!("exec {command}"), &format!("http://{}", gate.address()));
        let process = ChildProcess::spawn_with_input(name, shell, &self.folder.path().join(name)).unwrap();
        self.started.insert(name.to_owned(), Started { process, gate, lines_seen: 0 });
        String::new()
    }

    fn await_messages(&mut self, name: &str, count: usize) -> String {
        let started = self.started(name);
        assert!(
            started.gate.wait(count, STEP_DEADLINE),
            "{name}: {} of {count} messages",
            started.gate.messages()
        );
        String::new()
    }

    fn await_lines(&mut self, name: &str, count: usize) -> String {
        let start = Instant::now();
        let started = self.started(name);
        loop {
            let output = started.process.output();
            let complete = output.matches('\n').count();
            if complete >= started.lines_seen + count {
                let lines = output.lines().skip(started.lines_seen).take(count);
                let lines = lines.map(|line| format!("{line}\n")).collect();
                started.lines_seen += count;
                return lines;
            }
            if start.elapsed() > STEP_DEADLINE {
                return format!(
                    "[only {} of {count} lines in time]\n{output}",
                    complete - started.lines_seen
                );
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    fn stop(&mut self, name: &str) -> String {
        let mut started = self.started.remove(name).unwrap();
        started.process.kill();
        let output = started.process.output();
        output.lines().skip(started.lines_seen).map(|line| format!("{line}\n")).collect()
    }

    fn started(&mut self, name: &str) -> &mut Started {
        self.started.get_mut(name).unwrap_or_else(|| panic!("{name} was not started"))
    }

    fn shell(&self, command: &str, url: &str) -> Command {
        let tools = reference(ReferenceTool::Etcdctl).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash");
        shell
            .args(["-c", command])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("PATH", format!("{}:{path}", tools.parent().unwrap_or(Path::new("/")).display()))
            .env("ETCDCTL_ENDPOINTS", url)
            .env("URL", url)
            .env("LEASE", &self.lease);
        shell
    }
}

/// The id in `lease ID granted with`, which the next commands know as `$LEASE`.
fn granted_lease(printed: &str) -> Option<String> {
    let (_, after) = printed.split_once("lease ")?;
    let (id, after) = after.split_once(' ')?;
    after.starts_with("granted with").then(|| id.to_owned())
}

/// A line of etcdctl's own log without its time, place in the source and target, which say nothing about the server;
/// other JSON without the spaces that the reference server's encoder puts in or not, build by build.
fn plain(line: &str) -> String {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(line) else {
        return line.to_owned();
    };
    if !(fields.contains_key("level") && fields.contains_key("ts")) {
        return without_json_spaces(line);
    }
    for noise in ["ts", "caller", "target", "logger", "peer"] {
        fields.remove(noise);
    }
    serde_json::Value::Object(fields).to_string()
}
