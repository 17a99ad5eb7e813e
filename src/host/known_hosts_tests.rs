use super::*;

const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
const ED2: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN+Wjn4+4Fcvl2JlKpggT+wCRxpSvtqqpVrQrKN1/A22";

#[test]
fn a() {
    let k = PublicKey::from_openssh(ED).unwrap();
    assert_eq!(KnownHosts::parse(&format!("h {ED2}\nh {ED}\n")).judge("h", &k), Verdict::Known);
    assert_eq!(KnownHosts::parse("").judge("h", &k), Verdict::Unknown);
}
