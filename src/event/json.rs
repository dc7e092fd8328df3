//! Events as lines of JSON for programs: on stderr, and in the failure bundle.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::duration_text::in_seconds;
use super::{Event, Transfer};
use crate::plan::{Plan, PlanDocument, StageId, Step, StepId};
use crate::versioned::Versioned;

/// Converts events to lines. It keeps the running plan, because events name its steps by id.
#[derive(Debug, Default)]
pub struct JsonLines {
    running: Option<Arc<Plan>>,
}

/// The fields of a line, in the order of the output. Scripts depend on them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum JsonLine<'a> {
    /// The planner made a plan.
    Planned {
        /// The plan, as `plan --output json` prints it.
        plan: PlanDocument,
    },
    /// A plan starts.
    PlanStarted {
        /// The deployment.
        deployment: &'a str,
        /// The number of its steps.
        steps: usize,
    },
    /// A stage begins.
    StageStarted {
        /// Its name.
        stage: &'a str,
        /// The nodes that have steps in it; the deployment's name for its own steps.
        subjects: Vec<&'a str>,
    },
    /// A step begins.
    StepStarted {
        /// The step.
        #[serde(flatten)]
        step: StepText<'a>,
    },
    /// A step has succeeded.
    StepFinished {
        /// The step.
        #[serde(flatten)]
        step: StepText<'a>,
        /// Its duration in seconds.
        #[serde(serialize_with = "seconds")]
        #[schemars(with = "f64")]
        took: Duration,
    },
    /// A step has failed.
    StepFailed {
        /// The step.
        #[serde(flatten)]
        step: StepText<'a>,
        /// The error with its causes.
        error: String,
    },
    /// A step takes long.
    Waiting {
        /// The node, or the deployment.
        subject: &'a str,
        /// The reasons why it still waits.
        missing: Vec<String>,
        /// The step's number in the plan.
        id: StepId,
    },
    /// Slots move, with their keys.
    Moving {
        /// The step.
        #[serde(flatten)]
        step: StepText<'a>,
        /// The slots that the target owns now.
        slots: u64,
        /// The slots of the step.
        all_slots: u64,
        /// The moved keys.
        keys: u64,
        /// The keys of all these slots when the step began.
        all_keys: u64,
        /// Keys in a second.
        keys_per_second: u64,
        /// About how many seconds are left; `null` if nothing has moved yet.
        seconds_left: Option<f64>,
    },
    /// An image is being pulled.
    Pulling {
        /// Its reference.
        reference: &'a str,
        /// Bytes on this engine.
        done: u64,
        /// Bytes in all, as far as known.
        total: u64,
    },
    /// Data is being sent.
    Transfer {
        /// The file, and the number of its commands or keys.
        #[serde(flatten)]
        transfer: &'a Transfer,
    },
    /// A stage has succeeded.
    StageFinished {
        /// Its name.
        stage: &'a str,
        /// Its duration in seconds.
        #[serde(serialize_with = "seconds")]
        #[schemars(with = "f64")]
        took: Duration,
    },
    /// An expected event.
    Note {
        /// The note.
        message: String,
    },
    /// An unexpected event.
    Warning {
        /// The warning.
        message: String,
    },
}

/// A step in words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepText<'a> {
    /// The node, or the deployment.
    subject: &'a str,
    /// The action.
    action: String,
    /// The step's number in the plan.
    id: StepId,
}

impl JsonLines {
    /// The line for an event, without a line break; `None` for a step of an unknown plan.
    #[must_use]
    pub fn line(&mut self, event: &Event) -> Option<String> {
        if let Event::PlanStarted { plan } = event {
            self.running = Some(Arc::clone(plan));
        }
        serde_json::to_string(&Versioned::new(self.fields(event)?)).ok()
    }

