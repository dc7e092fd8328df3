//! Plans of deployments on several engines.

use std::collections::BTreeMap;

use redisctl::observation::{Leftovers, Observation, ObservedEngine, ObservedNetwork, ObservedServer};
use redisctl::planner::{self, Options};
use redisctl::topology::facts::{Existing, Facts};
use redisctl::topology::resolve::resolve;
use redisctl::topology::{EngineName, Replacement, Topology};

use crate::memory::World;
use crate::rig::{DISCARD, SWAP, node, plan, run, topology};

const ENGINES: &str = "image: 'redis:8', ports: {bind: 0.0.0.0}, engines: {a: {host: 'tcp://one:2375'}, b: {host: \
                       'tcp://two:2375'}, c: {host: 'tcp://three:2375'}}";

fn shop() -> Topology {
    of("kind: replication, replicas: 2", Existing::default())
}

fn of(fields: &str, existing: Existing) -> Topology {
    let spec = serde_yaml::from_str(&format!("{{{fields}, {ENGINES}}}")).expect("a spec");
    resolve(&spec, &Facts { existing, ..Facts::offline("shop") }).expect("a good spec")
}

/// A deployment in memory. Its engines are three in observations alone.
struct Shop {
    world: World,
    topology: Topology,
}

impl Shop {
    async fn up(fields: &str) -> Self {
        // The engine in memory is a single engine.
        let alone = topology(&format!("{{{fields}, image: 'redis:8', ports: {{bind: 0.0.0.0}}}}"));
        let world = World::new();
        run(&world, &alone, &plan(&world, &alone, SWAP)).await.expect("it comes up");
        Self { world, topology: of(fields, Existing::default()) }
    }

    /// The same nodes, after engine `b` was replaced by `c`.
    fn replaced(&self, fields: &str) -> Topology {
        let replacement = Replacement::read("b=c").ok();
        let stored = Some(Box::new(self.topology.clone()));
        of(
            fields,
            Existing { stored, replacement, subnet: Some(self.topology.subnet), ..Existing::default() },
        )
    }

    /// The observation while an engine is out of reach, with its nodes.
    fn without(&self, lost: &str) -> Observation {
        let mut observed = self.world.observe(&self.topology);
        observed.stored = Some(Box::new(self.topology.clone()));
        let engine = |name| {
            let with_volume =
                ObservedEngine { volumes: ["shop-nodes".to_owned()].into(), ..engine(true, name == "a") };
            (EngineName::new(name), with_volume)
        };
        observed.engines = ["a", "b", "c"].into_iter().filter(|name| *name != lost).map(engine).collect();
        observed.lost_engines = [(EngineName::new(lost), "connection refused".to_owned())].into();
        for node in self.topology.nodes_on(&EngineName::new(lost)) {
            observed.containers.remove(&node.name);
            observed
                .servers
                .insert(node.name.clone(), ObservedServer::Silent("connection refused".to_owned()));
        }
        observed
    }
}

fn planned(topology: &Topology, observed: &Observation, options: Options) -> String {
    match planner::plan(topology, observed, options) {
        Ok(plan) => plan.listing_in_short().to_string(),
        Err(obstacles) => {
            let obstacles: Vec<String> =
                obstacles.iter().map(|obstacle| format!("obstacle: {obstacle}")).collect();
            obstacles.join("\n")
        }
    }
}

/// The same without a common network.
fn apart() -> Topology {
    let yaml = "{kind: cluster, replicas: 0, image: 'redis:8', network: {driver: host-ports}, engines: {a: {host: \
                'tcp://one:2375', address: 10.0.0.1}, b: {host: 'tcp://two:2375', address: 10.0.0.2}, c: {host: \
                'tcp://three:2375', address: 10.0.0.3}}}";
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
fn with_host_ports_each_engine_has_a_network_of_its_own() {
    let mut engines: BTreeMap<EngineName, ObservedEngine> =
        ["a", "b", "c"].map(|name| (EngineName::new(name), engine(true, false))).into();
    let topology = apart();
    // A run that was killed has made the network of an engine.
    let network = ObservedNetwork { subnet: Some(topology.subnet), mtu: None, guests: Vec::new() };
    engines.get_mut(&EngineName::new("b")).expect("an engine").network = Some(network.clone());
    let observed = Observation {
        image: Some("sha256:1".to_owned()),
        network: Some(network),
        engines,
        ..Observation::default()
    };
    let plan = planner::plan(&topology, &observed, SWAP).expect("a plan");
    let text = plan.listing_in_short().to_string();
    let first: Vec<&str> = text.lines().take_while(|line| !line.contains("write files")).collect();
    insta::assert_snapshot!(first.join("\n"));
}

#[test]
fn a_new_deployment_needs_all_its_engines() {
    let lost_engines = [(EngineName::new("b"), "connection refused".to_owned())].into();
    let observed = Observation { lost_engines, ..Observation::default() };
    let obstacles = planner::plan(&shop(), &observed, SWAP).expect_err("a lost engine");
    let said: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["the engine `b` is out of reach: connection refused"]);
}

