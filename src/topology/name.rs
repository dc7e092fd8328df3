//! Names of deployments and nodes, valid by construction.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest name of a deployment. With `-` and a node's number, it must fit into the 63 characters of a host
/// name's label.
const LONGEST_NAME: usize = 50;

/// The names of Docker's own networks.
const RESERVED: [&str; 4] = ["bridge", "default", "host", "none"];

/// Why a text is not a deployment name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It has no characters.
    #[error("a deployment's name must not be empty")]
    Empty,
    /// It is longer than a host name allows.
    #[error("`{0}` has more than {LONGEST_NAME} characters")]
    TooLong(String),
    /// It has a character, or starts with a character, that Docker refuses in names.
    #[error("`{0}` is not a name that Docker accepts")]
    Characters(String),
    /// Docker has a network of that name.
    #[error("`{0}` is the name of a network of Docker's own")]
    Reserved(String),
}

impl NameError {
    /// The rules for names, as a hint.
    #[must_use]
    pub fn hint() -> &'static str {
        "use letters, digits, `_`, `.` and `-`, starting with a letter or digit, 50 characters at most"
    }
}

/// The name of a deployment: also its network's name and the prefix of its nodes' names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct DeploymentName(String);

impl DeploymentName {
    /// Checks `name`.
    ///
    /// # Errors
    /// Docker would refuse the name, or uses it itself.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        let allowed = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
        match name.chars().next() {
            None => Err(NameError::Empty),
            Some(first) if !first.is_ascii_alphanumeric() || !name.chars().all(allowed) => {
                Err(NameError::Characters(name))
            }
            Some(_) if name.len() > LONGEST_NAME => Err(NameError::TooLong(name)),
            Some(_) if RESERVED.contains(&name.as_str()) => Err(NameError::Reserved(name)),
            Some(_) => Ok(Self(name)),
        }
    }

    /// A name with a suffix. A name that becomes too long is cut.
    #[must_use]
    pub(crate) fn with_suffix(name: &str, suffix: &str) -> String {
        let room = LONGEST_NAME - suffix.len() - 1;
        let name: String = name.chars().take(room).collect();
        format!("{name}-{suffix}")
    }

    /// The name of the node with this number, counted from 1.
    #[must_use]
    pub fn node(&self, number: usize) -> NodeName {
        NodeName(format!("{}-{number}", self.0))
    }

    /// The name of the anchor, the container that holds the network namespace of all nodes.
    #[must_use]
    pub fn anchor(&self) -> NodeName {
        NodeName(format!("{}-network", self.0))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DeploymentName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl From<DeploymentName> for String {
    fn from(name: DeploymentName) -> Self {
        name.0
    }
}

impl fmt::Display for DeploymentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The name of a node, `<deployment>-<n>`; also of its container, host name and network alias. It comes from
/// [`DeploymentName`], or from a label that redisctl wrote.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NodeName(String);

impl NodeName {
    /// A name read back from a label that redisctl wrote.
    #[must_use]
    pub fn from_label(label: &str) -> Self {
        Self(label.to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The node's number in its deployment; `None` for the anchor.
    #[must_use]
    pub fn number_in(&self, deployment: &DeploymentName) -> Option<usize> {
        self.0.strip_prefix(deployment.as_str())?.strip_prefix('-')?.parse().ok().filter(|number| *number > 0)
    }

    /// The name split for sorting: text before the last `-`, then the number behind it.
    fn order(&self) -> (&str, Option<usize>) {
        match self.0.rsplit_once('-') {
            Some((stem, number)) => (stem, number.parse().ok()),
            None => (&self.0, None),
        }
    }
}

impl Ord for NodeName {
    /// `shop-2` comes before `shop-10`.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for NodeName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_docker_refuses_are_refused() {
        for good in ["shop", "a", "Shop_2.test-x", "0"] {
            assert!(DeploymentName::new(good).is_ok(), "{good}");
        }
        let long = "x".repeat(51);
        for bad in ["", "-shop", ".shop", "sh op", "shöp", "a/b", "bridge", "host", long.as_str()] {
            assert!(DeploymentName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_suffix_fits_even_behind_the_longest_name() {
        assert_eq!(DeploymentName::with_suffix("shop", "x7k2q9"), "shop-x7k2q9");
        let cut = DeploymentName::with_suffix(&"y".repeat(50), "x7k2q9");
        assert!(DeploymentName::new(&*cut).is_ok() && cut.ends_with("y-x7k2q9"), "{cut}");
    }

    #[test]
    fn nodes_sort_by_number() {
        let shop = DeploymentName::new("shop").expect("a good name");
        let mut names = [shop.node(10), shop.node(2), shop.node(1)];
        names.sort();
        assert_eq!(names, [shop.node(1), shop.node(2), shop.node(10)]);
    }
}
