//! A small plan for tests of listings and renderers.

use super::{
    Action, Cause, Condition, EngineAction, Order, Plan, ReplicationExpectation, ServerAction, Stage,
    StageId, Step, StepId,
};
use crate::plan::Peer;
use crate::topology::{Address, DeploymentName, Server};

/// Starts some containers, and waits until their servers replicate.
pub(crate) fn starting(nodes: usize) -> Plan {
    let deployment = DeploymentName::new("shop").expect("a good name");
    let engine =
        |node, action| Step { engine: None, node, action: Action::Engine(action), cause: Cause::New };
    let wait =
        |node, condition| Step { engine: None, node, action: Action::Await(condition), cause: Cause::New };
    let pull = EngineAction::PullImage { reference: "redis:8".to_owned(), platform: None };
    let start = (1..=nodes).flat_map(|number| {
        let node = Some(deployment.node(number));
        [engine(node.clone(), EngineAction::StartContainer), wait(node, Condition::Answers)]
    });
    let address = Address { ip: std::net::Ipv4Addr::LOCALHOST, port: 7001 };
    let expectation =
        ReplicationExpectation { primary: Peer { node: deployment.node(1), address }, replicas: Vec::new() };
    let stages = vec![
        Stage { name: "image", order: Order::InTurn, steps: vec![engine(None, pull)] },
        Stage { name: "start", order: Order::SideBySide, steps: start.collect() },
        Stage {
            name: "ready",
            order: Order::InTurn,
            steps: vec![wait(None, Condition::ReplicasFollow(expectation))],
        },
    ];
    Plan::of_stages(&deployment, stages)
}

/// Moves slots from the first node to the second.
pub(crate) fn moving() -> Plan {
    let plan = starting(2);
    let address = Address { ip: std::net::Ipv4Addr::LOCALHOST, port: 7002 };
    let action = ServerAction::MoveSlots {
        slots: (0..400).collect(),
        to: Peer { node: plan.deployment.node(2), address },
        keys: 8000,
        way: Server::assumed("redis:7.0").way_to_move_slots(),
    };
    let node = Some(plan.deployment.node(1));
    let steps = vec![Step { engine: None, node, action: Action::Server(action), cause: Cause::Misplaced }];
    Plan { stages: vec![Stage { name: "move slots", order: Order::SideBySide, steps }], ..plan }
}

/// The ids of all stages.
pub(crate) fn stage_ids(plan: &Plan) -> Vec<StageId> {
    plan.stage_ids().collect()
}

/// The ids of all steps.
pub(crate) fn step_ids(plan: &Plan) -> Vec<StepId> {
    plan.numbered().map(|(id, _)| id).collect()
}
