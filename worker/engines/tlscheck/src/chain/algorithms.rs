//! Checking signatures: those that are believed, and those that only serve to see what else is wrong.

use ring::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA384, UnparsedPublicKey,
    VerificationAlgorithm,
};
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use crate::der::{BIT_STRING, Der, SEQUENCE};

/// The algorithms whose signatures are believed.
pub(super) static SOUND: &[&dyn SignatureVerificationAlgorithm] = webpki::ALL_VERIFICATION_ALGS;

/// A signature of another time. Without a way to check it, it is taken as it is: a path over it is never believed, but
/// what else is wrong with the path can be seen.
#[derive(Debug)]
struct Old {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    check: Option<&'static dyn VerificationAlgorithm>,
}

const MD2_RSA: AlgorithmIdentifier = rsa(2);
const MD5_RSA: AlgorithmIdentifier = rsa(4);
const SHA1_RSA: AlgorithmIdentifier = rsa(5);
const SHA224_RSA: AlgorithmIdentifier = rsa(14);
const ECDSA_SHA1: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]);

/// The PKCS #1 algorithm of this number, with its null parameters.
const fn rsa(number: u8) -> AlgorithmIdentifier {
    AlgorithmIdentifier::from_slice(match number {
        2 => &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x02, 0x05, 0x00],
        4 => &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04, 0x05, 0x00],
        5 => &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00],
        _ => &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0e, 0x05, 0x00],
    })
}

const fn rsa_by(signature: AlgorithmIdentifier, check: Option<&'static dyn VerificationAlgorithm>) -> Old {
    Old { key: alg_id::RSA_ENCRYPTION, signature, check }
}

const fn unchecked(key: AlgorithmIdentifier, signature: AlgorithmIdentifier) -> Old {
    Old { key, signature, check: None }
}

static OLD: [Old; 14] = [
    rsa_by(MD2_RSA, None),
    rsa_by(MD5_RSA, None),
    rsa_by(SHA224_RSA, None),
    rsa_by(SHA1_RSA, Some(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY)),
    rsa_by(alg_id::RSA_PKCS1_SHA256, Some(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)),
    rsa_by(alg_id::RSA_PKCS1_SHA384, Some(&RSA_PKCS1_2048_8192_SHA384)),
    rsa_by(alg_id::RSA_PKCS1_SHA512, Some(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY)),
    unchecked(alg_id::ECDSA_P256, ECDSA_SHA1),
    unchecked(alg_id::ECDSA_P384, ECDSA_SHA1),
    unchecked(alg_id::ECDSA_P521, ECDSA_SHA1),
    unchecked(alg_id::ECDSA_P521, alg_id::ECDSA_SHA256),
    unchecked(alg_id::ECDSA_P521, alg_id::ECDSA_SHA384),
    unchecked(alg_id::ECDSA_P521, alg_id::ECDSA_SHA512),
    unchecked(alg_id::ED448, alg_id::ED448),
];

/// The old ones, and those that are believed. The first that fits a signature decides, so the old ones come first.
pub(super) fn any() -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    let old = OLD.iter().map(|old| -> &dyn SignatureVerificationAlgorithm { old });
    old.chain(SOUND.iter().copied()).collect()
}

impl SignatureVerificationAlgorithm for Old {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        // Bytes of an RSA key that the library still computes with.
        let least = if self.signature == alg_id::RSA_PKCS1_SHA384 { 264 } else { 136 };
        let is_tiny = self.key == alg_id::RSA_ENCRYPTION && public_key.len() < least;
        let Some(check) = self.check.filter(|_| !is_tiny) else { return Ok(()) };
        let key = UnparsedPublicKey::new(check, public_key);
        key.verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// Whether the key of `spki` (a `SubjectPublicKeyInfo` in DER) made this signature; `algorithm` is the content of the
/// signature's `AlgorithmIdentifier`. Only algorithms that are believed count.
pub(crate) fn verify(spki: &[u8], algorithm: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Some((key_algorithm, key)) = key_of(spki) else { return false };
    SOUND.iter().any(|sound| {
        *sound.public_key_alg_id() == *key_algorithm
            && *sound.signature_alg_id() == *algorithm
            && sound.verify_signature(key, message, signature).is_ok()
    })
}

/// The content of the algorithm's identifier, and the key itself.
fn key_of(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Der::new(spki).expect(SEQUENCE)?.inside();
    let algorithm = fields.expect(SEQUENCE)?.content;
    let key = fields.expect(BIT_STRING)?.bits()?;
    Some((algorithm, key))
}

/// The three parts of anything that is signed as certificates are: what is signed, whole, the content of the
/// algorithm's identifier, and the signature.
pub(crate) fn signature_of(signed: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut fields = Der::new(signed).expect(SEQUENCE)?.inside();
    let message = fields.expect(SEQUENCE)?.whole;
    let algorithm = fields.expect(SEQUENCE)?.content;
    let signature = fields.expect(BIT_STRING)?.bits()?;
    Some((message, algorithm, signature))
}

/// Whether `certificate` was signed with the key of `spki`, by any algorithm.
pub(super) fn is_signed_by(certificate: &[u8], spki: &[u8]) -> bool {
    let Some((message, algorithm, signature)) = signature_of(certificate) else { return false };
    let Some((key_algorithm, key)) = key_of(spki) else { return false };
    any().iter().any(|one| {
        *one.public_key_alg_id() == *key_algorithm
            && *one.signature_alg_id() == *algorithm
            && one.verify_signature(key, message, signature).is_ok()
    })
}
