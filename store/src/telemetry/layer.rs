//! Takes events from `tracing`, forms lines and hands them to the outputs.

use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::Context;

use super::output::Output;
use super::record::Record;
use super::{TelemetryError, console, json};
use crate::config::{LogFormat, LogSettings};

/// Writes every event that reaches it.
pub(super) struct LogLayer {
    format: LogFormat,
    outputs: Vec<(Output, bool)>,
}

impl LogLayer {
    /// Opens the outputs.
    pub(super) fn open(settings: &LogSettings) -> Result<LogLayer, TelemetryError> {
        let open = |output| {
            let output = Output::open(output)?;
            let is_coloured = output.is_coloured();
            Ok((output, is_coloured))
        };
        let outputs: Result<Vec<_>, TelemetryError> = settings.outputs.iter().map(open).collect();
        Ok(LogLayer { format: settings.format, outputs: outputs? })
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let record = Record::of(event);
        let time = now();
        for (output, is_coloured) in &self.outputs {
            let line = match self.format {
                LogFormat::Console => console::line(&record, &time, *is_coloured),
                LogFormat::Json => json::line(&record, &time),
            };
            output.write(&line);
        }
    }
}

/// UTC, to the microsecond.
fn now() -> String {
    let mut time = String::with_capacity(27);
    SystemTime.format_time(&mut Writer::new(&mut time)).expect("a String takes everything");
    time
}
