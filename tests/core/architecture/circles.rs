//! Finds circles among the modules of a crate.
//!
//! The rule: take the children of any module, each together with everything beneath it. What a file of one child
//! uses of another child's is an arrow between the two. These arrows form no circle. A module and its own
//! descendants may use each other freely.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Crate, Module, Used};

/// A use that belongs to a circle: which file uses which.
pub(super) type CircularUse = (Module, Module);

/// Every use that belongs to a circle, apart from the uses that `is_excepted` names.
pub(super) fn circular_uses(
    read: &Crate,
    is_excepted: impl Fn(&Module, &Module) -> bool,
) -> Vec<CircularUse> {
    let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    let mut uses = Vec::new();
    for (user, used) in read.uses() {
        let Used::File(used, _) = used else { continue };
        if let Some((from, to)) = siblings(&user, &used).filter(|_| !is_excepted(&user, &used)) {
            arrows.entry(from.clone()).or_default().insert(to.clone());
            uses.push((from, to, user, used));
        }
    }
    uses.dedup();
    let circular = uses.into_iter().filter(|(from, to, ..)| reaches(&arrows, to, from));
    circular.map(|(_, _, user, used)| (user, used)).collect()
}

/// The two children of the nearest common ancestor under which two modules stand; `None` where one stands under
/// the other.
fn siblings(one: &Module, other: &Module) -> Option<(Module, Module)> {
    let common = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    (one.len() > common && other.len() > common).then(|| (one[..=common].to_vec(), other[..=common].to_vec()))
}

fn reaches(arrows: &BTreeMap<Module, BTreeSet<Module>>, start: &Module, goal: &Module) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(module) = open.pop() {
        if module == goal {
            return true;
        }
        if seen.insert(module) {
            open.extend(arrows.get(module).into_iter().flatten());
        }
    }
    false
}
