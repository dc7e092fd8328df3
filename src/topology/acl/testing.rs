//! What tests say of the categories of commands.

use super::Categories;

/// Categories by their names, each with its commands, apart by spaces.
pub(crate) fn categories_of(categories: &[(&str, &str)]) -> Categories {
    let set = |names: &str| names.split(' ').map(str::to_owned).collect();
    categories.iter().map(|(name, commands)| ((*name).to_owned(), set(commands))).collect()
}
