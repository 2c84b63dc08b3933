//! The HTTP process: `vedette-api`.

use std::process::ExitCode;

use api::Server;

#[tokio::main]
async fn main() -> ExitCode {
    shared::process::run("vedette-api", "the HTTP process of Vedette", async |core, settings, stop| {
        let server = Server::bind(core, settings.listen, settings.public_url).await?;
        tracing::info!(address = %server.address(), "listening");
        Ok(server.run(stop, settings.drain).await?)
    })
    .await
}
