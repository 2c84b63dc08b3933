//! Runs workers over a scripted world, one turn after another on one thread, and looks at the news after each.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use super::{ScriptedWire, World};
use crate::{
    desk::Desk, error::Error, event::Tally, probe::Probe, settings::Settings, traffic::Traffic,
    worker::Worker,
};

/// What a caller would know at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Checkpoint {
    pub(crate) below: u64,
    pub(crate) tally: Tally,
    /// How many open ports were reported before it.
    pub(crate) opened: usize,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) opened: Vec<Probe>,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) retries: u64,
    pub(crate) failure: Option<Error>,
}

impl Run {
    pub(crate) fn end(&self) -> Checkpoint {
        *self.checkpoints.last().expect("there is always one")
    }

    /// The numbers of the open ports reported until a checkpoint.
    pub(crate) fn numbers(&self, until: usize) -> Vec<u64> {
        self.opened[..until].iter().map(|probe| probe.number).collect()
    }
}

const TURNS: usize = 200_000;

pub(crate) fn drive(world: World, settings: &Settings, plan: &[Probe]) -> (Run, World) {
    let shared = Rc::new(RefCell::new(world));
    let desk = Desk::new(plan.iter().copied(), settings.spread, settings.threads);
    let share = settings.window / settings.threads;
    let traffic = Arc::new(Traffic::new(settings));
    let mut workers: Vec<_> = (0..settings.threads)
        .map(|_| Some(Worker::new(ScriptedWire::new(&shared), settings, share, Arc::clone(&traffic))))
        .collect();
    let mut run = Run { opened: Vec::new(), checkpoints: Vec::new(), retries: 0, failure: None };
    for turn in 0.. {
        assert!(turn < TURNS, "the scan does not end");
        let count = workers.len();
        let place = &mut workers[turn % count];
        if let Some(worker) = place {
            let failure = match worker.turn(&desk) {
                Ok(true) => None,
                Ok(false) => Some(None),
                Err(failure) => Some(Some(failure)),
            };
            if let Some(failure) = failure {
                desk.leave(worker.last_report(), failure);
                *place = None;
            }
        }
        let news = desk.news(Duration::ZERO);
        run.opened.extend(news.opened);
        run.checkpoints.push(Checkpoint { below: news.below, tally: news.tally, opened: run.opened.len() });
        if news.last {
            break;
        }
    }
    let outcome = desk.finish();
    run.retries = outcome.retries;
    run.failure = outcome.failure;
    drop(workers);
    (run, Rc::into_inner(shared).expect("all workers are gone").into_inner())
}
