//! Writes the bundle of `up --bundle`: plans and events while they happen, so that a process that is
//! killed leaves them too, everything else at the end. Every byte goes through the masks.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};

use super::{CommandError, gather};
use crate::bundle::{self, Masks, Piece};
use crate::event::{Event, JsonLines, Listener};
use crate::topology::Credentials;
use crate::ui::{Brought, Verified};

pub(super) use gather::Scene;

/// RFC 3339 with three digits of the second's fraction. [`Rfc3339`] leaves zeros at the end out, and such times cannot
/// be sorted as text.
///
/// [`Rfc3339`]: time::format_description::well_known::Rfc3339
const MILLISECONDS: EncodedConfig = Config::DEFAULT
    .set_time_precision(TimePrecision::Second { decimal_digits: std::num::NonZero::new(3) })
    .encode();

/// A bundle that is being written.
pub(super) struct Bundle {
    folder: PathBuf,
    started: SystemTime,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    masks: Masks,
    /// Makes lines of events.
    lines: JsonLines,
    /// How many plans have been heard of.
    plans: usize,
    /// The first thing that could not be written.
    broken: Option<io::Error>,
}

impl Bundle {
    /// Begins a bundle in a folder that is not there yet, is empty, or holds an earlier bundle, which
    /// is taken away.
    pub(super) fn begin(folder: &Path) -> Result<Self, CommandError> {
        let broken = |source| CommandError::File { operation: "write", path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(broken)?;
        if folder.join(bundle::SUMMARY).is_file() {
            remove_earlier(folder).map_err(broken)?;
        } else if std::fs::read_dir(folder).map_err(broken)?.next().is_some() {
            return Err(CommandError::Usage {
                message: format!("`{}` holds something else than a bundle", folder.display()),
                hint: "name a folder that is empty or not there yet: an earlier bundle would be replaced"
                    .to_owned(),
            });
        }
        let begun = Self { folder: folder.to_owned(), started: SystemTime::now(), state: Mutex::default() };
        // Whoever finds the folder after a crash can tell what it is.
        let unfinished = Piece::json(bundle::SUMMARY, &begun.summary("unfinished", &json!({})));
        begun.put(&mut begun.state(), &unfinished).map_err(broken)?;
        Ok(begun)
    }

    /// Covers these passwords in everything that is written from now on.
    pub(super) fn cover(&self, credentials: &Credentials) {
        let mut state = self.state();
        credentials.secrets().for_each(|secret| state.masks.cover(secret));
    }

    /// Gathers what there is to know, and writes it. That something could not be had or written is no
    /// reason to fail: it says so itself.
    pub(super) async fn gather(&self, scene: &Scene) {
        for piece in Box::pin(gather::pieces(scene)).await {
            self.write(&piece);
        }
    }

    /// Writes how it ended, and says where the bundle is.
    pub(super) fn complete(&self, scene: &Scene, result: &Result<Brought, CommandError>) -> Event {
        for piece in self.outcome(scene, result) {
            self.write(&piece);
        }
        let folder = self.folder.display();
        match self.state().broken.take() {
            None => Event::Note { message: format!("the bundle is in `{folder}`") },
            Some(error) => Event::Warning { message: format!("the bundle in `{folder}` has gaps: {error}") },
        }
    }

    /// How it ended.
    fn outcome(&self, scene: &Scene, result: &Result<Brought, CommandError>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (outcome, mut more) = match result {
            Ok(Brought { verified: Some(Verified { report, .. }), .. }) if report.failed() > 0 => {
                ("checks failed", json!({}))
            }
            Ok(_) => ("ready", json!({})),
            Err(error) => {
                let text = match error {
                    CommandError::Spec(error) => error.render(false),
                    error => error.failure().plain(),
                };
                pieces.push(Piece::new(bundle::ERROR, text));
                ("failed", json!({"error": error.to_string()}))
            }
        };
        if let Ok(Brought { changes, verified, .. }) = result {
            more["changes"] = json!(changes);
            if let Some(Verified { report, .. }) = verified {
                pieces.push(Piece::json(bundle::VERIFICATION, &report.to_json(true)));
                pieces.push(Piece::new(bundle::TRANSCRIPT, report.transcript_text()));
            }
        }
        more["deployment"] = json!(scene.prepared.as_ref().map(|prepared| &prepared.topology.name));
        pieces.push(Piece::json(bundle::SUMMARY, &self.summary(outcome, &more)));
        pieces
    }

    fn summary(&self, outcome: &str, more: &Value) -> Value {
        let mut summary = json!({
            "outcome": outcome,
            "redisctl": env!("CARGO_PKG_VERSION"),
            "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
            "started": time(self.started),
            "written": time(SystemTime::now()),
        });
        if let (Some(summary), Some(more)) = (summary.as_object_mut(), more.as_object()) {
            summary.extend(more.clone());
        }
        summary
    }

    /// Writes down an event, with the time, and a plan in files of its own, too.
    fn record(&self, event: &Event) {
        if let Event::Planned { plan } = event {
            let number = {
                let mut state = self.state();
                state.plans += 1;
                state.plans
            };
            let at = |ending: &str| format!("{}/{number}.{ending}", bundle::PLANS);
            self.write(&Piece::new(&at("txt"), plan.to_string()));
            self.write(&Piece::json(&at("json"), &plan.to_json()));
        }
        let mut state = self.state();
        let Some(fields) = state.lines.line(event) else { return };
        // The time comes first, so that lines can be read, and sorted.
        let line = format!("{{\"at\":{},{}", time(SystemTime::now()), fields.trim_start_matches('{'));
        let line = state.masks.apply(&line);
        let path = self.folder.join(bundle::EVENTS);
        let written = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let written = written.and_then(|mut file| writeln!(file, "{line}"));
        state.note(written);
    }

    fn write(&self, piece: &Piece) {
        let mut state = self.state();
        let written = self.put(&mut state, piece);
        state.note(written);
    }

    fn put(&self, state: &mut State, Piece { path, text }: &Piece) -> io::Result<()> {
        let path = path.split('/').fold(self.folder.clone(), |path, part| path.join(part));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, state.masks.apply(text))
    }

