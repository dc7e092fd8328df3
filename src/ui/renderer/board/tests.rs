//! The picture at several moments of a run.

use super::*;

use crate::plan::{Deviation, testing};

struct Run {
    board: Board,
    plan: Arc<Plan>,
    start: Instant,
}

/// The two steps of each node in the stage `start`.
#[derive(Clone, Copy)]
enum BoardPart {
    Start,
    Answers,
}

impl Run {
    /// A run whose plan starts this number of nodes.
    fn new(nodes: usize) -> Self {
        let start = Instant::now();
        let mut board = Board::new(Palette::new(false), start);
        let plan = Arc::new(testing::starting(nodes));
        board.hear(Event::PlanStarted { plan: Arc::clone(&plan) }, start);
        Self { board, plan, start }
    }

    fn stage_id(&self, name: &str) -> StageId {
        let mut ids = self.plan.stage_ids();
        ids.find(|id| self.plan.stage(*id).unwrap().name == name).unwrap()
    }

    fn stage(&mut self, name: &str) {
        self.hear(Event::StageStarted { stage: self.stage_id(name) });
    }

    fn hear(&mut self, event: Event) -> Option<String> {
        self.board.hear(event, self.start)
    }

    /// The id of a step of the stage `start`.
    fn id(&self, number: usize, part: BoardPart) -> StepId {
        let node = self.plan.deployment.node(number);
        let chains = self.plan.chains(self.stage_id("start"));
        let chain = chains.iter().find(|chain| chain.node == Some(&node)).unwrap();
        chain.steps[part as usize].0
    }

    fn start_step(&mut self, number: usize, part: BoardPart) {
        self.hear(Event::StepStarted { step: self.id(number, part) });
    }

    fn finish_step(&mut self, number: usize, part: BoardPart) {
        self.hear(Event::StepFinished { step: self.id(number, part), took: Duration::ZERO });
    }

    fn missing(&self, number: usize, deviation: Deviation) -> Missing {
        Missing::Disagreement(deviation.at(&self.plan.deployment.node(number)))
    }

    fn picture(&self) -> String {
        self.board.lines(self.start + Duration::from_millis(1200), 24, 80).join("\n")
    }
}

#[test]
fn each_node_shows_what_it_does() {
    let mut run = Run::new(4);
    run.stage("start");
    run.start_step(1, BoardPart::Start);
    run.finish_step(1, BoardPart::Start);
    run.start_step(1, BoardPart::Answers);
    run.finish_step(1, BoardPart::Answers);
    run.start_step(2, BoardPart::Start);
    run.start_step(3, BoardPart::Answers);
    let missing = vec![run.missing(3, Deviation::Silent("connection refused".to_owned()))];
    run.hear(Event::Waiting { step: run.id(3, BoardPart::Answers), missing });
    insta::assert_snapshot!(run.picture(), @"
    ⠴ start                 1.2 s  1 of 4 nodes
      ✓ shop-1  answers
      ⠴ shop-2  start container
      ⠴ shop-3  does not answer: connection refused
      · shop-4
    ");
    let took = Duration::from_millis(1260);
    let line = run.hear(Event::StageFinished { stage: run.stage_id("start"), took });
    insta::assert_snapshot!(line.unwrap(), @"✓ start                 1.3 s  4 nodes");
    insta::assert_snapshot!(run.picture(), @"
    ⠴ shop
      ✓ shop-1  answers
      ⠴ shop-2  start container
      ⠴ shop-3  does not answer: connection refused
      · shop-4
    ");
}

#[test]
fn a_wait_of_the_whole_deployment_stands_in_the_header_and_is_cut_to_the_width() {
    let mut run = Run::new(1);
    run.stage("ready");
    let step = *testing::step_ids(&run.plan).last().unwrap();
    run.hear(Event::StepStarted { step });
    insta::assert_snapshot!(run.picture(), @"⠴ ready                 1.2 s  wait until all replicas follow");
    let missing = vec![run.missing(3, Deviation::NotInShards(run.plan.deployment.node(5))); 3];
    run.hear(Event::Waiting { step, missing });
    insta::assert_snapshot!(run.picture(), @"⠴ ready                 1.2 s  shop-3 does not list shop-5 as online in CLUSTER…");
    assert_eq!(run.picture().chars().count(), 80);
}

#[test]
fn a_download_has_a_bar() {
    let mut run = Run::new(1);
    run.stage("image");
    run.hear(Event::Pulling { reference: "redis:8".to_owned(), done: 10 << 20, total: 40 << 20 });
    insta::assert_snapshot!(run.picture(), @"⠴ image                 1.2 s  ━━━╌╌╌╌╌╌╌╌╌ 10.00 MiB of 40.00 MiB  redis:8");
    run.hear(Event::Pulling { reference: "redis:8".to_owned(), done: 0, total: 0 });
}

#[test]
fn thirty_nodes_are_folded_and_busy_ones_take_the_lines_of_those_that_are_done() {
    let mut run = Run::new(30);
    run.stage("start");
    for number in 1..=12 {
        run.start_step(number, BoardPart::Start);
    }
    run.finish_step(2, BoardPart::Start);
    run.start_step(13, BoardPart::Start);
    insta::assert_snapshot!(run.picture(), @"
    ⠴ start                 1.2 s  1 of 30 nodes
      ⠴ shop-1   start container
      ⠴ shop-13  start container
      ⠴ shop-3   start container
      ⠴ shop-4   start container
      ⠴ shop-5   start container
      ⠴ shop-6   start container
      ⠴ shop-7   start container
      ⠴ shop-8   start container
      ⠴ shop-9   start container
      ⠴ shop-10  start container
      ⠴ shop-11  start container
      ⠴ shop-12  start container
      … 18 more nodes, 17 to come
    ");
    let small = run.board.lines(run.start, 8, 20);
    assert_eq!(small.len(), 7, "{small:?}");
    assert!(small.iter().all(|line| line.chars().count() <= 20), "{small:?}");
}

#[test]
fn a_failure_stays_on_the_screen() {
    let mut run = Run::new(2);
    run.stage("start");
    run.start_step(2, BoardPart::Start);
    let error = vec!["port 7002 is taken".to_owned()];
    let line = run.hear(Event::StepFailed { step: run.id(2, BoardPart::Start), error });
    insta::assert_snapshot!(line.unwrap(), @"✗ shop-2  start container");
    insta::assert_snapshot!(run.picture(), @"
    ⠴ start                 1.2 s  0 of 2 nodes
      · shop-1
      ✗ shop-2  start container
    ");
}

#[test]
fn a_move_of_slots_shows_its_numbers() {
    let start = Instant::now();
    let mut board = Board::new(Palette::new(false), start);
    let plan = Arc::new(testing::moving());
    let (stage, step) = (testing::stage_ids(&plan)[0], testing::step_ids(&plan)[0]);
    let took = Duration::from_secs(1);
    let progress = SlotProgress { slots: 100, all_slots: 400, keys: 2000, all_keys: 8000, took };
    for event in [
        Event::PlanStarted { plan },
        Event::StageStarted { stage },
        Event::StepStarted { step },
        Event::Moving { step, progress },
    ] {
        board.hear(event, start);
    }
    let lines = board.lines(start, 24, 100);
    insta::assert_snapshot!(lines[1], @"  ⠋ shop-1  move to shop-2: 100 of 400 slots, 2000 of 8000 keys, 2000 keys/s, about 3 s left");
}
