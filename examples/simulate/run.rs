//! The whole simulation: scenes first, then the honest day around them.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::simulate::clock::{END, instant};
use crate::simulate::delivery::Fate;
use crate::simulate::honest::honest;
use crate::simulate::order::{Choice, Order};
use crate::simulate::outlet::Outlet;
use crate::simulate::scene::{Scene, Script};
use crate::simulate::server::settings;
use crate::simulate::{incident, trap};

/// The first number of a trap, so that incidents and traps never share people.
const FIRST_TRAP: u8 = 100;

/// What was simulated, as `simulation.json` says it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The seed.
    pub seed: u64,
    /// The time of judgement for which the labels hold.
    pub now: beartrap::model::instant::Instant,
    /// Honest uses.
    pub records: u64,
    /// Incidents that happened; a detection with several incidents stands several times.
    pub injected: Vec<String>,
    /// Traps that were set.
    pub traps: Vec<String>,
}

/// Writes the simulation into a folder.
///
/// # Errors
///
/// What cannot be written.
pub fn run(order: &Order, folder: &Path) -> io::Result<Summary> {
    let mut outlet = Outlet::new(folder, order)?;
    let injected = play(&incident::all(), &order.inject, (0, Fate::Arrives), (order, &mut outlet))?;
    let traps = play(&trap::all(), &order.traps, (FIRST_TRAP, Fate::MayDrop), (order, &mut outlet))?;
    let records = honest(order, &mut outlet)?;
    let summary = Summary { seed: order.seed, now: instant(END), records, injected, traps };
    outlet.file("simulation.json", &(serde_json::to_string_pretty(&summary)? + "\n"))?;
    outlet.file("settings.toml", &settings())?;
    outlet.finish()?;
    Ok(summary)
}

/// Plays the chosen scripts; a script's number does not depend on the choice.
fn play(scripts: &[Script], choice: &Choice, (first, fate): (u8, Fate), (order, outlet): (&Order, &mut Outlet)) -> io::Result<Vec<String>> {
    let mut played = Vec::new();
    for (number, script) in (first..).zip(scripts).filter(|(_, script)| choice.has(script.name)) {
        Scene::play(script, number, order.seed, fate, outlet)?;
        played.push(script.name.to_owned());
    }
    Ok(played)
}
