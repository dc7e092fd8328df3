//! The modules that each part of the crate must never use.

use super::imports::{Crate, Module, Used};

/// A part of the crate, and the modules that it must not know.
pub(super) struct Layer {
    /// The modules of the part, with all their descendants.
    pub(super) part: &'static [&'static str],
    /// Modules and crates that it must not use: `crate::docker`, `bollard`, `std::env`.
    pub(super) never: &'static [&'static str],
}

/// The core: it decides, and has no `async`.
pub(super) const CORE: &[&str] = &[
    "arrangement",
    "bundle",
    "certificates",
    "command_file",
    "connection",
    "counted",
    "doctor",
    "event",
    "export",
    "failover",
    "junit",
    "node_change",
    "moved_data",
    "new_spec",
    "observation",
    "output",
    "plan",
    "planner",
    "readiness",
    "removed",
    "reply",
    "report",
    "run_outcome",
    "reset_result",
    "run_report",
    "snapshot",
    "spec",
    "status",
    "topology",
    "up_result",
    "verify",
    "versioned",
    "waiting",
];

/// The shell: it acts, and decides nothing. The core must not know it.
pub(super) const SHELL: &[&str] = &[
    "crate::cli",
    "crate::commands",
    "crate::deployment",
    "crate::docker",
    "crate::executor",
    "crate::poll",
    "crate::redis",
    "crate::ui",
];

/// Crates and parts of the standard library that access the machine.
const OUTSIDE: &[&str] = &[
    "bollard",
    "futures_util",
    "rand",
    "redis",
    "std::env",
    "std::fs",
    "std::net::TcpStream",
    "std::process",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
];

pub(super) const LAYERS: &[Layer] = &[
    Layer { part: CORE, never: SHELL },
    Layer { part: CORE, never: OUTSIDE },
    Layer {
        part: &["spec"],
        never: &["crate::topology", "crate::observation", "crate::plan", "crate::planner", "crate::verify"],
    },
    // The topology knows no running deployments.
    Layer {
        part: &["topology"],
        never: &[
            "crate::observation",
            "crate::plan",
            "crate::planner",
            "crate::readiness",
            "crate::status",
            "crate::verify",
        ],
    },
    // These parts know no specs, plans or expectations.
    Layer {
        part: &["arrangement", "observation"],
        never: &[
            "crate::plan",
            "crate::planner",
            "crate::readiness",
            "crate::spec::Spec",
            "crate::status",
            "crate::verify",
        ],
    },
    // Verification judges the deployment independently, so that the planner's mistakes show.
    Layer {
        part: &["verify"],
        never: &["crate::plan", "crate::planner", "crate::readiness", "crate::status", "crate::waiting"],
    },
    // It does not know the planner's comparisons.
    Layer {
        part: &["verify"],
        never: &[
            "crate::observation::access::ObservedUser",
            "crate::observation::access::PrimaryLogin",
            "crate::topology::acl::allow_the_same",
            "crate::topology::learned",
            "crate::topology::settings::values",
            "crate::topology::settings::while_forming",
            "crate::topology::settings::while_repairing",
            "crate::topology::settings::while_replacing",
        ],
    },
    // The executor knows no specs, slots or subnets, and no engine or server by name.
    Layer {
        part: &["executor"],
        never: &[
            "bollard",
            "crate::cli",
            "crate::commands",
            "crate::docker",
            "crate::planner",
            "crate::redis",
            "crate::spec",
            "crate::topology::slots",
            "crate::ui",
            "crate::verify",
            "ipnet",
            "redis",
        ],
    },
    // The engine's part knows no slots, roles and Redis commands.
    Layer {
        part: &["docker"],
        never: &[
            "crate::cli",
            "crate::commands",
            "crate::planner",
            "crate::readiness",
            "crate::redis",
            "crate::topology::acl",
            "crate::topology::slots",
            "crate::topology::users",
            "crate::ui",
            "crate::verify",
            "redis",
        ],
    },
    // The servers' part knows no containers, networks and images.
    Layer {
        part: &["redis"],
        never: &[
            "bollard",
            "crate::cli",
            "crate::commands",
            "crate::docker",
            "crate::planner",
            "crate::topology::container",
            "crate::ui",
            "ipnet",
        ],
    },
    Layer { part: &["ui"], never: &["bollard", "crate::commands", "crate::docker", "crate::redis", "redis"] },
    // The library knows no command lines and terminals.
    Layer {
        part: &["deployment"],
        never: &["clap", "console", "crate::cli", "crate::commands", "crate::ui"],
    },
    // The commands know no colours, no protocol, and no details of forming.
    Layer { part: &["commands"], never: &["console", "bollard", "redis"] },
];

/// All forbidden uses: the using module, and the used item.
pub(super) fn forbidden_uses(read: &Crate) -> Vec<(Module, String)> {
    let mut found = Vec::new();
    for (user, used) in read.uses() {
        let used = match used {
            Used::File(module, item) => {
                let parts = ["crate", &module.join("::"), &item];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::")
            }
            Used::Foreign(path) => path,
        };
        let is_forbidden = LAYERS.iter().any(|layer| {
            layer.part.iter().any(|part| is_within(&user.join("::"), part))
                && layer.never.iter().any(|never| is_within(&used, never))
        });
        if is_forbidden {
            found.push((user, used));
        }
    }
    found
}

/// Whether a path is another one or begins with it.
pub(super) fn is_within(path: &str, beginning: &str) -> bool {
    path.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
