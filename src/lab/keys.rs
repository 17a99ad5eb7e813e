//! The lab's SSH key pair and its own small certificate authority.
//!
//! Made by the libraries that are in the build anyway (`russh::keys`, `rcgen` on ring), so that a lab needs no
//! ssh-keygen and no openssl on the controller.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use russh::keys::{Algorithm, PrivateKey, ssh_key::LineEnding};

use super::{error::LabError, folder::Folder};

/// The files of the key pair and of the authority.
pub(super) const SSH_KEY: &str = "id_ed25519";
pub(super) const CA: &str = "ca.pem";
const CA_KEY: &str = "ca.key";

/// A lab rarely lives for a week; a year is never in the way. Seconds.
const LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

/// The public half of the lab's SSH key; the pair is made when it is first asked for.
pub(super) fn public_key(folder: &Folder) -> Result<String, LabError> {
    let public = format!("{SSH_KEY}.pub");
    if let (Some(text), Some(_)) = (folder.read(&public)?, folder.read(SSH_KEY)?) {
        return Ok(text.trim_end().to_owned());
    }
    let mut key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).map_err(LabError::Key)?;
    key.set_comment("pryvctl lab");
    let text = key.public_key().to_openssh().map_err(LabError::Key)?;
    folder.write(SSH_KEY, &key.to_openssh(LineEnding::LF).map_err(LabError::Key)?)?;
    folder.write(&public, &format!("{text}\n"))?;
    Ok(text)
}

/// Makes sure that `NAME.pem` and `NAME.key` are a certificate of the lab's authority for exactly these names and
/// addresses.
pub(super) fn certificate(
    folder: &Folder,
    name: &str,
    domains: &[String],
    addresses: &[IpAddr],
) -> Result<(), LabError> {
    let covers = format!("{domains:?} {addresses:?}\n");
    let (pem, key_file, note) = (format!("{name}.pem"), format!("{name}.key"), format!("{name}.covers"));
    let issuer = authority(folder)?;
    if folder.read(&note)?.as_deref() == Some(&covers) && folder.read(&pem)?.is_some() {
        return Ok(());
    }
    let mut params = CertificateParams::new(domains)?;
    params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
    params.distinguished_name.push(DnType::CommonName, domains.first().map_or(name, String::as_str));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    live(&mut params);
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    folder.write(&key_file, &key.serialize_pem())?;
    folder.write(&pem, &certificate.pem())?;
    folder.write(&note, &covers)
}

/// The issuer is built anew from the same parameters: the name and the key are all that signing takes from it.
fn authority(folder: &Folder) -> Result<Issuer<'static, KeyPair>, LabError> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "pryvctl lab CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    if let (Some(key), Some(_)) = (folder.read(CA_KEY)?, folder.read(CA)?) {
        return Ok(Issuer::new(params, KeyPair::from_pem(&key)?));
    }
    live(&mut params);
    let key = KeyPair::generate()?;
    folder.write(CA_KEY, &key.serialize_pem())?;
    folder.write(CA, &params.self_signed(&key)?.pem())?;
    Ok(Issuer::new(params, key))
}

fn live(params: &mut CertificateParams) {
    // An hour back, because the clock of a lab host may be a little behind in tests.
    let now = SystemTime::now();
    params.not_before = (now - Duration::from_secs(3600)).into();
    params.not_after = (now + LIFE).into();
}
