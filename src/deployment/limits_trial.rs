//! Asks the engine whether it gives containers their kernel parameters and limits, before anything is made.

use super::Error;
use super::engine::ConnectedEngine;
use super::loaded_spec::LoadedSpec;
use crate::docker::limits_trial::LimitsTrial;
use crate::spec::{Problem, Spec};
use crate::topology::Topology;

/// Refuses what the engine refuses. What the deployment has already needs no trial.
///
/// # Errors
/// Each refused field, with the engine's words.
pub(super) async fn try_limits(
    spec: &LoadedSpec,
    topology: &Topology,
    stored: Option<&Topology>,
    engine: &ConnectedEngine,
) -> Result<(), Error> {
    let trial_of = |topology: &Topology| LimitsTrial {
        sysctls: topology.sysctls.clone(),
        files: topology.nodes().iter().filter_map(|node| node.resources.files).max(),
    };
    let mut trial = trial_of(topology);
    if trial == LimitsTrial::default() || stored.is_some_and(|stored| trial_of(stored) == trial) {
        return Ok(());
    }
    let (docker, program) = (engine.api.client(), topology.server.program());
    let mut problems = Vec::new();
    // Each refusal takes at least one of them out, or ends the trial.
    while let Some(words) = trial.refused(docker, &topology.image, program, &topology.name).await? {
        let problem = problem(&spec.document.spec, &trial, &words);
        match problem.path.segments() {
            [field, name] if field == "sysctls" => drop(trial.sysctls.remove(name)),
            [.., field] if field == "files" => trial.files = None,
            _ => {
                problems.push(problem);
                break;
            }
        }
        problems.push(problem);
    }
    if problems.is_empty() { Ok(()) } else { Err(spec.document.locate(problems).into()) }
}

/// The problem that the engine's words are about: they name a kernel parameter, or the limit of files as `rlimit`.
fn problem(spec: &Spec, trial: &LimitsTrial, words: &str) -> Problem {
    let names = |name: &&String| words.contains(name.as_str()) || words.contains(&name.replace('.', "/"));
    let parameter = trial.sysctls.keys().filter(names).max_by_key(|name| name.len());
    let path: Vec<&str> = match (parameter, trial.files) {
        (Some(name), _) => vec!["sysctls", name],
        (None, Some(files)) if words.contains("rlimit") || trial.sysctls.is_empty() => {
            let gives = |own: &Option<crate::spec::ResourcesSpec>| {
                own.as_ref().and_then(|own| own.files) == Some(files)
            };
            let node = spec.nodes.iter().flatten().find(|(_, node)| gives(&node.resources));
            match node {
                Some((name, _)) if !gives(&spec.resources) => vec!["nodes", name, "resources", "files"],
                _ => vec!["resources", "files"],
            }
        }
        (None, _) => vec!["sysctls"],
    };
    let hint = match path.as_slice() {
        ["sysctls", ..] => "a container has no other kernel parameters than those of its own namespaces",
        _ => "the engine's machine allows fewer: see `fs.nr_open` there",
    };
    Problem::new(&path, format!("the engine refuses this: {}", words.trim())).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_engine_lead_to_a_field() {
        let spec: Spec = serde_yaml::from_str(
            "{kind: standalone, sysctls: {kernel.x: 1, net.core.somaxconn: a}, nodes: {shop-1: {resources: {files: 900}}}}",
        )
        .unwrap();
        let sysctls = [("kernel.x", "1"), ("net.core.somaxconn", "a")];
        let sysctls = sysctls.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let trial = LimitsTrial { sysctls, files: Some(900) };
        for (words, path) in [
            ("sysctl \"kernel.x\" is not in a separate kernel namespace", "sysctls.\"kernel.x\""),
            ("write /proc/sys/net/core/somaxconn: invalid argument", "sysctls.\"net.core.somaxconn\""),
            ("setting rlimit 7: operation not permitted", "nodes.shop-1.resources.files"),
            ("no space left", "sysctls"),
        ] {
            assert_eq!(problem(&spec, &trial, words).path.to_string(), path, "{words}");
        }
    }
}
