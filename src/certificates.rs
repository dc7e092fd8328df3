//! X.509: makes the certificates that a deployment needs, and judges those that a user brings.
//!
//! [`topology::certificates`](crate::topology::certificates) decides which certificates are needed. The
//! caller passes the time.

mod fault_text;
pub mod issue;
pub mod own_certificate;

pub use fault_text::certificate_fault;
