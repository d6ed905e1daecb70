//! Running kubectl, helm and the scripts of `tests/kubernetes` as a person would, with their output in the failure.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::failure::{Failure, Outcome};

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// When it cannot be started, takes longer than `limit` or ends with another status than 0.
pub async fn run(
    program: &Path,
    arguments: &[&str],
    input: Option<&str>,
    limit: Duration,
) -> Outcome<String> {
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let command = format!("{name} {}", arguments.join(" "));
    let failed = |output: String| Failure::Command { command: command.clone(), output };
    let (program, input) = (program.to_owned(), input.map(str::to_owned));
    let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let output = tokio::task::spawn_blocking(move || run_to_its_end(&program, &arguments, input, limit))
        .await
        .map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(format!("it cannot be run: {error}")))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("{}: {} {}", output.status, errors.trim(), printed.trim())))
}

fn run_to_its_end(
    program: &PathBuf,
    arguments: &[String],
    input: Option<String>,
    limit: Duration,
) -> std::io::Result<Output> {
    let mut child = Command::new("timeout")
        .args(["--kill-after=5", &limit.as_secs().to_string()])
        .arg(program)
        .args(arguments)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let pipe = child.stdin.take();
    // From another thread: a command that prints before it has read all would wait for us, and we for it.
    let writer = std::thread::spawn(move || match (pipe, input) {
        (Some(mut pipe), Some(text)) => pipe.write_all(text.as_bytes()),
        _ => Ok(()),
    });
    let output = child.wait_with_output()?;
    // A command that does not want its input says so by its status.
    drop(writer.join());
    Ok(output)
}
