//! Short results: the shipped topologies, a valid spec, removed deployments.

use std::fmt::Write as _;

use console::Alignment::Left;

use super::Palette;
use super::table::Table;
use crate::counted::counted;
use crate::removed::Removed;
use crate::topology::Topology;

/// The shipped topologies: name and summary of each.
pub(super) fn topologies(specs: &[(&str, &str)], palette: Palette) -> String {
    let mut table = Table::new(&[("TOPOLOGY", Left), ("WHAT IT IS", Left)]);
    for (name, summary) in specs {
        table.row(vec![palette.strong(name), (*summary).to_owned()]);
    }
    table.render(palette)
}

/// A spec without problems.
pub(super) fn valid(source: &str, topology: &Topology, palette: Palette) -> String {
    let name = palette.strong(&topology.name);
    format!("{source} {}: deployment {name}, {}\n", palette.good("is valid"), topology.summary())
}

/// The parts that `down` removed and kept, a line for each deployment.
pub(super) fn removed(deployments: &[(String, Removed)], palette: Palette) -> String {
    if deployments.is_empty() {
        return "nothing to remove\n".to_owned();
    }
    // Writing to a String cannot fail.
    let mut text = String::new();
    for (name, removed) in deployments {
        let counts = [
            counted(removed.containers.len(), "container"),
            counted(removed.networks.len(), "network"),
            counted(removed.volumes.len(), "volume"),
        ];
        let _ = writeln!(text, "{} removed: {}", palette.strong(name), counts.join(", "));
        if !removed.kept_volumes.is_empty() {
            let volumes = removed.kept_volumes.join(", ");
            let _ = writeln!(
                text,
                "  kept the data in {volumes}; `redisctl down {name} --volumes` removes it too"
            );
        }
    }
    text
}
