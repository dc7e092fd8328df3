//! Rules of what a container gets of its machine: limits, kernel parameters, platform.

use crate::spec::{Problem, ResourcesSpec, Scalar, Spec};
use crate::topology::Platform;
use crate::topology::memory_limits::MemoryLimit;
use crate::topology::open_files::FEWEST_FILES;

/// Limits are amounts that the engine can take.
pub(super) fn limits_can_be_read(spec: &Spec) -> Vec<Problem> {
    let nodes = spec.nodes.iter().flatten();
    let nodes =
        nodes.flat_map(|(name, node)| limits_of(&["nodes", name, "resources"], node.resources.as_ref()));
    nodes.chain(limits_of(&["resources"], spec.resources.as_ref())).collect()
}

fn limits_of(path: &[&str], resources: Option<&ResourcesSpec>) -> Vec<Problem> {
    /// Docker's own lower bound for a container's memory.
    const LEAST_MEMORY: u64 = 6 * 1024 * 1024;
    let Some(resources) = resources else { return Vec::new() };
    let at = |field: &'static str| path.iter().copied().chain([field]).collect::<Vec<&str>>();
    let mut problems = Vec::new();
    if let Some(memory) = resources.memory.as_ref().map(Scalar::text) {
        match MemoryLimit::read(&memory) {
            None => problems.push(
                Problem::new(&at("memory"), format!("`{memory}` is not an amount of memory"))
                    .hint("write bytes, a number with a unit (`128mb`, `1gb`), or `unlimited`"),
            ),
            Some(MemoryLimit::Bytes(bytes)) if bytes < LEAST_MEMORY => {
                problems.push(Problem::new(
                    &at("memory"),
                    format!("`{memory}` is less than Docker's minimum, `6mb`"),
                ));
            }
            Some(_) => {}
        }
    }
    if resources.cpus.is_some_and(|cpus| !(0.01..=1024.0).contains(&cpus)) {
        problems.push(Problem::new(&at("cpus"), "`cpus` must be between 0.01 and 1024"));
    }
    if resources.files.is_some_and(|files| files < FEWEST_FILES) {
        let problem = Problem::new(&at("files"), format!("`files` must be at least {FEWEST_FILES}"));
        problems.push(problem.hint("each client and each link between nodes needs one"));
    }
    problems
}

/// Kernel parameters have names and values of one word each. The engine refuses those that a container does not have.
pub(super) fn kernel_parameters_are_named(spec: &Spec) -> Vec<Problem> {
    let is_name = |name: &str| {
        name.contains('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let problem = |(name, value): (&String, &Scalar)| {
        let at = ["sysctls", name];
        if !is_name(name) {
            let problem = Problem::new(&at, format!("`{name}` is not the name of a kernel parameter"));
            return Some(problem.hint("write it with dots: `net.core.somaxconn`"));
        }
        let value = value.text();
        let is_value = !value.trim().is_empty()
            && !value.contains(|character: char| character.is_control() && character != '\t');
        (!is_value).then(|| Problem::new(&at, format!("`{name}` needs a value in one line")))
    };
    spec.sysctls.iter().flatten().filter_map(problem).collect()
}

/// A platform is a system and a processor.
pub(super) fn platform_is_named(spec: &Spec) -> Option<Problem> {
    let text = spec.platform.as_ref()?;
    text.parse::<Platform>().is_err().then(|| {
        Problem::new(&["platform"], format!("`{text}` is not a platform"))
            .hint("write system and processor: `linux/amd64` or `linux/arm64`")
    })
}