    /// What panicked half-way leaves a state that is still whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.broken.get_or_insert(error);
        }
    }
}

/// Takes away what an earlier bundle left, and nothing else.
fn remove_earlier(folder: &Path) -> io::Result<()> {
    for name in bundle::TOP {
        let path = folder.join(name);
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A time as RFC 3339 text, milliseconds included.
fn time(at: SystemTime) -> Value {
    OffsetDateTime::from(at).format(&Iso8601::<MILLISECONDS>).map_or(Value::Null, Value::from)
}

/// Listens for another listener, and writes everything into a bundle, if there is one.
pub(super) struct Recorder<'a> {
    inner: &'a dyn Listener,
    bundle: Option<&'a Bundle>,
}

impl<'a> Recorder<'a> {
    /// Passes every event on to `inner`.
    pub(super) fn new(inner: &'a dyn Listener, bundle: Option<&'a Bundle>) -> Self {
        Self { inner, bundle }
    }
}

impl Listener for Recorder<'_> {
    fn hear(&self, event: Event) {
        if let Some(bundle) = self.bundle {
            bundle.record(&event);
        }
        self.inner.hear(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SecretText;

    fn begin(folder: &Path) -> Bundle {
        Bundle::begin(folder).expect("a folder that can be written")
    }

    fn read(folder: &Path, name: &str) -> String {
        std::fs::read_to_string(folder.join(name)).expect("a file of the bundle")
    }

    #[test]
    fn times_have_milliseconds_and_sort_as_text() {
        let at = |milliseconds| time(SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(milliseconds));
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(1_795_390_918_120), "2026-11-22T23:41:58.120Z");
    }

    #[test]
    fn events_are_there_at_once_and_masked() {
        let folder = tempfile::tempdir().expect("a folder");
        let bundle = begin(folder.path());
        let hunter = Credentials { default: Some(SecretText::new("hunter2")), ..Credentials::default() };
        bundle.cover(&hunter);
        bundle.record(&Event::Note { message: "AUTH hunter2".to_owned() });
        let line: Value = serde_json::from_str(&read(folder.path(), bundle::EVENTS)).expect("one line");
        assert_eq!((&line["event"], &line["message"]), (&json!("note"), &json!("AUTH ***")));
        assert!(line["at"].as_str().expect("a time").ends_with('Z'), "{line}");
        let summary: Value = serde_json::from_str(&read(folder.path(), bundle::SUMMARY)).expect("JSON");
        assert_eq!(summary["outcome"], "unfinished");
    }

    #[test]
    fn an_earlier_bundle_is_replaced_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let bundle = begin(&folder.path().join("new/one"));
        bundle.record(&Event::Note { message: "first".to_owned() });
        let earlier = folder.path().join("new/one");
        std::fs::create_dir_all(earlier.join("nodes/shop-9")).expect("a folder in the bundle");
        std::fs::write(earlier.join("mine.txt"), "mine").expect("a file beside the bundle");
        begin(&earlier);
        let mut left: Vec<_> = std::fs::read_dir(&earlier)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, [bundle::SUMMARY, "mine.txt"]);
    }

    #[test]
    fn a_folder_of_somebody_elses_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("thesis.txt"), "years of work").expect("a file");
        let error = Bundle::begin(folder.path()).err().expect("a refusal");
        assert_eq!(error.exit_code(), 2);
        assert_eq!(read(folder.path(), "thesis.txt"), "years of work");
        let file = folder.path().join("thesis.txt");
        assert_eq!(Bundle::begin(&file).err().expect("a refusal").exit_code(), 2);
    }
}
