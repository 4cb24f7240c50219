//! Health while no market is open: there is no book to know and nothing to hear, and that is as it should be.
//!
//! The line itself is watched by pings, which end a connection that does not answer them; the list has its own check.

use std::time::Duration;

use rec_runtime::ServiceContext;

use crate::{books::BOOKS, line::Line, stream::STREAM};

/// How often it is looked at: within the limit of the checks.
const LOOK: Duration = Duration::from_secs(1);

/// Says so while it is so; does not end.
pub(crate) async fn say(ctx: &ServiceContext, line: &Line) {
    loop {
        if line.is_idle() {
            for check in [STREAM, BOOKS] {
                ctx.health.beat_with(check, "no market is open");
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}
