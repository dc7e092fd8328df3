//! The target of a run on this engine: the wanted topology, resolved with facts about the engine, and the wanted
//! credentials.

use super::Error;
use super::certificates::certificates;
use super::engine::ConnectedEngine;
use super::engine_facts::EngineFacts;
use super::handle::Deployment;
use super::image_cache;
use super::learn_directives::{Subject, learn};
use super::limits_trial::try_limits;
use super::loaded_spec::LoadedSpec;
use super::lost_resources::LostResources;
use super::module_trial::{Change, needed_modules};
use super::observe::observe;
use super::passwords::passwords;
use super::seed_keeping::first_files;
use crate::docker::inventory::Inventory;
use crate::event::Warning;
use crate::observation::{NeededModules, Observation};
use crate::plan::Obstacle;
use crate::redis::Servers;
use crate::spec::Problem;
use crate::topology::files::File;
use crate::topology::learned::Lowered;
use crate::topology::rules::addresses::subnet_hides_others;
use crate::topology::{Credentials, Learned, NodeName, Topology};

/// The wanted state of a deployment, and its existing parts.
pub(crate) struct Target {
    /// Its topology.
    pub(crate) topology: Topology,
    /// Its passwords and certificates.
    pub(crate) credentials: Credentials,
    /// The topology and credentials of the last `up`, if the deployment exists.
    pub(crate) stored: Option<(Topology, Credentials)>,
    /// Facts about directives that its servers have told.
    pub(crate) learned: Learned,
    /// The same facts before this run.
    pub(crate) learned_before: Learned,
    /// Its existing parts on the engine.
    pub(crate) inventory: Inventory,
    /// Remarks about the spec on this machine.
    pub(super) remarks: Vec<Problem>,
    /// Whether this run made all existing parts.
    pub(super) begun: bool,
    /// The modules that are files of this machine.
    pub(super) module_files: Vec<File>,
    /// The files that a new deployment keeps.
    pub(super) first_files: Vec<File>,
    /// The data that the new servers cannot read, because they lack modules.
    pub(super) needed_modules: Option<NeededModules>,
    /// Warnings about modules.
    pub(super) warnings: Vec<Warning>,
}

impl Target {
    /// Resolves a spec on this engine. `image` is the reference to run. `lost` are taken subnets and ports that the
    /// engine's lists do not show.
    pub(super) async fn resolve(
        spec: &LoadedSpec,
        engine: &ConnectedEngine,
        image: String,
        lost: &LostResources,
    ) -> Result<Self, Error> {
        let mut around = Box::pin(EngineFacts::gather(spec, engine, image, lost)).await?;
        let topology = around.resolve(spec, engine).await?;
        let EngineFacts { facts, present, inventory, stored, warnings } = around;
        let stored_topology = stored.as_ref().map(|(topology, _)| topology);
        if present.is_some() {
            try_limits(spec, &topology, stored_topology, engine).await?;
        }
        let stored_credentials = stored.as_ref().map(|(_, credentials)| credentials);
        let certificates = certificates(spec, &topology, stored_credentials)?;
        let passwords = passwords(&spec.document.spec, &topology, &spec.password_files, stored_credentials);
        let credentials = Credentials { certificates, ..passwords };
        let module_files = spec.module_files.files();
        let subject = Subject {
            has_tls: present.as_ref().is_some_and(|(_, contents)| contents.has_tls),
            module_files: &module_files,
            spec: &spec.document.spec,
            topology: &topology,
            credentials: &credentials,
            stored: stored_topology,
        };
        let through = inventory.containers.keys().next().filter(|_| stored_topology.is_some());
        let (learned_before, learned) = match present {
            Some((present, contents)) => {
                let known = engine.api.learned(through, &present.id).await?;
                let lesson = Box::pin(learn(&subject, engine, known.clone())).await?;
                let lesson = lesson.map_err(|found| spec.document.locate(found))?;
                image_cache::store_tls(&present, contents, lesson.answered && topology.tls.is_some());
                (known, lesson.learned)
            }
            // An image that is not on the engine cannot be asked.
            None => Default::default(),
        };
        let remarks = subnet_hides_others(&spec.document.spec, &facts).into_iter().collect();
        let change = Change {
            topology: &topology,
            module_files: &module_files,
            stored: stored.as_ref(),
            inventory: &inventory,
        };
        let needed_modules = Box::pin(needed_modules(&change, engine)).await?;
        Ok(Self {
            topology,
            credentials,
            stored,
            learned,
            learned_before,
            inventory,
            remarks,
            begun: false,
            module_files,
            first_files: first_files(&spec.seed_files),
            needed_modules,
            warnings,
        })
    }

    /// The credentials of the last `up`.
    pub(super) fn stored_credentials(&self) -> Option<&Credentials> {
        self.stored.as_ref().map(|(_, credentials)| credentials)
    }

    /// The deployment, once it has converged.
    pub(super) fn deployment(&self, engine: &ConnectedEngine) -> Deployment {
        let (topology, credentials) = (self.topology.clone(), self.credentials.clone());
        Deployment::new(engine.clone(), topology, credentials, self.learned.clone())
    }

    /// The servers of the deployment. They may still have the stored credentials.
    pub(super) fn servers(&self) -> Servers<'_> {
        Servers::new(&self.topology, &self.credentials).brought_from(self.stored_credentials())
    }

    /// Observes the deployment. With `written`, a plan of this run has written its file, so the stored topology is
    /// this target's.
    pub(super) async fn observe(
        &self,
        engine: &ConnectedEngine,
        servers: &Servers<'_>,
        written: bool,
    ) -> Result<Observation, Error> {
        let stored = self.stored.as_ref().map(|(topology, credentials)| (topology, credentials));
        let stored = if written { Some((&self.topology, &self.credentials)) } else { stored };
        let observed =
            observe(&self.topology, &self.credentials, stored, &self.learned, engine, servers).await?;
        Ok(Observation { begun: self.begun, needed_modules: self.needed_modules.clone(), ..observed })
    }

    /// Stores facts about directives with the deployment. The servers of a new deployment report their defaults
    /// themselves.
    pub(super) async fn keep_learned(
        &self,
        engine: &ConnectedEngine,
        observed: &Observation,
    ) -> Result<(), Error> {
        let mut learned = self.learned.clone();
        if self.stored.is_none() && learned.is_without_defaults() {
            let servers = self.topology.servers().into_iter().filter(|node| node.own_image.is_none());
            let found = servers.filter_map(|node| Some((node, &observed.view(&node.name)?.settings)));
            learned.learn_defaults(found);
        }
        let through: Option<&NodeName> = observed.containers.keys().next();
        if let Some(through) = through.filter(|_| learned != self.learned_before) {
            engine.api.keep_learned(through, &learned).await?;
        }
        Ok(())
    }

    /// The values of the spec that the server lowers, if no earlier run has reported them.
    pub(super) fn lowered(&self) -> Vec<Problem> {
        let lowered = self.learned.lowered_since(&self.learned_before).into_iter();
        let text = |Lowered { directive, written, in_force }: Lowered| {
            let message = format!("{} makes {in_force} of `{directive}: {written}`", self.topology.server);
            Problem::new(&["config", &directive], message)
        };
        lowered.map(text).collect()
    }

    /// The error for a plan's obstacles.
    pub(super) fn obstacles(&self, obstacles: Vec<Obstacle>) -> Error {
        Error::of_obstacles(&self.topology.name, obstacles)
    }
}
