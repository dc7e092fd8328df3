//! Every decision as a table: the facts of an attempt, and the executor's next action.

use super::question::nodes;
use super::*;
use crate::observation::ObservedServer;
use crate::plan::{
    Action, AtStake, Cause, ClusterMember, Deviation, Holder, MemberRole, Order, Peer,
    ReplicationExpectation, Stage, Step,
};
use crate::readiness::Answers;
use crate::topology::{Address, DeploymentName, SlotSet};

fn name(number: usize) -> NodeName {
    DeploymentName::new("shop").expect("a good name").node(number)
}

fn address() -> Address {
    Address { ip: std::net::Ipv4Addr::LOCALHOST, port: 7001 }
}

/// Starts the containers of `nodes`, and waits in its last stage, number 2.
fn plan(nodes: usize) -> Plan {
    crate::plan::testing::starting(nodes)
}

/// The stage that starts containers, and the stage that waits for replicas.
const START: usize = 1;
const READY: usize = 2;

fn replicas_follow() -> Condition {
    let primary = Peer { node: name(1), address: address() };
    Condition::ReplicasFollow(ReplicationExpectation { primary, replicas: Vec::new() })
}

fn barrier(patience: Duration) -> Condition {
    let member =
        ClusterMember { node: name(1), address: address(), role: MemberRole::Primary(SlotSet::default()) };
    Condition::ClusterAgrees(ClusterExpectation {
        members: vec![member],
        strangers: std::collections::BTreeSet::new(),
        milestone: Milestone::Barrier(patience),
    })
}

const LIMIT: Duration = Duration::from_secs(60);

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn disagreement(deviation: &Deviation) -> Missing {
    Missing::Disagreement(deviation.clone().at(&name(1)))
}

/// An attempt after this time that did not succeed. The engine has just been asked.
fn look(waited: Duration) -> Look {
    Look {
        waited,
        took: ms(1),
        missing: vec![disagreement(&Deviation::NoPrimary)],
        silent: Vec::new(),
        other_step_failed: false,
        containers: Some(Vec::new()),
        newer: NewerPlan::NotAsked,
    }
}

const fn go_on(pause: Duration, tell: bool) -> Next {
    Next::GoOn { pause, tell }
}

#[test]
fn a_wait_is_over_once_nothing_is_missing() {
    let (plan, condition) = (plan(1), replicas_follow());
    for waited in [ms(0), LIMIT * 2] {
        for other_step_failed in [false, true] {
            let mut waiting = Waiting::for_condition(Progress::new(&plan, READY), &condition, LIMIT);
            let look = Look { missing: Vec::new(), other_step_failed, ..look(waited) };
            assert_eq!(waiting.next(&look), Next::Over);
        }
    }
}

#[test]
fn a_wait_gives_up_when_its_time_is_over_or_another_step_has_failed() {
    let plan = plan(1);
    let progress = Progress::new(&plan, READY);
    let (patient, impatient) = (replicas_follow(), barrier(ms(1000)));
    let (write, meet) = (ServerAction::Announce, ServerAction::MeetAgain(Vec::new()));
    for (mut waiting, limit) in [
        (Waiting::for_condition(progress, &patient, LIMIT), LIMIT),
        (Waiting::for_condition(progress, &impatient, LIMIT), ms(1000)),
        (Waiting::for_condition(progress, &impatient, ms(300)), ms(300)),
        (Waiting::for_call(progress, &write, LIMIT), LIMIT),
        (Waiting::for_call(progress, &meet, LIMIT), LIMIT + ms(60_000)),
    ] {
        let before = Look { newer: NewerPlan::Impossible, ..look(limit.saturating_sub(ms(1))) };
        assert!(matches!(waiting.next(&before), Next::GoOn { .. }), "{limit:?}");
        assert_eq!(waiting.next(&look(limit)), Next::GiveUp, "{limit:?}");
        let failed = Look { other_step_failed: true, ..look(ms(0)) };
        assert_eq!(waiting.next(&failed), Next::GiveUp);
    }
}

#[test]
fn a_long_wait_looks_less_often_and_tells_what_is_missing_when_that_changes() {
    let (plan, condition) = (plan(1), replicas_follow());
    let mut waiting = Waiting::for_condition(Progress::new(&plan, READY), &condition, LIMIT);
    let (first, second) = (Deviation::NoPrimary, Deviation::NoReplica);
    for (waited, deviation, next) in [
        (0, &first, go_on(FIRST_PACE, false)),
        (1999, &first, go_on(FIRST_PACE, false)),
        (2000, &first, go_on(LATER_PACE, true)),
        (2050, &first, go_on(LATER_PACE, false)),
        (2100, &second, go_on(LATER_PACE, true)),
        (2150, &second, go_on(LATER_PACE, false)),
    ] {
        let look = Look { missing: vec![disagreement(deviation)], ..look(ms(waited)) };
        assert_eq!(waiting.next(&look), next, "after {waited} ms");
    }
}

