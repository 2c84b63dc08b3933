//! The HTTP process: `vedette-api`.

use std::process::ExitCode;

use api::Server;

#[tokio::main]
async fn main() -> ExitCode {
    shared::process::run("vedette-api", "the HTTP process of Vedette", async |core, settings, stop| {
        let server = Server::bind(core, settings.web).await?;
        tracing::info!(url = server.url(), "listening");
        server.run(stop, settings.drain).await;
        Ok(())
    })
    .await
}
