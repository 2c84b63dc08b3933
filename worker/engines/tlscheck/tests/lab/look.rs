//! Looking at the servers of the lab.

use std::{sync::Arc, time::Duration};

use tlscheck::{
    Fetch, Fetching, Inspector, Limits, LogList, Mode, Question, Report, Roots, Settings, Target, Unfetched,
};

use crate::{mint::NOW, play::Server};

/// An inspector that believes these roots in place of the browsers'.
pub(crate) fn browser(roots: &[&[u8]]) -> Settings {
    let roots: Vec<_> = roots.iter().map(|der| der.to_vec()).collect();
    Settings { roots: Roots::in_place_of_browsers(&roots, &[]), ..private(&[]) }
}

/// An inspector that believes browsers' roots and these.
pub(crate) fn private(roots: &[&[u8]]) -> Settings {
    let roots: Vec<_> = roots.iter().map(|der| der.to_vec()).collect();
    Settings { roots: Roots::new(&roots), fetch: None, logs: LogList::empty(), limits: limits() }
}

/// Less patience than usual, so that the tests with silent servers are short.
pub(crate) fn limits() -> Limits {
    Limits {
        answer: Duration::from_secs(2),
        connect: Duration::from_secs(2),
        certificate: Duration::from_secs(6),
        ..Limits::default()
    }
}

pub(crate) async fn look(settings: Settings, server: &Server, name: Option<&str>) -> Report {
    look_at(settings, &Target::new(name, server.address)).await
}

pub(crate) async fn look_at(settings: Settings, target: &Target) -> Report {
    Inspector::new(settings).inspect(target, Mode::Certificate, NOW).await
}

/// The codes of the findings, in alphabetical order.
pub(crate) fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<_> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes
}

/// Third parties that say what they were told to.
#[derive(Debug, Default)]
pub(crate) struct Script(pub(crate) Vec<(String, Vec<u8>)>);

impl Script {
    pub(crate) fn of(answers: &[(&str, &[u8])]) -> Arc<dyn Fetch> {
        let answers = answers.iter().map(|(url, answer)| ((*url).to_owned(), answer.to_vec()));
        Arc::new(Self(answers.collect()))
    }
}

impl Fetch for Script {
    fn fetch<'a>(&'a self, question: Question<'a>) -> Fetching<'a> {
        let found = self.0.iter().find(|(url, _)| url == question.url);
        let answer = found.map(|(_, answer)| answer.clone()).ok_or(Unfetched);
        Box::pin(async move { answer })
    }
}
