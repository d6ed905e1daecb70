//! Gathers metrics and prints them, sorted by name as etcd's are. Must not know where numbers come from.

use holdfast_consensus::histogram::DurationCounts;
use prometheus::TextEncoder;
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

/// Names and values of a sample's labels.
pub(super) type Labels<'a> = [(&'static str, &'a str)];

/// The metrics of one answer.
#[derive(Default)]
pub(super) struct Exposition {
    families: Vec<MetricFamily>,
}

/// The samples of one metric under construction.
pub(super) struct Family {
    family: MetricFamily,
}

impl Exposition {
    /// Adds a value that may go up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.gauges(name, help, |family| family.gauge(&[], value));
    }

    /// Adds a value that only grows.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.counters(name, help, |family| family.counter(&[], value as f64));
    }

    /// Adds values that may go up and down.
    pub(super) fn gauges(&mut self, name: &str, help: &str, fill: impl FnOnce(&mut Family)) {
        self.family(MetricType::GAUGE, name, help, fill);
    }

    /// Adds values that only grow.
    pub(super) fn counters(&mut self, name: &str, help: &str, fill: impl FnOnce(&mut Family)) {
        self.family(MetricType::COUNTER, name, help, fill);
    }

    /// Adds durations.
    pub(super) fn histograms(&mut self, name: &str, help: &str, fill: impl FnOnce(&mut Family)) {
        self.family(MetricType::HISTOGRAM, name, help, fill);
    }

    fn family(&mut self, kind: MetricType, name: &str, help: &str, fill: impl FnOnce(&mut Family)) {
        let mut family = Family { family: MetricFamily::default() };
        fill(&mut family);
        let mut family = family.family;
        // A metric without samples is left out; the printer takes it for a mistake.
        if !family.get_metric().is_empty() {
            family.set_name(name.to_owned());
            family.set_help(help.to_owned());
            family.set_field_type(kind);
            self.families.push(family);
        }
    }

    /// Prints what was added.
    pub(super) fn into_text(mut self) -> String {
        self.families.sort_by(|one, other| one.name().cmp(other.name()));
        TextEncoder::new().encode_to_string(&self.families).expect("every family has a name and samples")
    }
}

impl Family {
    /// Adds a sample of a gauge.
    pub(super) fn gauge(&mut self, labels: &Labels<'_>, value: f64) {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        self.sample(labels).set_gauge(gauge);
    }

    /// Adds a sample of a counter.
    pub(super) fn counter(&mut self, labels: &Labels<'_>, value: f64) {
        let mut counter = Counter::default();
        counter.set_value(value);
        self.sample(labels).set_counter(counter);
    }

    /// Adds durations.
    pub(super) fn histogram(&mut self, labels: &Labels<'_>, counts: &DurationCounts) {
        let buckets = counts.buckets.iter().map(|(bound, count)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound.as_secs_f64());
            bucket.set_cumulative_count(*count);
            bucket
        });
        let mut histogram = Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(counts.count);
        histogram.set_sample_sum(counts.sum.as_secs_f64());
        self.sample(labels).set_histogram(histogram);
    }

    fn sample(&mut self, labels: &Labels<'_>) -> &mut Metric {
        let labels = labels.iter().map(|(name, value)| {
            let mut label = LabelPair::default();
            label.set_name((*name).to_owned());
            label.set_value((*value).to_owned());
            label
        });
        let samples = self.family.mut_metric();
        samples.push(Metric::from_label(labels.collect()));
        samples.last_mut().expect("a sample was just added")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn metrics_are_printed_sorted_with_their_labels_escaped() {
        let mut exposition = Exposition::default();
        exposition.counter("b_total", "Of b.", 3);
        exposition.gauges("a", "Of a.", |family| family.gauge(&[("x", "1\"2")], 0.5));
        exposition.gauges("none", "Of nothing.", |_| {});
        let counts = DurationCounts {
            buckets: vec![(Duration::from_millis(1), 2)],
            count: 3,
            sum: Duration::from_millis(1500),
        };
        exposition.histograms("c_seconds", "Of c.", |family| family.histogram(&[("y", "z")], &counts));
        let expected = concat!(
            "# HELP a Of a.\n# TYPE a gauge\na{x=\"1\\\"2\"} 0.5\n",
            "# HELP b_total Of b.\n# TYPE b_total counter\nb_total 3\n",
            "# HELP c_seconds Of c.\n# TYPE c_seconds histogram\n",
            "c_seconds_bucket{y=\"z\",le=\"0.001\"} 2\nc_seconds_bucket{y=\"z\",le=\"+Inf\"} 3\n",
            "c_seconds_sum{y=\"z\"} 1.5\nc_seconds_count{y=\"z\"} 3\n",
        );
        assert_eq!(exposition.into_text(), expected);
    }
}
