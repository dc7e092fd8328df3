//! The format of stored data: the file with topology and passwords in the shared volume, and the labels of
//! containers, network and volumes.

use serde_json::{Value, json};

use super::{Credentials, Topology};
use crate::spec::SecretText;

/// The version that this redisctl writes. A format that the previous release cannot read gets the next number.
///
/// - 1: redisctl 0.1. The version is not written.
/// - 2: the slots of a shard are a list of ranges. In version 1 they are a single range.
/// - 3: the deployment stands on several engines.
pub const VERSION: u64 = 3;

/// The version of a deployment on a single engine.
const ON_ONE_ENGINE: u64 = 2;

/// The version of the data of a deployment.
#[must_use]
pub fn version(has_several_engines: bool) -> u64 {
    if has_several_engines { VERSION } else { ON_ONE_ENGINE }
}

/// The version of data without a version.
const UNWRITTEN_VERSION: u64 = 1;

/// A newer redisctl stored the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its stored format is version {found}, and this redisctl reads versions up to {VERSION}")]
pub struct NewerFormat {
    /// The stored version.
    pub found: String,
}

/// The text of the file.
#[must_use]
pub fn write(topology: &Topology, credentials: &Credentials) -> SecretText {
    let version = version(!topology.engines.is_empty());
    let file = json!({ "version": version, "topology": topology, "credentials": credentials.to_json() });
    SecretText::new(file.to_string())
}

/// Reads the output of [`write()`]; `None` if the text is something else, for example an incomplete file.
///
/// # Errors
/// A newer redisctl wrote it.
pub fn read(text: &str) -> Result<Option<(Topology, Credentials)>, NewerFormat> {
    let Ok(file) = serde_json::from_str::<Value>(text) else { return Ok(None) };
    if let Some(version) = file.get("version") {
        check(version.as_u64(), || version.to_string())?;
    }
    Ok(parts(&file))
}

fn parts(file: &Value) -> Option<(Topology, Credentials)> {
    let topology = serde_json::from_value(file.get("topology")?.clone()).ok()?;
    Some((topology, Credentials::from_json(file.get("credentials")?)?))
}

/// Checks the version in a label; `None` if the label is missing.
///
/// # Errors
/// A newer redisctl wrote the labels.
pub fn check_label(version: Option<&str>) -> Result<(), NewerFormat> {
    version.map_or(Ok(()), |text| check(text.parse().ok(), || text.to_owned()))
}

/// Checks a version. `None`: the text is not a number. No release so far wrote a version that is not a number.
fn check(version: Option<u64>, text: impl FnOnce() -> String) -> Result<(), NewerFormat> {
    match version {
        Some(UNWRITTEN_VERSION..=VERSION) => Ok(()),
        _ => Err(NewerFormat { found: text() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_version_is_told_from_older_ones_and_from_something_else() {
        let newer = |found: &str| NewerFormat { found: found.to_owned() };
        assert_eq!(read(r#"{"version":4,"topology":{"nodes":[]}}"#), Err(newer("4")));
        assert_eq!(read(r#"{"version":"3.1"}"#), Err(newer("\"3.1\"")));
        for other in ["", "{}", r#"{"version":2,"topology":{"#, r#"{"version":1,"topology":{}}"#] {
            assert_eq!(read(other), Ok(None), "{other}");
        }
        assert_eq!(check_label(Some("4")), Err(newer("4")));
        assert_eq!(check_label(Some("next")), Err(newer("next")));
        for known in [None, Some("1"), Some("2"), Some("3")] {
            assert_eq!(check_label(known), Ok(()), "{known:?}");
        }
        assert_eq!(
            newer("4").to_string(),
            "its stored format is version 4, and this redisctl reads versions up to 3"
        );
    }
}
