//! Where things are: the checkout, the programs under test, a free address.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use crate::listeners::own_address;

/// The root of the checkout.
#[must_use]
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// One of the programs under test, found beside the test that runs.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().unwrap().parent().unwrap().join(name);
    assert!(built.exists(), "{} is missing: run `cargo build --workspace --bins` first", built.display());
    built
}

/// Where `tests/lab/unpack.sh` put real servers; none where it could not.
#[must_use]
pub fn unpacked_servers() -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(3).unwrap().join("test-servers");
    folder.join("complete").exists().then_some(folder)
}

/// A TCP port that nobody listens on now, on a loopback address that nobody else uses.
#[must_use]
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((own_address(), 0)).unwrap();
    listener.local_addr().unwrap()
}

/// A program of this machine, looked up in `PATH` and in the folders where packages hide it.
#[must_use]
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