    fn fields<'a>(&'a self, event: &'a Event) -> Option<JsonLine<'a>> {
        Some(match event {
            Event::Planned { plan } => JsonLine::Planned { plan: PlanDocument::new(plan) },
            Event::PlanStarted { plan } => {
                JsonLine::PlanStarted { deployment: plan.deployment.as_str(), steps: plan.steps().count() }
            }
            Event::StageStarted { stage } => {
                let plan = self.running.as_deref()?;
                let subjects = plan.chains(*stage).iter().map(|chain| plan.subject(chain.node)).collect();
                JsonLine::StageStarted { stage: self.stage(*stage)?, subjects }
            }
            Event::StepStarted { step } => JsonLine::StepStarted { step: self.step(*step)? },
            Event::StepFinished { step, took } => {
                JsonLine::StepFinished { step: self.step(*step)?, took: *took }
            }
            Event::StepFailed { step, error } => {
                JsonLine::StepFailed { step: self.step(*step)?, error: error.join(": ") }
            }
            Event::Waiting { step, missing } => JsonLine::Waiting {
                subject: self.subject(self.running.as_ref()?.step(*step)?)?,
                missing: missing.iter().map(ToString::to_string).collect(),
                id: *step,
            },
            Event::Moving { step, progress } => JsonLine::Moving {
                step: self.step(*step)?,
                slots: progress.slots,
                all_slots: progress.all_slots,
                keys: progress.keys,
                all_keys: progress.all_keys,
                keys_per_second: progress.keys_per_second(),
                seconds_left: progress.left().map(in_seconds),
            },
            Event::Pulling { reference, done, total } => {
                JsonLine::Pulling { reference, done: *done, total: *total }
            }
            Event::Transfer(transfer) => JsonLine::Transfer { transfer },
            Event::StageFinished { stage, took } => {
                JsonLine::StageFinished { stage: self.stage(*stage)?, took: *took }
            }
            Event::Note(note) => JsonLine::Note { message: note.to_string() },
            Event::Warning(warning) => JsonLine::Warning { message: warning.to_string() },
        })
    }

    fn stage(&self, id: StageId) -> Option<&str> {
        Some(self.running.as_ref()?.stage(id)?.name)
    }

    fn step(&self, id: StepId) -> Option<StepText<'_>> {
        let step = self.running.as_ref()?.step(id)?;
        Some(StepText { subject: self.subject(step)?, action: step.action.to_string(), id })
    }

    fn subject<'a>(&'a self, step: &'a Step) -> Option<&'a str> {
        Some(self.running.as_ref()?.subject(step.node.as_ref()))
    }
}

/// Seconds with three decimals.
fn seconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(in_seconds(*took))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Missing, Note, SlotProgress, TransferUnit};
    use crate::plan::{Deviation, testing};

    #[test]
    fn lines_keep_the_fields_that_scripts_read() {
        let plan = Arc::new(testing::starting(2));
        let (stages, steps) = (testing::stage_ids(&plan), testing::step_ids(&plan));
        let took = Duration::from_micros(1_234_567);
        let node = plan.deployment.node(2);
        let deviation = Deviation::NoLink(plan.deployment.node(1));
        let missing = vec![
            Missing::Disagreement(deviation.at(&node)),
            Missing::Refusal { node, error: "LOADING".to_owned() },
        ];
        let mut lines = JsonLines::default();
        let text: Vec<String> = [
            Event::StepStarted { step: steps[0] },
            Event::PlanStarted { plan },
            Event::StageStarted { stage: stages[0] },
            Event::StepStarted { step: steps[0] },
            Event::StepFinished { step: steps[0], took },
            Event::StepFailed { step: steps[1], error: vec!["no".to_owned(), "disk full".to_owned()] },
            Event::Waiting { step: steps[3], missing },
            Event::Moving {
                step: steps[3],
                progress: SlotProgress { slots: 1, all_slots: 3, keys: 10, all_keys: 30, took },
            },
            Event::Pulling { reference: "redis:8".to_owned(), done: 1, total: 2 },
            Event::Transfer(Transfer {
                subject: "a.redis".to_owned(),
                unit: TransferUnit::Commands,
                done: 1000,
                total: 3000,
            }),
            Event::StageFinished { stage: stages[0], took },
            Event::Note(Note::PortTaken { port: 7001 }),
        ]
        .iter()
        .filter_map(|event| lines.line(event))
        .collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        {"version":1,"event":"plan-started","deployment":"shop","steps":6}
        {"version":1,"event":"stage-started","stage":"image","subjects":["shop"]}
        {"version":1,"event":"step-started","subject":"shop","action":"pull image redis:8","id":1}
        {"version":1,"event":"step-finished","subject":"shop","action":"pull image redis:8","id":1,"took":1.235}
        {"version":1,"event":"step-failed","subject":"shop-1","action":"start container","id":2,"error":"no: disk full"}
        {"version":1,"event":"waiting","subject":"shop-2","missing":["shop-2 has no link to shop-1","shop-2: LOADING"],"id":4}
        {"version":1,"event":"moving","subject":"shop-2","action":"start container","id":4,"slots":1,"all_slots":3,"keys":10,"all_keys":30,"keys_per_second":8,"seconds_left":2.468}
        {"version":1,"event":"pulling","reference":"redis:8","done":1,"total":2}
        {"version":1,"event":"transfer","subject":"a.redis","unit":"commands","done":1000,"total":3000}
        {"version":1,"event":"stage-finished","stage":"image","took":1.235}
        {"version":1,"event":"note","message":"port 7001 was taken at the same moment: choosing other ports"}
        "#);
    }
}
