//! The options of `schema`.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::output::SCHEMAS;

/// Options of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// A spec, the output of a command, an event, or an error.
    #[arg(value_name = "DOCUMENT", default_value = "spec", value_parser = document())]
    pub document: String,
}

/// The names of all documents that have a schema.
fn document() -> PossibleValuesParser {
    PossibleValuesParser::new(SCHEMAS.iter().map(|named| named.name))
}
