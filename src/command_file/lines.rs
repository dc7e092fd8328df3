//! Splits bytes into lines, as they come from a file or a program.

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Its bytes, without its end.
    pub text: Vec<u8>,
}

/// The lines of bytes that come in pieces.
#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of an incomplete line.
    begun: Vec<u8>,
    /// The number of the last line.
    number: usize,
}

impl Lines {
    /// The lines that end within these bytes.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Line> {
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
    pub fn end(&mut self) -> Option<Line> {
        (!self.begun.is_empty()).then(|| self.line())
    }

    fn line(&mut self) -> Line {
        self.number += 1;
        line(self.number, &std::mem::take(&mut self.begun))
    }
}

/// The lines of whole bytes.
pub fn split_lines(bytes: &[u8]) -> impl Iterator<Item = Line> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines.map(|(index, bytes)| line(index + 1, bytes))
}

/// A line without its end. The first line may begin with a byte order mark.
fn line(number: usize, bytes: &[u8]) -> Line {
    let mark = b"\xef\xbb\xbf".as_slice();
    let mut text = bytes.strip_prefix(mark).filter(|_| number == 1).unwrap_or(bytes);
    while let Some(before) = text.strip_suffix(b"\r") {
        text = before;
    }
    Line { number, text: text.to_vec() }
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
        assert_eq!(split_lines(text).collect::<Vec<_>>(), expected);
        for cut in 0..text.len() {
            let mut lines = Lines::default();
            let mut all = lines.take(&text[..cut]);
            all.extend(lines.take(&text[cut..]));
            all.extend(lines.end());
            assert_eq!(all, expected, "{cut}");
        }
    }
}
