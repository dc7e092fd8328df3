//! A server's reply as data, and its text: as `redis-cli` prints it on a terminal or in a pipe, and as JSON.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

mod reach;

pub use reach::{Combine, Reach};

/// A server's reply to a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Nil.
    Nil,
    /// An integer.
    Integer(i64),
    /// A floating-point number (RESP3).
    Double(f64),
    /// A boolean (RESP3).
    Boolean(bool),
    /// A simple string, such as `OK`; also verbatim text (RESP3).
    Status(String),
    /// A bulk string: any bytes.
    Text(Vec<u8>),
    /// An error: its code and its message.
    Error(String),
    /// An array.
    List(Vec<Reply>),
    /// A set (RESP3).
    Set(Vec<Reply>),
    /// A map (RESP3).
    Map(Vec<(Reply, Reply)>),
}

impl Reply {
    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    /// The reply as `redis-cli` prints it on a terminal, without the last line break.
    #[must_use]
    pub fn for_terminal(&self) -> String {
        self.typed("")
    }

    /// The reply as `redis-cli` prints it in a pipe, without the last line break.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        let joined = |replies: &[Self]| replies.iter().map(Self::raw).collect::<Vec<_>>().join(&b'\n');
        match self {
            Self::Nil => Vec::new(),
            Self::Integer(number) => number.to_string().into_bytes(),
            Self::Double(number) => number.to_string().into_bytes(),
            Self::Boolean(value) => format!("({value})").into_bytes(),
            Self::Status(text) | Self::Error(text) => text.clone().into_bytes(),
            Self::Text(bytes) => bytes.clone(),
            Self::List(replies) | Self::Set(replies) => joined(replies),
            Self::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| [key.raw(), value.raw()].join(&b' '));
                pairs.collect::<Vec<_>>().join(&b'\n')
            }
        }
    }

    /// The reply as JSON. An error is `{"error": "…"}`. Bytes that are not UTF-8 are `{"base64": "…"}`. A map with
    /// such a name is a list of pairs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let all = |replies: &[Self]| Value::Array(replies.iter().map(Self::to_json).collect());
        match self {
            Self::Nil => Value::Null,
            Self::Integer(number) => json!(number),
            // JSON has no infinity.
            Self::Double(number) if !number.is_finite() => json!(number.to_string()),
            Self::Double(number) => json!(number),
            Self::Boolean(value) => json!(value),
            Self::Status(text) => json!(text),
            Self::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => json!(text),
                Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
            },
            Self::Error(text) => json!({ "error": text }),
            Self::List(replies) | Self::Set(replies) => all(replies),
            Self::Map(pairs) => {
                let field =
                    |(key, value): &(Self, Self)| Some((String::from_utf8(key.raw()).ok()?, value.to_json()));
                match pairs.iter().map(field).collect::<Option<Map<_, _>>>() {
                    Some(fields) => Value::Object(fields),
                    None => {
                        pairs.iter().map(|(key, value)| json!([key.to_json(), value.to_json()])).collect()
                    }
                }
            }
        }
    }

    /// The reply with types. Every line except the first begins with `prefix`.
    fn typed(&self, prefix: &str) -> String {
        match self {
            Self::Nil => "(nil)".to_owned(),
            Self::Integer(number) => format!("(integer) {number}"),
            Self::Double(number) => format!("(double) {number}"),
            Self::Boolean(value) => format!("({value})"),
            Self::Status(text) => text.clone(),
            Self::Text(bytes) => quoted(bytes),
            Self::Error(text) => format!("(error) {text}"),
            Self::List(replies) if replies.is_empty() => "(empty array)".to_owned(),
            Self::Set(replies) if replies.is_empty() => "(empty set)".to_owned(),
            Self::Map(pairs) if pairs.is_empty() => "(empty hash)".to_owned(),
            Self::List(replies) => numbered(replies, ')', prefix, Self::typed),
            Self::Set(replies) => numbered(replies, '~', prefix, Self::typed),
            Self::Map(pairs) => numbered(pairs, '#', prefix, |(key, value), inner| {
                format!("{} => {}", key.typed(inner), value.typed(inner))
            }),
        }
    }
}