const CLUSTER: &str = "kind: cluster";
const TRIO: &str = "kind: replication, replicas: 2";

/// The nodes of a cluster are on the engines a b c b c a, and those of a trio on a b c.
#[tokio::test(start_paused = true)]
async fn while_an_engine_is_out_of_reach_only_the_other_nodes_are_repaired() {
    type Change = fn(&Shop, &mut Observation);
    let cases: [(&str, &str, &str, Change); 7] = [
        ("nothing else is wrong", CLUSTER, "b", |_, _| {}),
        ("a replica has stopped", CLUSTER, "b", |shop, observed| {
            shop.world.stop_container(&node(&shop.topology, 6));
            *observed = shop.without("b");
        }),
        ("a setting has drifted", CLUSTER, "b", |shop, observed| {
            shop.world.configure(&node(&shop.topology, 1), "save", "900 1");
            *observed = shop.without("b");
        }),
        ("a primary is gone that has a replica", CLUSTER, "b", |shop, observed| {
            shop.world.put_keys(&node(&shop.topology, 3), 5);
            shop.world.put_keys(&node(&shop.topology, 6), 5);
            shop.world.remove_container(&node(&shop.topology, 3));
            *observed = shop.without("b");
        }),
        ("a primary is gone whose replica is out of reach", CLUSTER, "b", |shop, observed| {
            shop.world.remove_container(&node(&shop.topology, 1));
            *observed = shop.without("b");
        }),
        ("a replica of the lost primary is gone", TRIO, "a", |shop, observed| {
            shop.world.remove_container(&node(&shop.topology, 3));
            *observed = shop.without("a");
        }),
        ("the spec has changed", TRIO, "b", |shop, observed| {
            let mut stored = shop.topology.clone();
            stored.labels.insert("team".to_owned(), "shop".to_owned());
            observed.stored = Some(Box::new(stored));
        }),
    ];
    let mut plans = Vec::new();
    for (name, fields, lost, change) in cases {
        let shop = Shop::up(fields).await;
        let mut observed = shop.without(lost);
        change(&shop, &mut observed);
        plans.push(format!("== {name}\n{}", planned(&shop.topology, &observed, SWAP)));
    }
    insta::assert_snapshot!(plans.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn the_nodes_of_a_replaced_engine_get_new_identities() {
    let mut plans = Vec::new();
    for (name, fields, lost, keeps_copy) in [
        ("a cluster", CLUSTER, "b", true),
        ("a primary with replicas", TRIO, "b", true),
        ("no other copy lives", CLUSTER, "b", false),
    ] {
        let shop = Shop::up(fields).await;
        for replica in shop.topology.servers().into_iter().skip(1) {
            shop.world.put_keys(&replica.name, 5);
        }
        let mut observed = shop.without(lost);
        if !keeps_copy {
            // The replica of the primary on `b`.
            observed.servers.insert(node(&shop.topology, 5), ObservedServer::Silent("down".to_owned()));
        }
        let moved = shop.replaced(fields);
        plans.push(format!("== {name}\n{}", planned(&moved, &observed, SWAP)));
        if !keeps_copy {
            let given_up = planned(&moved, &observed, DISCARD);
            assert!(given_up.contains("create container"), "{given_up}");
        }
    }
    insta::assert_snapshot!(plans.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn the_remains_on_a_replaced_engine_are_removed_first() {
    let shop = Shop::up(TRIO).await;
    let moved = shop.replaced(TRIO);
    let mut observed = shop.without("b");
    observed.lost_engines.clear();
    observed.stored = Some(Box::new(moved.clone()));
    let leftovers =
        Leftovers { containers: [node(&moved, 2)].into(), volumes: ["shop-nodes".to_owned()].into() };
    observed.leftovers = [(EngineName::new("b"), leftovers)].into();
    let text = planned(&moved, &observed, SWAP);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let first: Vec<String> = text.lines().skip(1).take(3).map(words).collect();
    assert_eq!(
        first,
        [
            "remove what was replaced",
            "shop-2 on b remove container # engine b was replaced",
            "shop on b remove volume shop-nodes with its data # engine b was replaced",
        ],
        "{text}"
    );
}
