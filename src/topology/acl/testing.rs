//! Categories of commands for tests.

use super::Categories;

/// Categories by name, each with its commands, separated by spaces.
pub(crate) fn categories_of(categories: &[(&str, &str)]) -> Categories {
    let set = |names: &str| names.split(' ').map(str::to_owned).collect();
    categories.iter().map(|(name, commands)| ((*name).to_owned(), set(commands))).collect()
}
