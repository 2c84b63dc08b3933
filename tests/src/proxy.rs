//! A real proxy in front of a service: nginx, with its buffers on.

use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::authority::Files;
use crate::place::{free_address, installed};
use crate::process::Process;
use crate::wait::{SOON, until};

/// A running nginx.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

impl Proxy {
    /// Starts one that passes everything on to `behind`, telling it who asks, as its documentation recommends. Lines of
    /// `more` are added to its `location`.
    ///
    /// # Errors
    /// Why there is none on this machine.
    ///
    /// # Panics
    /// When it does not listen soon.
    pub async fn start(behind: &str, more: &str) -> Result<Proxy, &'static str> {
        Proxy::run(behind, more, "", "").await
    }

    /// Starts one that speaks TLS, HTTP/2 if the client does, and compresses whatever it may.
    ///
    /// # Errors
    /// Why there is none on this machine.
    ///
    /// # Panics
    /// When it does not listen soon, or a path is no text.
    pub async fn start_tls(behind: &str, files: &Files) -> Result<Proxy, &'static str> {
        let (certificate, key) = (files.certificate.to_str().unwrap(), files.key.to_str().unwrap());
        let server = format!(
            "ssl_certificate {certificate}; ssl_certificate_key {key};
             gzip on; gzip_proxied any; gzip_min_length 1; gzip_types text/event-stream application/json;"
        );
        Proxy::run(behind, "", "ssl http2", &server).await
    }

    async fn run(behind: &str, more: &str, listen: &str, server: &str) -> Result<Proxy, &'static str> {
        let program = installed("nginx").ok_or("nginx is not installed")?;
        let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
        let file = folder.path().join("nginx.conf");
        let settings = settings(address, behind, more);
        let settings = settings.replace("{listen}", listen).replace("{server}", server);
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file).args(["-e", "stderr"]);
        let process = Process::spawn(&mut command, "nginx", folder.path());
        until("a proxy that listens", SOON, async || TcpStream::connect(address).await.ok()).await;
        Ok(Proxy { address, _process: process, _folder: folder })
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

fn settings(address: SocketAddr, behind: &str, more: &str) -> String {
    format!(
        "daemon off; master_process off; pid nginx.pid; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u;
  scgi_temp_path s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen {address} {{listen}};
    {{server}}
    location / {{
      proxy_pass http://{behind};
      proxy_http_version 1.1;
      proxy_buffering on;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      {more}
    }}
  }}
}}
"
    )
}
