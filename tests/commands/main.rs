//! Whole commands without an engine: their output and exit codes, as snapshots.

mod bad_specs;
mod files;
mod help;
mod suggested;
mod support;
mod unreachable;
mod usage;
mod validate;
