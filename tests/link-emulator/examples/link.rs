//! Is the link of this namespace until it is ended: `link DELAY_MS LOST_OF_1000`. Says `ready` when it is there.
#![expect(clippy::print_stdout, reason = "whoever started it waits for the word")]

use std::{env, error::Error, process::Command, sync::atomic::AtomicBool, time::Duration};

use link_emulator::{Link, SETUP, Weather};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut number = |which: &str| arguments.next().ok_or(format!("which {which}?"));
    let (delay, lost) = (number("delay")?.parse()?, number("loss")?.parse()?);
    if !Command::new("sh").args(["-ec", SETUP]).status()?.success() {
        return Err("the link cannot be set up".into());
    }
    let mut link =
        Link::open(Weather { delay: Duration::from_millis(delay), lost, interval: Duration::ZERO })?;
    println!("ready");
    link.run(&AtomicBool::new(false))?;
    Ok(())
}
