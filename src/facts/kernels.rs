//! Which kernels are installed. The one that runs may be an older one: an upgrade only counts from the next boot on.

use std::collections::BTreeSet;

use super::{Fact, Probe, kernel::Kernel};
use crate::model::command::Output;

/// The kernels in `/boot`, by their releases; absent where none is, as in a container.
pub struct InstalledKernels;

impl Probe for InstalledKernels {
    type Value = BTreeSet<String>;

    fn question(&self) -> String {
        "set -- /boot/vmlinuz-*\n[ -e \"$1\" ] || exit 44\n\
         for file; do printf '%s\\n' \"${file#/boot/vmlinuz-}\"; done"
            .to_owned()
    }

    fn read(&self, output: &Output) -> Fact<BTreeSet<String>> {
        Fact::read(output, |text| Ok(text.lines().map(str::to_owned).collect()))
    }
}

/// The newest of the installed kernels that is newer than the running one and of its flavour.
pub fn newer<'a>(installed: &'a BTreeSet<String>, running: &Kernel) -> Option<&'a str> {
    let (version, flavour) = parts(&running.release);
    let alike = installed.iter().map(|release| (parts(release), release));
    let newer = alike.filter(|((other, of), _)| *of == flavour && *other > version);
    newer.max_by(|(one, _), (other, _)| one.0.cmp(&other.0)).map(|(_, release)| release.as_str())
}

/// The numbers of a release and its flavour: of `6.1.0-18-cloud-amd64` 6, 1, 0, 18 and `cloud-amd64`.
fn parts(release: &str) -> (Vec<u64>, String) {
    let words: Vec<&str> = release.split('-').collect();
    let count = words.iter().take_while(|word| word.starts_with(|c: char| c.is_ascii_digit())).count();
    let (version, flavour) = words.split_at(count);
    let numbers = version.iter().flat_map(|word| word.split(|c: char| !c.is_ascii_digit()));
    (numbers.filter_map(|number| number.parse().ok()).collect(), flavour.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(running: &str, installed: &[&str]) -> Option<String> {
        let kernel = Kernel { name: "Linux".into(), release: running.into(), machine: "x86_64".into() };
        newer(&installed.iter().map(|release| (*release).to_owned()).collect(), &kernel).map(str::to_owned)
    }

    #[test]
    fn the_newest_of_the_same_flavour_is_told() {
        let debian12 = ["6.1.0-9-amd64", "6.1.0-18-amd64", "6.1.0-21-cloud-amd64"];
        assert_eq!(said("6.1.0-9-amd64", &debian12).as_deref(), Some("6.1.0-18-amd64"));
        assert_eq!(said("6.1.0-18-amd64", &debian12), None);
        assert_eq!(said("6.1.0-20-cloud-amd64", &debian12).as_deref(), Some("6.1.0-21-cloud-amd64"));
        let debian13 = ["6.12.43+deb13-amd64", "6.12.48+deb13-amd64"];
        assert_eq!(said("6.12.43+deb13-amd64", &debian13).as_deref(), Some("6.12.48+deb13-amd64"));
        assert_eq!(said("6.18.44-fc-v657", &debian13), None);
    }

    #[test]
    fn a_container_has_none() {
        let absent = Output { exit: crate::model::command::Exit::Code(44), ..Output::default() };
        assert_eq!(InstalledKernels.read(&absent), Fact::Absent);
    }
}
