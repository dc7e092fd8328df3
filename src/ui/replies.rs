//! The output of servers' replies.

use std::io;

use super::{Ui, say, write};
use crate::reply::Reply;

impl Ui {
    /// Writes a server's reply: with types on a terminal, without types in a pipe, or as a line of JSON. In a pipe,
    /// errors go to stderr. A report is text and is printed unchanged on terminals. With `line`, an error names the
    /// line of its command.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn reply(&self, reply: &Reply, is_report: bool, line: Option<usize>) -> io::Result<()> {
        let mut out = Vec::new();
        self.append(&mut out, reply, is_report, line)?;
        write(&out)
    }

    /// Writes the replies to the commands of these lines.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn replies(&self, replies: &[Reply], lines: &[usize]) -> io::Result<()> {
        let mut out = Vec::new();
        for (reply, line) in replies.iter().zip(lines) {
            self.append(&mut out, reply, false, Some(*line))?;
        }
        write(&out)
    }

    /// Appends a reply to `out`. Before an error goes to stderr, the text in `out` is written.
    fn append(
        &self,
        out: &mut Vec<u8>,
        reply: &Reply,
        is_report: bool,
        line: Option<usize>,
    ) -> io::Result<()> {
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        if self.is_json() {
            let mut json = reply.to_json();
            if let (Reply::Error(_), Some(line), Some(error)) = (reply, line, json.as_object_mut()) {
                error.insert("line".to_owned(), line.into());
            }
            out.extend(format!("{json}\n").into_bytes());
        } else if reply.is_error() && !self.facts.stdout_is_terminal {
            write(&std::mem::take(out))?;
            say(&format!("{place}{}\n", String::from_utf8_lossy(&reply.raw())));
        } else if self.facts.stdout_is_terminal && (!is_report || reply.is_error()) {
            let place = if reply.is_error() { place } else { String::new() };
            out.extend(format!("{place}{}\n", reply.for_terminal()).into_bytes());
        } else {
            let bytes = reply.raw();
            // Reports end with a line break. The last byte of a value belongs to the value.
            let ends = is_report && bytes.ends_with(b"\n");
            out.extend(bytes);
            if !ends {
                out.push(b'\n');
            }
        }
        Ok(())
    }
}
