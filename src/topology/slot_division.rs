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

/// What a shard gets of the slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    /// Exactly these slots.
    Slots(SlotSet),
    /// A part of the slots that no shard lists, by its weight.
    Weight(u32),
}

impl Share {
    /// The listed slots.
    #[must_use]
    pub fn slots(&self) -> Option<&SlotSet> {
        match self {
            Self::Slots(slots) => Some(slots),
            Self::Weight(_) => None,
        }
    }

    /// The weight; 0 for listed slots.
    fn weight(&self) -> u64 {
        match self {
            Self::Slots(_) => 0,
            Self::Weight(weight) => u64::from(*weight),
        }
    }
}

/// The slots of shards that follow shards with the slots `held`, in order. Shards with a weight share the slots that
/// no shard lists; of these slots, as few as possible change their shard. Shards beyond `shares` end.
///
/// There must be between 1 and 16384 shares; otherwise the result is empty.
#[must_use]
pub fn divide_again(held: &[SlotSet], shares: &[Share]) -> Vec<SlotSet> {
    if shares.is_empty() || shares.len() > usize::from(SLOT_COUNT) {
        return Vec::new();
    }
    let listed = listed(shares);
    // A slot may be held by a shard with a weight, and be listed by another.
    let mut divided: Vec<SlotSet> =
        held.iter().take(shares.len()).map(|held| held.without(&listed)).collect();
    divided.resize(shares.len(), SlotSet::default());
    let sizes = if held.is_empty() { first_sizes(shares) } else { sizes(&divided, shares) };
    for (slots, size) in divided.iter_mut().zip(&sizes) {
        *slots = slots.slots().take(*size).collect();
    }
    let kept: SlotSet = divided.iter().flat_map(|slots| slots.ranges().iter().copied()).collect();
    let mut free = (0..SLOT_COUNT).filter(|slot| !kept.contains(*slot) && !listed.contains(*slot));
    for ((slots, size), share) in divided.iter_mut().zip(sizes).zip(shares) {
        *slots = match share {
            Share::Slots(listed) => listed.clone(),
            Share::Weight(_) => {
                let missing = size - slots.len();
                slots.slots().chain(free.by_ref().take(missing)).collect()
            }
        };
    }
    divided
}

/// All slots that a shard lists.
fn listed(shares: &[Share]) -> SlotSet {
    shares.iter().filter_map(Share::slots).flat_map(SlotSet::ranges).copied().collect()
}

/// The number of slots that no shard lists, and the sum of weights.
fn unlisted(shares: &[Share]) -> (u64, u64) {
    let total = u64::from(SLOT_COUNT) - listed(shares).len() as u64;
    (total, shares.iter().map(Share::weight).sum::<u64>().max(1))
}

/// The numbers of slots in a new cluster, with the boundaries of [`divide`].
fn first_sizes(shares: &[Share]) -> Vec<usize> {
    let (total, weights) = unlisted(shares);
    let boundary = |weight: u64| (2 * weight * total + weights) / (2 * weights);
    let mut end = 0;
    let mut size = |share: &Share| {
        let start = end;
        end += share.weight();
        usize::try_from(boundary(end) - boundary(start)).unwrap_or(usize::MAX)
    };
    shares.iter().map(&mut size).collect()
}

/// The number of slots that each shard gets at least of the slots that no shard lists.
#[must_use]
pub fn least_sizes(shares: &[Share]) -> Vec<usize> {
    let (total, weights) = unlisted(shares);
    let part = |share: &Share| usize::try_from(total * share.weight() / weights).unwrap_or(usize::MAX);
    shares.iter().map(part).collect()
}