#[test]
fn pauses_are_as_long_as_attempts() {
    let (plan, condition) = (plan(1), replicas_follow());
    let mut waiting = Waiting::for_condition(Progress::new(&plan, READY), &condition, LIMIT);
    for (took, pause) in [(ms(0), FIRST_PACE), (ms(30), ms(30)), (ms(400), LATER_PACE)] {
        assert_eq!(waiting.next(&Look { took, ..look(ms(400)) }), go_on(pause, false), "{took:?}");
    }
}

/// The answers of nodes that are silent, so that they disagree, and of nodes that agree.
fn answers(silent: &[usize], agreeing: &[usize]) -> Answers {
    let silent = silent.iter().map(|number| (name(*number), ObservedServer::Silent("closed".to_owned())));
    let view = || ObservedServer::Answering(Box::default());
    silent.chain(agreeing.iter().map(|number| (name(*number), view()))).collect()
}

#[test]
fn nodes_that_agree_are_left_alone_for_a_while_and_confirm_in_the_end() {
    let condition = Condition::Empty((1..=4).map(name).collect());
    let names = |numbers: &[usize]| numbers.iter().map(|number| name(*number)).collect::<Vec<_>>();
    let asked = |heard: &Heard<'_>, at| heard.to_ask(ms(at)).into_iter().cloned().collect::<Vec<_>>();
    let mut heard = Heard::new(&condition, None);
    assert_eq!(asked(&heard, 0), names(&[1, 2, 3, 4]));
    heard.add(answers(&[2, 3], &[1, 4]), ms(0), ms(100));
    assert_eq!(heard.silent(), names(&[2, 3]));
    // All nodes were asked for 100 ms, so they are left alone for 400 ms.
    assert_eq!(asked(&heard, 150), names(&[2, 3]));
    assert_eq!(asked(&heard, 499), names(&[2, 3]));
    assert_eq!(asked(&heard, 500), names(&[1, 2, 3, 4]));
    heard.add(answers(&[3], &[2]), ms(150), ms(160));
    assert_eq!((asked(&heard, 170), heard.needs_confirmation()), (names(&[3]), false));
    heard.add(answers(&[], &[3]), ms(170), ms(175));
    assert_eq!((heard.disagreements().len(), heard.needs_confirmation()), (0, true));
    assert_eq!(asked(&heard, 176), names(&[1, 2, 3, 4]));
    heard.add(answers(&[4], &[1, 2, 3]), ms(176), ms(180));
    assert_eq!((heard.disagreements().len(), heard.needs_confirmation()), (1, false));
    heard.add(answers(&[], &[1, 2, 3, 4]), ms(180), ms(184));
    assert_eq!((heard.disagreements().len(), heard.needs_confirmation()), (0, false));
}

#[test]
fn refusals_of_a_server_are_told_once() {
    let plan = plan(1);
    let call = ServerAction::Announce;
    let mut waiting = Waiting::for_call(Progress::new(&plan, READY), &call, LIMIT);
    for (waited, error, tell) in [(2000, "loading", true), (2050, "loading", false), (2100, "busy", false)] {
        let refusal = Missing::Refusal { node: name(1), error: error.to_owned() };
        let look = Look { missing: vec![refusal], ..look(ms(waited)) };
        assert_eq!(waiting.next(&look), go_on(LATER_PACE, tell), "after {waited} ms");
    }
}

#[test]
fn the_engine_is_asked_at_a_pace_of_its_own() {
    let (plan, condition) = (plan(1), replicas_follow());
    let mut waiting = Waiting::for_condition(Progress::new(&plan, READY), &condition, LIMIT);
    let silent = |waited| Look { containers: None, silent: vec![name(1)], ..look(ms(waited)) };
    assert_eq!(waiting.next(&silent(499)), go_on(FIRST_PACE, false));
    assert_eq!(waiting.next(&silent(500)), Next::AskEngine);
    // The server may still answer, because its container runs.
    let answered = Look { containers: Some(vec![(name(1), None)]), ..silent(500) };
    assert_eq!(waiting.next(&answered), go_on(FIRST_PACE, false));
    assert_eq!(waiting.next(&silent(999)), go_on(FIRST_PACE, false));
    assert_eq!(waiting.next(&silent(1000)), Next::AskEngine);
}

