//! What ACL rules allow: an interpreter of the rules that `ACL SETUSER` takes, independent of the
//! server's own, as far as it is needed to say which of a few commands a user may run.

use crate::topology::Server;

/// What a user may do by its rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Permissions {
    /// Whether the user may log in.
    pub(super) enabled: bool,
    /// Whether there are selectors, `(…)`: they may allow more than the rest does.
    pub(super) has_selectors: bool,
    /// Rules about commands, lower case, in order: whether each adds, and what.
    commands: Vec<(bool, String)>,
    keys: Vec<KeyPattern>,
    channels: Vec<String>,
}

/// Keys that a user may read, write or both.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyPattern {
    pattern: String,
    read: bool,
    write: bool,
}

/// What a command does with a key or channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It has none.
    Nothing,
    /// It reads a key.
    Read,
    /// It writes a key.
    Write,
    /// It publishes to a channel.
    Publish,
}

impl Permissions {
    /// Reads rules, on top of what a user is that is on and has no rules yet.
    pub(super) fn of(rules: &[String], server: Server) -> Self {
        let mut permissions = Self { enabled: true, ..Self::default() };
        if !server.has_channel_rules() {
            permissions.channels.push("*".to_owned());
        }
        let text = rules.join(" ");
        let mut depth = 0_usize;
        for rule in text.split_whitespace() {
            let (opening, closing) = (rule.matches('(').count(), rule.matches(')').count());
            if depth > 0 || rule.starts_with('(') {
                permissions.has_selectors = true;
                depth = (depth + opening).saturating_sub(closing);
            } else {
                permissions.apply(rule);
            }
        }
        permissions
    }

    fn apply(&mut self, rule: &str) {
        match rule.to_ascii_lowercase().as_str() {
            "on" => self.enabled = true,
            "off" => self.enabled = false,
            "allkeys" => self.add_keys("*", true, true),
            "resetkeys" => self.keys.clear(),
            "allchannels" => self.channels.push("*".to_owned()),
            "resetchannels" => self.channels.clear(),
            "allcommands" => self.commands.push((true, "@all".to_owned())),
            "nocommands" => self.commands.push((false, "@all".to_owned())),
            "reset" => *self = Self::default(),
            lower => match lower.split_at_checked(1) {
                Some(("+", what)) => self.commands.push((true, what.to_owned())),
                Some(("-", what)) => self.commands.push((false, what.to_owned())),
                // Patterns keep their case.
                Some(("~", _)) => self.add_keys(&rule[1..], true, true),
                Some(("&", _)) => self.channels.push(rule[1..].to_owned()),
                Some(("%", flags)) => {
                    if let (Some((flags, _)), Some((_, pattern))) =
                        (flags.split_once('~'), rule.split_once('~'))
                    {
                        self.add_keys(pattern, flags.contains('r'), flags.contains('w'));
                    }
                }
                // Passwords and the like: nothing that permits anything.
                _ => {}
            },
        }
    }

    fn add_keys(&mut self, pattern: &str, read: bool, write: bool) {
        self.keys.push(KeyPattern { pattern: pattern.to_owned(), read, write });
    }

    /// Whether a command may be run, keys and channels aside. `name` is lower case, `config|get`
    /// for a subcommand.
    pub(super) fn permit_command(&self, name: &str, categories: &[&str]) -> bool {
        let container = name.split('|').next().unwrap_or(name);
        self.commands.iter().fold(false, |permitted, (adds, what)| {
            let concerned = match what.strip_prefix('@') {
                Some("all") => true,
                Some(category) => categories.contains(&category),
                None => what == name || what == container,
            };
            if concerned { *adds } else { permitted }
        })
    }

    /// Whether a key or channel may be used so; `None` where a pattern is beyond this interpreter.
    pub(super) fn permit(&self, usage: Use, subject: &str) -> Option<bool> {
        let mut beyond = false;
        let mut any = false;
        for pattern in self.patterns(usage) {
            match matches(pattern, subject) {
                Some(true) => any = true,
                Some(false) => {}
                None => beyond = true,
            }
        }
        match (usage, any, beyond) {
            (Use::Nothing, _, _) | (_, true, _) => Some(true),
            (_, false, true) => None,
            (_, false, false) => Some(false),
        }
    }

    /// Keys or channels of the user's own patterns, each with `filler` in it, so that nobody else
    /// uses them.
    pub(super) fn instances(&self, usage: Use, filler: &str) -> Vec<String> {
        let patterns: Vec<&str> = match usage {
            // A key that may be read, but not written, is as telling as one that may be both.
            Use::Read | Use::Write => self.keys.iter().map(|key| key.pattern.as_str()).collect(),
            Use::Publish => self.channels.iter().map(String::as_str).collect(),
            Use::Nothing => Vec::new(),
        };
        patterns.into_iter().filter_map(|pattern| instance(pattern, filler)).collect()
    }

