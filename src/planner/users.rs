//! ACL users, their passwords and rules, and the logins of replicas at their primary.
//!
//! All changes happen on running servers, and no client loses its access. First, every node accepts the new passwords
//! beside the old ones. Then replicas change their login. Then the files are written, so that a restart keeps the
//! users. Last, users and passwords that left the spec are removed. Each plan starts from the servers' present users,
//! so an interrupted run can be continued.

use super::draft::{Changes, Pass, Stages, engine, server};
use super::primary_in_files::primary_in_files;
use super::world::{World, running};
use crate::arrangement::Member;
use crate::observation::{AccessView, Observation, ObservedUser, PrimaryLogin};
use crate::plan::{Cause, EngineAction, Order, ServerAction, Step, UserDrift};
use crate::topology::acl::allow_the_same;
use crate::topology::users::{DEFAULT, ServerUser, is_own, users_of};
use crate::topology::{Kind, Node, NodeName, SpecField, Topology};

/// Whether the spec's users or passwords differ from the stored topology's.
pub(super) fn change(topology: &Topology, observed: &Observation) -> bool {
    let stored = observed.stored.as_ref();
    stored.is_some_and(|stored| stored.auth != topology.auth) || !observed.changed_passwords.is_empty()
}

/// Whether `auth` changes for sentinels without ACL users. They read the default user's password from their files
/// only. Sentinels with ACL users could not log in at them.
pub(super) fn change_for_old_sentinels(topology: &Topology, observed: &Observation) -> bool {
    let Some(stored) = observed.stored.as_deref() else { return false };
    let password = |topology: &Topology| topology.auth.as_ref().map(|auth| auth.default_password);
    let differs = password(stored) != password(topology)
        || observed.changed_passwords.iter().any(|user| user == DEFAULT);
    let gets_users = topology.auth.is_some() && topology.has_sentinel_users();
    topology.kind == Kind::Sentinel && !stored.has_sentinel_users() && (differs || gets_users)
}

/// Plans the steps that bring the users of every answering server to the spec's.
pub(super) fn plan(world: &World<'_>) -> Pass {
    let World { topology, observed, .. } = *world;
    let judged: Vec<(&Node, &AccessView, Vec<ServerUser>)> = topology
        .nodes()
        .into_iter()
        .filter_map(|node| {
            let view = observed.view(&node.name)?;
            Some((node, view.access.as_ref()?, users_of(topology, &node.name, running(topology, view))))
        })
        .collect();
    let differences: Vec<Difference<'_>> = judged
        .iter()
        .map(|(node, access, wanted)| Difference::new(world, &node.name, access, wanted))
        .collect();
    let all = || differences.iter();
    let let_in = all().flat_map(Difference::let_in).chain(let_in_at_leaving_primaries(world));
    let mut stages = Stages::one("let in", Order::SideBySide, let_in.collect());
    stages.push("log in", Order::SideBySide, all().flat_map(Difference::log_in).collect());
    stages.push("keep users", Order::InTurn, files(world, &differences));
    stages.push("users", Order::SideBySide, all().flat_map(Difference::settle).collect());
    let logins = all().any(|difference| difference.login.is_some());
    Pass { stages, changes: Changes { logins, ..Changes::default() } }
}

/// Steps that admit the spec's users at primaries that leave. Their replicas log in there once more, to take over.
fn let_in_at_leaving_primaries(world: &World<'_>) -> Vec<Step> {
    let World { topology, arrangement, .. } = *world;
    let is_followed = |leaving: &&Member<'_>| {
        arrangement.members().any(|member| arrangement.followed(&member.name) == Some(leaving.address))
    };
    let steps = arrangement.leaving().filter(is_followed).filter_map(|leaving| {
        let view = leaving.view?;
        let wanted = users_of(topology, &leaving.name, running(topology, view));
        Some(Difference::new(world, &leaving.name, view.access.as_ref()?, &wanted).let_in())
    });
    steps.flatten().collect()
}

/// Writes the files of all nodes if the spec changed, otherwise of nodes whose users drifted. ACL SAVE may have
/// written a manual change to the file.
fn files(world: &World<'_>, differences: &[Difference<'_>]) -> Vec<Step> {
    let World { topology, observed, arrangement, .. } = *world;
    let all = change(topology, observed);
    let nodes: Vec<NodeName> = topology
        .nodes()
        .into_iter()
        .map(|node| &node.name)
        .filter(|name| {
            all || differences.iter().any(|difference| difference.node == *name && !difference.is_empty())
        })
        .cloned()
        .collect();
    // These nodes' folders exist already, so one archive has the files of all nodes.
    let through = nodes.iter().find(|name| observed.containers.contains_key(*name)).cloned();
    let cause = if all { Cause::SpecChanged(vec![SpecField::Auth]) } else { Cause::Changed };
    let write = |through: NodeName| {
        let (name, nodes, primary) =
            (through.clone(), nodes.clone(), primary_in_files(topology, arrangement));
        engine(Some(&name), EngineAction::WriteFiles { through, nodes, primary }, cause)
    };
    through.map(write).into_iter().collect()
}

