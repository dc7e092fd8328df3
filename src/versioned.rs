//! JSON documents with the version of their shape.

use schemars::JsonSchema;
use serde::Serialize;

/// The version of every document. It grows if a field goes, or gets another meaning. A new field does not change it.
pub const VERSION: u32 = 1;

/// A document with its version. Every object with known fields has one. An array, a server's reply, and an object
/// whose fields are the user's names have no place for a version.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Versioned<T> {
    /// The version of this document's shape.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    #[serde(flatten)]
    document: T,
}

impl<T> Versioned<T> {
    /// The document in its present version.
    #[must_use]
    pub fn new(document: T) -> Self {
        Self { version: VERSION, document }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_version_stands_first_beside_the_fields() {
        let text = serde_json::to_string(&Versioned::new(BTreeMap::from([("name", "shop")]))).unwrap();
        assert_eq!(text, r#"{"version":1,"name":"shop"}"#);
    }
}
