//! The lines of a run.

use super::super::testing::Written;
use super::*;
use crate::event::{Missing, Note, SlotProgress, Warning};
use crate::plan::{Deviation, testing};

fn plain(written: &Written, verbose: bool) -> Plain {
    Plain::new(Box::new(written.clone()), Palette::new(false), verbose)
}

fn text(verbose: bool) -> String {
    let written = Written::default();
    let renderer = plain(&written, verbose);
    let began = Instant::now();
    let plan = Arc::new(testing::starting(2));
    let [image, start, _] = testing::stage_ids(&plan)[..] else { panic!("three stages") };
    let [_, start_1, answers_1, start_2, _, ready] = testing::step_ids(&plan)[..] else {
        panic!("six steps")
    };
    let node = |number| plan.deployment.node(number);
    let missing = [Deviation::NoLink(node(1)).at(&node(2)), Deviation::NotInSlots(node(2)).at(&node(1))];
    let missing = missing.map(Missing::Disagreement).to_vec();
    let waiting = || Event::Waiting { step: ready, missing: missing.clone() };
    let pulling =
        |done: u64| Event::Pulling { reference: "redis:8".to_owned(), done: done << 20, total: 40 << 20 };
    let took = Duration::from_millis(1230);
    for (second, event) in [
        (0, Event::PlanStarted { plan: Arc::clone(&plan) }),
        (0, Event::StageStarted { stage: image }),
        (0, pulling(1)),
        (1, pulling(20)),
        (6, pulling(30)),
        (8, Event::StageFinished { stage: image, took: Duration::from_secs(8) }),
        (8, Event::StageStarted { stage: start }),
        (8, Event::StepStarted { step: start_1 }),
        (9, Event::StepFinished { step: start_1, took }),
        (9, Event::StepFinished { step: answers_1, took }),
        (9, Event::StepFailed { step: start_2, error: vec!["no start".to_owned(), "no memory".to_owned()] }),
        (9, Event::StageFinished { stage: start, took }),
        (12, waiting()),
        (13, waiting()),
        (17, waiting()),
        (18, Event::Warning(Warning::NoSwapOfRoles { cause: "no votes".to_owned() })),
        (18, Event::Note(Note::PortTaken { port: 7001 })),
    ] {
        renderer.hear_at(event, began + Duration::from_secs(second));
    }
    written.text()
}

#[test]
fn a_log_gets_a_line_per_stage_and_reminders_of_what_goes_on() {
    insta::assert_snapshot!(text(false), @"
    pulling redis:8: 1.00 MiB of 40.00 MiB
    pulling redis:8: 30.00 MiB of 40.00 MiB
    image (8.0 s)
    failed: shop-2: start container
    start: 2 nodes (1.2 s)
    waiting: shop-2 has no link to shop-1 (and 1 more)
    waiting: shop-2 has no link to shop-1 (and 1 more)
    warning: the cluster did not form by a swap of roles, and now forms without it: no votes
    port 7001 was taken at the same moment: choosing other ports
    ");
}

#[test]
fn a_talkative_log_gets_a_line_per_step_that_changes_something() {
    insta::assert_snapshot!(text(true), @"
    pulling redis:8: 1.00 MiB of 40.00 MiB
    pulling redis:8: 30.00 MiB of 40.00 MiB
    image (8.0 s)
      shop-1  start container
    failed: shop-2: start container: no start: no memory
    start: 2 nodes (1.2 s)
    waiting: shop-2 has no link to shop-1 (and 1 more)
    waiting: shop-2 has no link to shop-1 (and 1 more)
    warning: the cluster did not form by a swap of roles, and now forms without it: no votes
    port 7001 was taken at the same moment: choosing other ports
    ");
}

#[test]
fn equal_steps_of_several_nodes_share_a_line() {
    let written = Written::default();
    let renderer = plain(&written, true);
    let plan = Arc::new(testing::starting(3));
    let steps = testing::step_ids(&plan);
    renderer.hear(Event::PlanStarted { plan });
    let finish = |step| renderer.hear(Event::StepFinished { step, took: Duration::ZERO });
    // The containers start; each is followed by a wait.
    finish(steps[1]);
    finish(steps[3]);
    assert_eq!(written.text(), "");
    finish(steps[5]);
    assert_eq!(written.text(), "  shop-1 … shop-3 (3 nodes)  start container\n");
}

#[test]
fn a_failure_comes_after_the_steps_that_succeeded_before() {
    let written = Written::default();
    let renderer = plain(&written, true);
    let plan = Arc::new(testing::starting(4));
    let steps = testing::step_ids(&plan);
    renderer.hear(Event::PlanStarted { plan });
    let finish = |step| renderer.hear(Event::StepFinished { step, took: Duration::ZERO });
    finish(steps[1]);
    finish(steps[3]);
    renderer.hear(Event::StepFailed { step: steps[5], error: vec!["no".to_owned()] });
    finish(steps[7]);
    drop(renderer);
    insta::assert_snapshot!(written.text(), @"
      shop-1, shop-2  start container
    failed: shop-3: start container: no
      shop-4  start container
    ");
}

#[test]
fn a_long_move_of_slots_gets_a_line_now_and_then() {
    let written = Written::default();
    let renderer = plain(&written, false);
    let began = Instant::now();
    let plan = Arc::new(testing::moving());
    let step = testing::step_ids(&plan)[0];
    renderer.hear_at(Event::PlanStarted { plan }, began);
    for second in 0..8 {
        let took = Duration::from_secs(second);
        let progress =
            SlotProgress { slots: second * 50, all_slots: 400, keys: second * 1000, all_keys: 8000, took };
        renderer.hear_at(Event::Moving { step, progress }, began + took);
    }
    insta::assert_snapshot!(written.text(), @"shop-1: move 400 slots to shop-2, about 8000 keys: 250 of 400 slots, 5000 of 8000 keys, 1000 keys/s, about 3 s left");
}
