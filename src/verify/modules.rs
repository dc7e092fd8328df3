//! Whether each server has loaded exactly the modules of its topology, with their arguments.

use std::collections::BTreeSet;

use crate::observation::LoadedModule;
use crate::spec::redis_conf::lines::lines;
use crate::topology::{Module, Node, Topology};

use super::context::CheckContext;
use super::{Check, Judgement};

const MODULES: (&str, &str) = ("modules", "the server has loaded its modules, and no others");

/// One check for each server, if any server has or needs modules.
pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let servers = context.topology.servers();
    let any_loaded = servers.iter().any(|node| {
        let loaded = context.said(&node.name).ok().and_then(|said| said.view.modules.as_ref());
        loaded.is_some_and(|loaded| loaded.iter().any(|module| !module.is_built_in()))
    });
    if servers.iter().all(|node| context.topology.modules_of(node).is_empty()) && !any_loaded {
        return Vec::new();
    }
    let check = |node: &Node| {
        let transcript = context.transcript([node], "MODULE LIST", &[]);
        Check::judged(MODULES, Some(&node.name), judge(context, node), transcript)
    };
    servers.into_iter().map(check).collect()
}

fn judge(context: &CheckContext<'_>, node: &Node) -> Judgement {
    let loaded = |node: &Node| -> Result<Vec<&LoadedModule>, String> {
        let modules = context.said(&node.name)?.view.modules.as_ref();
        let modules = modules.ok_or("the server does not say which modules it has")?;
        Ok(modules.iter().filter(|module| !module.is_built_in()).collect())
    };
    let own = loaded(node)?;
    compare(&wanted(context.topology, node), &own)?;
    // The same file may hold another version on another node, and old servers do not name files.
    let names = |modules: &[&LoadedModule]| -> BTreeSet<String> {
        modules.iter().map(|module| format!("{} {}", module.name, module.version)).collect()
    };
    let same_image = |other: &&Node| context.topology.image_of(other) == context.topology.image_of(node);
    let first = context
        .topology
        .servers()
        .into_iter()
        .filter(same_image)
        .find_map(|other| Some((other, loaded(other).ok()?)));
    if let Some((other, theirs)) = first
        && names(&theirs) != names(&own)
    {
        let list = |modules: &[&LoadedModule]| names(modules).into_iter().collect::<Vec<_>>().join(", ");
        return Err(format!("it has {}, and {} has {}", list(&own), other.name, list(&theirs)));
    }
    let list = names(&own).into_iter().collect::<Vec<_>>().join(", ");
    Ok(if list.is_empty() { "none".to_owned() } else { list })
}

/// The modules of a node: those of the topology, and those in its directives.
fn wanted(topology: &Topology, node: &Node) -> Vec<Module> {
    let directive = node.settings.get("loadmodule").map(|value| lines("loadmodule", value));
    let named = directive.iter().flat_map(|text| Module::in_configuration(text));
    topology.modules_of(node).iter().cloned().chain(named).collect()
}

/// Compares files and arguments. If the server does not name files, compares the numbers.
fn compare(wanted: &[Module], loaded: &[&LoadedModule]) -> Result<(), String> {
    let files: Option<Vec<&Module>> = loaded.iter().map(|module| module.file.as_ref()).collect();
    let Some(files) = files else {
        return if loaded.len() == wanted.len() {
            Ok(())
        } else {
            Err(format!("it has {} modules instead of {}", loaded.len(), wanted.len()))
        };
    };
    for module in wanted {
        match files.iter().find(|file| file.path == module.path) {
            None => return Err(format!("`{}` is not loaded", module.path)),
            Some(file) if file.args != module.args => {
                return Err(format!("it has loaded `{file}` instead of `{module}`"));
            }
            Some(_) => {}
        }
    }
    let surplus = files.iter().find(|file| wanted.iter().all(|module| module.path != file.path));
    surplus.map_or(Ok(()), |file| Err(format!("`{file}` is loaded, which is not of the spec")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;
    use super::*;

    fn loaded(name: &str, version: i64, file: Option<&str>) -> LoadedModule {
        let file = file.map(|path| Module { path: path.to_owned(), args: Vec::new() });
        LoadedModule { name: name.to_owned(), version, file }
    }

    #[test]
    fn files_arguments_and_versions_are_proved_on_every_server() {
        let mut deployment = TestDeployment::healthy("{kind: replication, modules: [/a.so]}");
        let good = || {
            Some(vec![
                loaded("lua", 1, Some("lua")),
                loaded("vectorset", 1, Some("")),
                loaded("a", 10, Some("/a.so")),
            ])
        };
        for number in [1, 2] {
            deployment.statement(number).view.modules = good();
        }
        assert_eq!(deployment.judged("modules", Some(2)), Ok("a 10".to_owned()));
        let mut judged = |modules: Vec<LoadedModule>| {
            deployment.statement(2).view.modules = Some(modules);
            deployment.judged("modules", Some(2)).unwrap_err()
        };
        assert_eq!(judged(vec![]), "`/a.so` is not loaded");
        assert_eq!(
            judged(vec![loaded("a", 10, Some("/a.so")), loaded("b", 1, Some("/b.so"))]),
            "`/b.so` is loaded, which is not of the spec"
        );
        assert_eq!(judged(vec![loaded("a", 11, Some("/a.so"))]), "it has a 11, and shop-1 has a 10");
        let other = Module { path: "/a.so".to_owned(), args: vec!["x".to_owned()] };
        assert_eq!(
            judged(vec![LoadedModule { file: Some(other), ..loaded("a", 10, None) }]),
            "it has loaded `/a.so x` instead of `/a.so`"
        );
    }

    #[test]
    fn old_servers_name_no_files_and_are_judged_by_number() {
        let mut deployment =
            TestDeployment::healthy("{kind: standalone, image: 'redis:6.2', modules: [/a.so]}");
        deployment.statement(1).view.modules = Some(vec![loaded("a", 10, None)]);
        assert_eq!(deployment.judged("modules", Some(1)), Ok("a 10".to_owned()));
        deployment.statement(1).view.modules = Some(vec![]);
        assert!(deployment.judged("modules", Some(1)).is_err());
    }

    #[test]
    fn modules_that_directives_name_are_of_the_spec() {
        let mut deployment = TestDeployment::healthy("{kind: standalone, config: {loadmodule: /a.so x}}");
        let file = Module { path: "/a.so".to_owned(), args: vec!["x".to_owned()] };
        deployment.statement(1).view.modules =
            Some(vec![LoadedModule { file: Some(file), ..loaded("a", 1, None) }]);
        assert_eq!(deployment.judged("modules", Some(1)), Ok("a 1".to_owned()));
    }

    #[test]
    fn what_is_loaded_without_the_spec_is_found() {
        let mut deployment = TestDeployment::healthy("{kind: standalone, modules: none}");
        deployment.statement(1).view.modules = Some(vec![loaded("a", 10, Some("/a.so"))]);
        assert!(deployment.judged("modules", Some(1)).is_err());
    }
}
