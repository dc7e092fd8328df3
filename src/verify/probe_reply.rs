//! The replies of servers as data, and their text form.

use std::fmt;

/// The longest text of one line that is shown in full, in bytes.
const LONGEST_TEXT: usize = 1000;

/// The beginning of a longer text that is shown, in characters.
const SHOWN: usize = 16;

/// A server's reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeReply {
    /// Nil.
    Nil,
    /// A status, such as `OK`.
    Status(String),
    /// A number.
    Integer(i64),
    /// Text.
    Text(String),
    /// An array of replies. A map is an array of names and values.
    Array(Vec<ProbeReply>),
    /// An error: its code, such as `NOAUTH`, and its message.
    Error {
        /// The first word.
        code: String,
        /// The rest.
        message: String,
    },
}

impl ProbeReply {
    /// A status or text as text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Status(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The replies of an array; empty for other replies.
    #[must_use]
    pub fn items(&self) -> &[ProbeReply] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The lines of a text that begin with one of `beginnings`, for replies to INFO.
    #[must_use]
    pub fn excerpt(&self, beginnings: &[&str]) -> String {
        let Some(text) = self.as_text() else { return self.to_string() };
        let matters = |line: &&str| beginnings.iter().any(|beginning| line.starts_with(beginning));
        text.lines().map(str::trim_end).filter(matters).collect::<Vec<_>>().join("\n")
    }

    fn indented(&self, formatter: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        let Self::Array(items) = self else { return write!(formatter, "{self}") };
        if items.is_empty() {
            return formatter.write_str("(empty array)");
        }
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                write!(formatter, "\n{:indent$}", "")?;
            }
            let number = format!("{}) ", position + 1);
            formatter.write_str(&number)?;
            item.indented(formatter, indent + number.len())?;
        }
        Ok(())
    }
}

impl fmt::Display for ProbeReply {
    /// The reply as `redis-cli` prints it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => formatter.write_str("(nil)"),
            Self::Status(text) => formatter.write_str(text),
            Self::Integer(number) => write!(formatter, "(integer) {number}"),
            Self::Text(text) if text.contains('\n') => formatter.write_str(text.replace('\r', "").trim_end()),
            Self::Text(text) if text.len() > LONGEST_TEXT => {
                let beginning: String = text.chars().take(SHOWN).collect();
                write!(formatter, "\"{beginning}…\" ({} bytes)", text.len())
            }
            Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Array(_) => self.indented(formatter, 0),
            Self::Error { code, message } => write!(formatter, "(error) {code} {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_read_as_at_a_redis_prompt() {
        let text = |text: &str| ProbeReply::Text(text.to_owned());
        let nested = ProbeReply::Array(vec![
            ProbeReply::Integer(0),
            ProbeReply::Array(vec![text("127.0.0.1"), ProbeReply::Integer(7001)]),
            ProbeReply::Nil,
        ]);
        assert_eq!(nested.to_string(), "1) (integer) 0\n2) 1) \"127.0.0.1\"\n   2) (integer) 7001\n3) (nil)");
        assert_eq!(ProbeReply::Array(Vec::new()).to_string(), "(empty array)");
        assert_eq!(text("a:1\r\nb:2\r\n").to_string(), "a:1\nb:2");
        let refusal =
            ProbeReply::Error { code: "NOAUTH".to_owned(), message: "Authentication required.".to_owned() };
        assert_eq!(refusal.to_string(), "(error) NOAUTH Authentication required.");
    }

    #[test]
    fn an_excerpt_keeps_what_matters() {
        let info = ProbeReply::Text("role:master\r\nuptime:3\r\nmaster_repl_offset:14\r\n".to_owned());
        assert_eq!(info.excerpt(&["role:", "master_"]), "role:master\nmaster_repl_offset:14");
    }
}
