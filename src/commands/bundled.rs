//! The specs that are compiled into the binary.

use super::{CommandError, Outcome};
use crate::ui::Ui;

/// A bundled spec.
pub(super) struct Bundled {
    /// Its name, and the default name of its deployment.
    pub(super) name: &'static str,
    /// The YAML text.
    pub(super) text: &'static str,
}

/// Every bundled spec.
pub(super) const BUNDLED: [Bundled; 5] = [
    Bundled { name: "standalone", text: include_str!("../../topologies/standalone.yaml") },
    Bundled { name: "replica", text: include_str!("../../topologies/replica.yaml") },
    Bundled { name: "sentinel", text: include_str!("../../topologies/sentinel.yaml") },
    Bundled { name: "cluster", text: include_str!("../../topologies/cluster.yaml") },
    Bundled { name: "secure", text: include_str!("../../topologies/secure.yaml") },
];

impl Bundled {
    /// The bundled spec of that name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        BUNDLED.iter().find(|bundled| bundled.name == name)
    }

    /// What it is: the first line of its text, which is a comment.
    fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}

/// `redisctl topologies`.
pub(super) fn list(ui: &Ui) -> Result<Outcome, CommandError> {
    let lines: Vec<(&str, &str)> = BUNDLED.iter().map(|bundled| (bundled.name, bundled.summary())).collect();
    ui.topologies(&lines)?;
    Ok(Outcome::Done)
}
