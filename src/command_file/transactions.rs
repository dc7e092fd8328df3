//! The transactions in a file of commands. A transaction without an end would never be executed.

use super::{BrokenLine, CommandFault, PlacedCommand};

/// The state between two commands.
#[derive(Default)]
pub(super) struct Transactions {
    /// The line of the MULTI without an end so far.
    open: Option<usize>,
}

impl Transactions {
    /// The problem of the next command, if it has one.
    pub(super) fn next(&mut self, command: &PlacedCommand) -> Option<BrokenLine> {
        let line = command.line;
        let is = |name: &str| command.words[0].eq_ignore_ascii_case(name.as_bytes());
        let problem = |fault| Some(BrokenLine { line, fault });
        if is("MULTI") {
            if self.open.is_some() {
                return problem(CommandFault::NestedTransaction);
            }
            self.open = Some(line);
        }
        for name in ["EXEC", "DISCARD"] {
            if is(name) && self.open.take().is_none() {
                return problem(CommandFault::NoTransaction(name));
            }
        }
        None
    }

    /// The problem of the end of the file, if it has one.
    pub(super) fn end(&self) -> Option<BrokenLine> {
        Some(BrokenLine { line: self.open?, fault: CommandFault::OpenTransaction })
    }
}
