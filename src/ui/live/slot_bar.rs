//! A bar of all slots, with those of one node filled.

use crate::topology::slots::SLOT_COUNT;

/// A bar as runs of filled and empty cells, from the left.
pub(super) fn runs(slots: &[[u16; 2]], width: usize) -> Vec<(bool, String)> {
    let bound = |half: usize| half * usize::from(SLOT_COUNT) / (width * 2);
    let owned = |half: usize| owned_within(slots, bound(half), bound(half + 1));
    // A half that is owned by half is filled.
    let is_filled = |half: usize| owned(half) > 0 && owned(half) * 2 >= bound(half + 1) - bound(half);
    // Few slots show, too, if there is nothing else to see.
    let shows_few = !(0..width * 2).any(is_filled);
    let mut runs: Vec<(bool, String)> = Vec::new();
    for cell in 0..width {
        let (left, right) = (cell * 2, cell * 2 + 1);
        let (filled, picture) = match (is_filled(left), is_filled(right)) {
            (true, true) => (true, '━'),
            (true, false) => (true, '╸'),
            (false, true) => (true, '╺'),
            (false, false) if shows_few && owned(left) + owned(right) > 0 => (true, '╍'),
            (false, false) => (false, '╌'),
        };
        match runs.last_mut() {
            Some((same, text)) if *same == filled => text.push(picture),
            _ => runs.push((filled, picture.to_string())),
        }
    }
    runs
}

/// The number of owned slots from `start` to before `end`.
fn owned_within(slots: &[[u16; 2]], start: usize, end: usize) -> usize {
    let within = |[first, last]: &[u16; 2]| {
        (usize::from(*last) + 1).min(end).saturating_sub(usize::from(*first).max(start))
    };
    slots.iter().map(within).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(slots: &[[u16; 2]], width: usize) -> String {
        runs(slots, width).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn owned_slots_are_filled() {
        for (slots, width, expected) in [
            (&[] as &[[u16; 2]], 8, "╌╌╌╌╌╌╌╌"),
            (&[[0, 16383]], 8, "━━━━━━━━"),
            (&[[0, 5460]], 12, "━━━━╌╌╌╌╌╌╌╌"),
            (&[[5461, 10922]], 12, "╌╌╌╌━━━━╌╌╌╌"),
            (&[[5461, 10922]], 6, "╌╌━━╌╌"),
            (&[[10923, 16383]], 12, "╌╌╌╌╌╌╌╌━━━━"),
            (&[[0, 3071]], 8, "━╸╌╌╌╌╌╌"),
            (&[[3072, 8191]], 8, "╌╺━━╌╌╌╌"),
            (&[[0, 0], [16383, 16383]], 8, "╍╌╌╌╌╌╌╍"),
            (&[[0, 16383]], 0, ""),
            (&[[7, 7]], 1, "╍"),
        ] {
            assert_eq!(bar(slots, width), expected, "{slots:?} {width}");
        }
    }
}
