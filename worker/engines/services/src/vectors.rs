//! Every answer of `tests/vectors.txt` is read as it says there. They are written from the specifications.

use proptest::prelude::*;

use crate::{block::Block, book::Book, probe::unescaped};

const VECTORS: &str = include_str!("../tests/vectors.txt");

#[test]
fn every_vector_is_read_as_it_says() {
    let book = Book::open().unwrap();
    let mut wrong = Vec::new();
    for block in Block::all(VECTORS) {
        block.check(&["probe", "datagram", "answer", "service", "product", "version", "os"]).unwrap();
        let probe = match block.get("datagram") {
            Some(name) => book.datagram(name).unwrap(),
            None => book.probe(block.get("probe").unwrap()).unwrap(),
        };
        let finding = book.read(probe, &probe.sent("localhost"), &answer(&block)).unwrap_or_default();
        let os = finding.os.map(|os| os.name.unwrap_or(os.family));
        let found = [finding.service, finding.product, finding.version, os];
        let expected = ["service", "product", "version", "os"].map(|key| block.get(key).map(str::to_owned));
        if found != expected {
            wrong.push(format!("line {}: {found:?}", block.line));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn answer(block: &Block) -> Vec<u8> {
    block.each("answer").flat_map(|text| unescaped(text).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Arbitrary bytes, by themselves and behind the beginnings of real answers, as the answer to every question.
    #[test]
    fn any_answer_is_survived(noise: Vec<u8>, vector: prop::sample::Index, cut: prop::sample::Index) {
        let book = Book::open().unwrap();
        let blocks = Block::all(VECTORS);
        let mut begun = answer(vector.get(&blocks));
        begun.truncate(cut.index(begun.len() + 1));
        begun.extend(&noise);
        for probe in book.probes().iter().chain(book.datagrams()) {
            for answer in [&noise, &begun] {
                let finding = book.read(probe, &probe.sent("localhost"), answer).unwrap_or_default();
                let words = [finding.service, finding.product, finding.version];
                prop_assert!(words.iter().flatten().all(|word| word.len() <= 100 && !word.contains(char::is_control)));
            }
        }
    }
}

#[test]
fn sixty_protocols_have_a_vector() {
    let services: std::collections::BTreeSet<_> =
        Block::all(VECTORS).iter().filter_map(|block| block.get("service")).collect();
    assert!(services.len() >= 60, "{}: {services:?}", services.len());
}
