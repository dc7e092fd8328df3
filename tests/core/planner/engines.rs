//! Plans of deployments on several engines.

use std::collections::BTreeMap;

use redisctl::observation::{Observation, ObservedEngine};
use redisctl::planner;
use redisctl::topology::facts::Facts;
use redisctl::topology::resolve::resolve;
use redisctl::topology::{EngineName, Topology};

use crate::rig::SWAP;

fn shop() -> Topology {
    let yaml = "{kind: replication, replicas: 2, image: 'redis:8', ports: {bind: 0.0.0.0}, engines: {a: {host: \
                'tcp://one:2375'}, b: {host: 'tcp://two:2375'}, c: {host: 'tcp://three:2375'}}}";
    let spec = serde_yaml::from_str(yaml).expect("a spec");
    resolve(&spec, &Facts::offline("shop")).expect("a good spec")
}

fn engine(has_image: bool, is_manager: bool) -> ObservedEngine {
    let images = has_image.then(|| ("redis:8".to_owned(), "sha256:1".to_owned()));
    ObservedEngine { images: images.into_iter().collect(), is_manager, ..ObservedEngine::default() }
}

#[test]
fn each_step_is_at_its_engine_and_a_manager_makes_the_network() {
    let engines: BTreeMap<EngineName, ObservedEngine> =
        [("a", engine(true, false)), ("b", engine(true, true)), ("c", engine(false, false))]
            .map(|(name, engine)| (EngineName::new(name), engine))
            .into();
    let observed = Observation { image: Some("sha256:1".to_owned()), engines, ..Observation::default() };
    let plan = planner::plan(&shop(), &observed, SWAP).expect("a plan");
    insta::assert_snapshot!(plan.listing_in_short().to_string());
}

#[test]
fn nothing_is_planned_while_an_engine_is_out_of_reach() {
    let lost_engines = [(EngineName::new("b"), "connection refused".to_owned())].into();
    let observed = Observation { lost_engines, ..Observation::default() };
    let obstacles = planner::plan(&shop(), &observed, SWAP).expect_err("a lost engine");
    let said: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["the engine `b` is out of reach: connection refused"]);
}
