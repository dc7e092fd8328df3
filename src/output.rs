//! The documents that commands print with `--output json`, as types. `docs/schemas` has a JSON Schema of each.

mod documents;
mod error_document;
mod schemas;

pub use documents::{
    AuthorityDocument, DiagnosisDocument, DiagramDocument, LogLine, RemovedDocument, SpecDocument,
    SvgDocument, TopologyLine, UpDocument, ValidDocument,
};
pub use error_document::ErrorDocument;
pub use schemas::{NamedSchema, SCHEMAS};
