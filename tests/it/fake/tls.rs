//! Servers that speak TLS, with certificates of our own making.

use std::io::Write;
use std::net::TcpStream;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod, SslOptions, SslStream, SslVersion};
use openssl::x509::{X509, X509Name};

use super::{Fake, converse, hold};

/// A self-signed certificate with its key.
pub(crate) struct Identity {
    certificate: X509,
    key: PKey<Private>,
}

impl Identity {
    /// One that is valid from an hour ago until `seconds` from now.
    pub(crate) fn until(name: &str, seconds: i64) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut subject = X509Name::builder().unwrap();
        subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
        let subject = subject.build();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let at = |seconds: i64| {
            Asn1Time::from_unix(i64::try_from(now.as_secs()).unwrap() + seconds).unwrap()
        };
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        let number = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
        certificate.set_serial_number(&number).unwrap();
        certificate.set_subject_name(&subject).unwrap();
        certificate.set_issuer_name(&subject).unwrap();
        certificate.set_not_before(&at(seconds.min(0) - 3600)).unwrap();
        certificate.set_not_after(&at(seconds)).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        Self { certificate: certificate.build(), key }
    }

    /// A server's side of TLS with this certificate.
    pub(crate) fn acceptor(&self) -> SslAcceptor {
        self.versions(None)
    }

    fn versions(&self, version: Option<SslVersion>) -> SslAcceptor {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        acceptor.set_certificate(&self.certificate).unwrap();
        acceptor.set_private_key(&self.key).unwrap();
        if version.is_some() {
            // What servers of 2007 speak.
            acceptor.clear_options(SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
            acceptor.set_security_level(0);
            acceptor.set_cipher_list("ALL:@SECLEVEL=0").unwrap();
            acceptor.set_min_proto_version(version).unwrap();
            acceptor.set_max_proto_version(version).unwrap();
        }
        acceptor.build()
    }

    /// A server that says something under TLS, then holds the connection.
    pub(crate) fn saying(&self, text: &'static [u8]) -> Fake {
        serve(self.acceptor(), text)
    }

    /// The same by one old version of the protocol.
    pub(crate) fn saying_by(&self, version: SslVersion, text: &'static [u8]) -> Fake {
        serve(self.versions(Some(version)), text)
    }
}

fn serve(acceptor: SslAcceptor, text: &'static [u8]) -> Fake {
    Fake::new(move |stream| {
        if let Ok(mut tls) = acceptor.accept(stream) {
            let _ = tls.write_all(text);
            hold_tls(&tls);
        }
    })
}

/// Waits until the client goes.
pub(crate) fn hold_tls(tls: &SslStream<TcpStream>) {
    if let Ok(stream) = tls.get_ref().try_clone() {
        hold(stream);
    }
}

/// A mail server that offers STARTTLS.
pub(crate) fn starttls(identity: &Identity, greeting: &'static str) -> Fake {
    let acceptor = identity.acceptor();
    let owned = |rows: &[(&str, &str)]| {
        rows.iter().map(|(it, reply)| ((*it).to_owned(), (*reply).to_owned())).collect::<Vec<_>>()
    };
    let before = owned(&[
        ("EHLO", "250-mail.test\r\n250 STARTTLS\r\n"),
        ("STARTTLS", "220 go ahead\r\n"),
        ("QUIT", "221 bye\r\n"),
    ]);
    let after = owned(&[
        ("EHLO", "250 mail.test\r\n"),
        ("NOOP", "250 under TLS\r\n"),
        ("QUIT", "221 bye\r\n"),
    ]);
    Fake::new(move |mut stream| {
        let _ = stream.write_all(greeting.as_bytes());
        converse(&mut stream, &before);
        if let Ok(mut tls) = acceptor.accept(stream) {
            converse(&mut tls, &after);
        }
    })
}
