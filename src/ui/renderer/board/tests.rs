//! The picture at moments of a run.

use super::*;

struct Run {
    board: Board,
    start: Instant,
}

impl Run {
    fn new() -> Self {
        let start = Instant::now();
        let mut board = Board::new(Palette::new(false), start);
        board.hear(Event::PlanStarted { deployment: "shop".to_owned(), steps: 30 }, start);
        Self { board, start }
    }

    fn stage(&mut self, name: &str, nodes: usize) {
        let subjects = (1..=nodes).map(|number| format!("shop-{number}")).collect();
        self.hear(Event::StageStarted { stage: name.to_owned(), subjects });
    }

    fn hear(&mut self, event: Event) -> Option<String> {
        self.board.hear(event, self.start)
    }

    fn start_step(&mut self, number: usize, action: &str) {
        self.hear(Event::StepStarted { subject: format!("shop-{number}"), action: action.to_owned() });
    }

    fn finish_step(&mut self, number: usize, action: &str) {
        self.hear(Event::StepFinished { subject: format!("shop-{number}"), action: action.to_owned() });
    }

    fn picture(&self) -> String {
        self.board.lines(self.start + Duration::from_millis(1200), 24, 80).join("\n")
    }
}

#[test]
fn each_node_shows_what_it_does() {
    let mut run = Run::new();
    run.stage("start", 4);
    run.start_step(1, "start container");
    run.finish_step(1, "start container");
    run.start_step(1, "wait until it answers");
    run.finish_step(1, "wait until it answers");
    run.start_step(2, "start container");
    run.start_step(3, "wait until it answers");
    let missing = vec!["shop-3 does not answer: connection refused".to_owned()];
    run.hear(Event::Waiting { subject: "shop-3".to_owned(), missing });
    insta::assert_snapshot!(run.picture(), @"
    ⠴ start                 1.2 s  1 of 4 nodes
      ✓ shop-1  answers
      ⠴ shop-2  start container
      ⠴ shop-3  does not answer: connection refused
      · shop-4
    ");
    let took = Duration::from_millis(1260);
    let line = run.hear(Event::StageFinished { stage: "start".to_owned(), took });
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
    let mut run = Run::new();
    run.stage("agree", 0);
    run.hear(Event::StepStarted {
        subject: "shop".to_owned(),
        action: "wait until all nodes agree".to_owned(),
    });
    insta::assert_snapshot!(run.picture(), @"⠴ agree                 1.2 s  wait until all nodes agree");
    let missing = vec!["shop-3 does not list shop-5 as online in CLUSTER SHARDS".to_owned(); 3];
    run.hear(Event::Waiting { subject: "shop".to_owned(), missing });
    insta::assert_snapshot!(run.picture(), @"⠴ agree                 1.2 s  shop-3 does not list shop-5 as online in CLUSTER…");
    assert_eq!(run.picture().chars().count(), 80);
}

#[test]
fn a_download_has_a_bar() {
    let mut run = Run::new();
    run.stage("image", 0);
    run.hear(Event::Pulling { reference: "redis:8".to_owned(), done: 10 << 20, total: 40 << 20 });
    insta::assert_snapshot!(run.picture(), @"⠴ image                 1.2 s  ━━━╌╌╌╌╌╌╌╌╌ 10.00 MiB of 40.00 MiB  redis:8");
    run.hear(Event::Pulling { reference: "redis:8".to_owned(), done: 0, total: 0 });
}

#[test]
fn thirty_nodes_are_folded_and_busy_ones_take_the_lines_of_those_that_are_done() {
    let mut run = Run::new();
    run.stage("start", 30);
    for number in 1..=12 {
        run.start_step(number, "start container");
    }
    run.finish_step(2, "start container");
    run.start_step(13, "start container");
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
    let mut run = Run::new();
    run.stage("start", 2);
    run.start_step(2, "start container");
    let line = run.hear(Event::StepFailed {
        subject: "shop-2".to_owned(),
        action: "start container".to_owned(),
        error: "port 7002 is taken".to_owned(),
    });
    insta::assert_snapshot!(line.unwrap(), @"✗ shop-2  start container");
    insta::assert_snapshot!(run.picture(), @"
    ⠴ start                 1.2 s  0 of 2 nodes
      · shop-1
      ✗ shop-2  start container
    ");
}
