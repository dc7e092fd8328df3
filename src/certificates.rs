//! X.509: makes the certificates of a deployment, and checks the user's own certificates.
//!
//! [`topology::certificates`](crate::topology::certificates) decides which certificates are needed. The caller passes
//! the time.

mod fault_text;
pub mod issue;
pub mod own_certificate;

pub use fault_text::certificate_fault;
