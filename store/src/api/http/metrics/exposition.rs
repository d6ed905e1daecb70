//! Gathers metrics and prints them, sorted by name as etcd's are: as OpenMetrics for who asks for it, else in
//! Prometheus' older text format, which every tool reads. Must not know where numbers come from.

use std::collections::BTreeMap;
use std::fmt;

use holdfast_consensus::histogram::DurationCounts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// Names and values of a sample's labels.
pub(super) type Labels<'a> = [(&'static str, &'a str)];

/// What the name of every counter's sample ends with.
const COUNTER_SUFFIX: &str = "_total";

/// Whole numbers below this are exact in an `f64`.
const EXACT_BELOW: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;

/// In which form metrics are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Prometheus' text format, version 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// The metrics of one answer.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    families: BTreeMap<&'static str, Family>,
}

/// The samples of one metric.
#[derive(Debug)]
pub(super) struct Family {
    help: &'static str,
    kind: MetricType,
    samples: Vec<(Vec<(&'static str, String)>, Value)>,
}

#[derive(Debug)]
enum Value {
    Gauge(f64),
    Counter(f64),
    Histogram(DurationCounts),
}

impl Format {
    /// The form that an `Accept` header asks for.
    pub(super) fn asked_for(accept: Option<&str>) -> Format {
        let is_open = accept.is_some_and(|accept| accept.contains("application/openmetrics-text"));
        if is_open { Format::OpenMetrics } else { Format::Text }
    }
}

impl Exposition {
    /// Adds a value that may go up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.gauges(name, help, |family| family.gauge(&[], value));
    }

    /// Adds a value that only grows. Its name ends in `_total`.
    pub(super) fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        self.counters(name, help, |family| family.counter(&[], value as f64));
    }

    /// Adds values that may go up and down.
    pub(super) fn gauges(&mut self, name: &'static str, help: &'static str, fill: impl FnOnce(&mut Family)) {
        self.family(MetricType::Gauge, name, help, fill);
    }

    /// Adds values that only grow. Their name ends in `_total`.
    pub(super) fn counters(
        &mut self,
        name: &'static str,
        help: &'static str,
        fill: impl FnOnce(&mut Family),
    ) {
        debug_assert!(name.ends_with(COUNTER_SUFFIX), "{name} is a counter");
        self.family(MetricType::Counter, name, help, fill);
    }

    /// Adds durations.
    pub(super) fn histograms(
        &mut self,
        name: &'static str,
        help: &'static str,
        fill: impl FnOnce(&mut Family),
    ) {
        self.family(MetricType::Histogram, name, help, fill);
    }

    fn family(
        &mut self,
        kind: MetricType,
        name: &'static str,
        help: &'static str,
        fill: impl FnOnce(&mut Family),
    ) {
        let mut family = Family { help, kind, samples: Vec::new() };
        fill(&mut family);
        // A metric without samples is left out, as the Go client leaves it out.
        if !family.samples.is_empty() {
            self.families.insert(name, family);
        }
    }

    /// Prints what was added.
    pub(super) fn into_text(self, format: Format) -> String {
        let counters = self.families.iter().filter(|(_, family)| matches!(family.kind, MetricType::Counter));
        let counters: Vec<_> = counters.map(|(name, _)| counter_base(name)).collect();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut printed = String::new();
        text::encode(&mut printed, &registry).expect("a string takes whatever is written");
        match format {
            Format::OpenMetrics => printed,
            Format::Text => older_text(&printed, &counters),
        }
    }
}

impl Family {
    /// Adds a sample of a gauge.
    pub(super) fn gauge(&mut self, labels: &Labels<'_>, value: f64) {
        self.sample(labels, Value::Gauge(value));
    }

    /// Adds a sample of a counter.
    pub(super) fn counter(&mut self, labels: &Labels<'_>, value: f64) {
        self.sample(labels, Value::Counter(value));
    }

    /// Adds durations.
    pub(super) fn histogram(&mut self, labels: &Labels<'_>, counts: &DurationCounts) {
        self.sample(labels, Value::Histogram(counts.clone()));
    }

    fn sample(&mut self, labels: &Labels<'_>, value: Value) {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.samples.push((labels, value));
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for (name, family) in &self.families {
            let name = match family.kind {
                MetricType::Counter => counter_base(name),
                _ => name,
            };
            let mut metric = encoder.encode_descriptor(name, family.help, None, family.kind)?;
            for (labels, value) in &family.samples {
                if labels.is_empty() {
                    value.encode(&mut metric)?;
                } else {
                    value.encode(&mut metric.encode_family(labels)?)?;
                }
            }
        }
        Ok(())
    }
}

