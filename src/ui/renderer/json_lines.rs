//! Events as lines of JSON on stderr, for programs.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use super::{Renderer, Sink};
use crate::event::{self, Event, Listener};

/// Writes a line for each event.
pub(super) struct JsonRenderer {
    state: Mutex<JsonState>,
}

struct JsonState {
    sink: Sink,
    lines: event::JsonLines,
}

impl JsonRenderer {
    pub(super) fn new(sink: Sink) -> Self {
        Self { state: Mutex::new(JsonState { sink, lines: event::JsonLines::default() }) }
    }
}

impl Listener for JsonRenderer {
    fn hear(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = state.lines.line(&event) {
            // A failure of stderr cannot be reported.
            let _ = writeln!(state.sink, "{line}");
        }
    }
}

impl Renderer for JsonRenderer {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing::Written;
    use super::*;
    use crate::plan::testing;

    #[test]
    fn every_event_is_a_line() {
        let written = Written::default();
        let renderer = JsonRenderer::new(Box::new(written.clone()));
        let plan = Arc::new(testing::starting(1));
        let stage = testing::stage_ids(&plan)[1];
        renderer.hear(Event::PlanStarted { plan });
        renderer.hear(Event::StageStarted { stage });
        insta::assert_snapshot!(written.text(), @r#"
        {"version":1,"event":"plan-started","deployment":"shop","steps":4}
        {"version":1,"event":"stage-started","stage":"start","subjects":["shop-1"]}
        "#);
    }
}
