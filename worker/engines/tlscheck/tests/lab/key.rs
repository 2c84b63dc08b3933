//! Keys of the lab: also such as no library makes or signs with any more.

use num_bigint::BigUint;
use ring::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest},
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    },
};

use crate::der::{bit_string, integer, oid, sequence, tagged};

pub(crate) enum Key {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa {
        modulus: BigUint,
        private: BigUint,
    },
    /// A public key that signs nothing.
    Mute(Vec<u8>),
}

/// What certificates are signed with, where the key leaves a choice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum With {
    Sha256,
    Sha1,
    Md5,
}

impl Key {
    pub(crate) fn p256() -> Self {
        let random = SystemRandom::new();
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Self::P256(
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, bytes.as_ref(), &random).unwrap(),
        )
    }

    pub(crate) fn p384() -> Self {
        let random = SystemRandom::new();
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random).unwrap();
        Self::P384(
            EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, bytes.as_ref(), &random).unwrap(),
        )
    }

    pub(crate) fn ed25519() -> Self {
        let bytes = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(bytes.as_ref()).unwrap())
    }

    /// Of 512, 1024 or 2048 bits; always the same one.
    pub(crate) fn rsa(bits: usize) -> Self {
        let lines = include_str!("../keys/rsa.txt").lines();
        let mut lines = lines.map(|line| line.split(' ').collect::<Vec<_>>());
        let line = lines.find(|words| words[0] == bits.to_string()).unwrap();
        let number = |text: &str| BigUint::parse_bytes(text.as_bytes(), 16).unwrap();
        Self::Rsa { modulus: number(line[1]), private: number(line[2]) }
    }

    /// On P-521; nobody has kept the secret.
    pub(crate) fn p521() -> Self {
        let digits = include_str!("../keys/p521.txt").trim().as_bytes().chunks(2);
        let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        Self::Mute(ec(&oid("1.3.132.0.35"), &bytes.collect::<Vec<_>>()))
    }

    pub(crate) fn spki(&self) -> Vec<u8> {
        match self {
            Self::P256(pair) => ec(&oid("1.2.840.10045.3.1.7"), pair.public_key().as_ref()),
            Self::P384(pair) => ec(&oid("1.3.132.0.34"), pair.public_key().as_ref()),
            Self::Ed25519(pair) => {
                sequence(&[sequence(&[oid("1.3.101.112")]), bit_string(pair.public_key().as_ref())])
            }
            Self::Rsa { modulus, .. } => {
                let key = sequence(&[integer(&modulus.to_bytes_be()), integer(&[1, 0, 1])]);
                let algorithm = sequence(&[oid("1.2.840.113549.1.1.1"), tagged(5, &[])]);
                sequence(&[algorithm, bit_string(&key)])
            }
            Self::Mute(spki) => spki.clone(),
        }
    }

    /// The `AlgorithmIdentifier` of its signatures.
    pub(crate) fn algorithm(&self, with: With) -> Vec<u8> {
        match (self, with) {
            (Self::P256(_), _) => sequence(&[oid("1.2.840.10045.4.3.2")]),
            (Self::P384(_), _) => sequence(&[oid("1.2.840.10045.4.3.3")]),
            (Self::Ed25519(_), _) => sequence(&[oid("1.3.101.112")]),
            (_, With::Sha256) => sequence(&[oid("1.2.840.113549.1.1.11"), tagged(5, &[])]),
            (_, With::Sha1) => sequence(&[oid("1.2.840.113549.1.1.5"), tagged(5, &[])]),
            (_, With::Md5) => sequence(&[oid("1.2.840.113549.1.1.4"), tagged(5, &[])]),
        }
    }

    pub(crate) fn sign(&self, with: With, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(pair) | Self::P384(pair) => {
                pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa { modulus, private } => pkcs1(modulus, private, with, message),
            Self::Mute(_) => vec![7; 64],
        }
    }
}

fn ec(curve: &[u8], point: &[u8]) -> Vec<u8> {
    let algorithm = sequence(&[oid("1.2.840.10045.2.1"), curve.to_vec()]);
    sequence(&[algorithm, bit_string(point)])
}

/// A signature by PKCS #1 version 1.5. MD5 is not computed: nobody believes it anyway.
fn pkcs1(modulus: &BigUint, private: &BigUint, with: With, message: &[u8]) -> Vec<u8> {
    let (name, hash) = match with {
        With::Sha256 => ("2.16.840.1.101.3.4.2.1", digest(&SHA256, message).as_ref().to_vec()),
        With::Sha1 => ("1.3.14.3.2.26", digest(&SHA1_FOR_LEGACY_USE_ONLY, message).as_ref().to_vec()),
        With::Md5 => ("1.2.840.113549.2.5", vec![0; 16]),
    };
    let info = sequence(&[sequence(&[oid(name), tagged(5, &[])]), tagged(4, &hash)]);
    let length = usize::try_from(modulus.bits()).unwrap().div_ceil(8);
    let mut padded = vec![0xff; length];
    padded[0] = 0;
    padded[1] = 1;
    padded[length - info.len() - 1] = 0;
    padded[length - info.len()..].copy_from_slice(&info);
    let signature = BigUint::from_bytes_be(&padded).modpow(private, modulus).to_bytes_be();
    [vec![0; length - signature.len()], signature].concat()
}
