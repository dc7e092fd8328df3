//! Why a server ended because of its configuration: from its log.

/// A server's words before it ends on a module.
const NOT_LOADED: &str = "Can't load module from ";

/// Why a server ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerEnd {
    /// The directive that caused it, if the log names it.
    pub directive: Option<String>,
    /// The server's message.
    pub words: String,
}

impl ServerEnd {
    /// Parses the log of a server that ended. `configuration` is its file.
    #[must_use]
    pub fn read(log: &str, configuration: &str) -> Self {
        let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let number = lines.iter().find_map(|line| line.rsplit_once("at line ")?.1.parse::<usize>().ok());
        let line = number.and_then(|number| configuration.lines().nth(number.checked_sub(1)?));
        let named = line.and_then(|line| line.split_whitespace().next()).map(str::to_owned);
        let quoted = lines.iter().position(|line| line.starts_with(">>>"));
        let words = quoted.and_then(|at| lines.get(at + 1)).or(lines.last());
        let words = words.map_or("it says nothing", |line| without_stamp(line));
        let words = module_words(&lines).unwrap_or_else(|| words.to_owned());
        // For a module that does not load, the log has only its path.
        let module = lines.iter().any(|line| line.contains(NOT_LOADED)).then(|| "loadmodule".to_owned());
        Self { directive: named.or(module), words }
    }
}

/// The words about a module that does not load. The last line only says that the server ends. Earlier lines have the
/// reason of the loader, or of the module itself.
fn module_words(lines: &[&str]) -> Option<String> {
    lines.iter().find(|line| line.contains(NOT_LOADED))?;
    let at = lines.iter().position(|line| line.contains("Module ") && line.contains(" failed"))?;
    let of_module = |line: &&&str| without_stamp(line).starts_with('<');
    let reason = lines[..at].last().filter(of_module).filter(|_| lines[at].contains("initialization"));
    let words = reason.into_iter().chain([&lines[at]]).map(|line| without_stamp(line));
    Some(words.collect::<Vec<_>>().join("; "))
}

/// A line of a log without process, role, time and level: `1:M 28 Nov 2026 09:00:00.000 # Cannot …`.
pub(super) fn without_stamp(line: &str) -> &str {
    let words = [" # ", " * ", " - "].iter().filter_map(|level| line.split_once(level));
    words.min_by_key(|(stamp, _)| stamp.len()).map_or(line, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_the_line_that_it_ended_on() {
        let configuration = "port \"7001\"\nno-such-thing \"1\"\nloadmodule /m.so a\n";
        let log = "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line 2\n>>> \
                   'no-such-thing \"1\"'\nBad directive or wrong number of arguments\n";
        assert_eq!(
            ServerEnd::read(log, configuration),
            ServerEnd {
                directive: Some("no-such-thing".to_owned()),
                words: "Bad directive or wrong number of arguments".to_owned()
            }
        );
        let log = "1:M 28 Nov 2026 09:00:00.000 # Module /m.so failed to load\n1:M 28 Nov 2026 09:00:00.001 # Can't \
                   load module from /m.so: server aborting\n";
        assert_eq!(
            ServerEnd::read(log, configuration),
            ServerEnd {
                directive: Some("loadmodule".to_owned()),
                words: "Module /m.so failed to load".to_owned()
            }
        );
        let log = "1:M 28 Nov 2026 09:00:00.000 * <m> TIMEOUT is no number\n1:M 28 Nov 2026 09:00:00.000 # Module /m.so \
                   initialization failed. Module not loaded\n1:M 28 Nov 2026 09:00:00.001 # Can't load module from \
                   /m.so: server aborting\n";
        assert_eq!(
            ServerEnd::read(log, configuration).words,
            "<m> TIMEOUT is no number; Module /m.so initialization failed. Module not loaded"
        );
        assert_eq!(ServerEnd::read("", configuration).directive, None);
    }
}