    fn patterns(&self, usage: Use) -> Vec<&str> {
        let keys = self.keys.iter();
        match usage {
            Use::Nothing => Vec::new(),
            Use::Read => keys.filter(|key| key.read).map(|key| key.pattern.as_str()).collect(),
            Use::Write => keys.filter(|key| key.write).map(|key| key.pattern.as_str()).collect(),
            Use::Publish => self.channels.iter().map(String::as_str).collect(),
        }
    }
}

/// Characters of patterns that this interpreter does not know.
const BEYOND: [char; 2] = ['[', '\\'];

/// Something that a pattern matches, with `filler` in it; `None` where there is no room for it.
fn instance(pattern: &str, filler: &str) -> Option<String> {
    (pattern.contains('*') && !pattern.contains(BEYOND))
        .then(|| pattern.replacen('*', filler, 1).replace('*', "").replace('?', "x"))
}

/// Whether a glob matches; `None` where it has what this interpreter does not know.
fn matches(pattern: &str, text: &str) -> Option<bool> {
    if pattern.contains(BEYOND) {
        return None;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where the last `*` was, and up to where it has been taken to reach.
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match pattern.get(at_pattern) {
            Some('*') => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            Some(one) if *one == '?' || *one == text[at_text] => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => match star {
                Some((at_star, reach)) => {
                    star = Some((at_star, reach + 1));
                    at_pattern = at_star + 1;
                    at_text = reach + 1;
                }
                None => return Some(false),
            },
        }
    }
    Some(pattern[at_pattern..].iter().all(|rest| *rest == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(rules: &str) -> Permissions {
        Permissions::of(&[rules.to_owned()], Server::assumed("redis:7.0"))
    }

    #[test]
    fn commands_are_permitted_in_the_order_of_the_rules() {
        let get = |rules: &str| permissions(rules).permit_command("get", &["read", "string", "fast"]);
        let config = |rules: &str| permissions(rules).permit_command("config|get", &["admin", "dangerous"]);
        for rules in
            ["+@all", "allcommands", "+@read", "+GET", "-@all +@string", "+@all -@write", "-get +get"]
        {
            assert!(get(rules), "{rules}");
        }
        for rules in ["", "+@write", "+@all -@read", "+get -@all", "+set", "+@all -get", "+get reset"] {
            assert!(!get(rules), "{rules}");
        }
        assert!(config("+config|get") && config("+config") && config("+@all -config|set"));
        assert!(!config("+@all -@dangerous") && !config("+config -config|get") && !config("+config|set"));
    }

    #[test]
    fn keys_are_permitted_by_pattern_and_use() {
        let own = permissions("~app:* %R~shared:* +@all");
        assert_eq!(own.permit(Use::Write, "app:1"), Some(true));
        assert_eq!(own.permit(Use::Read, "shared:1"), Some(true));
        assert_eq!(own.permit(Use::Write, "shared:1"), Some(false));
        assert_eq!(own.permit(Use::Read, "other"), Some(false));
        assert_eq!(own.instances(Use::Read, "x"), ["app:x", "shared:x"]);
        assert_eq!(permissions("~* resetkeys").permit(Use::Read, "a"), Some(false));
        assert_eq!(permissions("~[ab]* +@all").permit(Use::Read, "a"), None);
        assert!(permissions("~counter ~[ab]*").instances(Use::Read, "x").is_empty());
        assert_eq!(permissions("").permit(Use::Nothing, ""), Some(true));
    }

    #[test]
    fn channels_are_denied_where_there_are_rules_for_them() {
        let of = |image| Permissions::of(&["+@all".to_owned()], Server::assumed(image));
        assert_eq!(of("redis:7.0").permit(Use::Publish, "news"), Some(false));
        assert_eq!(of("redis:6.0").permit(Use::Publish, "news"), Some(true));
        assert_eq!(permissions("&news:*").permit(Use::Publish, "news:1"), Some(true));
    }

    #[test]
    fn selectors_and_switched_off_users_are_noticed() {
        let selective = permissions("+get ~a* (+set ~b* (x) +del) -get");
        assert!(selective.has_selectors);
        assert!(!selective.permit_command("get", &["read"]) && !selective.permit_command("del", &["write"]));
        assert!(!permissions("+@all off").enabled);
    }

    #[test]
    fn globs_match_as_on_the_server() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*ab", "aab", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(matches(pattern, text), Some(wanted), "{pattern} {text}");
        }
    }
}
