//! The variables that a start script sets for its server. Modules may need them: `LD_LIBRARY_PATH`, for example.

use std::collections::BTreeMap;

/// Variables that a shell or the engine sets. They are about the container, and no server needs them.
const OF_THE_CONTAINER: [&str; 11] =
    ["HOME", "HOSTNAME", "IFS", "OLDPWD", "OPTIND", "PPID", "PWD", "SHLVL", "TERM", "USER", "_"];

/// Parts of names of secrets. A secret of a start script must not reach the settings of containers.
const SECRETS: [&str; 5] = ["KEY", "PASS", "PWD", "SECRET", "TOKEN"];

/// The variables in the output of `export -p` that the image itself does not set, or sets to other values.
#[must_use]
pub(super) fn set_by_script(exported: &str, of_image: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let words = shlex::split(exported).unwrap_or_default();
    let variables = words.iter().filter_map(|word| word.split_once('='));
    let is_new = |(name, value): &(&str, &str)| {
        of_image.get(*name).is_none_or(|known| known != value)
            && !OF_THE_CONTAINER.contains(name)
            && !SECRETS.iter().any(|part| name.to_ascii_uppercase().contains(part))
    };
    variables.filter(is_new).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_the_script_are_read_in_the_form_of_every_shell() {
        let of_image = BTreeMap::from([("PATH".to_owned(), "/bin".to_owned())]);
        let set = |exported: &str| set_by_script(exported, &of_image);
        let dash = "export HOME='/root'\nexport LD_LIBRARY_PATH='/opt/it'\"'\"'s/lib'\nexport PATH='/bin'\n\
                    export PWD='/'\nexport NOTHING\nexport DB_PASSWORD='x'\n";
        let bash =
            "export HOME=\"/root\"\ndeclare -x LD_LIBRARY_PATH=\"/opt/it's/lib\"\nexport PATH=\"/bin\"\n";
        for exported in [dash, bash] {
            let expected = BTreeMap::from([("LD_LIBRARY_PATH".to_owned(), "/opt/it's/lib".to_owned())]);
            assert_eq!(set(exported), expected, "{exported}");
        }
        assert_eq!(set("export PATH='/opt/bin:/bin'\n").len(), 1, "another value counts");
        assert_eq!(set("export A='unfinished"), BTreeMap::new());
    }
}
