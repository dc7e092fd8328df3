//! Writes the failure bundle of `up`. Plans and events are written when they happen, so that a killed process leaves
//! them, too. All other files are written at the end. All text is masked.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};

use super::Error;
use super::engine::ConnectedEngine;
use super::target::Target;
use crate::bundle::{self, Masks, Piece};
use crate::event::{Event, JsonLines, Listener, Note, Warning};
use crate::topology::{Credentials, DeploymentName};
use crate::up_result::UpResult;

mod after_command;
mod collect;

/// RFC 3339 with milliseconds. [`Rfc3339`] drops trailing zeros, so its times do not sort as text.
///
/// [`Rfc3339`]: time::format_description::well_known::Rfc3339
const MILLISECONDS: EncodedConfig = Config::DEFAULT
    .set_time_precision(TimePrecision::Second { decimal_digits: std::num::NonZero::new(3) })
    .encode();

/// A bundle that is being written.
pub(super) struct FailureBundle {
    folder: PathBuf,
    started: SystemTime,
    state: Mutex<BundleState>,
}

#[derive(Default)]
struct BundleState {
    masks: Masks,
    /// Formats events as lines.
    lines: JsonLines,
    /// The number of written plans.
    plans: usize,
    /// The first error while writing.
    broken: Option<io::Error>,
}

impl FailureBundle {
    /// Begins a bundle in a folder. The folder is new, or empty, or has an earlier bundle, which is replaced.
    pub(super) fn begin(folder: &Path) -> Result<Self, Error> {
        let broken = |source| Error::File { operation: "write", path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(broken)?;
        if folder.join(bundle::SUMMARY).is_file() {
            remove_earlier(folder).map_err(broken)?;
        } else if std::fs::read_dir(folder).map_err(broken)?.next().is_some() {
            return Err(Error::Invalid {
                message: format!("`{}` is not empty and has no bundle in it", folder.display()),
                hint: "name an empty or a new folder; a bundle in it would be replaced".to_owned(),
            });
        }
        let begun = Self { folder: folder.to_owned(), started: SystemTime::now(), state: Mutex::default() };
        // If redisctl crashes, this file explains the folder.
        let unfinished = Piece::json(bundle::SUMMARY, &begun.summary("unfinished", &json!({})));
        begun.put(&mut begun.state(), &unfinished).map_err(broken)?;
        Ok(begun)
    }

    /// Masks these passwords, if any, in all text that is written from now on.
    pub(super) fn mask(&self, credentials: Option<&Credentials>) {
        let mut state = self.state();
        for secret in credentials.into_iter().flat_map(Credentials::secrets) {
            state.masks.cover(secret);
        }
    }

    /// Collects answers of the engine and the servers, and writes them. If there are no answers, the files tell why.
    pub(super) async fn collect(&self, engine: &ConnectedEngine, target: Option<&Target>) {
        let deployment = target.map(|target| (&target.topology, &target.credentials));
        for piece in Box::pin(collect::pieces(engine, deployment)).await {
            self.write(&piece);
        }
    }

    /// Writes the end of the run, and reports the folder of the bundle.
    pub(super) fn complete(
        &self,
        deployment: Option<&DeploymentName>,
        result: Result<&UpResult, &Error>,
    ) -> Event {
        for piece in self.end(deployment, result) {
            self.write(&piece);
        }
        self.end_event()
    }

    /// The event of a bundle that is written.
    fn end_event(&self) -> Event {
        let folder = self.folder.clone();
        match self.state().broken.take() {
            None => Event::Note(Note::BundleWritten { folder }),
            Some(error) => Event::Warning(Warning::BundleIncomplete { folder, cause: error.to_string() }),
        }
    }

    /// The files about the end of the run.
    fn end(&self, deployment: Option<&DeploymentName>, result: Result<&UpResult, &Error>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (outcome, mut more) = match result {
            Ok(result) if !result.passed() => ("checks failed", json!({})),
            Ok(_) => ("ready", json!({})),
            Err(error) => {
                pieces.push(Piece::new(bundle::ERROR, error.text()));
                ("failed", json!({"error": error.to_string()}))
            }
        };
        if let Ok(UpResult { changes, verification, .. }) = result {
            more["changes"] = json!(changes);
            if let Some(verification) = verification {
                let report = &verification.report;
                pieces.push(Piece::json(bundle::VERIFICATION, &report.to_json(true)));
                pieces.push(Piece::new(bundle::TRANSCRIPT, report.transcript_text()));
            }
        }
        more["deployment"] = json!(deployment);
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

    /// Writes an event with its time. A plan also gets its own files.
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
        // The time comes first, so that lines can be sorted.
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

    fn put(&self, state: &mut BundleState, Piece { path, text }: &Piece) -> io::Result<()> {
        let path = path.split('/').fold(self.folder.clone(), |path, part| path.join(part));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, state.masks.apply(text))
    }

    /// A thread that panicked leaves a consistent state.
    fn state(&self) -> MutexGuard<'_, BundleState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BundleState {
    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.broken.get_or_insert(error);
        }
    }
}

/// Removes only the files of an earlier bundle.
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

/// A time as RFC 3339 text with milliseconds.
fn time(at: SystemTime) -> Value {
    OffsetDateTime::from(at).format(&Iso8601::<MILLISECONDS>).map_or(Value::Null, Value::from)
}

/// Writes all events to a bundle, if any, and passes them on.
pub(super) struct Recorder<'a> {
    inner: &'a dyn Listener,
    bundle: Option<&'a FailureBundle>,
}

impl<'a> Recorder<'a> {
    /// Passes every event on to `inner`.
    pub(super) fn new(inner: &'a dyn Listener, bundle: Option<&'a FailureBundle>) -> Self {
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

    fn phase(&self, name: &str, took: Duration) {
        self.inner.phase(name, took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SecretText;

    fn begin(folder: &Path) -> FailureBundle {
        FailureBundle::begin(folder).expect("a folder that can be written")
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
        bundle.mask(Some(&hunter));
        bundle.record(&Event::Note(Note::RunCutOff { run: "AUTH hunter2".to_owned() }));
        let line: Value = serde_json::from_str(&read(folder.path(), bundle::EVENTS)).expect("one line");
        assert_eq!(
            (&line["event"], &line["message"]),
            (&json!("note"), &json!("AUTH *** was cut off: waiting until the engine has finished its calls"))
        );
        assert!(line["at"].as_str().expect("a time").ends_with('Z'), "{line}");
        let summary: Value = serde_json::from_str(&read(folder.path(), bundle::SUMMARY)).expect("JSON");
        assert_eq!(summary["outcome"], "unfinished");
    }

    #[test]
    fn an_earlier_bundle_is_replaced_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let bundle = begin(&folder.path().join("new/one"));
        bundle.record(&Event::Note(Note::PortTaken { port: 7001 }));
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
        let error = FailureBundle::begin(folder.path()).err().expect("a refusal");
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
        assert_eq!(read(folder.path(), "thesis.txt"), "years of work");
        let file = folder.path().join("thesis.txt");
        let error = FailureBundle::begin(&file).err().expect("a refusal");
        assert!(matches!(error, Error::File { .. }), "{error}");
    }
}
