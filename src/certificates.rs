//! X.509: makes the certificates that a deployment needs, and judges those that a user brings.
//!
//! What is needed is decided in [`topology::certificates`](crate::topology::certificates); the clock is
//! the caller's.

mod fault_text;
pub mod issue;
pub mod own_certificate;

pub use fault_text::certificate_fault;
