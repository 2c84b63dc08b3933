use regex::bytes::Captures;
use roxmltree::Node;

use crate::{
    cpe,
    finding::Finding,
    identity::OsHint,
    pattern::{Pattern, compile},
    printable::name,
};

/// One pattern, and what its match tells.
#[derive(Debug)]
pub(super) struct Fingerprint {
    pattern: Pattern,
    params: Vec<Param>,
    examples: Vec<Example>,
}

/// A value, taken from a group or fixed.
#[derive(Debug)]
struct Param {
    name: String,
    group: usize,
    value: String,
}

/// A text that the pattern must match, and the values that it must tell.
#[derive(Debug)]
struct Example {
    text: String,
    expected: Vec<(String, String)>,
}

/// How well a folder of fingerprints is understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Patterns that are used.
    pub patterns: usize,
    /// Patterns that are not, because they are of a kind that is not understood here.
    pub refused: usize,
    /// Examples in plain text of the patterns that are used.
    pub examples: usize,
    /// Those that their own pattern matches, with every value as the example says.
    pub matched: usize,
}

impl Fingerprint {
    /// Reads one; an error when its pattern is none.
    pub(super) fn read(node: Node<'_, '_>) -> Result<Self, regex::Error> {
        let attribute = |name| node.attribute(name).unwrap_or_default();
        let text = format!("{}{}", flags(attribute("flags")), attribute("pattern"));
        compile(&text)?;
        let children = |tag: &'static str| node.children().filter(move |child| child.has_tag_name(tag));
        let param = |child: Node<'_, '_>| Param {
            name: child.attribute("name").unwrap_or_default().to_owned(),
            group: child.attribute("pos").and_then(|pos| pos.parse().ok()).unwrap_or_default(),
            value: child.attribute("value").unwrap_or_default().to_owned(),
        };
        Ok(Self {
            pattern: Pattern::new(text),
            params: children("param").map(param).collect(),
            examples: children("example").filter_map(Example::read).collect(),
        })
    }

    /// What a text tells, if it matches.
    pub(super) fn tell(&self, text: &[u8]) -> Option<Finding> {
        let captures = self.pattern.regex()?.captures(text)?;
        let value = |key: &str| self.value(&captures, key);
        let version = value("service.version");
        Some(Finding {
            product: value("service.product"),
            cpe: value("service.cpe23").and_then(|uri| formatted(&uri, version.as_deref())),
            os: value("os.family").or_else(|| value("os.product")).map(|family| OsHint {
                family,
                name: value("os.product"),
                confidence: 80,
            }),
            version,
            ..Finding::default()
        })
    }

    /// The value of that name; the last of several.
    fn value(&self, captures: &Captures<'_>, key: &str) -> Option<String> {
        let param = self.params.iter().rfind(|param| param.name == key)?;
        if param.group == 0 {
            return Some(param.value.clone());
        }
        name(captures.get(param.group)?.as_bytes())
    }

    /// Whether a match tells this value, or one that others are still to be put into.
    fn tells(&self, captures: &Captures<'_>, (key, wanted): &(String, String)) -> bool {
        self.value(captures, key).is_some_and(|value| value == wanted.trim() || value.contains('{'))
    }

    /// Counts itself and its examples.
    pub(super) fn add_to(&self, coverage: &mut Coverage) {
        coverage.patterns += 1;
        for Example { text, expected } in &self.examples {
            coverage.examples += 1;
            let captures = self.pattern.regex().and_then(|regex| regex.captures(text.as_bytes()));
            let holds = |captures: &Captures<'_>| expected.iter().all(|wanted| self.tells(captures, wanted));
            coverage.matched += usize::from(captures.as_ref().is_some_and(holds));
        }
    }
}

impl Example {
    fn read(node: Node<'_, '_>) -> Option<Self> {
        if node.has_attribute("_encoding") || node.has_attribute("_filename") {
            return None;
        }
        let expected = node.attributes().map(|value| (value.name().to_owned(), value.value().to_owned()));
        Some(Self { text: node.text().unwrap_or_default().to_owned(), expected: expected.collect() })
    }
}

/// In the language of these files `^` and `$` are the ends of lines, and a dot is no line break, unless a flag says so.
fn flags(names: &str) -> &'static str {
    let has = |name| names.split(',').any(|flag| flag.trim() == name);
    match (has("REG_ICASE"), has("REG_DOT_NEWLINE") || has("REG_MULTILINE")) {
        (true, true) => "(?ism)",
        (true, false) => "(?im-s)",
        (false, true) => "(?sm)",
        (false, false) => "(?m-s)",
    }
}

/// `cpe:/a:vendor:product:{service.version}` as a CPE 2.3 name.
fn formatted(uri: &str, version: Option<&str>) -> Option<String> {
    let mut parts = uri.strip_prefix("cpe:/a:")?.split(':');
    let (vendor, product) = (parts.next()?, parts.next()?);
    let fixed = parts.next().filter(|text| !text.contains('{') && *text != "-");
    Some(cpe::application(&format!("{vendor}:{product}"), fixed.or(version)))
}
