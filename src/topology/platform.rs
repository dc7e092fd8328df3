//! The platform of an image: operating system, processor and variant, as Docker spells them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A platform: an operating system and a processor, as in `linux/arm64`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Platform {
    /// `linux`
    pub system: String,
    /// `amd64`, `arm64` …
    pub architecture: String,
    /// `v8`, where it matters.
    pub variant: Option<String>,
}

/// A text is no platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a platform")]
pub struct NoPlatform;

impl Platform {
    /// Whether an image of this platform is what `wanted` asks for.
    #[must_use]
    pub fn fits(&self, wanted: &Self) -> bool {
        let variant = self.variant.as_ref().zip(wanted.variant.as_ref());
        self.system == wanted.system
            && self.architecture == wanted.architecture
            && variant.is_none_or(|(one, other)| one == other)
    }
}

impl FromStr for Platform {
    type Err = NoPlatform;

    fn from_str(text: &str) -> Result<Self, NoPlatform> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let text = text.to_ascii_lowercase();
        let words: Vec<&str> = text.split('/').collect();
        if !words.iter().all(|word| is_word(word)) {
            return Err(NoPlatform);
        }
        let (system, architecture, variant) = match words.as_slice() {
            [system, architecture] => (system, architecture, None),
            [system, architecture, variant] => (system, architecture, Some(variant)),
            _ => return Err(NoPlatform),
        };
        // The kernel's names of processors.
        let architecture = match *architecture {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Ok(Self {
            system: (*system).to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(|variant| (*variant).to_owned()),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.system, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(formatter, "/{variant}"))
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.to_string()
    }
}

impl TryFrom<String> for Platform {
    type Error = NoPlatform;

    fn try_from(text: String) -> Result<Self, NoPlatform> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_read_and_compared() {
        let platform = |text: &str| text.parse::<Platform>().unwrap();
        for (text, shown) in [
            ("linux/amd64", "linux/amd64"),
            ("Linux/x86_64", "linux/amd64"),
            ("linux/arm/v7", "linux/arm/v7"),
        ] {
            assert_eq!(platform(text).to_string(), shown);
        }
        for text in ["", "linux", "linux/", "/amd64", "linux/amd64/v2/x", "linux/amd 64"] {
            assert_eq!(text.parse::<Platform>(), Err(NoPlatform), "{text}");
        }
        assert!(platform("linux/arm64/v8").fits(&platform("linux/aarch64")));
        assert!(!platform("linux/arm/v7").fits(&platform("linux/arm/v6")));
        assert!(!platform("linux/amd64").fits(&platform("linux/arm64")));
    }
}
