//! Requests that ask a server for the rights of a user: ACL DRYRUN with commands of every category.

use crate::topology::Server;
use crate::topology::acl::Rule;

use super::permissions::{Permissions, ServerCommands};
use super::probes::{AclProbe, ProbeTarget, ProbeTargets, candidates, patterns};
use super::sample_commands::{SampleCommand, sample_commands};
use crate::verify::{CheckCommand, CheckConnection, Expectation, Request};

/// Dry runs of commands that a user's rules permit, and of commands that they forbid. Each category has one of each,
/// if possible.
pub(in crate::verify) fn dry_runs(
    connection: &CheckConnection,
    (user, rules): (&str, &[Rule]),
    commands: &ServerCommands<'_>,
    server: Server,
    filler: &str,
) -> Vec<Request> {
    let permissions = Permissions::from_rules(rules, server);
    let of = |of_channels| {
        let known = patterns(rules, of_channels).into_iter().map(Some).chain([None]);
        known.filter_map(|pattern| ProbeTarget::matching(pattern, filler)).collect()
    };
    let targets = ProbeTargets { keys: of(false), channels: of(true) };
    let samples: Vec<SampleCommand> =
        sample_commands().into_iter().filter(|sample| commands.categories(sample.name).is_some()).collect();
    let candidates = candidates(&samples, &targets, (&permissions, commands), server);
    let mut chosen: Vec<&AclProbe<'_>> = Vec::new();
    for category in commands.all_categories() {
        for permitted in [true, false] {
            let fits = |probe: &&AclProbe<'_>| {
                let categories = commands.categories(probe.sample.name);
                probe.permitted == permitted && categories.is_some_and(|all| all.contains(category))
            };
            // A command can belong to several categories: then it is enough for all of them.
            if !chosen.iter().any(fits) {
                chosen.extend(candidates.iter().find(fits));
            }
        }
    }
    chosen.into_iter().map(|probe| dry_run(connection, user, probe)).collect()
}

/// Asks the server as redisctl whether a user could run a command.
pub(super) fn dry_run(connection: &CheckConnection, user: &str, probe: &AclProbe<'_>) -> Request {
    let question = ["ACL", "DRYRUN", user].map(str::to_owned);
    let target = probe.target.map(|target| target.text.as_str());
    let command = CheckCommand::new(question.into_iter().chain(probe.sample.full(target)));
    let expectation = if probe.permitted { Expectation::Status("OK") } else { Expectation::Explanation };
    Request::send(connection.clone(), command, expectation)
}