/// One line for each item, with its number. Lines inside an item are indented by the number's width.
fn numbered<T>(items: &[T], sign: char, prefix: &str, print: impl Fn(&T, &str) -> String) -> String {
    let width = items.len().to_string().len();
    let inner = format!("{prefix}{:width$}", "", width = width + 2);
    let lines = items.iter().enumerate().map(|(position, item)| {
        let margin = if position == 0 { "" } else { prefix };
        format!("{margin}{:>width$}{sign} {}", position + 1, print(item, &inner))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Bytes in double quotes, escaped as the servers and `redis-cli` escape them.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x07 => text.push_str("\\a"),
            0x08 => text.push_str("\\b"),
            b' '..=b'~' => text.push(char::from(*byte)),
            other => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\x{other:02x}");
            }
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Reply {
        Reply::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn terminals_show_types_as_redis_cli_does() {
        // Each pair was printed by `redis-cli` 7.0 on a terminal.
        for (reply, expected) in [
            (Reply::Nil, "(nil)"),
            (Reply::Integer(-3), "(integer) -3"),
            (Reply::Status("OK".to_owned()), "OK"),
            (text("a \"b\"\n\\"), r#""a \"b\"\n\\""#),
            (text("é"), r#""\xc3\xa9""#),
            (Reply::Error("ERR no".to_owned()), "(error) ERR no"),
            (Reply::List(Vec::new()), "(empty array)"),
            (Reply::Double(1.5), "(double) 1.5"),
            (Reply::Boolean(true), "(true)"),
            (Reply::Map(vec![(text("a"), Reply::Integer(1))]), "1# \"a\" => (integer) 1"),
            (Reply::Set(vec![text("a")]), "1~ \"a\""),
        ] {
            assert_eq!(reply.for_terminal(), expected);
        }
    }

    #[test]
    fn nested_lists_are_indented_by_the_width_of_their_numbers() {
        let inner = Reply::List(vec![text("x"), Reply::List(vec![Reply::Nil, Reply::Integer(1)])]);
        let mut replies = vec![inner];
        replies.extend((2..=10).map(|number| text(&number.to_string())));
        insta::assert_snapshot!(Reply::List(replies).for_terminal(), @r#"
         1) 1) "x"
            2) 1) (nil)
               2) (integer) 1
         2) "2"
         3) "3"
         4) "4"
         5) "5"
         6) "6"
         7) "7"
         8) "8"
         9) "9"
        10) "10"
        "#);
    }

    #[test]
    fn pipes_get_values_as_they_are() {
        let reply = Reply::List(vec![
            Reply::Text(vec![0xff, b'\n']),
            Reply::Nil,
            Reply::Map(vec![(text("a"), Reply::Integer(1)), (text("b"), Reply::Integer(2))]),
        ]);
        assert_eq!(reply.raw(), b"\xff\n\n\na 1\nb 2");
    }

    #[test]
    fn json_keeps_types() {
        let reply = Reply::Map(vec![
            (text("a"), Reply::List(vec![Reply::Nil, Reply::Integer(1), Reply::Double(0.5)])),
            (text("b"), Reply::Error("ERR no".to_owned())),
            (text("c"), Reply::Double(f64::INFINITY)),
        ]);
        assert_eq!(reply.to_json().to_string(), r#"{"a":[null,1,0.5],"b":{"error":"ERR no"},"c":"inf"}"#);
    }

    #[test]
    fn json_loses_no_byte() {
        let bytes = || Reply::Text(vec![0xff, 0, b'a']);
        assert_eq!(bytes().to_json().to_string(), r#"{"base64":"/wBh"}"#);
        let map = Reply::Map(vec![(text("a"), bytes()), (bytes(), Reply::Integer(1))]);
        assert_eq!(map.to_json().to_string(), r#"[["a",{"base64":"/wBh"}],[{"base64":"/wBh"},1]]"#);
    }
}
