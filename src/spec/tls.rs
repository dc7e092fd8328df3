//! TLS in a spec: a switch, or one's own certificates and whether clients must have some.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether servers speak TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSpec {
    /// They do not.
    Off,
    /// They speak nothing else.
    On(TlsOptions),
}

impl TlsSpec {
    /// What the spec says of TLS, where it is on.
    #[must_use]
    pub fn options(&self) -> Option<&TlsOptions> {
        match self {
            Self::Off => None,
            Self::On(options) => Some(options),
        }
    }
}

/// How TLS is spoken. Without files, a CA and certificates are made for the deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsOptions {
    /// PEM file of the CA that issued `cert`; a relative path starts at the spec file's folder.
    pub ca: Option<PathBuf>,
    /// PEM file of every node's certificate, with those between it and the CA.
    pub cert: Option<PathBuf>,
    /// PEM file of the key that belongs to `cert`.
    pub key: Option<PathBuf>,
    /// Whether clients must have a certificate of the CA's. Default `false`.
    pub client_auth: Option<ClientAuth>,
}

/// Whether clients must have a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// They are not asked for one.
    #[default]
    No,
    /// They may have one, which must then be valid.
    Optional,
    /// Who has none is refused.
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

/// What TLS looks like in YAML: a switch, or a mapping.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum TlsForm {
    /// `true`: TLS only, with a CA and certificates made for the deployment.
    Switch(bool),
    /// TLS only, and how.
    Options(TlsOptions),
}

/// What `client_auth` looks like in YAML: a switch, or the word `optional`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum ClientAuthForm {
    /// Whether clients must have a certificate.
    Switch(bool),
    /// Clients may have one.
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
