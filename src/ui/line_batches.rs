//! Lines from a program or a file on stdin: all available lines at once.

use std::io::{self, Read as _};

use tokio::sync::mpsc;

/// How many bytes are read at once.
const CHUNK: usize = 64 * 1024;

/// A line of stdin.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Its bytes, without its end.
    pub text: Vec<u8>,
}

/// Lines of stdin. A separate thread reads them, so that waiting for them never blocks the program or its end.
pub struct LineBatches {
    read: mpsc::Receiver<io::Result<Vec<Line>>>,
}

impl LineBatches {
    pub(super) fn start() -> io::Result<Self> {
        // The reader is at most two batches ahead.
        let (sender, read) = mpsc::channel(2);
        std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
            let mut lines = Lines::default();
            let mut chunk = vec![0; CHUNK];
            let mut stdin = io::stdin().lock();
            loop {
                let (batch, is_last) = match stdin.read(&mut chunk) {
                    Ok(0) => (Ok(lines.end().into_iter().collect()), true),
                    Ok(count) => (Ok(lines.take(&chunk[..count])), false),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => (Err(error), true),
                };
                if sender.blocking_send(batch).is_err() || is_last {
                    break;
                }
            }
        })?;
        Ok(Self { read })
    }

    /// The next lines; `None` at the end of the input.
    ///
    /// # Errors
    /// Stdin cannot be read.
    pub async fn next(&mut self) -> io::Result<Option<Vec<Line>>> {
        self.read.recv().await.transpose()
    }
}

/// Splits bytes into lines.
#[derive(Default)]
struct Lines {
    /// The beginning of an incomplete line.
    begun: Vec<u8>,
    /// The number of the last line.
    number: usize,
}

impl Lines {
    /// The lines that end within these bytes.
    fn take(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(&rest[..end]);
            lines.push(self.line());
            rest = &rest[end + 1..];
        }
        self.begun.extend_from_slice(rest);
        lines
    }

    /// The last line, if it has no end.
    fn end(&mut self) -> Option<Line> {
        (!self.begun.is_empty()).then(|| self.line())
    }

    fn line(&mut self) -> Line {
        let mut text = std::mem::take(&mut self.begun);
        while text.last() == Some(&b'\r') {
            text.pop();
        }
        self.number += 1;
        if self.number == 1 && text.starts_with(b"\xef\xbb\xbf") {
            text.drain(..3);
        }
        Line { number: self.number, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_wherever_they_are_cut() {
        let text = b"\xef\xbb\xbfSET a 1\r\n\nSET \xff b\nlast";
        let expected: Vec<Line> = [b"SET a 1".as_slice(), b"", b"SET \xff b", b"last"]
            .iter()
            .enumerate()
            .map(|(index, line)| Line { number: index + 1, text: line.to_vec() })
            .collect();
        for cut in 0..text.len() {
            let mut lines = Lines::default();
            let mut all = lines.take(&text[..cut]);
            all.extend(lines.take(&text[cut..]));
            all.extend(lines.end());
            assert_eq!(all, expected, "{cut}");
        }
    }
}
