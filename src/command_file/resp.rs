//! Commands in the servers' own protocol: arrays of bulk strings.

use super::Words;

/// Why bytes are not a command in RESP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RespFault {
    /// Another type, or text.
    #[error("`{}` is expected, for {}", char::from(*sign), of(*sign))]
    Sign {
        /// The expected first byte.
        sign: u8,
    },
    /// A length that is no number, or that is negative.
    #[error("the length after `{}` is no number", char::from(*sign))]
    Length {
        /// The first byte of its line.
        sign: u8,
    },
    /// The file ends inside a value.
    #[error("a value of {0} bytes ends too early")]
    CutOff(usize),
    /// A value is longer than its length says.
    #[error("a value of {0} bytes does not end after them")]
    TooLong(usize),
    /// The file ends inside a command.
    #[error("the command ends too early")]
    Incomplete,
}

fn of(sign: u8) -> &'static str {
    if sign == b'*' { "a command" } else { "a word of a command" }
}

/// The commands in bytes, each with its line. The iterator ends after the first fault.
pub(super) struct Resp<'a> {
    rest: &'a [u8],
    /// The number of the line at which `rest` begins.
    line: usize,
}

impl<'a> Resp<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, line: 1 }
    }

    /// The next command, and the bytes after it.
    fn command(&self) -> Result<(Words, &'a [u8]), RespFault> {
        let (count, mut rest) = header(self.rest, b'*')?;
        // Each word has at least five bytes, so a wrong count asks for no memory.
        let mut words = Vec::with_capacity(count.min(rest.len() / 5));
        for _ in 0..count {
            let (word, after) = word(rest)?;
            words.push(word.to_vec());
            rest = after;
        }
        Ok((words, rest))
    }
}

impl Iterator for Resp<'_> {
    type Item = (usize, Result<Words, RespFault>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // An editor may have added a line break at the end.
            if self.rest.trim_ascii_start().is_empty() {
                return None;
            }
            let line = self.line;
            match self.command() {
                Ok((words, after)) => {
                    let read = &self.rest[..self.rest.len() - after.len()];
                    self.line += read.split(|byte| *byte == b'\n').count() - 1;
                    self.rest = after;
                    // An empty array is no command, for servers too.
                    if !words.is_empty() {
                        return Some((line, Ok(words)));
                    }
                }
                Err(fault) => {
                    self.rest = &[];
                    return Some((line, Err(fault)));
                }
            }
        }
    }
}

/// A bulk string, and the bytes after it.
fn word(bytes: &[u8]) -> Result<(&[u8], &[u8]), RespFault> {
    let (length, rest) = header(bytes, b'$')?;
    let (word, after) = rest.split_at_checked(length).ok_or(RespFault::CutOff(length))?;
    let after = after.strip_prefix(b"\r\n").ok_or(RespFault::TooLong(length))?;
    Ok((word, after))
}

/// The number in a line with this first byte, and the bytes after the line.
fn header(bytes: &[u8], sign: u8) -> Result<(usize, &[u8]), RespFault> {
    let (first, rest) = bytes.split_first().ok_or(RespFault::Incomplete)?;
    if *first != sign {
        return Err(RespFault::Sign { sign });
    }
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(RespFault::Incomplete)?;
    let digits = rest[..end].strip_suffix(b"\r").ok_or(RespFault::Length { sign })?;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(digits).ok().filter(|_| is_number);
    let number = number.and_then(|digits| digits.parse().ok()).ok_or(RespFault::Length { sign })?;
    Ok((number, &rest[end + 1..]))
}

/// A command in RESP.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn write(words: &[Vec<u8>], out: &mut Vec<u8>) {
    out.extend(format!("*{}\r\n", words.len()).into_bytes());
    for word in words {
        out.extend(format!("${}\r\n", word.len()).into_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_command_is_named() {
        let fault = |bytes: &[u8]| match Resp::new(bytes).last() {
            Some((line, Err(fault))) => format!("{line}: {fault}"),
            other => format!("{other:?}"),
        };
        for (bytes, expected) in [
            (&b"*1\r\n+OK\r\n"[..], "1: `$` is expected, for a word of a command"),
            (b"*1\r\n$2\r\nab\r\nPING\r\n", "4: `*` is expected, for a command"),
            (b"*x\r\n", "1: the length after `*` is no number"),
            (b"*-1\r\n", "1: the length after `*` is no number"),
            (b"*1\n$1\r\na\r\n", "1: the length after `*` is no number"),
            (b"*1\r\n$99999999999999999999\r\n", "1: the length after `$` is no number"),
            (b"*1\r\n$9\r\nab\r\n", "1: a value of 9 bytes ends too early"),
            (b"*1\r\n$1\r\nab\r\n", "1: a value of 1 bytes does not end after them"),
            (b"*2\r\n$1\r\na\r\n", "1: the command ends too early"),
            (b"*", "1: the command ends too early"),
        ] {
            assert_eq!(fault(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(Resp::new(b"*0\r\n*1\r\n$4\r\nPING\r\n\n").count(), 1);
    }
}
