//! The worker process: `vedette-worker`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    shared::process::run(
        "vedette-worker",
        "the process of Vedette that works scans",
        async |core, settings, stop| {
            tracing::info!(slots = settings.worker_slots, "working");
            worker::run(core, settings.worker_slots, settings.drain, stop).await
        },
    )
    .await
}
