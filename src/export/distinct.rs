//! Names that differ from each other.

use std::collections::BTreeSet;

/// Each wanted name, with a number if it is taken already: `name`, `name_2`, `name_3`. Upper and lower case count as
/// equal, as in some file systems.
pub fn distinct(wanted: impl IntoIterator<Item = String>, taken: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = taken.iter().map(|name| name.to_lowercase()).collect();
    let mut free = |name: &String| taken.insert(name.to_lowercase());
    let mut name = |wanted: String| {
        if free(&wanted) {
            return wanted;
        }
        let mut numbered = (2_u32..).map(|number| format!("{wanted}_{number}"));
        numbered.find(&mut free).unwrap_or(wanted)
    };
    wanted.into_iter().map(&mut name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_get_numbers() {
        let names = ["a", "b", "A", "a", "b_2", "b"].map(str::to_owned);
        assert_eq!(distinct(names, &["x"]), ["a", "b", "A_2", "a_3", "b_2", "b_3"]);
        assert_eq!(distinct(["x".to_owned()], &["X"]), ["x_2"]);
    }
}
