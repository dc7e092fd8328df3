//! Warnings about servers that may fill more memory than their containers have.

use crate::spec::{NodeSpec, Problem, Spec};
use crate::topology::settings::values::memory_bytes;
use crate::topology::{Node, Topology};

/// Warns of each `maxmemory` that is not below the memory limit of its container, at its field.
pub(super) fn warnings(spec: &Spec, topology: &Topology) -> Vec<Problem> {
    let mut warnings: Vec<Problem> = Vec::new();
    for node in topology.servers() {
        let Some((most_keys, limit)) = too_much(node) else { continue };
        let message = format!(
            "`maxmemory` is {most_keys} bytes, and the container's memory is {limit} bytes: the kernel kills the server \
             before it reaches `maxmemory`"
        );
        let own =
            spec.nodes.iter().flatten().find(|(name, _)| *name == node.name.as_str()).map(|(_, own)| own);
        let gives = |own: &&NodeSpec| own.config.iter().flatten().any(|(name, _)| name == "maxmemory");
        let problem = match own.filter(gives) {
            Some(_) => Problem::new(&["nodes", node.name.as_str(), "config", "maxmemory"], message),
            None => Problem::new(&["config", "maxmemory"], message),
        };
        let problem = problem
            .hint("lower `maxmemory`, or raise `resources.memory`: the server needs memory beside the keys");
        // Nodes that share a field need one warning.
        if warnings.iter().all(|other| other.path != problem.path) {
            warnings.push(problem);
        }
    }
    warnings
}

/// A node's `maxmemory` and memory limit in bytes, if `maxmemory` exceeds the limit.
fn too_much(node: &Node) -> Option<(u64, u64)> {
    let most_keys = node.settings.get("maxmemory").and_then(memory_bytes)?;
    let limit = node.resources.memory?;
    (most_keys >= limit).then_some((most_keys, limit))
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
