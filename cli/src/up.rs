//! `vedette up`: the server.

use crate::arguments::UpArgs;
use crate::failure::Failure;

/// Runs the server until it is told to stop.
///
/// # Errors
/// When it cannot start, or ends by a fault.
#[expect(clippy::unused_async, reason = "the server is not linked yet")]
pub(crate) async fn run(arguments: UpArgs) -> Result<(), Failure> {
    let wanted = format!("serving on {} with data in {}", arguments.listen, arguments.data.display());
    Err(Failure::failed(wanted, "not linked yet"))
}
