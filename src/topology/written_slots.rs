//! The slots of a shard, read from the spec: `0-99`, `200`, `0-99,200`.

use super::slots::{SLOT_COUNT, SlotRange, SlotSet};
use crate::spec::SlotsSpec;

/// A mistake in the slots of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlotsFault {
    /// The position in the list, if the slots are a list.
    pub(super) position: Option<usize>,
    /// The message.
    pub(super) message: String,
    /// The way to correct it.
    pub(super) hint: Option<String>,
}

/// The slots that can be read, and the mistakes in the others.
pub(super) fn read(slots: &SlotsSpec) -> (SlotSet, Vec<SlotsFault>) {
    let mut all = SlotSet::default();
    let mut faults = Vec::new();
    for (position, text) in slots.texts() {
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let mut fault =
                |message: String, hint: Option<String>| faults.push(SlotsFault { position, message, hint });
            match range(part) {
                Ok(range) => {
                    let (range, before) = (SlotSet::from(range), all.clone());
                    let twice = range.shared_with(&before);
                    if !twice.is_empty() {
                        fault(format!("{} written twice", subject(&twice)), None);
                    }
                    all = before.joined_with(&range);
                }
                Err((message, hint)) => fault(message, hint),
            }
        }
    }
    (all, faults)
}

fn range(text: &str) -> Result<SlotRange, (String, Option<String>)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first, text)?, number(last, text)?);
    if first > last {
        let message = format!("the range `{text}` ends before it begins");
        return Err((message, Some(format!("write `{last}-{first}`"))));
    }
    let slot = |number: u64| u16::try_from(number).ok();
    slot(first).zip(slot(last)).and_then(|(first, last)| SlotRange::new(first, last)).ok_or_else(|| {
        (format!("`{text}` is beyond the last slot"), Some(format!("slots are 0 to {}", SLOT_COUNT - 1)))
    })
}

fn number(digits: &str, text: &str) -> Result<u64, (String, Option<String>)> {
    let digits = digits.trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let hint = "write a slot or a range: `200`, `0-99`; several in a list: `[0-99, 200]`";
        return Err((format!("`{text}` is not a slot or a range of slots"), Some(hint.to_owned())));
    }
    // Digits beyond the range of the type are beyond the last slot.
    Ok(digits.parse().unwrap_or(u64::MAX))
}

/// The subject of a sentence about slots: `slot 7 is`, `slots 0-99,200 are`. Many ranges are shortened.
pub(super) fn subject(slots: &SlotSet) -> String {
    const SHOWN: usize = 5;
    if slots.len() == 1 {
        return format!("slot {slots} is");
    }
    let shown: SlotSet = slots.ranges().iter().take(SHOWN).copied().collect();
    match slots.len() - shown.len() {
        0 => format!("slots {shown} are"),
        more => format!("slots {shown} and {more} more are"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(yaml: &str) -> (String, Vec<String>) {
        let (slots, faults) = read(&serde_yaml::from_str(yaml).unwrap());
        (slots.to_string(), faults.into_iter().map(|fault| fault.message).collect())
    }

    #[test]
    fn slots_are_read_from_text_numbers_and_lists() {
        for (yaml, slots) in [
            ("7", "7"),
            ("0-99", "0-99"),
            ("0-99,200,300-399", "0-99,200,300-399"),
            ("[0-99, 200, '300-301, 400']", "0-99,200,300-301,400"),
            ("' 5 - 9 '", "5-9"),
            ("[5, 4, 6-7]", "4-7"),
            ("[]", ""),
            ("''", ""),
            ("16383", "16383"),
        ] {
            assert_eq!(read_text(yaml), (slots.to_owned(), Vec::new()), "{yaml}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (yaml, message) in [
            ("9-5", "the range `9-5` ends before it begins"),
            ("16384", "`16384` is beyond the last slot"),
            ("0-99999999999999999999", "`0-99999999999999999999` is beyond the last slot"),
            ("all", "`all` is not a slot or a range of slots"),
            ("-5", "`-5` is not a slot or a range of slots"),
            ("1-2-3", "`1-2-3` is not a slot or a range of slots"),
            ("[0-9, 9]", "slot 9 is written twice"),
            ("0-9,5-12", "slots 5-9 are written twice"),
        ] {
            let yaml = if yaml.starts_with('[') { yaml.to_owned() } else { format!("'{yaml}'") };
            assert_eq!(read_text(&yaml).1, [message], "{yaml}");
        }
    }
}
