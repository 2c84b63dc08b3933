//! Whoever signs their requests, with a key that they never send. A user has one such key, which is found by the user's
//! public id; a new one takes the place of the last.

mod seal;

use std::{fmt, net::IpAddr};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{ApiKey, Form, Issued, KeyOrder, Principal, Refusal, keys::insert, known, recognition::admit};
use crate::{
    audit::{self, Action, Entry, Who},
    core::{Core, contending},
    error::{Error, Result},
    store::{
        Tx, hawk_secrets,
        identity::{self as users, User},
        keys::{self, Holder},
    },
};

/// Whose signature a request is said to bear.
#[derive(Clone, Copy, Debug)]
pub struct Signatory<'a> {
    /// The public id of the user.
    pub id: &'a str,
    /// The public id of the organization that they belong to.
    pub organization: &'a str,
    /// From where they call.
    pub from: IpAddr,
}

/// Whoever did sign a request.
pub struct Signer {
    /// Who they are.
    pub principal: Principal,
    /// What they sign with, and what is signed for them.
    pub key: Vec<u8>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("principal", &self.principal).finish_non_exhaustive()
    }
}

/// Why nobody is believed to have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsigned<E> {
    /// The signature does not hold, as its verifier says.
    Signature(E),
    /// It may hold, but not for anybody who may call.
    Signatory(Refusal),
    /// It holds, but not from where it comes; the answer can be signed with the key.
    Elsewhere(Refusal, Vec<u8>),
}

/// Recognises whoever signed a request; `verify` says whether the signature holds under a key.
///
/// Whatever the reason, a refusal costs one query, and a signature is verified under some key: an unknown user, a wrong
/// key and a revoked one take the same path. A key that was seen lately is good for believing only, so one that was
/// replaced meanwhile is not refused for the sake of its predecessor.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn recognise_signer<E>(
    core: &Core,
    signatory: &Signatory<'_>,
    verify: impl Fn(&[u8]) -> std::result::Result<(), E>,
) -> Result<std::result::Result<Signer, Unsigned<E>>> {
    let (name, now) = (lookup_name(signatory.id), core.clock.now());
    if let Some(holder) = core.known.get(&name, now).filter(|holder| signatory.is(holder)) {
        let key = open(core, &holder)?;
        if let (Ok(()), Ok(principal)) = (verify(&key), admit(core, &holder, signatory.from, now)) {
            return Ok(Ok(Signer { principal, key }));
        }
    }
    let mark = core.known.mark();
    let holder = keys::holder(&core.store, &name).await?.filter(|holder| signatory.is(holder));
    let key = holder.as_ref().map_or_else(|| Ok(Vec::new()), |holder| open(core, holder))?;
    let verdict = verify(&key);
    let Some(holder) = holder else {
        return Ok(Err(Unsigned::Signatory(Refusal::unknown(signatory.from))));
    };
    if let Err(why) = verdict {
        return Ok(Err(Unsigned::Signature(why)));
    }
    let admitted = admit(core, &holder, signatory.from, now);
    if admitted.is_ok() {
        core.known.keep(mark, name, &holder, now);
    }
    Ok(match admitted {
        Ok(principal) => Ok(Signer { principal, key }),
        Err(refusal) if refusal.is_elsewhere() => Err(Unsigned::Elsewhere(refusal, key)),
        Err(refusal) => Err(Unsigned::Signatory(refusal)),
    })
}

impl Signatory<'_> {
    fn is(&self, holder: &Holder) -> bool {
        public_id(holder.organization_id.uuid()) == self.organization
    }
}

fn open(core: &Core, holder: &Holder) -> Result<Vec<u8>> {
    let sealed = holder.sealed.as_deref();
    let sealed = sealed.ok_or_else(|| Error::internal("a key that signs is stored without its secret"))?;
    seal::open(&core.secret, holder.user_id, sealed)
}

/// Makes a user's key to sign with, on behalf of the operator, and revokes the one they had.
///
/// # Errors
/// `Invalid` for a name that is too long or an end that has passed.
pub async fn issue_signing_key(core: &Core, user: &User, order: &KeyOrder) -> Result<Issued> {
    order.check(core.clock.now())?;
    let (key, order) = (ApiKey::generate(Form::Hawk)?, KeyOrder { form: Form::Hawk, ..order.clone() });
    let sealed = seal::seal(&core.secret, user.id, key.reveal().as_bytes())?;
    let who = Who::operator(user.organization_id);
    let issued = contending(async || {
        let mut tx = core.store.begin().await?;
        revoke_last(core, &mut tx, user).await?;
        let id = insert(core, &mut tx, user.id, &key, &order).await?;
        keys::rename(&mut tx, id, &lookup_name(&public_id(user.id.uuid()))).await?;
        hawk_secrets::insert(&mut tx, id, &sealed).await?;
        audit::record(core, &mut tx, &Entry::new(who, Action::CreateKey, &id)).await?;
        tx.commit().await?;
        Ok(Issued { id, key: key.clone(), expires_at: order.expires_at })
    });
    let issued = issued.await?;
    known::tell(core, user.id).await;
    Ok(issued)
}

/// Revokes the key that the user signs with, forgets its secret, and makes room for another of that name.
async fn revoke_last(core: &Core, tx: &mut Tx, user: &User) -> Result<()> {
    // Of two keys that are made at once, one is the last.
    users::hold_user(tx, user.id).await?;
    let Some(last) = keys::named(tx, &lookup_name(&public_id(user.id.uuid()))).await? else {
        return Ok(());
    };
    if keys::revoke(tx, last, core.clock.now()).await? {
        let entry = Entry::new(Who::operator(user.organization_id), Action::RevokeKey, &last);
        audit::record(core, tx, &entry).await?;
    }
    keys::rename(tx, last, &format!("replaced {last}")).await?;
    hawk_secrets::remove(tx, last).await
}

/// What a key is found by instead of its digest: it is not sent, only the user's id is.
fn lookup_name(id: &str) -> String {
    format!("hawk {id}")
}

/// How clients of signed requests name a user or an organization: 24 hexadecimal digits, always the same.
#[must_use]
pub fn public_id(id: Uuid) -> String {
    let digest = Sha256::new().chain_update(b"vedette id\0").chain_update(id.as_bytes()).finalize();
    let number = digest.iter().take(12).fold(0, |sum: u128, byte| (sum << 8) | u128::from(*byte));
    format!("{number:024x}")
}
