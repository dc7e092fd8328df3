//! Decides from the words before the cursor which names of the engine complete a command line.

use clap::{Arg, Args, Command};

/// The words of a command line that a shell completes.
#[derive(Debug, Args)]
pub struct CompleteArguments {
    /// The command line up to the cursor, as the user typed it.
    #[arg(long, value_name = "LINE", conflicts_with = "words", allow_hyphen_values = true)]
    pub line: Option<String>,
    /// The words after the program; the last word is incomplete.
    #[arg(value_name = "WORD", allow_hyphen_values = true, last = true)]
    pub words: Vec<String>,
}

impl CompleteArguments {
    /// The words after the program, the incomplete word last; `None`: a quote is open.
    #[must_use]
    pub fn words(&self) -> Option<Vec<String>> {
        let Some(line) = &self.line else { return Some(self.words.clone()) };
        let mut words = shlex::split(line)?;
        // A line that ends with a space begins a new word.
        if line.ends_with(char::is_whitespace) {
            words.push(String::new());
        }
        Some(words.into_iter().skip(1).collect())
    }
}

/// Names that fit the incomplete word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Deployments of an engine.
    Deployments,
    /// Nodes of a deployment.
    Nodes(String),
    /// Shipped topologies.
    Topologies,
}

/// The names for the incomplete word, and the engine of `--host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The kind of names.
    pub wanted: Wanted,
    /// The engine that the words name.
    pub host: Option<String>,
}

/// The names that the last word may be; `None`: other words.
#[must_use]
pub fn completion(mut program: Command, words: &[String]) -> Option<Completion> {
    program.build();
    let (last, before) = words.split_last()?;
    if last.starts_with('-') {
        return None;
    }
    let mut command = &program;
    let mut positions: Vec<&str> = Vec::new();
    let mut host = None;
    let mut pending: Option<&Arg> = None;
    for word in before {
        if let Some(option) = pending.take() {
            if option.get_id() == "host" {
                host = Some(word.clone());
            }
        } else if word == "--" {
            return None;
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let option = command.get_arguments().find(|option| option.get_long() == Some(name))?;
            match value {
                Some(value) if name == "host" => host = Some(value.to_owned()),
                None if option.get_action().takes_values() => pending = Some(option),
                _ => {}
            }
        } else if let Some(letter) = word.strip_prefix('-').and_then(|letters| letters.chars().last()) {
            let option = command.get_arguments().find(|option| option.get_short() == Some(letter))?;
            pending = option.get_action().takes_values().then_some(option);
        } else if command.has_subcommands() {
            command = command.find_subcommand(word)?;
        } else {
            positions.push(word);
        }
    }
    let argument = match pending {
        Some(option) => option,
        None if command.has_subcommands() => return None,
        None => position(command, positions.len())?,
    };
    // `[NAME] FILE…` is one argument of several words.
    if argument.get_id() == "words" && positions.is_empty() {
        return Some(Completion { wanted: Wanted::Deployments, host });
    }
    let wanted = match argument.get_value_names()?.first()?.as_str() {
        "NAME" => Wanted::Deployments,
        "NODE" => Wanted::Nodes((*positions.first()?).to_owned()),
        "TOPOLOGY" => Wanted::Topologies,
        _ => return None,
    };
    Some(Completion { wanted, host })
}

/// The positional argument at a position, from 0. The last argument may take several words.
fn position(command: &Command, at: usize) -> Option<&Arg> {
    let positionals: Vec<&Arg> =
        command.get_positionals().filter(|argument| !argument.is_last_set()).collect();
    let last =
        positionals.last().filter(|last| last.get_num_args().is_some_and(|range| range.max_values() > 1));
    positionals.get(at).or(last).copied()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn wanted(line: &str) -> String {
        let arguments = CompleteArguments { line: Some(line.to_owned()), words: Vec::new() };
        let found = arguments.words().and_then(|words| completion(Cli::command(), &words));
        let Some(Completion { wanted, host }) = found else { return "nothing".to_owned() };
        let host = host.map(|host| format!(" at {host}")).unwrap_or_default();
        match wanted {
            Wanted::Deployments => format!("deployments{host}"),
            Wanted::Nodes(of) => format!("nodes of {of}{host}"),
            Wanted::Topologies => format!("topologies{host}"),
        }
    }

    #[test]
    fn the_words_before_the_cursor_decide() {
        for (line, expected) in [
            ("redisctl ", "nothing"),
            ("redisctl sta", "nothing"),
            ("redisctl status ", "deployments"),
            ("redisctl status sh", "deployments"),
            ("redisctl status shop ", "nothing"),
            ("redisctl status --wa", "nothing"),
            ("redisctl kill ", "deployments"),
            ("redisctl kill shop ", "nodes of shop"),
            ("redisctl kill shop shop-1 sh", "nodes of shop"),
            ("redisctl kill --for 10s shop ", "nodes of shop"),
            ("redisctl kill --for ", "nothing"),
            ("redisctl -q --host tcp://a:1 kill shop 1 ", "nodes of shop at tcp://a:1"),
            ("redisctl logs --host=tcp://a:1 ", "deployments at tcp://a:1"),
            ("redisctl logs --since 5m -f shop ", "nodes of shop"),
            ("redisctl cli shop ", "nodes of shop"),
            ("redisctl cli shop 1 ", "nothing"),
            ("redisctl cli shop -- ", "nothing"),
            ("redisctl cli shop -- GET ", "nothing"),
            ("redisctl export spec ", "deployments"),
            ("redisctl export compose ", "topologies"),
            ("redisctl up ", "topologies"),
            ("redisctl up --name ", "deployments"),
            ("redisctl run -- ", "nothing"),
            ("redisctl down 'a b", "nothing"),
            ("redisctl no-such ", "nothing"),
            ("redisctl ls ", "nothing"),
            ("redisctl reset ", "deployments"),
            ("redisctl seed ", "deployments"),
            ("redisctl seed shop ", "nothing"),
            ("redisctl failover ", "deployments"),
        ] {
            assert_eq!(wanted(line), expected, "{line}");
        }
    }
}
