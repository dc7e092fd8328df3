//! The run that holds a lease: its description for other runs, and whether it still works.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::process::{Process, ProcessState};

/// How long a lease is valid without a renewal: several renewal intervals, because a busy engine takes seconds for a
/// call.
pub(super) const LIFETIME: Duration = Duration::from_secs(20);

/// The description of a run in its lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LeaseHolder {
    /// The command.
    command: Option<String>,
    /// The user.
    user: Option<String>,
    /// The machine's name.
    host: Option<String>,
    /// The process, if other runs on the machine can see it.
    process: Option<Process>,
}

/// Whether a holder still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It works, as far as known.
    Works,
    /// Its process has ended.
    Ended,
    /// It has not renewed its lease for too long.
    Expired,
}

impl LeaseHolder {
    /// This run.
    pub(super) fn this_run(command: &str) -> Self {
        let user = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        Self {
            command: Some(command.to_owned()),
            user: user.filter(|user| !user.is_empty()),
            host: Some(gethostname::gethostname().to_string_lossy().into_owned()),
            process: Process::own(),
        }
    }

    pub(super) fn to_label(&self) -> String {
        // Plain data with text keys: it always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The run in a label; empty if this version cannot read the label.
    pub(super) fn from_label(label: &str) -> Self {
        serde_json::from_str(label).unwrap_or_default()
    }

    /// Whether the run still works, given the time since the last renewal of its lease.
    pub(super) fn judge(&self, since_renewal: Duration) -> Verdict {
        match self.process.as_ref().map_or(ProcessState::Unknown, Process::state) {
            ProcessState::Ended => Verdict::Ended,
            // A process that exists may be stopped, or may have dropped its run.
            _ if since_renewal > LIFETIME => Verdict::Expired,
            ProcessState::Exists | ProcessState::Unknown => Verdict::Works,
        }
    }

    /// The number of its process, if it is on this machine.
    pub(super) fn process_here(&self) -> Option<u32> {
        let process = self.process.as_ref().filter(|process| process.state() != ProcessState::Unknown);
        process.map(|process| process.id)
    }

    /// The run as text: its command, user and machine, and the age of its lease.
    pub(super) fn describe(&self, age: Duration) -> String {
        let command = match &self.command {
            Some(command) => format!("`redisctl {command}`"),
            None => "another redisctl".to_owned(),
        };
        let place = match (&self.user, &self.host) {
            (Some(user), Some(host)) => format!(" of {user}@{host}"),
            (None, Some(host)) => format!(" on {host}"),
            (Some(user), None) => format!(" of {user}"),
            (None, None) => String::new(),
        };
        let process = self.process_here().map(|process| format!("process {process}, ")).unwrap_or_default();
        format!("{command}{place} ({process}begun {} s ago)", age.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far() -> LeaseHolder {
        let process = Some(Process { machine: "another".to_owned(), id: 7, started: 1 });
        LeaseHolder {
            command: Some("up".to_owned()),
            user: Some("ann".to_owned()),
            host: Some("box".to_owned()),
            process,
        }
    }

    #[test]
    fn a_holder_describes_itself_to_other_versions_too() {
        assert_eq!(LeaseHolder::from_label(&far().to_label()), far());
        assert_eq!(far().describe(Duration::from_secs(5)), "`redisctl up` of ann@box (begun 5 s ago)");
        let newer = r#"{"command":"down","since":"yesterday"}"#;
        assert_eq!(
            LeaseHolder::from_label(newer).describe(Duration::ZERO),
            "`redisctl down` (begun 0 s ago)"
        );
        for label in ["", "[]", "no JSON"] {
            assert_eq!(
                LeaseHolder::from_label(label).describe(Duration::ZERO),
                "another redisctl (begun 0 s ago)"
            );
        }
    }

    #[test]
    fn a_lease_that_is_not_renewed_expires() {
        assert_eq!(far().judge(LIFETIME), Verdict::Works);
        assert_eq!(far().judge(LIFETIME + Duration::from_secs(1)), Verdict::Expired);
        assert_eq!(far().process_here(), None);
        // An empty description expires.
        assert_eq!(LeaseHolder::default().judge(LIFETIME * 2), Verdict::Expired);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_has_ended_on_this_machine_is_seen_at_once() {
        let this = LeaseHolder::this_run("up");
        assert_eq!(this.judge(Duration::ZERO), Verdict::Works);
        assert_eq!(this.judge(LIFETIME * 2), Verdict::Expired);
        assert_eq!(this.process_here(), Some(std::process::id()));
        let mut ended = this;
        if let Some(process) = &mut ended.process {
            // Another process had the same number.
            process.started -= 1;
        }
        assert_eq!(ended.judge(Duration::ZERO), Verdict::Ended);
    }
}
