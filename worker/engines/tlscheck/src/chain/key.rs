use std::fmt;

use x509_parser::{
    der_parser::{Oid, oid},
    public_key::PublicKey,
    x509::{AlgorithmIdentifier, SubjectPublicKeyInfo},
};

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What it is for.
    pub algorithm: KeyAlgorithm,
    /// Its size: of the modulus, or of the curve's field; 0 when unknown.
    pub bits: usize,
}

/// The kind of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA.
    Rsa,
    /// On a curve of this name, such as `P-256`, or with its object identifier.
    Ec(String),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// DSA.
    Dsa,
    /// Anything else, by its object identifier.
    Other(String),
}

/// How a certificate is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Such as `sha256WithRSAEncryption`, or an object identifier.
    pub name: String,
    /// What is hashed with; none where the algorithm brings its own, or is unknown.
    pub hash: Option<Hash>,
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// MD2, MD4 or MD5: anybody can forge a signature over it.
    Md5,
    /// SHA-1: a forgery costs money.
    Sha1,
    /// SHA-2 and SHA-3.
    Sound,
}

impl Key {
    pub(super) fn of(info: &SubjectPublicKeyInfo<'_>) -> Self {
        let oid = &info.algorithm.algorithm;
        let bits = match info.parsed() {
            Ok(PublicKey::RSA(rsa)) => rsa.key_size(),
            Ok(PublicKey::DSA(number)) => number.len() * 8,
            _ => 0,
        };
        let names = [
            (oid!(1.2.840.113549.1.1.1), KeyAlgorithm::Rsa, bits),
            (oid!(1.2.840.113549.1.1.10), KeyAlgorithm::Rsa, bits),
            (oid!(1.3.101.112), KeyAlgorithm::Ed25519, 256),
            (oid!(1.3.101.113), KeyAlgorithm::Ed448, 456),
            (oid!(1.2.840.10040.4.1), KeyAlgorithm::Dsa, bits),
        ];
        if *oid == oid!(1.2.840.10045.2.1) {
            return Self::on_curve(&info.algorithm);
        }
        let known = names.into_iter().find(|(known, ..)| known == oid);
        known.map_or_else(
            || Self { algorithm: KeyAlgorithm::Other(oid.to_id_string()), bits: 0 },
            |(_, algorithm, bits)| Self { algorithm, bits },
        )
    }

    fn on_curve(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let named = algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        let curves = [
            (oid!(1.2.840.10045.3.1.1), "P-192", 192),
            (oid!(1.3.132.0.33), "P-224", 224),
            (oid!(1.2.840.10045.3.1.7), "P-256", 256),
            (oid!(1.3.132.0.10), "secp256k1", 256),
            (oid!(1.3.132.0.34), "P-384", 384),
            (oid!(1.3.132.0.35), "P-521", 521),
        ];
        let known = curves.into_iter().find(|(curve, ..)| Some(curve) == named.as_ref());
        let (name, bits) = known.map_or_else(
            || (named.map_or_else(|| "explicit".to_owned(), |oid: Oid<'_>| oid.to_id_string()), 0),
            |(_, name, bits)| (name.to_owned(), bits),
        );
        Self { algorithm: KeyAlgorithm::Ec(name), bits }
    }

    /// Whether it is too short for anybody to rely on: RSA below 2048 bits, curves below 256, and all of DSA.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        match self.algorithm {
            KeyAlgorithm::Rsa => self.bits < 2048,
            KeyAlgorithm::Dsa => true,
            KeyAlgorithm::Ec(_) => self.bits != 0 && self.bits < 256,
            KeyAlgorithm::Ed25519 | KeyAlgorithm::Ed448 | KeyAlgorithm::Other(_) => false,
        }
    }

    /// Whether some browsers refuse servers that have it: P-521, and all curves that are not NIST's.
    #[must_use]
    pub fn is_unusual(&self) -> bool {
        match &self.algorithm {
            KeyAlgorithm::Rsa | KeyAlgorithm::Dsa => false,
            KeyAlgorithm::Ec(curve) => curve != "P-256" && curve != "P-384",
            KeyAlgorithm::Ed25519 | KeyAlgorithm::Ed448 | KeyAlgorithm::Other(_) => true,
        }
    }