impl Value {
    fn encode(&self, metric: &mut MetricEncoder<'_>) -> fmt::Result {
        match self {
            Value::Gauge(value) => match whole(*value) {
                Some(value) => metric.encode_gauge(&value),
                None => metric.encode_gauge(value),
            },
            Value::Counter(value) => match whole(*value).and_then(|value| u64::try_from(value).ok()) {
                Some(value) => metric.encode_counter::<NoLabelSet, _, f64>(&value, None),
                None => metric.encode_counter::<NoLabelSet, _, f64>(value, None),
            },
            Value::Histogram(counts) => {
                let sum = counts.sum.as_secs_f64();
                metric.encode_histogram::<NoLabelSet>(sum, counts.count, &separate_buckets(counts), None)
            }
        }
    }
}

/// The buckets each with only its own observations, as the encoder wants them, and the one without a bound.
fn separate_buckets(counts: &DurationCounts) -> Vec<(f64, u64)> {
    let mut below = 0;
    let bounds = counts.buckets.iter().map(|(bound, cumulative)| (bound.as_secs_f64(), *cumulative));
    let all = bounds.chain([(f64::INFINITY, counts.count)]);
    all.map(|(bound, cumulative)| {
        let own = cumulative.saturating_sub(below);
        below = cumulative;
        (bound, own)
    })
    .collect()
}

fn counter_base(name: &str) -> &str {
    name.strip_suffix(COUNTER_SUFFIX).unwrap_or(name)
}

/// A whole number as such: scripts look for `etcd_server_has_leader 1`.
fn whole(value: f64) -> Option<i64> {
    let is_exact = value.fract() == 0.0 && value.abs() < EXACT_BELOW;
    is_exact.then_some(value as i64)
}

/// OpenMetrics as the older format: that has no end mark, and counters are described under the name of their samples.
fn older_text(printed: &str, counters: &[&str]) -> String {
    let mut text = String::with_capacity(printed.len());
    for line in printed.lines().filter(|line| *line != "# EOF") {
        let described = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        let name = described.and_then(|rest| rest.split(' ').next());
        match name {
            Some(name) if counters.contains(&name) => {
                let (before, after) = line.split_at("# HELP ".len() + name.len());
                text.extend([before, COUNTER_SUFFIX, after, "\n"]);
            }
            _ => text.extend([line, "\n"]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn some() -> Exposition {
        let mut exposition = Exposition::default();
        exposition.counter("b_total", "Of b.", 3);
        exposition.gauges("a", "Of a.", |family| family.gauge(&[("x", "1\"2\\3\n")], 0.5));
        exposition.gauges("none", "Of nothing.", |_| {});
        let counts = DurationCounts {
            buckets: vec![(Duration::from_millis(1), 2), (Duration::from_millis(2), 2)],
            count: 3,
            sum: Duration::from_millis(1500),
        };
        exposition.histograms("c_seconds", "Of c.", |family| family.histogram(&[("y", "z")], &counts));
        exposition
    }

    const GAUGE: &str = "# HELP a Of a.\n# TYPE a gauge\na{x=\"1\\\"2\\\\3\\n\"} 0.5\n";
    const HISTOGRAM: &str = concat!(
        "# HELP c_seconds Of c.\n# TYPE c_seconds histogram\n",
        "c_seconds_sum{y=\"z\"} 1.5\nc_seconds_count{y=\"z\"} 3\n",
        "c_seconds_bucket{le=\"0.001\",y=\"z\"} 2\nc_seconds_bucket{le=\"0.002\",y=\"z\"} 2\n",
        "c_seconds_bucket{le=\"+Inf\",y=\"z\"} 3\n",
    );

    #[test]
    fn metrics_are_printed_sorted_with_their_labels_escaped() {
        let counter = "# HELP b_total Of b.\n# TYPE b_total counter\nb_total 3\n";
        assert_eq!(some().into_text(Format::Text), format!("{GAUGE}{counter}{HISTOGRAM}"));
    }

    #[test]
    fn openmetrics_is_for_who_asks_for_it() {
        let counter = "# HELP b Of b.\n# TYPE b counter\nb_total 3\n";
        assert_eq!(some().into_text(Format::OpenMetrics), format!("{GAUGE}{counter}{HISTOGRAM}# EOF\n"));
        assert_eq!(
            Format::asked_for(Some("application/openmetrics-text;version=1.0.0")),
            Format::OpenMetrics
        );
        assert_eq!(Format::asked_for(Some("text/plain")), Format::Text);
        assert_eq!(Format::asked_for(None), Format::Text);
    }
}
