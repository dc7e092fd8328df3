//! Finds circles among the modules of a crate.
//!
//! The rule: take the children of any module, each together with all its descendants. A use of another child's file
//! is an arrow between the two children. These arrows must not form a circle. A module and its own descendants may
//! use each other freely.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Crate, Module, Used};

/// A use that belongs to a circle: the using file and the used file.
pub(super) type CircularUse = (Module, Module);

/// All uses that belong to a circle, except those in `is_excepted`.
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

/// The two children of the nearest common ancestor that contain two modules; `None` if one module contains the other.
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