    /// What an RSA key of the same strength would have (NIST SP 800-57, part 1).
    pub(crate) fn rsa_bits(&self) -> usize {
        match self.algorithm {
            KeyAlgorithm::Rsa | KeyAlgorithm::Dsa => self.bits,
            KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 | KeyAlgorithm::Ed448 | KeyAlgorithm::Other(_) => {
                match self.bits {
                    // Unknown: neither praised nor blamed.
                    0 | 224..=255 => 2048,
                    1..=111 => 512,
                    112..=159 => 768,
                    160..=223 => 1024,
                    256..=383 => 3072,
                    384..=511 => 7680,
                    _ => 15360,
                }
            }
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.algorithm {
            KeyAlgorithm::Rsa => write!(formatter, "RSA {}", self.bits),
            KeyAlgorithm::Dsa => write!(formatter, "DSA {}", self.bits),
            KeyAlgorithm::Ec(curve) => write!(formatter, "EC {curve}"),
            KeyAlgorithm::Ed25519 => formatter.write_str("Ed25519"),
            KeyAlgorithm::Ed448 => formatter.write_str("Ed448"),
            KeyAlgorithm::Other(oid) => formatter.write_str(oid),
        }
    }
}

impl Signature {
    /// Whether anybody can forge it.
    pub(crate) fn is_broken(&self) -> bool {
        self.hash == Some(Hash::Md5)
    }

    pub(super) fn of(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let names = [
            (oid!(1.2.840.113549.1.1.2), "md2WithRSAEncryption", Some(Hash::Md5)),
            (oid!(1.2.840.113549.1.1.3), "md4WithRSAEncryption", Some(Hash::Md5)),
            (oid!(1.2.840.113549.1.1.4), "md5WithRSAEncryption", Some(Hash::Md5)),
            (oid!(1.2.840.113549.1.1.5), "sha1WithRSAEncryption", Some(Hash::Sha1)),
            (oid!(1.3.14.3.2.29), "sha1WithRSASignature", Some(Hash::Sha1)),
            (oid!(1.2.840.10040.4.3), "dsa-with-sha1", Some(Hash::Sha1)),
            (oid!(1.2.840.10045.4.1), "ecdsa-with-SHA1", Some(Hash::Sha1)),
            (oid!(1.2.840.113549.1.1.14), "sha224WithRSAEncryption", Some(Hash::Sound)),
            (oid!(1.2.840.113549.1.1.11), "sha256WithRSAEncryption", Some(Hash::Sound)),
            (oid!(1.2.840.113549.1.1.12), "sha384WithRSAEncryption", Some(Hash::Sound)),
            (oid!(1.2.840.113549.1.1.13), "sha512WithRSAEncryption", Some(Hash::Sound)),
            (oid!(1.2.840.113549.1.1.10), "rsassaPss", Some(Hash::Sound)),
            (oid!(1.2.840.10045.4.3.1), "ecdsa-with-SHA224", Some(Hash::Sound)),
            (oid!(1.2.840.10045.4.3.2), "ecdsa-with-SHA256", Some(Hash::Sound)),
            (oid!(1.2.840.10045.4.3.3), "ecdsa-with-SHA384", Some(Hash::Sound)),
            (oid!(1.2.840.10045.4.3.4), "ecdsa-with-SHA512", Some(Hash::Sound)),
            (oid!(1.3.101.112), "Ed25519", None),
            (oid!(1.3.101.113), "Ed448", None),
        ];
        let oid = &algorithm.algorithm;
        let known = names.into_iter().find(|(known, ..)| known == oid);
        known.map_or_else(
            || Self { name: oid.to_id_string(), hash: None },
            |(_, name, hash)| Self { name: name.to_owned(), hash },
        )
    }

    /// Whether it can be forged.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        matches!(self.hash, Some(Hash::Md5 | Hash::Sha1))
    }
}
