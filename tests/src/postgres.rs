//! Private Postgres clusters: one for all tests of a process, and own ones for tests that restart theirs.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::OnceCell;

use crate::place::{free_address, installed};

/// The password of every cluster, so that a leak into a log file is found.
pub const PASSWORD: &str = "postgresPasswordOfTheTests";

const SETTINGS: &str = "fsync = off\nfull_page_writes = off\n\
                        max_connections = 400\nshared_buffers = 64MB\n";

/// Removes the cluster as soon as its standard input closes: on drop, and when the tests are killed, too.
const WATCH: &str = "trap '' INT; cat >/dev/null; \"$1/pg_ctl\" -D \"$2\" -m immediate stop; rm -rf \"$3\"";

static SHARED: OnceCell<Postgres> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(1);

/// One cluster with an address and a folder of its own.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    watch: Child,
}

impl Postgres {
    /// The cluster that the tests of this process share.
    pub async fn shared() -> &'static Postgres {
        SHARED.get_or_init(Postgres::start).await
    }

    /// Makes and starts a cluster.
    ///
    /// # Panics
    /// When Postgres is not installed or does not start.
    pub async fn start() -> Postgres {
        tokio::task::spawn_blocking(Postgres::make).await.unwrap()
    }

    /// Makes an empty database; its address as `DATABASE_URL` takes it.
    ///
    /// # Panics
    /// When the cluster refuses.
    pub fn database(&self) -> String {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let mut command = Command::new(self.programs.join("createdb"));
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        command.args(["-h", &ip, "-p", &port, "-U", "postgres", &name]);
        succeed(command.env("PGPASSWORD", PASSWORD));
        format!("postgres://postgres:{PASSWORD}@{}/{name}", self.address)
    }

    /// Runs one statement in the database of that address, past the service.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn run(&self, database_url: &str, sql: &str) {
        let mut command = Command::new(self.programs.join("psql"));
        succeed(command.args(["-v", "ON_ERROR_STOP=1", "-c", sql, "-d", database_url]));
    }

    /// What the server has written into its log.
    ///
    /// # Panics
    /// When the log cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// Stops the server, cutting every connection.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    /// Starts the server again on the same port with the same data.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        self.control(&["-w", "start"]);
    }

    fn make() -> Postgres {
        let programs = programs();
        let folder = tempfile::tempdir().unwrap().keep();
        std::fs::write(folder.join("password"), PASSWORD).unwrap();
        give_away(&folder);
        let data = folder.join("data");
        let mut initdb = unprivileged(&programs.join("initdb"));
        initdb.args(["-U", "postgres", "-A", "password", "-E", "UTF8", "--locale=C", "--no-sync"]);
        succeed(initdb.arg("--pwfile").arg(folder.join("password")).arg("-D").arg(&data));
        let address = free_address();
        let sockets = folder.display();
        let (ip, port) = (address.ip(), address.port());
        let settings = format!(
            "{SETTINGS}listen_addresses = '{ip}'\nport = {port}\nunix_socket_directories = '{sockets}'\n"
        );
        std::fs::write(data.join("postgresql.auto.conf"), settings).unwrap();
        let mut watch = unprivileged(Path::new("/bin/sh"));
        watch.args(["-c", WATCH, "watch"]).arg(&programs).arg(&data).arg(&folder);
        let watch = watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let postgres = Postgres { programs, folder, address, watch };
        postgres.start_again();
        postgres
    }

    fn control(&self, action: &[&str]) {
        let mut command = unprivileged(&self.programs.join("pg_ctl"));
        command.arg("-D").arg(self.folder.join("data")).arg("-l").arg(self.folder.join("log")).args(action);
        succeed(&mut command);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        drop(self.watch.wait());
    }
}

/// The folder of the newest installed Postgres.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max();
    let in_path = || installed("initdb").map(|initdb| initdb.parent().unwrap().to_path_buf());
    newest.or_else(in_path).expect("postgres is not installed: `make test` installs it")
}

/// Postgres refuses to run as root: root runs it as the user its package made.
fn unprivileged(program: &Path) -> Command {
    if !rustix::process::getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn give_away(folder: &Path) {
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    if rustix::process::getuid().is_root() {
        succeed(Command::new("chown").args(["-R", "postgres:postgres"]).arg(folder));
    }
}

/// Output goes to files and not to pipes: a server started by `pg_ctl` would hold a pipe open.
fn succeed(command: &mut Command) {
    let output = tempfile::tempfile().unwrap();
    command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output.try_clone().unwrap());
    let status = command.current_dir("/").status().unwrap();
    if !status.success() {
        let said = std::io::read_to_string(rewound(output)).unwrap_or_default();
        panic!("{command:?} ended with {status}: {said}");
    }
}

fn rewound(mut file: std::fs::File) -> std::fs::File {
    std::io::Seek::rewind(&mut file).unwrap();
    file
}