#[test]
fn a_container_that_the_plan_started_ends_the_wait_and_any_other_needs_another_plan() {
    // The plan starts the containers of nodes 1 and 2.
    let (plan, condition) = (plan(2), replicas_follow());
    for (position, number, is_started) in
        [(START, 1, true), (READY, 2, true), (READY, 3, false), (0, 1, false)]
    {
        for why in [
            Unavailable::Removed,
            Unavailable::Exited { code: 1 },
            Unavailable::Restarting { code: 1, restarts: 3 },
            Unavailable::OutOfMemory,
            Unavailable::Paused,
            Unavailable::NoNetwork,
        ] {
            let mut waiting = Waiting::for_condition(Progress::new(&plan, position), &condition, LIMIT);
            let containers = Some(vec![(name(9), None), (name(number), Some(why))]);
            let node = name(number);
            let next = if is_started {
                Next::Vain { node, why }
            } else {
                Next::PlanAgain(PlanAgain::Unavailable { node, why })
            };
            assert_eq!(waiting.next(&Look { containers, ..look(ms(600)) }), next);
        }
    }
}

#[test]
fn another_plan_is_asked_for_at_a_pace_of_its_own() {
    let (plan, condition, hasty) = (plan(1), replicas_follow(), barrier(LIMIT));
    let progress = Progress::new(&plan, READY);
    let mut waiting = Waiting::for_condition(progress, &condition, LIMIT);
    assert_eq!(waiting.next(&look(ms(4999))), go_on(LATER_PACE, true));
    assert_eq!(waiting.next(&look(ms(5000))), Next::AskForPlan);
    // No plan can be made at this moment.
    let answered = Look { newer: NewerPlan::Impossible, ..look(ms(5000)) };
    assert_eq!(waiting.next(&answered), go_on(LATER_PACE, false));
    assert_eq!(waiting.next(&look(ms(9999))), go_on(LATER_PACE, false));
    assert_eq!(waiting.next(&look(ms(10_000))), Next::AskForPlan);
    // If another way is quicker, no other plan is asked for. A call needs no plan.
    let call = ServerAction::Announce;
    let others = [Waiting::for_condition(progress, &hasty, LIMIT), Waiting::for_call(progress, &call, LIMIT)];
    for mut waiting in others {
        assert_eq!(waiting.next(&look(ms(20_000))), go_on(LATER_PACE, true));
    }
}

#[test]
fn a_newer_plan_ends_the_wait_where_it_has_another_primary_or_a_step_that_this_plan_lacks() {
    let (plan, condition) = (plan(1), replicas_follow());
    let write = Step {
        engine: None,
        node: Some(name(1)),
        action: Action::Server(ServerAction::Announce),
        cause: Cause::New,
    };
    let mut with_step = plan.clone();
    with_step.stages.push(Stage { name: "announce", order: Order::InTurn, steps: vec![write] });
    let mut with_stranger = plan.clone();
    let forget = Step {
        engine: None,
        node: Some(name(1)),
        action: Action::Server(ServerAction::Forget { id: "0123456789abcdef".to_owned() }),
        cause: Cause::New,
    };
    with_stranger.stages.push(Stage { name: "forget", order: Order::InTurn, steps: vec![forget] });
    let mut with_stake = plan.clone();
    let holder = Holder::Stranger { address: address(), slots: SlotSet::default() };
    with_stake.at_stake.push(AtStake { holder, keys: Some(1), given_up: true });
    let with_primary = |number| Plan { primaries: vec![name(number)], ..plan.clone() };
    for (position, newer, reason) in [
        (READY, plan.clone(), None),
        (READY, with_primary(1), None),
        (READY, with_primary(2), Some("shop-2 is primary by now")),
        (START, with_primary(2), Some("shop-2 is primary by now")),
        (READY, with_step.clone(), Some("shop-1: make its replicas known (new)")),
        // While containers are still started, the newer plan may have more steps.
        (START, with_step, None),
        // A stranger that joined prevents every wait from succeeding.
        (START, with_stranger, Some("shop-1: forget 01234567 (new)")),
        (
            START,
            with_stake,
            Some(
                "the node at 127.0.0.1:7001 is not of this deployment, and owns slots  with 1 key: the keys are lost",
            ),
        ),
    ] {
        let mut waiting = Waiting::for_condition(Progress::new(&plan, position), &condition, LIMIT);
        let said = match waiting.next(&Look { newer: NewerPlan::Made(newer), ..look(ms(5000)) }) {
            Next::PlanAgain(reason) => Some(reason.to_string()),
            Next::GoOn { .. } => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(said.as_deref(), reason);
    }
}

#[test]
fn a_condition_asks_its_nodes() {
    let own = name(7);
    assert_eq!(nodes(&Condition::Answers, Some(&own)), [&own]);
    assert_eq!(nodes(&replicas_follow(), None), [&name(1)]);
    assert_eq!(nodes(&barrier(LIMIT), None), [&name(1)]);
}
