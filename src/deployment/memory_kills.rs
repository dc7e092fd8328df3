//! The warnings about servers that the kernel killed because their containers ran out of memory.

use crate::docker::inventory::Inventory;
use crate::event::Warning;
use crate::waiting::Unavailable;

/// A warning for each of them. Such a server may run again.
pub(super) fn memory_kills(inventory: &Inventory) -> Vec<Warning> {
    let killed = inventory.containers.iter().filter(|(_, container)| container.out_of_memory);
    let why = Unavailable::OutOfMemory.to_string();
    let warnings =
        killed.map(|(name, _)| Warning::OutOfMemory { container: name.to_string(), why: why.clone() });
    warnings.collect()
}
