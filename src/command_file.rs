//! Files of commands: lines in the syntax of `redis-cli`, or the servers' own protocol (RESP). The first byte tells them
//! apart. A file is checked as a whole before its first command is sent.

use std::fmt;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub mod kinds;
pub mod lines;
pub mod quoting;
mod refusal;
mod resp;
mod transactions;

use kinds::CommandKind;
use lines::{Line, split_lines};
pub use refusal::refusal_text;
use resp::{Resp, RespFault};
use transactions::Transactions;

/// A command: its name and its arguments.
pub type Words = Vec<Vec<u8>>;

/// The number of problems after which a check ends. Nobody reads more.
const MOST_PROBLEMS: usize = 10;

/// A command of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedCommand {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its words. There is at least one.
    pub words: Words,
}

/// A place in a file that is no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLine {
    /// The line, from 1.
    pub line: usize,
    /// The problem.
    pub fault: CommandFault,
}

/// Why a line cannot be a command of a file. It does not repeat arguments, because they may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandFault {
    /// The file is in another encoding. PowerShell writes it so.
    #[error("the file is UTF-16: save it as UTF-8")]
    Encoding,
    /// The quotes do not match.
    #[error("the quotes do not match")]
    Quotes,
    /// The bytes are not RESP.
    #[error(transparent)]
    Resp(#[from] RespFault),
    /// The connection cannot carry commands and replies afterwards.
    #[error("`{0}` changes how the server talks")]
    Unsupported(&'static str),
    /// A transaction has no end.
    #[error("the transaction of this MULTI has no EXEC")]
    OpenTransaction,
    /// A transaction is inside another.
    #[error("MULTI is inside another MULTI")]
    NestedTransaction,
    /// A transaction has no beginning.
    #[error("`{0}` has no MULTI before it")]
    NoTransaction(&'static str),
}

impl fmt::Display for BrokenLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.line, self.fault)
    }
}

/// The commands of a file, in order. After a fault in RESP there is no further command.
pub fn commands(bytes: &[u8]) -> impl Iterator<Item = Result<PlacedCommand, BrokenLine>> {
    let is_resp = bytes.first() == Some(&b'*');
    let is_utf_16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let (resp, text) = match (is_utf_16, is_resp) {
        (true, _) => ([].as_slice(), [].as_slice()),
        (false, true) => (bytes, [].as_slice()),
        (false, false) => ([].as_slice(), bytes),
    };
    let foreign = is_utf_16.then_some(Err(BrokenLine { line: 1, fault: CommandFault::Encoding }));
    let of_resp = Resp::new(resp).map(|command| {
        let (line, command) = command;
        command.map_err(|fault| BrokenLine { line, fault: fault.into() }).map(|words| (line, words))
    });
    let of_text = split_lines(text).filter_map(|line| {
        let Line { number, text } = line;
        if text.trim_ascii_start().starts_with(b"#") {
            return None;
        }
        match quoting::split(&text) {
            Ok(words) if words.is_empty() => None,
            Ok(words) => Some(Ok((number, words))),
            Err(_) => Some(Err(BrokenLine { line: number, fault: CommandFault::Quotes })),
        }
    });
    foreign.into_iter().chain(of_resp).chain(of_text).map(|found| {
        let (line, words) = found?;
        match CommandKind::reserved(&words) {
            Some(name) => Err(BrokenLine { line, fault: CommandFault::Unsupported(name) }),
            None => Ok(PlacedCommand { line, words }),
        }
    })
}

/// Checks a file as a whole, and counts its commands.
///
/// # Errors
/// Its first problems, in order.
pub fn check(bytes: &[u8]) -> Result<usize, Vec<BrokenLine>> {
    let (mut count, mut problems) = (0, Vec::new());
    let mut transactions = Transactions::default();
    for command in commands(bytes) {
        match command {
            Ok(command) => {
                count += 1;
                problems.extend(transactions.next(&command));
            }
            Err(problem) => problems.push(problem),
        }
        if problems.len() >= MOST_PROBLEMS {
            return Err(problems);
        }
    }
    problems.extend(transactions.end());
    if problems.is_empty() { Ok(count) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<String> {
        let text = |words: Words| {
            words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect::<Vec<_>>().join("|")
        };
        let line = |command| match command {
            Ok(PlacedCommand { line, words }) => format!("{line} {}", text(words)),
            Err(problem) => format!("! {problem}"),
        };
        commands(bytes).map(line).collect()
    }

    #[test]
    fn comments_and_empty_lines_are_no_commands() {
        let text = b"\xef\xbb\xbf# fixtures\nSET a 1\r\n\n  # more\nSET 'b c' \"\\x41\"";
        assert_eq!(read(text), ["2 SET|a|1", "5 SET|b c|A"]);
        assert!(read(b"").is_empty() && read(b"\n\n#").is_empty());
        for utf_16 in [&b"\xff\xfeS\0E\0T\0"[..], b"\xfe\xff\0S\0E\0T"] {
            assert_eq!(read(utf_16), ["! 1: the file is UTF-16: save it as UTF-8"]);
        }
    }

    #[test]
    fn the_first_byte_tells_the_protocol() {
        let resp = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\n1\n2\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(read(resp), ["1 SET|a|1\n2", "9 PING"]);
        assert_eq!(read(b"*1\r\n$4\r\nPI"), ["! 1: a value of 4 bytes ends too early"]);
    }

    #[test]
    fn all_problems_are_found_before_a_command_is_sent() {
        let text = b"SET a 'x\nMULTI\nSET a 1\nSUBSCRIBE news\nEXEC\nEXEC\nquit\nMULTI\nMULTI\n";
        let problems: Vec<String> = check(text).unwrap_err().iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(problems.join("\n"), @r"
        1: the quotes do not match
        4: `SUBSCRIBE` changes how the server talks
        6: `EXEC` has no MULTI before it
        7: `QUIT` changes how the server talks
        9: MULTI is inside another MULTI
        8: the transaction of this MULTI has no EXEC
        ");
        assert_eq!(check(b"MULTI\nSET a 1\nexec\nWATCH a\nMULTI\nDISCARD\n"), Ok(6));
        assert_eq!(check("SET a \"\n".repeat(100).as_bytes()).unwrap_err().len(), MOST_PROBLEMS);
    }
}
