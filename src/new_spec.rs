//! The dialog of `init`: its questions in order, and the spec that the answers make.
//!
//! The dialog reads nothing and writes nothing. An answer counts only if the spec with it is valid, so the text at the
//! end is valid, too.

use std::fmt::Write as _;

mod question;

pub use question::Question;

/// The answers so far.
#[derive(Debug, Clone, Default)]
pub struct Dialog {
    answers: Vec<(Question, String)>,
}

/// What the caller knows about a spec, or about the file for it.
pub trait Judge {
    /// Why a spec with this name and text is not valid.
    fn fault(&self, name: &str, text: &str) -> Option<String>;
    /// Why a file cannot be written.
    fn file_fault(&self, file: &str) -> Option<String>;
}

impl Dialog {
    /// The next question; `None`: all are answered.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        let kind = self.kind();
        let is_open = |question: &Question| self.get(*question).is_none() && question.concerns(kind);
        Question::ALL.into_iter().find(is_open)
    }

    /// The answer to a question that Enter gives.
    #[must_use]
    pub fn usual(&self, question: Question, judge: &impl Judge) -> String {
        if question != Question::File {
            return question.usual().to_owned();
        }
        let stem = if self.kind() == "replication" { "replica" } else { self.kind() };
        let names = std::iter::once(format!("{stem}.yaml"))
            .chain((2..).map(|number| format!("{stem}-{number}.yaml")));
        let mut free = names.take(MOST_FILES).filter(|name| judge.file_fault(name).is_none());
        free.next().unwrap_or_else(|| format!("{stem}.yaml"))
    }

    /// Takes a line as the answer to the next question. An empty line takes the default.
    ///
    /// # Errors
    /// Why the answer cannot be taken. The question stays.
    pub fn answer(&mut self, line: &str, judge: &impl Judge) -> Result<(), String> {
        let Some(question) = self.question() else { return Ok(()) };
        let line = line.trim();
        let default = self.usual(question, judge);
        let answer = question.read(if line.is_empty() { &default } else { line })?;
        let file_fault = (question == Question::File).then(|| judge.file_fault(&answer)).flatten();
        if let Some(fault) = file_fault {
            return Err(fault);
        }
        let mut with_it = self.clone();
        with_it.answers.push((question, answer));
        // An open question about replicas can still make the nodes few.
        let text =
            if question == Question::Shards { with_it.text() + "replicas: 0\n" } else { with_it.text() };
        if let Some(fault) = judge.fault(with_it.name(), &text) {
            return Err(fault);
        }
        *self = with_it;
        Ok(())
    }

    /// The file for the spec, once it is answered.
    #[must_use]
    pub fn file(&self) -> &str {
        self.get(Question::File).unwrap_or_default()
    }

    /// The spec of the answers so far.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = "# Written by `redisctl init`.\n".to_owned();
        let mut line = |name: &str, value: &str| {
            let space = if value.starts_with('\n') { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}:{space}{value}");
        };
        line("kind", self.kind());
        for question in Question::ALL {
            let Some(answer) = self.get(question) else { continue };
            match question {
                Question::Image => line("image", &quoted(answer)),
                Question::Shards => line("shards", answer),
                Question::Replicas => line("replicas", answer),
                Question::Sentinels => line("sentinels", answer),
                Question::Password if answer == YES => {
                    line("auth", "\n  password: generate # `redisctl env` prints it");
                }
                Question::Tls if answer == YES => {
                    line("tls", "true # `redisctl ca` prints the certificate that clients trust");
                }
                Question::Kind | Question::File | Question::Password | Question::Tls => {}
                Question::Port => line("ports", &format!("\n  base: {answer}")),
            }
        }
        text
    }

    /// The name of the deployment: the stem of the file.
    fn name(&self) -> &str {
        let file = self.get(Question::File).unwrap_or("shop.yaml");
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    fn kind(&self) -> &str {
        self.get(Question::Kind).unwrap_or(Question::Kind.usual())
    }

    fn get(&self, question: Question) -> Option<&str> {
        self.answers.iter().find_map(|(own, answer)| (*own == question).then_some(answer.as_str()))
    }
}

/// The answer `yes`, as it is kept.
const YES: &str = "yes";

/// How many names of files are tried.
const MOST_FILES: usize = 100;

/// A text in YAML, with quotes where it would be something else.
fn quoted(text: &str) -> String {
    let is_plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-:@".contains(letter));
    // A name of letters alone may be a word of YAML. A tag is not: a colon is inside.
    if is_plain
        && text.contains(':')
        && !text.ends_with(':')
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
    {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Lenient;

    impl Judge for Lenient {
        fn fault(&self, _: &str, _: &str) -> Option<String> {
            None
        }

        fn file_fault(&self, file: &str) -> Option<String> {
            (file == "cluster.yaml").then(|| "it exists".to_owned())
        }
    }

    fn answered(lines: &[&str]) -> (Dialog, Vec<String>) {
        let (mut dialog, mut faults) = (Dialog::default(), Vec::new());
        for line in lines {
            faults.extend(dialog.answer(line, &Lenient).err());
        }
        (dialog, faults)
    }

    #[test]
    fn enter_takes_every_default() {
        let (dialog, faults) = answered(&[""; 8]);
        assert_eq!((dialog.question(), faults), (None, Vec::new()));
        assert_eq!(dialog.file(), "cluster-2.yaml");
        assert_eq!(
            dialog.text(),
            "# Written by `redisctl init`.\nkind: cluster\nimage: redis:8\nshards: 3\nreplicas: 1\nports:\n  base: \
             7001\n"
        );
    }

    #[test]
    fn questions_depend_on_the_kind() {
        let asked = |kind: &str| {
            let mut dialog = answered(&[kind]).0;
            let mut asked = Vec::new();
            while let Some(question) = dialog.question() {
                asked.push(format!("{question:?}"));
                dialog.answer("", &Lenient).unwrap();
            }
            asked.join(" ")
        };
        assert_eq!(asked("standalone"), "Image Password Tls Port File");
        assert_eq!(asked("replication"), "Image Replicas Password Tls Port File");
        assert_eq!(asked("sentinel"), "Image Replicas Sentinels Password Tls Port File");
        assert_eq!(asked("cluster"), "Image Shards Replicas Password Tls Port File");
    }

    #[test]
    fn wrong_answers_are_explained_and_asked_again() {
        let lines = [
            "clutser",
            "s",
            "standalone",
            "valkey 9",
            "maybe",
            "y",
            "n",
            "http",
            "auto",
            "cluster.yaml",
            "shop.txt",
            "a/shop.yaml",
        ];
        let (dialog, faults) = answered(&lines);
        assert_eq!(dialog.question(), None);
        insta::assert_snapshot!(format!("{}\n---\n{}", faults.join("\n"), dialog.text()));
    }
}
