//! Chooses requests that prove the rules of a user: at least one request for every rule, if there is one.

use crate::topology::Server;
use crate::topology::acl::{Rule, Which};

use super::glob::instance;
use super::permissions::{Permissions, ServerCommands};
use super::sample_commands::{SampleCommand, USUAL, Use, sample_commands};

/// A key or channel to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProbeTarget {
    /// The key or channel itself.
    pub(super) text: String,
    /// The pattern that it matches; `None`: it matches no pattern of the user.
    pub(super) pattern: Option<String>,
    /// Whether only this check uses it.
    pub(super) own: bool,
}

impl ProbeTarget {
    /// A key or channel that matches a pattern, with `filler` for its `*`; `None` if nothing matches.
    pub(super) fn matching(pattern: Option<&str>, filler: &str) -> Option<Self> {
        let text = pattern.map_or_else(|| Some(filler.to_owned()), |pattern| instance(pattern, filler))?;
        Some(Self { own: text.contains(filler), text, pattern: pattern.map(str::to_owned) })
    }
}

/// Keys and channels to try. Those without a pattern come last.
#[derive(Debug, Default)]
pub(super) struct ProbeTargets {
    pub(super) keys: Vec<ProbeTarget>,
    pub(super) channels: Vec<ProbeTarget>,
}

/// The patterns of keys or of channels in rules and selectors, each pattern once.
pub(super) fn patterns(rules: &[Rule], of_channels: bool) -> Vec<&str> {
    let mut patterns: Vec<&str> = Vec::new();
    for rule in each(rules) {
        match rule {
            Rule::Keys { pattern, .. } if !of_channels => patterns.push(pattern),
            Rule::Channels(pattern) if of_channels => patterns.push(pattern),
            _ => {}
        }
    }
    let mut seen = Vec::new();
    patterns.retain(|pattern| !seen.contains(pattern) && (seen.push(*pattern), true).1);
    patterns
}

/// Every rule, with the rules of selectors in the place of each selector.
pub(super) fn each(rules: &[Rule]) -> impl Iterator<Item = &Rule> {
    rules.iter().flat_map(|rule| match rule {
        Rule::Selector(inner) => inner.iter(),
        rule => std::slice::from_ref(rule).iter(),
    })
}

/// How a server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SentOrDryRun {
    /// The user sends the command, which is harmless.
    Sent,
    /// redisctl sends ACL DRYRUN of the command.
    DryRun,
}

/// A request, and whether the rules permit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AclProbe<'a> {
    pub(super) sample: &'a SampleCommand,
    pub(super) target: Option<&'a ProbeTarget>,
    pub(super) method: SentOrDryRun,
    pub(super) permitted: bool,
}

/// The requests that prove the rules of a user.
#[derive(Debug)]
pub(super) struct AclProbes<'a> {
    pub(super) probes: Vec<AclProbe<'a>>,
    /// The rules that no request proves.
    pub(super) unshown: Vec<&'a str>,
}

/// Chooses the requests for a user.
pub(super) struct ProbeChooser<'a> {
    samples: Vec<SampleCommand>,
    commands: ServerCommands<'a>,
    permissions: &'a Permissions,
    targets: &'a ProbeTargets,
    server: Server,
}

impl<'a> ProbeChooser<'a> {
    /// `commands`: the commands of the server.
    pub(super) fn new(
        commands: ServerCommands<'a>,
        permissions: &'a Permissions,
        targets: &'a ProbeTargets,
        server: Server,
    ) -> Self {
        let mut samples = sample_commands();
        samples.retain(|sample| commands.categories(sample.name).is_some());
        Self { samples, commands, permissions, targets, server }
    }

