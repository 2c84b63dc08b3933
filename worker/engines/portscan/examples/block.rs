//! Scans a block of addresses in turns: `block 198.18.4.0/24 1-1000 [connect|syn] [packets a second]`. Prints open
//! ports and the summary.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::{env, error::Error, net::Ipv4Addr};

use portscan::{Event, Method, Permutation, Probe, Settings, Stop, scan};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let block = arguments.next().ok_or("which block?")?;
    let (network, prefix) = block.split_once('/').unwrap_or((&block, "32"));
    let (network, prefix): (Ipv4Addr, u32) = (network.parse()?, prefix.parse()?);
    let addresses =
        1 << 32_u32.checked_sub(prefix).filter(|bits| *bits <= 16).ok_or("a prefix from 16 to 32")?;
    let ports = arguments.next().ok_or("which ports?")?;
    let (first, last) = ports.split_once('-').unwrap_or((&ports, &ports));
    let (first, last): (u16, u16) = (first.parse()?, last.parse()?);
    let usual = match arguments.next().as_deref() {
        None | Some("connect") => Settings::default(),
        Some("syn") => Settings::default().by(Method::Syn),
        Some(other) => return Err(format!("no method {other}").into()),
    };
    let rate = arguments.next().map(|rate| rate.parse()).transpose()?;
    let width = u64::from(last.saturating_sub(first)) + 1;
    let order = Permutation::new(addresses * width, 7);
    let probes = (0..addresses * width).filter_map(|number| {
        let place = order.at(number);
        let address = Ipv4Addr::from(u32::from(network).checked_add(u32::try_from(place / width).ok()?)?);
        let port = first.checked_add(u16::try_from(place % width).ok()?)?;
        Some(Probe { number, address: (address, port).into() })
    });
    let summary = scan(&Settings { rate, ..usual }, probes, &Stop::new(), |event| {
        if let Event::Open(probe) = event {
            println!("{} open", probe.address);
        }
    })?;
    println!("{summary:?}");
    Ok(())
}
