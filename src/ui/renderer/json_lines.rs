//! Events as newline-delimited JSON, for programs that watch.

use std::sync::{Mutex, PoisonError};

use super::{Renderer, Sink};
use crate::event::{Event, Listener};

/// Writes one line per event.
pub(super) struct JsonLines {
    sink: Mutex<Sink>,
}

impl JsonLines {
    pub(super) fn new(sink: Sink) -> Self {
        Self { sink: Mutex::new(sink) }
    }
}

impl Listener for JsonLines {
    fn hear(&self, event: Event) {
        let Ok(line) = serde_json::to_string(&event) else { return };
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // Where stderr is gone, nobody is left to tell.
        let _ = writeln!(sink, "{line}");
    }
}

impl Renderer for JsonLines {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::plain::tests::Written;
    use super::*;

    #[test]
    fn every_event_is_a_line() {
        let written = Written::default();
        let renderer = JsonLines::new(Box::new(written.clone()));
        renderer.hear(Event::StageStarted { stage: "start".to_owned(), subjects: vec!["shop-1".to_owned()] });
        renderer
            .hear(Event::StageFinished { stage: "start".to_owned(), took: Duration::from_micros(1_234_567) });
        insta::assert_snapshot!(written.text(), @r#"
        {"event":"stage-started","stage":"start","subjects":["shop-1"]}
        {"event":"stage-finished","stage":"start","took":1.235}
        "#);
    }
}