/// The differences between one node's users and the spec's.
struct Difference<'a> {
    node: &'a NodeName,
    users: Vec<(&'a ServerUser, UserDrift, LetIn)>,
    surplus: Vec<String>,
    /// The login that the node must use at other nodes, if it uses another login now.
    login: Option<(ServerAction, Cause)>,
}

/// The step that a user needs before it can log in with the spec's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LetIn {
    Already,
    ByPassword,
    /// The user does not exist, or must become a user without a password.
    ByUser,
}

impl<'a> Difference<'a> {
    fn new(world: &World<'_>, node: &'a NodeName, access: &AccessView, wanted: &'a [ServerUser]) -> Self {
        let World { topology, observed, removes_traces, .. } = *world;
        let users = wanted.iter().filter_map(|user| {
            let (drift, let_in) = judge(user, access.users.get(&user.name), access)?;
            Some((user, drift, let_in))
        });
        let of_the_spec = |name: &String| wanted.iter().any(|user| user.name == *name);
        let before = observed.stored.as_ref().and_then(|stored| stored.auth.as_ref());
        // `up` without `auth` leaves users alone, except those that an earlier spec had.
        let is_ours = |name: &String| {
            topology.auth.is_some()
                || removes_traces
                || is_own(name)
                || before.is_some_and(|auth| auth.users.iter().any(|user| user.name == *name))
        };
        let surplus = access.users.keys().filter(|name| !of_the_spec(name) && is_ours(name)).cloned();
        let with_password = topology.auth.is_some();
        let right = if with_password { PrimaryLogin::Right } else { PrimaryLogin::None };
        let login = if topology.is_sentinel(node) {
            let name = topology.name.clone();
            (ServerAction::LogInToWatched { name, with_password }, Cause::SentinelLogin)
        } else {
            (ServerAction::LogInToPrimary { with_password }, Cause::PrimaryLogin)
        };
        let login = (access.primary_login != right).then_some(login);
        // redisctl's own user comes last: the current connection may use it.
        let (own, others): (Vec<_>, Vec<_>) = surplus.partition(|name| is_own(name));
        Self { node, users: users.collect(), surplus: others.into_iter().chain(own).collect(), login }
    }

    fn is_empty(&self) -> bool {
        self.users.is_empty() && self.surplus.is_empty() && self.login.is_none()
    }

    /// Steps that admit every user of the spec. They remove no access.
    fn let_in(&self) -> Vec<Step> {
        let step = |(user, drift, let_in): &(&ServerUser, UserDrift, LetIn)| {
            let name = user.name.clone();
            let action = match let_in {
                LetIn::Already => return None,
                LetIn::ByPassword => ServerAction::AddPassword { user: name },
                LetIn::ByUser => set(user),
            };
            Some(server(self.node, action, Cause::User(user.name.clone(), *drift)))
        };
        self.users.iter().filter_map(step).collect()
    }

    fn log_in(&self) -> Vec<Step> {
        let login = self.login.clone();
        login.map(|(action, cause)| server(self.node, action, cause)).into_iter().collect()
    }

    /// Steps that make the users equal to the spec's.
    fn settle(&self) -> Vec<Step> {
        let differing = self.users.iter().filter(|(_, _, let_in)| *let_in != LetIn::ByUser);
        let set = differing.map(|(user, drift, _)| (set(user), user.name.clone(), *drift));
        let delete = self
            .surplus
            .iter()
            .map(|name| (ServerAction::DeleteUser { user: name.clone() }, name.clone(), UserDrift::Surplus));
        set.chain(delete)
            .map(|(action, name, drift)| server(self.node, action, Cause::User(name, drift)))
            .collect()
    }
}

fn set(user: &ServerUser) -> ServerAction {
    ServerAction::SetUser { user: user.name.clone(), rules: user.rules.clone() }
}

/// The drift of a user; `None` if the user is as the spec wants it.
fn judge(
    wanted: &ServerUser,
    found: Option<&ObservedUser>,
    access: &AccessView,
) -> Option<(UserDrift, LetIn)> {
    let Some(found) = found else { return Some((UserDrift::NotFound, LetIn::ByUser)) };
    let any_password = |rules: &[String]| rules.iter().any(|rule| rule.eq_ignore_ascii_case("nopass"));
    let (wants_any, takes_any) = (any_password(&wanted.rules), any_password(&found.rules));
    let password_differs = found.other_password
        || takes_any != wants_any
        || (found.right_password != wanted.has_password && !wants_any);
    let rules_differ = !allow_the_same(&found.rules, &wanted.rules, &access.categories);
    let drift = match (rules_differ, password_differs) {
        (false, false) => return None,
        (true, false) => UserDrift::Rules,
        (false, true) => UserDrift::Password,
        (true, true) => UserDrift::RulesAndPassword,
    };
    let let_in = if wants_any && !takes_any {
        LetIn::ByUser
    } else if !wanted.has_password || takes_any || found.right_password {
        LetIn::Already
    } else {
        LetIn::ByPassword
    };
    Some((drift, let_in))
}
