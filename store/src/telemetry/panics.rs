//! Panics go to the log, where whoever looks for the reason will look. Must not try to go on after one.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

/// Logs panics of all threads from now on.
pub fn log_panics() {
    std::panic::set_hook(Box::new(log));
}

fn log(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map_or_else(String::new, ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(
        location,
        thread = thread.name().unwrap_or("unnamed"),
        backtrace = %Backtrace::capture(),
        "a bug ended a task: {message}"
    );
}
