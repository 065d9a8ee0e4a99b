//! The kinds of measurements that Konto adds to those of the library, and the list of all of a server's.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Registry;

/// What [`text`] has to be served as.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bounds of times in microseconds: 500 microseconds to 10 seconds.
const TIMES: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];
/// Bounds of sizes: one to the largest batch there may be.
const SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096, 16_384];

/// How values are spread: whole numbers, or times to the microsecond. Cloning shares it.
///
/// Integers and no lock, where the library's has a float behind a mutex: a value costs a short search and two
/// atomic additions.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bounds: &'static [u64],
    /// How many decimals of a value are behind the point.
    decimals: usize,
    /// One per bound, and one for what is beyond them.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    /// Of times, shown in seconds.
    #[must_use]
    pub fn of_times() -> Self {
        Self::new(TIMES, 6)
    }

    /// Of counts of things.
    #[must_use]
    pub fn of_sizes() -> Self {
        Self::new(SIZES, 0)
    }

    fn new(bounds: &'static [u64], decimals: usize) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Inner { bounds, decimals, counts, sum: AtomicU64::new(0) }))
    }

    /// One more value; of times, in microseconds.
    pub fn observe(&self, value: u64) {
        let inner = &*self.0;
        let place = inner.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = inner.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        inner.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// One more time.
    pub fn took(&self, time: Duration) {
        self.observe(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }
}

/// The number that the encoder wants, of `value` with its last `decimals` digits behind the point.
fn number<N: FromStr + Default>(value: u64, decimals: usize) -> N {
    let digits = format!("{value:0width$}", width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    format!("{whole}.{part}").parse().unwrap_or_default()
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let inner = &*self.0;
        let counts: Vec<u64> = inner.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let bounds = inner.bounds.iter().map(|bound| number(*bound, inner.decimals));
        let beyond = "inf".parse().unwrap_or_default();
        let buckets: Vec<_> = bounds.chain([beyond]).zip(counts.iter().copied()).collect();
        let sum = number(inner.sum.load(Ordering::Relaxed), inner.decimals);
        encoder.encode_histogram::<NoLabelSet>(sum, counts.iter().sum(), &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

/// The name and the value of a label; both from lists of ours, never from a caller.
pub type Label = (&'static str, &'static str);

/// A value with its labels; one without any is the only one of its name.
pub type Reading = (Vec<Label>, u64);

/// What is read only when it is asked for.
struct Sampled<F> {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    read: F,
}

impl<F> fmt::Debug for Sampled<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F: Fn() -> Vec<Reading> + Send + Sync + 'static> Collector for Sampled<F> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(self.name, self.help, None, self.kind)?;
        for (labels, value) in (self.read)() {
            let write = |mut one: MetricEncoder<'_>| match self.kind {
                MetricType::Counter => one.encode_counter::<NoLabelSet, u64, u64>(&value, None),
                _ => one.encode_gauge(&i64::try_from(value).unwrap_or(i64::MAX)),
            };
            // An empty set of labels would be written as one.
            if labels.is_empty() {
                return write(family);
            }
            write(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// Lists a value that goes up and down and is read when it is asked for.
pub fn gauge(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
    read: impl Fn() -> Vec<Reading> + Send + Sync + 'static,
) {
    registry.register_collector(Box::new(Sampled { name, help, kind: MetricType::Gauge, read }));
}

/// Lists counts that somebody keeps, which are read when they are asked for. `_total` is added to the name.
pub fn counter(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
    read: impl Fn() -> Vec<Reading> + Send + Sync + 'static,
) {
    registry.register_collector(Box::new(Sampled { name, help, kind: MetricType::Counter, read }));
}

/// A reading without labels.
#[must_use]
pub fn plain(value: usize) -> Vec<Reading> {
    vec![(Vec::new(), to_count(value))]
}

/// A number of things.
#[must_use]
pub fn to_count(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// Counts as one of the gauge for as long as it lives.
#[derive(Debug)]
pub struct Held(Gauge);

impl Held {
    /// One more.
    #[must_use]
    pub fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The media type of [`plain_text`].
pub const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The same in the older text format of Prometheus, for what reads no OpenMetrics: counters are described under the names
/// of their samples, what it is information about is a gauge, and there are neither units nor a last line.
#[must_use]
pub fn plain_text(registry: &Registry) -> String {
    let open = text(registry);
    let mut out = String::with_capacity(open.len());
    // OpenMetrics describes a family first by its help, then by its type, which says what the samples are called.
    let mut help = None;
    for line in open.lines() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            help = Some(described);
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.split_once(' ').unwrap_or((typed, "untyped"));
            let (suffix, kind) = match kind {
                "counter" => ("_total", kind),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                _ => ("", kind),
            };
            if let Some((_, text)) = help.take().and_then(|help| help.split_once(' ')) {
                out += &format!("# HELP {name}{suffix} {text}\n");
            }
            out += &format!("# TYPE {name}{suffix} {kind}\n");
        } else if !line.starts_with('#') {
            out += line;
            out.push('\n');
        }
    }
    out
}

/// The text of everything that is listed: OpenMetrics 1.0, which Prometheus reads.
#[must_use]
pub fn text(registry: &Registry) -> String {
    let mut out = String::with_capacity(16 * 1024);
    if let Err(error) = text::encode(&mut out, registry) {
        tracing::error!(%error, "the metrics could not be written");
    }
    out
}

/// The memory of this process that is in use, in bytes; none where the system does not say it as Linux does.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_adds_up_and_shows_seconds() {
        let (times, sizes) = (Histogram::of_times(), Histogram::of_sizes());
        for micros in [1, 500, 501, 2_000_000, 60_000_000] {
            times.took(Duration::from_micros(micros));
        }
        sizes.observe(3);
        let mut registry = Registry::with_prefix("konto");
        registry.register("time_seconds", "Times", times);
        registry.register("size", "Sizes", sizes);
        gauge(&mut registry, "depth", "Depth", || plain(7));
        counter(&mut registry, "seen", "Seen", || vec![(vec![("kind", "a")], 2)]);
        let text = text(&registry);
        for line in [
            "konto_time_seconds_bucket{le=\"0.0005\"} 2",
            "konto_time_seconds_bucket{le=\"0.001\"} 3",
            "konto_time_seconds_bucket{le=\"2.5\"} 4",
            "konto_time_seconds_bucket{le=\"+Inf\"} 5",
            "konto_time_seconds_sum 62.001002",
            "konto_time_seconds_count 5",
            "konto_size_bucket{le=\"2.0\"} 0",
            "konto_size_bucket{le=\"4.0\"} 1",
            "konto_size_sum 3.0",
            "konto_depth 7",
            "konto_seen_total{kind=\"a\"} 2",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        }
    }

    #[test]
    fn what_is_held_counts_while_it_lives() {
        let gauge = Gauge::default();
        let (one, two) = (Held::of(&gauge), Held::of(&gauge));
        assert_eq!(gauge.get(), 2);
        drop((one, two));
        assert_eq!(gauge.get(), 0);
    }
}
