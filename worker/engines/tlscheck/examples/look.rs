//! Says what TLS servers show: `look [--full] [--root PEM_FILE] [--starttls KIND] NAME ADDRESS:PORT [ADDRESS:PORT ...]`.
//!
//! Prints a line for each address, with tabs between: the address, the failure or `ok`, the SHA-256 of the certificate,
//! until when it is valid, and the codes of the findings; in full mode the grade and what is taken besides.

use std::{env, error::Error, net::SocketAddr, time::SystemTime};

use futures::{StreamExt, stream};
use tlscheck::{Inspector, Mode, Report, Roots, Settings, Start, StartTls, Target};

/// Addresses that are looked at at the same time.
const AT_ONCE: usize = 256;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows what it found")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).peekable();
    let (mut mode, mut roots, mut start) = (Mode::Certificate, Roots::default(), Start::ByPort);
    while let Some(option) = arguments.next_if(|argument| argument.starts_with("--")) {
        match option.as_str() {
            "--full" => mode = Mode::Full,
            "--root" => roots = Roots::new(&read_roots(&arguments.next().ok_or("a file is missing")?)?),
            "--starttls" => {
                let kind = arguments.next().and_then(|word| StartTls::named(&word));
                start = Start::Plain(kind.ok_or("this is no kind of STARTTLS")?);
            }
            other => return Err(format!("{other} is no option").into()),
        }
    }
    let name = arguments.next().ok_or("a name is missing")?;
    let addresses: Vec<SocketAddr> = arguments.map(|text| text.parse()).collect::<Result<_, _>>()?;
    #[expect(clippy::disallowed_methods, reason = "an example has no clock but the system's")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs().try_into()?;
    let inspector = &Inspector::new(Settings { roots, ..Settings::default() });
    let looks = stream::iter(addresses).map(|address| {
        let target = Target { start, ..Target::new(Some(&name), address) };
        async move { inspector.inspect(&target, mode, now).await }
    });
    let mut reports = std::pin::pin!(looks.buffer_unordered(AT_ONCE));
    while let Some(report) = reports.next().await {
        println!("{}", line(&report));
    }
    Ok(())
}

fn read_roots(path: &str) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let text = std::fs::read(path)?;
    let blocks: Result<Vec<_>, _> = x509_parser::pem::Pem::iter_from_buffer(&text).collect();
    Ok(blocks?.into_iter().map(|block| block.contents).collect())
}

fn line(report: &Report) -> String {
    let certificate = report.certificate.as_ref();
    let mut words = vec![
        report.address.to_string(),
        report.failure.map_or("ok", tlscheck::Failure::as_str).to_owned(),
        certificate.map_or_else(String::new, |certificate| certificate.sha256.clone()),
        certificate.map_or_else(String::new, |certificate| certificate.not_after.to_string()),
        report.findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>().join(","),
    ];
    if let Some(posture) = &report.posture {
        words.extend(report.score.map(|score| score.grade.to_string()));
        words.extend(posture.versions.iter().map(|offered| {
            let suites: Vec<_> = offered.suites.iter().map(|suite| suite.name).collect();
            format!("{}: {}", offered.version.as_str(), suites.join(" "))
        }));
        words.push(posture.groups.iter().map(|group| group.name).collect::<Vec<_>>().join(" "));
        words.push(format!(
            "{:?} {:?} {:?} {:?}",
            posture.dh_bits, posture.alpn, posture.heartbeat, posture.robot
        ));
    }
    if !report.is_complete {
        words.push("incomplete".to_owned());
    }
    words.join("\t")
}
