//! Changes of nodes on purpose (start, stop, restart, kill, pause and unpause), and what clients can expect afterwards.

mod changed;
mod choice;
mod expectations;
mod loss;
mod verb;
mod watch;

pub use changed::{NodesChanged, NotTakenOver, Returned, TakenOver, Unchanged};
pub use choice::{NodeChoice, WrongChoice};
pub use expectations::expectations;
pub use loss::{Loss, NoHeir, losses};
pub use verb::NodeVerb;
pub use watch::{Heir, Return, Watch};

pub(crate) use changed::{millis, pairs};
