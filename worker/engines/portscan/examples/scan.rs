//! Scans one address: `scan 127.0.0.1 1-65535 [connect|syn|fin|null|xmas|udp] [threads]`. Prints open ports and the
//! summary.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::{env, error::Error, net::IpAddr};

use portscan::{Event, Method, Probe, Settings, Stop, scan};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let address: IpAddr = arguments.next().ok_or("which address?")?.parse()?;
    let ports = arguments.next().ok_or("which ports?")?;
    let (first, last) = ports.split_once('-').unwrap_or((&ports, &ports));
    let (first, last): (u16, u16) = (first.parse()?, last.parse()?);
    let method = match arguments.next().as_deref() {
        None | Some("connect") => Method::Connect,
        Some("syn") => Method::Syn,
        Some("fin") => Method::Fin,
        Some("null") => Method::Null,
        Some("xmas") => Method::Xmas,
        Some("udp") => Method::Udp,
        Some(other) => return Err(format!("no method {other}").into()),
    };
    let mut settings = Settings::default().by(method);
    if let Some(threads) = arguments.next() {
        settings.threads = threads.parse()?;
    }
    let probes =
        (first..=last).map(|port| Probe { number: u64::from(port), address: (address, port).into() });
    let summary = scan(&settings, probes, &Stop::new(), |event| {
        if let Event::Open(probe) = event {
            println!("{} open", probe.address);
        }
    })?;
    println!("{summary:?}");
    Ok(())
}
