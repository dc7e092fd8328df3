//! Whole commands without an engine: what they print and how they end, as snapshots.

mod bad_specs;
mod files;
mod help;
mod suggested;
mod support;
mod unreachable;
mod usage;
mod validate;
