//! How a cluster's slots are divided among its shards: at first, and when the number of shards changes.

use super::slots::{SLOT_COUNT, SlotRange, SlotSet};

/// The slots of each shard, in order. Boundary i is `(2·i·16384 + n) / (2n)` in integers: the
/// division of `redis-cli --cluster create` without its floating-point drift.
///
/// `shards` must be between 1 and 16384; otherwise the result is empty.
#[must_use]
pub fn divide(shards: usize) -> Vec<SlotRange> {
    let total = usize::from(SLOT_COUNT);
    if shards == 0 || shards > total {
        return Vec::new();
    }
    let boundary = |index: usize| (2 * index * total + shards) / (2 * shards);
    (0..shards)
        .filter_map(|index| {
            let start = u16::try_from(boundary(index)).ok()?;
            let end = u16::try_from(boundary(index + 1) - 1).ok()?;
            SlotRange::new(start, end)
        })
        .collect()
}

/// The slots of `shards` shards that follow shards with the slots `held`, in order. The shards differ by one slot at
/// most, and as few slots as possible change their shard. Shards beyond `shards` end, and their slots go to the others.
///
/// `shards` must be between 1 and 16384; otherwise the result is empty.
#[must_use]
pub fn divide_again(held: &[SlotSet], shards: usize) -> Vec<SlotSet> {
    let total = usize::from(SLOT_COUNT);
    if held.is_empty() || shards == 0 || shards > total {
        return divide(shards).into_iter().map(SlotSet::from).collect();
    }
    let mut divided: Vec<SlotSet> = held.iter().take(shards).cloned().collect();
    divided.resize(shards, SlotSet::default());
    let sizes = sizes(&divided, total);
    for (slots, size) in divided.iter_mut().zip(&sizes) {
        *slots = slots.slots().take(*size).collect();
    }
    let kept: SlotSet = divided.iter().flat_map(|slots| slots.ranges().iter().copied()).collect();
    let mut free = (0..SLOT_COUNT).filter(|slot| !kept.contains(*slot));
    for (slots, size) in divided.iter_mut().zip(sizes) {
        let missing = size - slots.len();
        *slots = slots.slots().chain(free.by_ref().take(missing)).collect();
    }
    divided
}

/// The number of slots that each shard gets. The shards with the most slots get the slots that remain after the
/// division.
fn sizes(held: &[SlotSet], total: usize) -> Vec<usize> {
    let (share, rest) = (total / held.len(), total % held.len());
    let mut by_size: Vec<usize> = (0..held.len()).collect();
    by_size.sort_by_key(|shard| std::cmp::Reverse(held[*shard].len()));
    let mut sizes = vec![share; held.len()];
    by_size.into_iter().take(rest).for_each(|shard| sizes[shard] += 1);
    sizes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn three_shards_are_divided_as_redis_cli_divides_them() {
        let ranges: Vec<String> = divide(3).iter().map(ToString::to_string).collect();
        assert_eq!(ranges, ["0-5460", "5461-10922", "10923-16383"]);
        assert!(divide(0).is_empty());
        assert_eq!(divide(16_384).len(), 16_384);
    }

    #[test]
    fn a_fourth_shard_takes_a_part_of_each_and_gives_it_back() {
        let text = |sets: &[SlotSet]| -> Vec<String> { sets.iter().map(ToString::to_string).collect() };
        let three = divide_again(&[], 3);
        assert_eq!(text(&three), ["0-5460", "5461-10922", "10923-16383"]);
        assert_eq!(divide_again(&three, 3), three);
        let four = divide_again(&three, 4);
        let fourth = "4096-5460,9557-10922,15019-16383";
        assert_eq!(text(&four), ["0-4095", "5461-9556", "10923-15018", fourth]);
        assert_eq!(divide_again(&four, 3).iter().map(SlotSet::len).collect::<Vec<_>>(), [5462, 5461, 5461]);
        assert_eq!(text(&divide_again(&four, 1)), ["0-16383"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_slot_belongs_to_exactly_one_shard(shards in 1_usize..=16_384) {
            let ranges = divide(shards);
            prop_assert_eq!(ranges.len(), shards);
            let mut next = 0;
            for range in ranges {
                prop_assert_eq!(range.start(), next);
                next = range.end() + 1;
            }
            prop_assert_eq!(next, SLOT_COUNT);
        }

        #[test]
        fn shards_differ_by_one_slot_at_most(shards in 1_usize..=2000) {
            let sizes: Vec<u16> = divide(shards).iter().map(|range| range.end() - range.start()).collect();
            let (smallest, largest) = (sizes.iter().min(), sizes.iter().max());
            prop_assert!(largest.zip(smallest).is_some_and(|(large, small)| large - small <= 1));
        }

        #[test]
        fn shards_end_even_and_the_fewest_slots_move(before in 1_usize..=60, after in 1_usize..=60) {
            let held = divide_again(&[], before);
            let divided = divide_again(&held, after);
            let sizes = divided.iter().map(SlotSet::len);
            prop_assert!(sizes.clone().max().unwrap() - sizes.clone().min().unwrap() <= 1);
            prop_assert_eq!(sizes.sum::<usize>(), usize::from(SLOT_COUNT));
            let all: SlotSet = divided.iter().flat_map(|slots| slots.ranges().iter().copied()).collect();
            prop_assert_eq!(all.len(), usize::from(SLOT_COUNT));
            // Every other way to end even moves at least these slots.
            let moved: usize = divided.iter().zip(&held).map(|(new, old)| old.without(new).len()).sum();
            let ended: usize = held.iter().skip(after).map(SlotSet::len).sum();
            let share = usize::from(SLOT_COUNT) / after;
            let rest = usize::from(SLOT_COUNT) % after;
            let above: usize = held.iter().take(after).map(|old| old.len().saturating_sub(share)).sum();
            let spared = held.iter().take(after).filter(|old| old.len() > share).count().min(rest);
            prop_assert_eq!(moved + ended, above - spared + ended);
            prop_assert_eq!(divide_again(&divided, after), divided);
        }
    }
}
