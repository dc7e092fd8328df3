//! The verbs for nodes.

use schemars::JsonSchema;
use serde::Serialize;

/// A verb for nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeVerb {
    /// Start a container that does not run, or unpause a paused container.
    Start,
    /// End the server with SIGTERM. With `data: volume`, it saves its keys first. After 20 s, the engine kills it.
    Stop,
    /// Stop the server, and start it again.
    Restart,
    /// End the server with SIGKILL, as a crash does. The engine does not start the container again.
    Kill,
    /// Freeze the server: its connections stay open, and it does not answer.
    Pause,
    /// Let a paused server continue.
    Unpause,
}

impl NodeVerb {
    /// The verb as the command line and JSON spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
        }
    }

    /// The verb in the past tense.
    #[must_use]
    pub fn done(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
            Self::Restart => "restarted",
            Self::Kill => "killed",
            Self::Pause => "paused",
            Self::Unpause => "unpaused",
        }
    }

    /// The verb that puts the nodes back; `None` for a verb whose nodes run afterwards.
    #[must_use]
    pub fn undo(self) -> Option<Self> {
        match self {
            Self::Stop | Self::Kill => Some(Self::Start),
            Self::Pause => Some(Self::Unpause),
            Self::Start | Self::Restart | Self::Unpause => None,
        }
    }

    /// Whether the servers do not answer afterwards.
    #[must_use]
    pub fn silences(self) -> bool {
        self.undo().is_some()
    }
}
