//! Says how much of a folder of recog files is understood: `recog FOLDER`.

use std::{env, error::Error, path::Path};

use services::Recog;

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("a folder is missing")?;
    println!("{:?}", Recog::open(Path::new(&folder))?.coverage());
    Ok(())
}
