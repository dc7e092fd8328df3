//! X.509: makes the certificates that a deployment needs, and judges those that a user brings.
//!
//! What is needed is decided in [`topology::certificates`](crate::topology::certificates); the clock is
//! the caller's.

pub mod issue;
pub mod judge;
mod words;

pub use words::certificate_fault;
