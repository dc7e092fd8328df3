//! Asks the server of an image for unknown ACL rules in a spec, before anything is made.

use super::Error;
use super::engine::ConnectedEngine;
use super::loaded_spec::LoadedSpec;
use super::target::Target;
use crate::docker::{image, program_output};
use crate::topology::Module;
use crate::topology::paths::MOUNT;
use crate::topology::rule_trial::RuleTrial;

/// Refuses a rule that the server of the image does not know: with it, the server would end at every start. If the
/// last `up` had the same rules and the same server, no trial is needed.
pub(super) async fn try_rules(
    spec: &LoadedSpec,
    target: &Target,
    engine: &ConnectedEngine,
) -> Result<(), Error> {
    let topology = &target.topology;
    let Some(trial) = RuleTrial::of_spec(&spec.document.spec) else { return Ok(()) };
    let is_tried = target.stored.as_ref().is_some_and(|(stored, _)| {
        stored.modules == topology.modules
            && (&stored.auth, stored.server, &stored.image)
                == (&topology.auth, topology.server, &topology.image)
    });
    let docker = engine.api.client();
    if is_tried || image::find(docker, &topology.image).await?.is_none() {
        return Ok(());
    }
    let settings = &topology.shards[0].primary.settings;
    let named = settings.iter().filter(|(name, _)| *name == "loadmodule").map(|(_, value)| value.to_owned());
    let modules: Vec<String> = topology.modules.iter().map(Module::directive_value).chain(named).collect();
    let command = RuleTrial::command(topology.server);
    let mut files = trial.files(modules.iter().map(String::as_str));
    files.extend(target.module_files.iter().cloned().map(|file| file.below(MOUNT)));
    let log = program_output::program_output(docker, topology, &command, &files).await?;
    let refused = trial.refused(topology.server, &log);
    if refused.is_empty() { Ok(()) } else { Err(spec.document.locate(refused).into()) }
}
