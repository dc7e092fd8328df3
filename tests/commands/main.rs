//! Whole commands without an engine: what they print and how they end, as snapshots.

// The system's own words, and its way to start an engine, are in the snapshots.
#![cfg(target_os = "linux")]

mod bad_specs;
mod files;
mod help;
mod support;
mod unreachable;
mod usage;
mod validate;
