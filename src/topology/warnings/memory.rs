//! Warnings about servers that may fill more memory than their containers have.

use crate::spec::{NodeSpec, Problem, Spec};
use crate::topology::settings::values::memory_bytes;
use crate::topology::{Node, Topology};

/// Warns of each `maxmemory` that does not leave enough of the container's memory, at its field.
pub(super) fn warnings(spec: &Spec, topology: &Topology) -> Vec<Problem> {
    let mut warnings: Vec<Problem> = Vec::new();
    for node in topology.servers() {
        let Some((message, hint)) = lack(node, topology) else { continue };
        let own =
            spec.nodes.iter().flatten().find(|(name, _)| *name == node.name.as_str()).map(|(_, own)| own);
        let gives = |own: &&NodeSpec| own.config.iter().flatten().any(|(name, _)| name == "maxmemory");
        let problem = match own.filter(gives) {
            Some(_) => Problem::new(&["nodes", node.name.as_str(), "config", "maxmemory"], message),
            None => Problem::new(&["config", "maxmemory"], message),
        };
        // Nodes that share a field need one warning.
        if warnings.iter().all(|other| other.path != problem.path) {
            warnings.push(problem.hint(hint));
        }
    }
    warnings
}

/// The reason why a node's container has too little memory, and what helps.
fn lack(node: &Node, topology: &Topology) -> Option<(String, String)> {
    let most_keys = node.settings.get("maxmemory").and_then(memory_bytes).filter(|bytes| *bytes > 0)?;
    let limit = node.resources.memory?;
    if most_keys >= limit {
        let message = format!(
            "`maxmemory` is {most_keys} bytes, and the container's memory is {limit} bytes: the kernel kills the server \
             before it reaches `maxmemory`"
        );
        let hint = "lower `maxmemory`, or raise `resources.memory`: the server needs memory beside the keys";
        return Some((message, hint.to_owned()));
    }
    // While a forked child writes the keys, the kernel copies every page that the server changes.
    let cause = forks(node, topology)?;
    let needed = most_keys.saturating_mul(2);
    (needed > limit).then(|| {
        let message = format!(
            "`maxmemory` is {most_keys} bytes, and the container's memory is {limit} bytes: the kernel may kill the server \
             while it forks {cause}"
        );
        (message, format!("raise `resources.memory` to {needed} bytes or more, or leave it out"))
    })
}

/// Why a server forks, if it does.
fn forks(node: &Node, topology: &Topology) -> Option<&'static str> {
    if node.settings.get("appendonly").is_some_and(|value| value.eq_ignore_ascii_case("yes")) {
        return Some("to rewrite its append-only file");
    }
    // Without the directive, servers save.
    if node.settings.get("save").is_none_or(|points| !points.trim_matches('"').is_empty()) {
        return Some("to save a snapshot");
    }
    topology.has_replicas().then_some("to send its keys to a new replica")
}

#[cfg(test)]
mod tests {
    use crate::spec::Spec;
    use crate::topology::resolve::{Facts, resolve};

    fn found(yaml: &str) -> Vec<String> {
        let spec: Spec = serde_yaml::from_str(yaml).unwrap();
        let topology = resolve(&spec, &Facts::offline("shop")).unwrap();
        super::warnings(&spec, &topology)
            .iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect()
    }

    #[test]
    fn a_maxmemory_that_the_container_cannot_hold_is_warned_about_once_for_each_field() {
        let text = "`maxmemory` is 104857600 bytes, and the container's memory is 67108864 bytes: the kernel kills the server \
                    before it reaches `maxmemory`";
        let all = found("{kind: cluster, config: {maxmemory: 100mb}, resources: {memory: 64mb}}");
        assert_eq!(all, [format!("config.maxmemory: {text}")]);
        let one = found(
            "{kind: replication, resources: {memory: 64mb}, nodes: {shop-2: {config: {maxmemory: 100mb}}}}",
        );
        assert_eq!(one, [format!("nodes.shop-2.config.maxmemory: {text}")]);
    }

    #[test]
    fn a_server_that_forks_needs_twice_the_memory_of_its_keys() {
        for (spec, cause) in [
            ("kind: standalone, data: volume, config: {maxmemory: 60mb}", "to rewrite its append-only file"),
            ("kind: standalone, config: {save: 900 1, maxmemory: 60mb}", "to save a snapshot"),
            ("kind: cluster, config: {maxmemory: 60mb}", "to send its keys to a new replica"),
        ] {
            let text = found(&format!("{{{spec}, resources: {{memory: 64mb}}}}"));
            assert_eq!(text.len(), 1, "{text:?}");
            assert!(text[0].ends_with(cause), "{text:?}");
        }
        assert!(found("{kind: cluster, config: {maxmemory: 60mb}, resources: {memory: 120mb}}").is_empty());
    }

    #[test]
    fn a_server_that_fits_is_no_warning() {
        for fits in [
            "config: {maxmemory: 60mb}, resources: {memory: 64mb}",
            "config: {maxmemory: 4gb}",
            "resources: {memory: 64mb}",
        ] {
            assert!(found(&format!("{{kind: standalone, {fits}}}")).is_empty(), "{fits}");
        }
    }
}
