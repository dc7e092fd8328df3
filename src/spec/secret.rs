//! Passwords in a spec. No output shows them.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// Text that is never shown: `Debug` prints stars, and there is no `Display` or `Serialize`.
#[derive(Clone)]
pub struct SecretText(SecretString);

impl SecretText {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself: to send it to a server, to write it to the server's files, or for `env`.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// The source of a password in a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// Text in the spec, or the value of a variable.
    Literal(SecretText),
    /// The first line of a file; a relative path starts at the spec file's folder.
    File(PathBuf),
    /// A random password, generated once for the deployment.
    Generate,
}

/// A password in YAML: text, or `{file: PATH}`.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum PasswordForm {
    /// The password itself (best as `${NAME}`), or the word `generate`.
    Text(#[schemars(length(min = 1))] String),
    /// The file whose first line is the password.
    File(PasswordFile),
}

/// `{file: PATH}`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasswordFile {
    /// The file whose first line is the password.
    file: PathBuf,
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match PasswordForm::deserialize(deserializer)? {
            PasswordForm::Text(text) if text == "generate" => Self::Generate,
            PasswordForm::Text(text) => Self::Literal(SecretText::new(text)),
            PasswordForm::File(PasswordFile { file }) => Self::File(file),
        })
    }
}

impl JsonSchema for Password {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        PasswordForm::json_schema(generator)
    }
}