/// The number of slots that each shard gets of the slots that no shard lists. The shards with the most slots beyond
/// their part get the slots that remain after the division.
fn sizes(held: &[SlotSet], shares: &[Share]) -> Vec<usize> {
    let (total, _) = unlisted(shares);
    let mut sizes = least_sizes(shares);
    let rest = usize::try_from(total).unwrap_or(usize::MAX) - sizes.iter().sum::<usize>();
    let mut by_excess: Vec<usize> = (0..shares.len()).filter(|shard| shares[*shard].weight() > 0).collect();
    by_excess.sort_by_key(|shard| std::cmp::Reverse(held[*shard].len().saturating_sub(sizes[*shard])));
    by_excess.into_iter().take(rest).for_each(|shard| sizes[shard] += 1);
    sizes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn equal(shards: usize) -> Vec<Share> {
        vec![Share::Weight(1); shards]
    }

    fn share(text: &str) -> Share {
        if let Some(weight) = text.strip_prefix('w') {
            return Share::Weight(weight.parse().unwrap());
        }
        let (start, end) = text.split_once('-').unwrap();
        Share::Slots(SlotRange::new(start.parse().unwrap(), end.parse().unwrap()).unwrap().into())
    }

    #[test]
    fn listed_slots_are_kept_and_weights_divide_the_rest() {
        for (shares, expected) in [
            (&["0-11999", "12000-16383"][..], &["0-11999", "12000-16383"][..]),
            (&["0-11999", "w1"], &["0-11999", "12000-16383"]),
            (&["w1", "100-199"], &["0-99,200-16383", "100-199"]),
            (&["w1", "w3"], &["0-4095", "4096-16383"]),
            (&["w1", "0-8191", "w3"], &["8192-10239", "0-8191", "10240-16383"]),
            (&["w1", "w1", "w1"], &["0-5460", "5461-10922", "10923-16383"]),
        ] {
            let shares: Vec<Share> = shares.iter().map(|text| share(text)).collect();
            let divided = divide_again(&[], &shares);
            let text: Vec<String> = divided.iter().map(ToString::to_string).collect();
            assert_eq!(text, expected);
            assert_eq!(
                divide_again(&divided, &shares),
                divided,
                "another list of {expected:?} moves nothing"
            );
        }
    }

    #[test]
    fn of_unlisted_slots_as_few_as_possible_move() {
        let three = divide_again(&[], &equal(3));
        let shares = [share("0-99"), share("w1"), share("w1")];
        let text: Vec<String> = divide_again(&three, &shares).iter().map(ToString::to_string).collect();
        assert_eq!(text, ["0-99", "100-2779,5461-10922", "2780-5460,10923-16383"]);
    }

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
        let three = divide_again(&[], &equal(3));
        assert_eq!(text(&three), ["0-5460", "5461-10922", "10923-16383"]);
        assert_eq!(divide_again(&three, &equal(3)), three);
        let four = divide_again(&three, &equal(4));
        let fourth = "4096-5460,9557-10922,15019-16383";
        assert_eq!(text(&four), ["0-4095", "5461-9556", "10923-15018", fourth]);
        assert_eq!(
            divide_again(&four, &equal(3)).iter().map(SlotSet::len).collect::<Vec<_>>(),
            [5462, 5461, 5461]
        );
        assert_eq!(text(&divide_again(&four, &equal(1))), ["0-16383"]);
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
        fn weights_divide_all_slots_and_stay(
            before in proptest::collection::vec(1_u32..20, 1..12),
            after in proptest::collection::vec(1_u32..20, 1..12),
        ) {
            let shares = |weights: &[u32]| weights.iter().copied().map(Share::Weight).collect::<Vec<_>>();
            let held = divide_again(&[], &shares(&before));
            prop_assert_eq!(&divide_again(&held, &shares(&before)), &held);
            let divided = divide_again(&held, &shares(&after));
            prop_assert_eq!(&divide_again(&divided, &shares(&after)), &divided);
            prop_assert_eq!(divided.iter().map(SlotSet::len).sum::<usize>(), usize::from(SLOT_COUNT));
            let all: u32 = after.iter().sum();
            for (slots, weight) in divided.iter().zip(&after) {
                let part = usize::from(SLOT_COUNT) * (*weight as usize) / (all as usize);
                prop_assert!((part..=part + 1).contains(&slots.len()));
            }
        }

        #[test]
        fn shards_end_even_and_the_fewest_slots_move(before in 1_usize..=60, after in 1_usize..=60) {
            let held = divide_again(&[], &equal(before));
            let divided = divide_again(&held, &equal(after));
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
            prop_assert_eq!(divide_again(&divided, &equal(after)), divided);
        }
    }
}
