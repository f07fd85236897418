//! What a running watch counted, as `OpenMetrics` text for Prometheus and its kin.
//!
//! **Invariant:** no label is a path, a token or anything else of which there may be many.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use crate::model::grade::Severity;
use crate::model::problem::ProblemKind;
use crate::pipeline::watch::histogram::Histogram;
use crate::pipeline::watch::meters::Snapshot;

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes metrics.
#[must_use]
pub fn metrics(snapshot: Snapshot) -> String {
    let mut registry = Registry::with_prefix("beartrap");
    registry.register_collector(Box::new(Counted(snapshot)));
    let mut text = String::new();
    encode(&mut text, &registry).expect("because it is written to memory");
    text
}

#[derive(Debug)]
struct Counted(Snapshot);

impl Collector for Counted {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let Self(counted) = self;
        let lag = counted.lag();
        let mut writer = Writer(encoder);
        writer.gauge_by("build_info", "The program that runs", ("version", &[(env!("CARGO_PKG_VERSION"), 1)]))?;
        writer
            .0
            .encode_descriptor("read", "Bytes read", Some(&Unit::Bytes), MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, u64>(&counted.bytes, None)?;
        writer.counter("records", "Records read", counted.records)?;
        writer.counter("uses", "Uses of tokens that records told of", counted.uses)?;
        writer.counter_by("findings", "Findings told", ("severity", &named(&counted.findings, Severity::as_str)))?;
        writer.counter_by("judgements", "Judgements told", ("detection", &named_by_text(&counted.judgements)))?;
        writer.counter_by("problems", "Things that could not be read or decided", ("kind", &named(&counted.problems, ProblemKind::as_str)))?;
        writer.counter("steps", "Steps committed", counted.steps)?;
        writer.counter("failed_steps", "Steps that failed and are done again", counted.failed_steps)?;
        writer.counter("turns", "Turns of the loop", counted.turns)?;
        writer.counter("sweeps", "Looks at which files there are", counted.sweeps)?;
        writer.counter("reloads", "Settings read again", counted.reloads)?;
        writer.counter("failed_reloads", "Settings that could not be read again", counted.failed_reloads)?;
        writer.gauge("files_followed", "Files that are followed", None, lag.followed)?;
        writer.gauge("files_behind", "Files of which not everything was read", None, lag.files)?;
        writer.gauge("behind", "Bytes not read yet", Some(&Unit::Bytes), lag.bytes)?;
        writer.gauge("largest_behind", "Bytes not read yet of the file farthest behind", Some(&Unit::Bytes), lag.largest)?;
        writer.histogram("write_to_told", "From a write to when what it means was told and committed", &counted.told_after)?;
        let (sent, kept) = (by_endpoint("outcome", &counted.deliveries), by_endpoint("state", &counted.outbox));
        let mut attempts = writer.0.encode_descriptor("deliveries", "Attempts to deliver alerts", None, MetricType::Counter)?;
        each(&mut attempts, &sent, |count, encoder| ConstCounter::new(count).encode(encoder))?;
        let mut stand = writer.0.encode_descriptor("outbox", "Deliveries that are kept", None, MetricType::Gauge)?;
        each(&mut stand, &kept, |count, encoder| ConstGauge::new(count).encode(encoder))?;
        writer.histogram("queued_to_delivered", "From when an alert was queued to when it had arrived", &counted.delivered_after)
    }
}

/// Counters by a label's values.
type Named<'a> = Vec<(&'a str, u64)>;

fn named<K: Copy>(counts: &BTreeMap<K, u64>, name: fn(K) -> &'static str) -> Named<'static> {
    counts.iter().map(|(key, count)| (name(*key), *count)).collect()
}

fn named_by_text(counts: &BTreeMap<String, u64>) -> Named<'_> {
    counts.iter().map(|(key, count)| (key.as_str(), *count)).collect()
}

/// Counters by the values of several labels.
type Labelled<'a, const N: usize> = Vec<([(&'a str, &'a str); N], u64)>;

fn by_endpoint<'a>(label: &'a str, counts: &'a BTreeMap<(String, &'static str), u64>) -> Labelled<'a, 2> {
    counts.iter().map(|((endpoint, value), count)| ([("endpoint", endpoint.as_str()), (label, *value)], *count)).collect()
}

fn by_one<'a>(label: &'a str, counts: &[(&'a str, u64)]) -> Labelled<'a, 1> {
    counts.iter().map(|(value, count)| ([(label, *value)], *count)).collect()
}

struct Writer<'a>(DescriptorEncoder<'a>);

impl Writer<'_> {
    fn counter(&mut self, name: &str, help: &str, count: u64) -> fmt::Result {
        ConstCounter::new(count).encode(self.0.encode_descriptor(name, help, None, MetricType::Counter)?)
    }

    fn counter_by(&mut self, name: &str, help: &str, (label, counts): (&str, &[(&str, u64)])) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        each(&mut family, &by_one(label, counts), |count, encoder| ConstCounter::new(count).encode(encoder))
    }

    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: u64) -> fmt::Result {
        ConstGauge::new(value).encode(self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?)
    }

    fn gauge_by(&mut self, name: &str, help: &str, (label, values): (&str, &[(&str, u64)])) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        each(&mut family, &by_one(label, values), |value, encoder| ConstGauge::new(value).encode(encoder))
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) -> fmt::Result {
        let buckets: Vec<(f64, u64)> = histogram.buckets().collect();
        let mut encoder = self.0.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        encoder.encode_histogram::<NoLabelSet>(histogram.sum(), histogram.count(), &buckets, None)
    }
}

fn each<const N: usize>(family: &mut MetricEncoder, counts: &Labelled<'_, N>, write: impl Fn(u64, MetricEncoder) -> fmt::Result) -> fmt::Result {
    counts.iter().try_for_each(|(labels, count)| write(*count, family.encode_family(labels)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::grade::Severity;
    use crate::pipeline::watch::meters::Snapshot;
    use crate::serve::metrics::metrics;

    #[test]
    fn what_was_counted_is_written() {
        let mut snapshot = Snapshot { bytes: 7, files: Arc::default(), ..Snapshot::default() };
        snapshot.findings.insert(Severity::High, 2);
        snapshot.judgements.insert("TR-01".into(), 3);
        snapshot.told_after.observe(0.004);
        snapshot.delivered_after.observe(0.004);
        snapshot.deliveries.insert(("soc".into(), "failed"), 4);
        snapshot.outbox.insert(("soc".into(), "waiting"), 5);
        let text = metrics(snapshot);
        for line in [
            "# TYPE beartrap_read_bytes counter",
            "# UNIT beartrap_read_bytes bytes",
            "beartrap_read_bytes_total 7",
            "beartrap_findings_total{severity=\"high\"} 2",
            "beartrap_judgements_total{detection=\"TR-01\"} 3",
            "beartrap_behind_bytes 0",
            "beartrap_write_to_told_seconds_bucket{le=\"0.005\"} 1",
            "beartrap_write_to_told_seconds_bucket{le=\"+Inf\"} 1",
            "beartrap_write_to_told_seconds_count 1",
            concat!("beartrap_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "beartrap_deliveries_total{endpoint=\"soc\",outcome=\"failed\"} 4",
            "beartrap_outbox{endpoint=\"soc\",state=\"waiting\"} 5",
            "beartrap_queued_to_delivered_seconds_count 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|one| one == line), "no `{line}` in:\n{text}");
        }
    }
}