    /// The requests for the rules of a user. Each rule comes with its text.
    pub(super) fn choose(&'a self, rules: &'a [(&'a str, Rule)]) -> AclProbes<'a> {
        let candidates =
            candidates(&self.samples, self.targets, (self.permissions, &self.commands), self.server);
        let mut probes = AclProbes { probes: Vec::new(), unshown: Vec::new() };
        for sample in self.samples.iter().filter(|sample| sample.harmless).take(USUAL) {
            let usual = candidates.iter().filter(|candidate| candidate.sample == sample);
            for wanted in [true, false] {
                probes.add(usual.clone().find(|candidate| candidate.permitted == wanted));
            }
        }
        for (text, rule) in rules {
            let before = probes.unshown.len();
            for rule in each(std::slice::from_ref(rule)) {
                if !self.show(rule, &candidates, &mut probes) {
                    probes.unshown.push(text);
                }
            }
            // A selector is named once, even if several of its rules have no request.
            probes.unshown.truncate(before + 1);
        }
        probes
    }

    /// Adds a request that proves a rule; `false` if the rule needs a request and there is none.
    fn show(&self, rule: &Rule, candidates: &[AclProbe<'a>], probes: &mut AclProbes<'a>) -> bool {
        match rule {
            Rule::Commands { add, which } => probes.add(self.of_command(*add, which, candidates)),
            Rule::Keys { pattern, .. } => {
                let shown = [Use::Read, Use::Write]
                    .map(|usage| probes.add(self.of_pattern(pattern, usage, candidates)));
                shown.contains(&true)
            }
            Rule::Channels(pattern) => {
                // Servers without such rules permit every channel.
                !self.server.has_channel_rules()
                    || probes.add(self.of_pattern(pattern, Use::Channel, candidates))
            }
            // A reset is proved by the patterns before it, which are forbidden. The other rules are about log-ins.
            _ => true,
        }
    }

    /// A request for a rule about commands. The best request has the outcome of the rule, with permitted keys.
    fn of_command<'p>(
        &self,
        add: bool,
        which: &Which,
        candidates: &'p [AclProbe<'a>],
    ) -> Option<&'p AclProbe<'a>> {
        candidates.iter().filter(|candidate| self.commands.concerns(which, candidate.sample)).min_by_key(
            |candidate| {
                let text = candidate.target.map_or("", |target| target.text.as_str());
                let hindered = !self.permissions.permit_target(candidate.sample, text);
                (candidate.permitted != add, hindered)
            },
        )
    }

    /// A request for a pattern: a permitted command that uses keys or channels in this way only.
    fn of_pattern<'p>(
        &self,
        pattern: &str,
        usage: Use,
        candidates: &'p [AclProbe<'a>],
    ) -> Option<&'p AclProbe<'a>> {
        candidates.iter().find(|candidate| {
            let of_pattern = |target: &ProbeTarget| target.pattern.as_deref() == Some(pattern);
            candidate.target.is_some_and(of_pattern)
                && candidate.sample.uses().all(|one| one == usage)
                && self.permissions.permit_command(candidate.sample, &self.commands)
        })
    }
}

/// Every possible request. Sent commands come before dry runs.
pub(super) fn candidates<'a>(
    samples: &'a [SampleCommand],
    targets: &'a ProbeTargets,
    (permissions, commands): (&Permissions, &ServerCommands<'_>),
    server: Server,
) -> Vec<AclProbe<'a>> {
    let mut candidates = Vec::new();
    for sample in samples {
        let targets: Vec<Option<&ProbeTarget>> = match sample.takes_channel() {
            None => vec![None],
            Some(true) => targets.channels.iter().map(Some).collect(),
            Some(false) => targets.keys.iter().map(Some).collect(),
        };
        for target in targets {
            let text = target.map_or("", |target| target.text.as_str());
            let method = if sample.harmless && target.is_none_or(|target| target.own) {
                SentOrDryRun::Sent
            } else if server.has_dry_runs() {
                SentOrDryRun::DryRun
            } else {
                continue;
            };
            let permitted = permissions.permit(sample, text, commands);
            candidates.push(AclProbe { sample, target, method, permitted });
        }
    }
    candidates.sort_by_key(|candidate| candidate.method);
    candidates
}

