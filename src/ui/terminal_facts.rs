//! Facts about the process's streams and environment, which decide on colours and animation.

use std::io::{self, IsTerminal as _};

use console::Term;

use super::output_options::ColourChoice;

/// Facts about the process's streams and its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each a yes or no")]
pub struct TerminalFacts {
    /// Whether stdin is a terminal.
    pub stdin_is_terminal: bool,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Whether the environment asks for no colours: `NO_COLOR`, not empty.
    pub no_colour: bool,
    /// Whether the environment asks for colours without a terminal: `CLICOLOR_FORCE`, not 0.
    pub force_colour: bool,
    /// Whether the terminal lacks escape sequences.
    pub dumb: bool,
}

impl TerminalFacts {
    /// Reads the facts about this process.
    #[must_use]
    pub fn detect() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            no_colour: set("NO_COLOR"),
            force_colour: set("CLICOLOR_FORCE") && std::env::var_os("CLICOLOR_FORCE") != Some("0".into()),
            dumb: is_dumb(),
        }
    }

    /// Whether to colour a stream. The option overrides the environment, and the environment overrides the kind of
    /// stream.
    pub(super) fn colours(self, choice: ColourChoice, is_terminal: bool) -> bool {
        match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto if self.no_colour => false,
            ColourChoice::Auto => self.force_colour || (is_terminal && !self.dumb),
        }
    }

    /// Whether lines on stderr can be redrawn.
    pub(super) fn animates(self) -> bool {
        self.stderr_is_terminal && !self.dumb
    }
}

/// `TERM=dumb`, or a Windows console without escape sequences. The check also enables escape sequences on older
/// consoles, so it is done for both streams.
fn is_dumb() -> bool {
    let refuses = |terminal: Term| terminal.is_term() && !terminal.features().colors_supported();
    let old_console = cfg!(windows) && [Term::stdout(), Term::stderr()].map(refuses).contains(&true);
    old_console || std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_beats_the_environment_which_beats_the_terminal() {
        let pipe = TerminalFacts::default();
        let no = TerminalFacts { no_colour: true, force_colour: true, ..pipe };
        let force = TerminalFacts { force_colour: true, ..pipe };
        let dumb = TerminalFacts { dumb: true, ..pipe };
        for (facts, choice, is_terminal, expected) in [
            (pipe, ColourChoice::Auto, true, true),
            (pipe, ColourChoice::Auto, false, false),
            (pipe, ColourChoice::Always, false, true),
            (pipe, ColourChoice::Never, true, false),
            (no, ColourChoice::Auto, true, false),
            (no, ColourChoice::Always, false, true),
            (force, ColourChoice::Auto, false, true),
            (force, ColourChoice::Never, true, false),
            (dumb, ColourChoice::Auto, true, false),
        ] {
            assert_eq!(facts.colours(choice, is_terminal), expected, "{facts:?} {choice:?} {is_terminal}");
        }
    }
}
