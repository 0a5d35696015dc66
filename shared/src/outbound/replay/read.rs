//! Step → read: its replay, if that step of it is the next and due.

use std::time::Duration;

use super::{Replayer, Stepped};
use crate::seam::{Answer, Clock, Progress, Replay, ReplayStep, ReplaySteps};

pub(super) enum Read {
    Due(Box<Replay>),
    Settled(Stepped),
}

/// So long after its time a step that was noted and has not been made was never queued: whoever made the one before
/// died in between.
const LOST: Duration = Duration::from_secs(60);

impl<F, M: ReplaySteps, C: Clock> Replayer<F, M, C> {
    pub(super) async fn read(&self, step: &ReplayStep) -> Answer<Read> {
        let now = self.clock.now();
        let known = self.memory.replay(&step.key).await?;
        let Some(replay) = known.filter(|known| known.id == step.id && known.state == Progress::Running) else {
            return Ok(Read::Settled(Stepped::Past));
        };
        if replay.step == step.step {
            let is_due = replay.due <= now;
            return Ok(if is_due {
                Read::Due(Box::new(replay))
            } else {
                Read::Settled(Stepped::Later { due: replay.due })
            });
        }
        if replay.step != step.step.saturating_add(1) {
            return Ok(Read::Settled(Stepped::Past));
        }
        let lost = replay.due.after(LOST);
        if now < lost {
            return Ok(Read::Settled(Stepped::Later { due: lost }));
        }
        self.memory.release(&replay, &[], &replay).await?;
        Ok(Read::Settled(Stepped::Made { next: Some(replay.due) }))
    }
}