impl<'a> AclProbes<'a> {
    /// Adds a request once; `false` if there is none.
    fn add(&mut self, probe: Option<&AclProbe<'a>>) -> bool {
        let Some(probe) = probe else { return false };
        if !self.probes.contains(probe) {
            self.probes.push(*probe);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::acl::testing::categories_of;
    use crate::topology::acl::{Categories, words};

    fn categories() -> Categories {
        categories_of(&[
            ("read", "get dbsize hget"),
            ("write", "set del lpush flushall hset"),
            ("hash", "hget hset"),
            ("pubsub", "publish"),
            ("fast", "ping"),
            ("dangerous", "flushall config|get"),
            ("admin", "config|get shutdown"),
        ])
    }

    /// The requests (`+` permitted, `-` forbidden, `~` dry run), and the rules without a request.
    fn probes(image: &str, rules: &str) -> (Vec<String>, Vec<String>) {
        let server = Server::assumed(image);
        let texts = words(rules);
        let rules: Vec<(&str, Rule)> =
            texts.iter().map(|text| (text.as_str(), Rule::parse(text).expect("a rule"))).collect();
        let parsed: Vec<Rule> = rules.iter().map(|(_, rule)| rule.clone()).collect();
        let of = |of_channels| {
            let known = patterns(&parsed, of_channels).into_iter().map(Some).chain([None]);
            known.filter_map(|pattern| ProbeTarget::matching(pattern, "own")).collect()
        };
        let targets = ProbeTargets { keys: of(false), channels: of(true) };
        let permissions = Permissions::from_rules(&parsed, server);
        let categories = categories();
        let chooser =
            ProbeChooser::new(ServerCommands::by_category(&categories), &permissions, &targets, server);
        let chosen = chooser.choose(&rules);
        let line = |probe: &AclProbe<'_>| {
            let sign = if probe.permitted { "+" } else { "-" };
            let dry = if probe.method == SentOrDryRun::DryRun { "~" } else { "" };
            let full = probe.sample.full(probe.target.map(|target| target.text.as_str()));
            format!("{sign}{dry}{}", full.join(" "))
        };
        let unshown = chosen.unshown.iter().map(|rule| (*rule).to_owned()).collect();
        (chosen.probes.iter().map(line).collect(), unshown)
    }

    #[test]
    fn every_rule_has_its_proof() {
        for (rules, wanted) in [
            ("~app:* +@read", vec!["+GET app:own", "-GET own", "-SET app:own theirs PX 15000"]),
            ("~* +@all -@dangerous", vec!["-CONFIG GET maxmemory", "-PUBLISH own heard"]),
            ("~* +@all -flushall", vec!["-~FLUSHALL", "+PING", "+CONFIG GET maxmemory"]),
            ("~* +@hash -hset", vec!["+HGET own none", "-~HSET own 1 1"]),
            ("~counter +get", vec!["+~GET counter", "-GET own"]),
            (
                "%R~a:* %W~b:* +@all",
                vec!["+GET a:own", "-SET a:own theirs PX 15000", "+SET b:own theirs PX 15000"],
            ),
            ("%R~a:* %W~b:* +@all", vec!["-GET b:own"]),
            ("~a:* resetkeys ~b:* +get", vec!["-GET a:own", "+GET b:own"]),
            ("&c:* +publish", vec!["+PUBLISH c:own heard", "-PUBLISH own heard"]),
            ("&news +publish", vec!["+~PUBLISH news heard", "-PUBLISH own heard"]),
            (
                "~a* +get (~b* +set)",
                vec!["+SET bown theirs PX 15000", "-SET aown theirs PX 15000", "-GET bown"],
            ),
            ("+shutdown +@admin -shutdown", vec!["-~SHUTDOWN", "+CONFIG GET maxmemory"]),
        ] {
            let (found, unshown) = probes("redis:7.0", rules);
            for one in wanted {
                assert!(found.contains(&one.to_owned()), "{rules}: no `{one}` in {found:#?}");
            }
            assert!(unshown.is_empty(), "{rules}: {unshown:?}");
        }
    }

    #[test]
    fn what_nothing_shows_is_told() {
        assert_eq!(
            probes("redis:7.0", "~* +json.get (~a +ft.search)").1,
            ["~*", "+json.get", "(~a +ft.search)"]
        );
        // Without dry runs, only harmless commands are sent.
        let (found, unshown) = probes("redis:6.0", "~* +@all -flushall ~counter");
        assert_eq!(unshown, ["-flushall", "~counter"]);
        assert!(found.iter().all(|one| !one.contains('~')), "{found:#?}");
    }
}
