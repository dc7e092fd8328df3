//! TLS in a spec: a switch, or the user's own certificate and the demand for client certificates.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether servers use TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSpec {
    /// No TLS.
    Off,
    /// TLS only.
    On(TlsOptions),
}

impl TlsSpec {
    /// The options of TLS, if it is on.
    #[must_use]
    pub fn options(&self) -> Option<&TlsOptions> {
        match self {
            Self::Off => None,
            Self::On(options) => Some(options),
        }
    }
}

/// The use of TLS. Without files, a CA and certificates are made for the deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsOptions {
    /// PEM file of the CA that issued `cert`; a relative path starts at the spec file's folder.
    pub ca: Option<PathBuf>,
    /// PEM file of every node's certificate, with the intermediate certificates.
    pub cert: Option<PathBuf>,
    /// PEM file of the key that belongs to `cert`.
    pub key: Option<PathBuf>,
    /// Whether clients must have a certificate of this CA. Default `false`.
    pub client_auth: Option<ClientAuth>,
}

/// Whether clients must have a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// Servers do not ask clients for a certificate.
    #[default]
    No,
    /// A client may have a certificate. The certificate must be valid.
    Optional,
    /// A client without a certificate is refused.
    Required,
}

impl ClientAuth {
    /// The value of `tls-auth-clients`.
    #[must_use]
    pub fn directive_value(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Optional => "optional",
            Self::Required => "yes",
        }
    }
}

/// TLS in YAML: a switch, or a mapping.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum TlsForm {
    /// `true`: TLS only, with a CA and certificates made for the deployment.
    Switch(bool),
    /// TLS only, with options.
    Options(TlsOptions),
}

/// `client_auth` in YAML: a switch, or the word `optional`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum ClientAuthForm {
    /// Whether clients must have a certificate.
    Switch(bool),
    /// Clients may have a certificate.
    Word(OptionalWord),
}

/// The word `optional`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum OptionalWord {
    /// `optional`
    Optional,
}

impl<'de> Deserialize<'de> for TlsSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match TlsForm::deserialize(deserializer)? {
            TlsForm::Switch(false) => Self::Off,
            TlsForm::Switch(true) => Self::On(TlsOptions::default()),
            TlsForm::Options(options) => Self::On(options),
        })
    }
}

impl<'de> Deserialize<'de> for ClientAuth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match ClientAuthForm::deserialize(deserializer)? {
            ClientAuthForm::Switch(false) => Self::No,
            ClientAuthForm::Switch(true) => Self::Required,
            ClientAuthForm::Word(OptionalWord::Optional) => Self::Optional,
        })
    }
}

impl Serialize for ClientAuth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match self {
            Self::No => ClientAuthForm::Switch(false),
            Self::Optional => ClientAuthForm::Word(OptionalWord::Optional),
            Self::Required => ClientAuthForm::Switch(true),
        };
        form.serialize(serializer)
    }
}

impl JsonSchema for TlsSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TlsSpec".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        TlsForm::json_schema(generator)
    }
}

impl JsonSchema for ClientAuth {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClientAuth".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        ClientAuthForm::json_schema(generator)
    }
}
