//! `redisctl init`: writes a spec for the user, of a shipped topology or of the user's answers.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{CommandError, ExitStatus};
use crate::cli::InitArguments;
use crate::deployment::{Error, ShippedTopology, SpecSource, no_such_topology};
use crate::new_spec::{Dialog, Judge};
use crate::ui::Ui;

/// The topology without arguments.
const DEFAULT: &str = "cluster";

pub(super) async fn run(arguments: &InitArguments, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let Some(name) = arguments.topology.as_deref() else {
        if ui.has_prompt() && !ui.is_json() {
            return ask(ui).await;
        }
        return write_shipped(DEFAULT, None, ui);
    };
    write_shipped(name, arguments.file.as_deref(), ui)
}

fn write_shipped(name: &str, file: Option<&Path>, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let shipped = ShippedTopology::find(name).ok_or_else(|| no_such_topology(name))?;
    let path = file.map_or_else(|| PathBuf::from(format!("{name}.yaml")), Path::to_owned);
    write(&path, shipped.text, &format!("name another file: `redisctl init {name} FILE`"), ui)?;
    Ok(ExitStatus::Done)
}

/// Asks until the spec is complete, shows it, and writes it after a yes.
async fn ask(ui: &Ui) -> Result<ExitStatus, CommandError> {
    ui.note("Enter takes the value in brackets. Ctrl-C or Esc ends without a file.\n");
    let mut dialog = Dialog::default();
    let mut lines = ui.typed_answers()?;
    while let Some(question) = dialog.question() {
        let prompt = format!("{} [{}]: ", question.words(), dialog.usual(question, &OnThisMachine));
        let Some(line) = lines.next(&prompt).await? else {
            return Ok(without_file(ExitStatus::Interrupted, ui));
        };
        if let Err(fault) = dialog.answer(&line, &OnThisMachine) {
            ui.note(&format!("  {fault}"));
        }
    }
    let (path, text) = (Path::new(dialog.file()), dialog.text());
    ui.note("");
    ui.print(&text)?;
    ui.note("");
    let prompt = format!("Write `{}`? (yes, no) [yes]: ", path.display());
    loop {
        let Some(line) = lines.next(&prompt).await? else {
            return Ok(without_file(ExitStatus::Interrupted, ui));
        };
        match line.trim().to_ascii_lowercase().as_str() {
            "" | "y" | "yes" => break,
            "n" | "no" => return Ok(without_file(ExitStatus::Done, ui)),
            other => ui.note(&format!("  `{other}` is neither yes nor no")),
        }
    }
    write(path, &text, "name another file", ui)?;
    Ok(ExitStatus::Done)
}

fn without_file(end: ExitStatus, ui: &Ui) -> ExitStatus {
    ui.note("nothing was written");
    end
}

/// The files of this machine, and the rules of `validate`.
struct OnThisMachine;

impl Judge for OnThisMachine {
    fn fault(&self, name: &str, text: &str) -> Option<String> {
        match SpecSource::text(name, text).read() {
            Ok(_) => None,
            Err(Error::Spec(error)) => {
                let first = error.located().into_iter().next()?;
                let hint = first.hint.map(|hint| format!("\n  {hint}")).unwrap_or_default();
                Some(format!("{}{hint}", first.message))
            }
            Err(error) => Some(error.to_string()),
        }
    }

    fn file_fault(&self, file: &str) -> Option<String> {
        let path = Path::new(file);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if path.exists() {
            return Some(format!("`{file}` exists already"));
        }
        folder
            .filter(|folder| !folder.is_dir())
            .map(|folder| format!("there is no folder `{}`", folder.display()))
    }
}

/// Writes a new file.
fn write(path: &Path, text: &str, hint: &str, ui: &Ui) -> Result<(), CommandError> {
    let error = |source: std::io::Error| {
        if source.kind() == ErrorKind::AlreadyExists {
            CommandError::Deployment(Error::Invalid {
                message: format!("`{}` exists already", path.display()),
                hint: hint.to_owned(),
            })
        } else {
            CommandError::Deployment(Error::File { operation: "write", path: path.to_owned(), source })
        }
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(error)?;
    file.write_all(text.as_bytes()).map_err(error)?;
    ui.note(&format!("wrote `{0}`; edit it, then `redisctl up {0}`", path.display()));
    Ok(())
}
