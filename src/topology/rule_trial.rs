//! A trial of ACL rules that not every server knows, with a server of the deployment's image.
//!
//! A server ends at its start if its ACL file has an unknown rule, and its container restarts in a loop. So a server
//! is started once with a file of these rules. The last line of the file is always wrong. The server then names all
//! wrong lines and ends.

use std::fmt::Write as _;

use super::acl::everywhere::{every_server_has_category, every_server_has_command};
use super::acl::{Rule, Which, words};
use crate::spec::{Problem, SecretText, Spec, SpecPath};
use crate::topology::Server;
use crate::topology::files::File;

/// The folder of the trial in its container, below `/`.
const FOLDER: &str = "redisctl-trial";

/// A rule that no server knows.
const NO_RULE: &str = "+@redisctl-no-category";

/// The rules of the trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTrial {
    /// A rule for each line of the file, and its place in the spec.
    rules: Vec<(SpecPath, String)>,
}

impl RuleTrial {
    /// The trial of a spec's rules; `None` if every server knows all of them.
    #[must_use]
    pub fn of_spec(spec: &Spec) -> Option<Self> {
        let users = spec.auth.iter().flat_map(|auth| auth.users.iter().flatten());
        let mut rules = Vec::new();
        for (position, user) in users.enumerate() {
            let at = SpecPath::new(&["auth", "users"]).join(position.to_string()).join("rules");
            for (number, text) in user.rules.iter().enumerate() {
                let doubtful = words(text)
                    .into_iter()
                    .filter(|word| Rule::parse(word).is_ok_and(|rule| is_doubtful(&rule)));
                rules.extend(doubtful.map(|word| (at.join(number.to_string()), word)));
            }
        }
        (!rules.is_empty()).then_some(Self { rules })
    }

    /// The rules.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|(_, rule)| rule.as_str())
    }

    /// The server's program with its arguments.
    #[must_use]
    pub fn command(server: Server) -> Vec<String> {
        vec![server.program().to_owned(), format!("/{FOLDER}/server.conf")]
    }

    /// The files of the trial, below `/`. `modules` are the values of `loadmodule`.
    #[must_use]
    pub fn files<'m>(&self, modules: impl Iterator<Item = &'m str>) -> Vec<File> {
        let mut configuration = format!(
            "port 0\nunixsocket /{FOLDER}/socket\ndir /{FOLDER}\nsave \"\"\naclfile /{FOLDER}/users.acl\n"
        );
        for module in modules {
            // Writing to a String cannot fail.
            let _ = writeln!(configuration, "loadmodule {module}");
        }
        let mut users = String::new();
        for (number, rule) in self.rules().chain([NO_RULE]).enumerate() {
            let _ = writeln!(users, "user trial-{number} off {rule}");
        }
        let file = |name: &str, text: String| File::Content {
            path: format!("{FOLDER}/{name}"),
            text: SecretText::new(text),
        };
        vec![
            File::Folder { path: FOLDER.to_owned() },
            file("server.conf", configuration),
            file("users.acl", users),
        ]
    }

    /// The rules that the server refuses, from its log. Empty if the server ended for another reason.
    #[must_use]
    pub fn refused(&self, server: Server, log: &str) -> Vec<Problem> {
        let said = |line: usize| {
            let (_, rest) = log.split_once(&format!("users.acl:{line}: "))?;
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let sentence = rest[..end].split(". ").next().unwrap_or_default();
            Some(sentence.rsplit("': ").next().unwrap_or(sentence).trim_end_matches('.').to_owned())
        };
        // Without an error about the last line, the server has not read the file.
        if said(self.rules.len() + 1).is_none() {
            return Vec::new();
        }
        let problem = |(index, (path, rule)): (usize, &(SpecPath, String))| {
            let reason = said(index + 1)?;
            let message = format!("{server} in this image refuses the rule `{rule}`: {reason}");
            let hint = "`redisctl validate` names similar commands and categories; others come from modules"
                .to_owned();
            Some(Problem { path: path.clone(), message, hint: Some(hint) })
        };
        self.rules.iter().enumerate().filter_map(problem).collect()
    }
}

/// Whether some servers may lack the commands of a rule.
fn is_doubtful(rule: &Rule) -> bool {
    match rule {
        Rule::Selector(rules) => rules.iter().any(is_doubtful),
        Rule::Commands { which: Which::Category(name), .. } => !every_server_has_category(name),
        Rule::Commands { which: Which::Command(name), .. } => !every_server_has_command(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(rules: &[&str]) -> Option<RuleTrial> {
        let rules = rules.iter().map(|rule| format!("\"{rule}\"")).collect::<Vec<_>>().join(", ");
        let yaml = format!("{{kind: standalone, auth: {{users: [{{name: a, rules: [{rules}]}}]}}}}");
        RuleTrial::of_spec(&serde_yaml::from_str(&yaml).unwrap())
    }

    #[test]
    fn rules_of_every_server_need_no_trial() {
        for rule in ["~* &* +@all", "+@read -@dangerous", "+get +CONFIG|GET", "(~a +get)", "on"] {
            assert_eq!(trial(&[rule]), None, "{rule}");
        }
        let doubtful = trial(&["~* +get +json.get", "+@nosuch", "(~a +gett)", "+getex"]).unwrap();
        assert_eq!(doubtful.rules().collect::<Vec<_>>(), ["+json.get", "+@nosuch", "(~a +gett)", "+getex"]);
    }

    #[test]
    fn the_server_names_each_wrong_rule() {
        let trial = trial(&["+getex +@nosuch", "+config|nosuch"]).unwrap();
        let server = Server::assumed("redis:7.0");
        // Redis 7.0, then 6.0: one line of the log.
        let newer = "1:M # Aborting Redis startup because of ACL errors: /redisctl-trial/users.acl:2: Error in \
                     applying operation '+@nosuch': Unknown command or category name in ACL. \
                     /redisctl-trial/users.acl:4: Error in applying operation '+@redisctl-no-category': Unknown \
                     command or category name in ACL. WARNING: ACL errors detected\n";
        let older = "1:M # Aborting Redis startup because of ACL errors: /redisctl-trial/users.acl:2: Unknown command \
                     or category name in ACL. /redisctl-trial/users.acl:4: Unknown command or category name in ACL. \
                     WARNING: ACL errors detected\n";
        for log in [newer, older] {
            let refused = trial.refused(server, log);
            let [problem] = refused.as_slice() else { panic!("{refused:?}") };
            assert_eq!(problem.path.to_string(), "auth.users.0.rules.0");
            let expected = "redis 7.0.0 in this image refuses the rule `+@nosuch`: Unknown command or category name in ACL";
            assert_eq!(problem.message, expected);
        }
        assert!(trial.refused(server, "Can't open the module: /redisctl-trial/users.acl:2: no\n").is_empty());
    }

    #[test]
    fn the_file_has_a_line_for_each_rule_and_a_wrong_one() {
        let trial = trial(&["+@nosuch"]).unwrap();
        let files = trial.files(["/m.so a"].into_iter());
        let text = |index: usize| match &files[index] {
            File::Content { text, .. } => text.expose().to_owned(),
            _ => panic!("a file"),
        };
        assert!(text(1).ends_with("loadmodule /m.so a\n"), "{}", text(1));
        assert_eq!(text(2), "user trial-0 off +@nosuch\nuser trial-1 off +@redisctl-no-category\n");
    }
}
