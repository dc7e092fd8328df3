//! Whole commands without an engine: their output and exit codes, as snapshots.

mod bad_specs;
#[path = "../shared/documents.rs"]
mod documents;
mod files;
mod help;
mod links;
mod schemas;
mod suggested;
mod support;
mod unreachable;
mod usage;
mod validate;
