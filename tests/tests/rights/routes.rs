//! The routes as the source names them, and what each of them takes.

use std::collections::BTreeSet;

use vedette_tests::source::Source;

/// What a route takes, and what it answers whoever has that.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Takes {
    /// Nothing: everybody is answered alike, whatever their key is worth.
    Nothing,
    /// A key, of whatever rights.
    Key,
    /// A key that may look at scans.
    ReadScans,
    /// A key that may order and cancel scans.
    WriteScans,
    /// A key that may look at its account.
    ReadAccount,
    /// A key that may manage keys.
    WriteAccount,
    /// An owner's key.
    ReadOrganization,
    /// A key of an owner in the first organization.
    Operate,
    /// A key that may look at watched certificates.
    ReadCertificates,
}

use Takes::{
    Key, Nothing, Operate, ReadAccount, ReadCertificates, ReadOrganization, ReadScans, WriteAccount,
    WriteScans,
};

/// Each route with what it takes and the status that whoever has that is answered with. They are asked in this order:
/// what is used up comes last. A scan has ended, and a key of the caller's is there to be revoked.
pub(crate) const ROUTES: [(&str, Takes, u16); 53] = [
    ("GET /api/v1/health", Nothing, 200),
    ("GET /api/v1/health/", Nothing, 200),
    ("POST /api/v1/auth/register", Nothing, 400),
    ("POST /api/v1/auth/login", Nothing, 400),
    ("POST /api/v1/auth/logout", Key, 403),
    ("POST /api/v1/scans", WriteScans, 201),
    ("POST /api/v1/scans/", WriteScans, 201),
    ("GET /api/v1/scans", ReadScans, 200),
    ("GET /api/v1/scans/", ReadScans, 200),
    ("GET /api/v1/scans/{scan}", ReadScans, 200),
    ("GET /api/v1/scans/{scan}/", ReadScans, 200),
    ("GET /api/v1/scans/{scan}/results", ReadScans, 200),
    ("GET /api/v1/scans/{scan}/results/", ReadScans, 200),
    ("GET /api/v1/scans/{scan}/stream", ReadScans, 200),
    ("GET /api/v1/jobs/{scan}/stream", ReadScans, 200),
    ("GET /api/v1/events", ReadScans, 200),
    ("GET /ws/scans/{scan}", ReadScans, 400),
    ("GET /ws/jobs/{scan}", ReadScans, 400),
    ("GET /ws/events", ReadScans, 400),
    ("DELETE /api/v1/scans/{scan}", WriteScans, 409),
    ("DELETE /api/v1/scans/{scan}/results", WriteScans, 200),
    ("DELETE /api/v1/scans/{scan}/results/", WriteScans, 404),
    ("GET /api/v1/user/profile", ReadAccount, 200),
    ("GET /api/v1/user/profile/", ReadAccount, 200),
    ("GET /api/v1/auth/keys", ReadAccount, 200),
    ("GET /api/v1/auth/keys/", ReadAccount, 200),
    ("GET /api/v1/audit", ReadOrganization, 200),
    ("GET /api/v1/audit/", ReadOrganization, 200),
    ("GET /metrics", Operate, 200),
    ("GET /api", Nothing, 200),
    ("GET /api/", Nothing, 200),
    ("GET /api/v1.0", Nothing, 200),
    ("GET /api/v1.0/", Nothing, 200),
    ("GET /api/ping", Nothing, 200),
    ("GET /api/ping/", Nothing, 200),
    // What stands in the braces is no e-mail address.
    ("GET /api/v1.0/access/claim/{email}", Nothing, 422),
    ("POST /api/v1.0/access/claim", Nothing, 422),
    ("GET /api/v1.0/user", ReadCertificates, 200),
    ("GET /api/v1.0/user/", ReadCertificates, 200),
    ("GET /api/api-keys", ReadAccount, 200),
    ("GET /api/api-keys/", ReadAccount, 200),
    ("POST /api/api-keys", WriteAccount, 201),
    ("POST /api/api-keys/", WriteAccount, 201),
    ("GET /api/api-keys/{key}", ReadAccount, 200),
    ("GET /api/api-keys/{key}/", ReadAccount, 200),
    ("PATCH /api/api-keys/{key}", WriteAccount, 200),
    ("DELETE /api/api-keys/{key}", WriteAccount, 200),
    // Whoever has no key is not told what there is.
    ("GET /v1/nothing", Key, 404),
    ("DELETE /api/v1/auth/keys/{key}", WriteAccount, 200),
    ("POST /api/v1/auth/rotate", WriteAccount, 201),
    // Takes a signature, which no key stands for.
    ("GET /help/hawk/self-test", Nothing, 401),
    ("GET /v2/nothing", Nothing, 401),
    ("GET /api/v1/nothing", Nothing, 404),
];

/// Every `METHOD /path` that a router of the api has, with the names of ids as the table has them.
fn routed() -> BTreeSet<String> {
    let sources = Source::all();
    let routers = sources.iter().filter(|source| source.path.starts_with("api/src/"));
    // Tests of the api have routers of their own.
    let texts = routers.filter_map(|source| source.text.split("#[cfg(test)]").next());
    texts.flat_map(|text| text.split(".route(").skip(1)).flat_map(methods).collect()
}

/// The methods of one route, from the text behind `.route(`.
fn methods(text: &str) -> Vec<String> {
    let path = text.split('"').nth(1).expect("a path in quotes");
    let id = if path.contains("keys/") { "{key}" } else { "{scan}" };
    let path = path.replace("{id}", id);
    let mut depth = 1_i32;
    let inside = text.chars().take_while(|sign| {
        depth += i32::from(*sign == '(') - i32::from(*sign == ')');
        depth > 0
    });
    let call: String = inside.collect();
    let known = ["get", "post", "put", "patch", "delete", "any"];
    let called = |method: &str| [" ", "."].iter().any(|before| call.contains(&format!("{before}{method}(")));
    known
        .into_iter()
        .filter(|method| called(method))
        .map(|method| format!("{} {path}", method.to_uppercase()))
        .collect()
}

#[test]
fn every_route_is_in_the_table() {
    let routed = routed();
    assert!(routed.len() > 20, "the routes were read: {routed:?}");
    let named: BTreeSet<String> = ROUTES.iter().map(|(route, ..)| (*route).to_owned()).collect();
    let missing: Vec<_> = routed.difference(&named).collect();
    assert!(missing.is_empty(), "routes of which nobody said who may ask for them: {missing:?}");
    let gone: Vec<_> = named.difference(&routed).collect();
    assert_eq!(
        gone,
        ["GET /api/v1/nothing", "GET /v1/nothing", "GET /v2/nothing"],
        "routes that are not there"
    );
}
