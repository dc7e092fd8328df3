//! Whole commands without an engine: their output and exit codes, as snapshots.

mod bad_specs;
mod documented_specs;
#[path = "../shared/documents.rs"]
mod documents;
mod files;
mod help;
mod links;
#[path = "../shared/pages.rs"]
mod pages;
mod schemas;
mod suggested;
mod support;
mod unreachable;
mod usage;
mod validate;
