//! What an operator sees from outside: measurements for Prometheus, and traces for OpenTelemetry.
//!
//! [`measure`] has the kinds of measurements and the list that `/metrics` shows. Each part of the server makes its
//! own and keeps the handles, so measuring is a few atomic additions; the server lists them when it starts, so two
//! servers in one process never count for each other. Figures that somebody keeps anyway (queues, pools, places)
//! are read when they are asked for.
//!
//! [`spans`] makes the spans of batches and statements, and [`export`] sends spans out. Unless an export is
//! configured there are none of them, and asking for one costs the reading of a static.
//!
//! Nothing of a person is in either: labels and names come from closed lists of ours, and what leaves with a span
//! stands on a list in [`export`].

pub mod export;
pub mod measure;
pub mod spans;
