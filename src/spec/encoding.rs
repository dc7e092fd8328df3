//! The text of a spec from the bytes of its file.

use super::error::Sources;
use super::mask::secret_lines;
use super::tree::{SpecFinding, TextId, YamlPlace};
use super::{Problem, SpecError};

pub(super) const SAVE_AS_UTF_8: &str = "save the file as UTF-8";

/// Bytes that are no text.
pub(super) struct Undecodable {
    /// What can be shown of them.
    pub(super) text: String,
    /// Where the problem is in that text, in bytes.
    pub(super) offset: usize,
    /// The problem.
    pub(super) message: String,
}

/// The text in the bytes of a spec.
///
/// # Errors
/// The bytes are not text. The error shows the place in the file `name`.
pub(crate) fn decode(name: &str, bytes: Vec<u8>) -> Result<String, SpecError> {
    text_of(bytes).map_err(|Undecodable { text, offset, message }| {
        let place = |span| YamlPlace { text: TextId::File, span };
        let covered: Vec<YamlPlace> = secret_lines(&text).into_iter().map(place).collect();
        let problem = Problem::new::<&str>(&[], message).hint(SAVE_AS_UTF_8);
        let finding = SpecFinding::new(problem, place(offset..offset));
        SpecError::new(Sources::new(name.to_owned(), &text, &[], &covered), vec![finding])
    })
}

/// The text in these bytes: UTF-8, or UTF-16 with a byte order mark.
pub(super) fn text_of(bytes: Vec<u8>) -> Result<String, Undecodable> {
    let refused = |text: &str, offset: usize, message: &str| Undecodable {
        text: text.to_owned(),
        offset,
        message: message.to_owned(),
    };
    let utf_16 = |units: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = units.as_chunks::<2>();
        let text = char::decode_utf16(units.iter().copied().map(unit)).collect::<Result<String, _>>();
        text.ok().filter(|_| rest.is_empty()).ok_or_else(|| refused("", 0, "this UTF-16 text is incomplete"))
    };
    match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(refused("", 0, "this file is UTF-32")),
        [0xff, 0xfe, units @ ..] => utf_16(units, u16::from_le_bytes),
        [0xfe, 0xff, units @ ..] => utf_16(units, u16::from_be_bytes),
        // Every spec and every directive begins with ASCII characters.
        [0, one, 0, two, ..] | [one, 0, two, 0, ..] if *one != 0 && *two != 0 => {
            Err(refused("", 0, "this file is UTF-16 without a byte order mark"))
        }
        _ => String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[valid];
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            refused(&text, valid, &format!("this is not UTF-8: byte 0x{byte:02x} begins no character"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> (String, usize, usize) {
        let error = decode("shop.yaml", bytes.to_vec()).unwrap_err();
        let located = error.located().remove(0);
        (located.message, located.line, located.column)
    }

    #[test]
    fn text_is_read_in_utf_8_and_in_utf_16_with_its_mark() {
        let text = "kind: cluster # é 😀\n";
        let units: Vec<u16> = format!("\u{feff}{text}").encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [text.as_bytes(), &little, &big] {
            assert_eq!(decode("shop.yaml", bytes.to_vec()).as_deref(), Ok(text));
        }
        assert_eq!(decode("shop.yaml", Vec::new()).as_deref(), Ok(""));
    }

    #[test]
    fn other_encodings_are_named() {
        let utf_16: Vec<u8> = "kind".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(told(&utf_16).0, "this file is UTF-16 without a byte order mark");
        assert_eq!(told(b"\xff\xfek").0, "this UTF-16 text is incomplete");
        assert_eq!(told(b"\xff\xfe\0\0k\0\0\0").0, "this file is UTF-32");
        let latin = told(b"kind: cluster\nname: caf\xe9\n");
        assert_eq!(latin, ("this is not UTF-8: byte 0xe9 begins no character".to_owned(), 2, 10));
    }
}
