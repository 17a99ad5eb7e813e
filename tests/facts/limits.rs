//! From where on a fact is a warning or a failure.

use pryvctl::{
    facts::{
        Fact, Facts,
        conntrack::{Conntrack, Timeouts},
        login::{Login, Password},
    },
    model::{desired::Protocol, size::Bytes},
    plan::{
        finding::Verdict,
        preflight::{ControllerClock, preflight},
    },
};

use super::{
    desired,
    findings::{findings, verdict},
    in_time, recorded,
};

#[test]
fn limits_are_where_they_are_said_to_be() {
    let mut facts = recorded("debian12-docker");
    let mut wishes = desired();
    let memory = facts.memory.known().unwrap().total.0;
    for (needed, expected) in [(memory * 100 / 93, Verdict::Ok), (memory * 100 / 93 + 2, Verdict::Failure)] {
        wishes.needs.memory = Bytes(needed);
        assert_eq!(verdict(&wishes, &facts, "memory"), expected, "{needed}");
    }
    for (cpus, expected) in [(2, Verdict::Ok), (3, Verdict::Failure)] {
        wishes.needs.cpus = cpus;
        assert_eq!(verdict(&wishes, &facts, "cpus"), expected, "{cpus}");
    }
    for (oldest, expected) in [((20, 10), Verdict::Ok), ((20, 11), Verdict::Failure)] {
        wishes.engine.oldest = oldest;
        assert_eq!(verdict(&wishes, &facts, "docker"), expected, "{oldest:?}");
    }
    for (release, expected) in [("5.4.0-1-amd64", Verdict::Ok), ("5.3.9", Verdict::Failure)] {
        if let Fact::Known(kernel) = &mut facts.kernel {
            kernel.release = release.to_owned();
        }
        assert_eq!(verdict(&wishes, &facts, "kernel"), expected, "{release}");
    }
}

#[test]
fn a_newer_kernel_asks_for_a_restart_and_holds_nothing_back() {
    let mut facts = recorded("debian12-docker");
    let running = facts.kernel.known().unwrap().release.clone();
    facts.kernels = Fact::Known([running.clone(), format!("99.{running}")].into());
    let told = |facts: &Facts| {
        let looked = preflight(&desired(), facts, &in_time(facts));
        assert!(looked.state.is_some());
        looked.findings.iter().find(|finding| finding.check == "newer-kernel").map(ToString::to_string)
    };
    assert_eq!(told(&facts), None, "a container has the kernel of the machine below it");
    facts.virtualisation = Fact::Absent;
    insta::assert_snapshot!(told(&facts).unwrap(), @"warning newer-kernel: found Linux 6.18.44-fc-v657, and 99.6.18.44-fc-v657 is installed, needed the newest installed kernel running; `systemctl reboot` when it suits");
    facts.kernels = Fact::Unreadable("no answer".to_owned());
    assert_eq!(told(&facts), None);
}

#[test]
fn releases_are_accepted_refused_or_noted() {
    let mut facts = recorded("debian12-docker");
    let table = [
        ("debian", "10", Verdict::Failure),
        ("debian", "11", Verdict::Ok),
        ("debian", "13", Verdict::Ok),
        ("debian", "14", Verdict::Warning),
        ("debian", "", Verdict::Warning),
        ("ubuntu", "18.04", Verdict::Failure),
        ("ubuntu", "20.04", Verdict::Ok),
        ("ubuntu", "24.04", Verdict::Ok),
        ("ubuntu", "24.10", Verdict::Warning),
        ("alpine", "3.20", Verdict::Failure),
    ];
    for (id, version, expected) in table {
        if let Fact::Known(os) = &mut facts.os {
            (os.id, os.version) = (id.to_owned(), version.to_owned());
        }
        assert_eq!(verdict(&desired(), &facts, "os"), expected, "{id} {version}");
    }
}

#[test]
fn a_clock_may_be_two_seconds_off_and_must_not_be_thirty() {
    let facts = recorded("debian12-docker");
    let epoch = facts.clock.known().unwrap().epoch;
    let table = [
        (1.9, Verdict::Ok),
        (-1.9, Verdict::Ok),
        (2.1, Verdict::Warning),
        (-29.0, Verdict::Warning),
        (31.0, Verdict::Failure),
    ];
    for (off, expected) in table {
        let clock = ControllerClock { sent: epoch + off, received: epoch + off };
        let findings = preflight(&desired(), &facts, &clock).findings;
        let found = findings.iter().find(|finding| finding.check == "clock").unwrap();
        assert_eq!(found.verdict, expected, "{off}: {found}");
    }
}

#[test]
fn two_needs_on_one_filesystem_add_up() {
    let mut facts = recorded("debian12-docker");
    let size = facts.docker_disk.known().unwrap().size.0;
    let mut wishes = desired();
    (wishes.needs.disk, wishes.needs.data_disk) = (Bytes(size * 6 / 10), Bytes(size * 6 / 10));
    assert_eq!(verdict(&wishes, &facts, "disk"), Verdict::Ok);
    facts.data_disk = facts.docker_disk.clone();
    assert_eq!(verdict(&wishes, &facts, "disk"), Verdict::Failure);
    assert_eq!(verdict(&wishes, &facts, "data-disk"), Verdict::Failure);
}

#[test]
fn an_account_that_would_be_refused_is_found_out() {
    type Change = fn(&mut Login, i64);
    let facts = recorded("debian12-docker");
    let today = (facts.clock.known().unwrap().epoch / 86400.0) as i64;
    let table: [(Change, Verdict); 6] = [
        (|login, _| login.shell = "/usr/sbin/nologin".to_owned(), Verdict::Failure),
        (|login, today| login.expires = Some(today), Verdict::Failure),
        (|login, today| login.expires = Some(today + 13), Verdict::Warning),
        (|login, today| login.expires = Some(today + 14), Verdict::Ok),
        (|login, _| login.password_expires = Some(0), Verdict::Failure),
        (|login, _| login.password = Password::Locked, Verdict::Ok),
    ];
    for (index, (change, expected)) in table.into_iter().enumerate() {
        let mut facts = facts.clone();
        if let Fact::Known(login) = &mut facts.login {
            change(login, today);
        }
        assert_eq!(verdict(&desired(), &facts, "login"), expected, "row {index}");
    }
}

#[test]
fn a_connection_table_that_is_nearly_full_or_cannot_forget_is_told() {
    let mut facts = recorded("debian12-docker");
    for (timeouts, held, most, expected) in [
        (Timeouts::Settable, 0, 262_144, Verdict::Ok),
        (Timeouts::Settable, 80, 100, Verdict::Ok),
        (Timeouts::Settable, 81, 100, Verdict::Warning),
        (Timeouts::Fixed, 0, 262_144, Verdict::Warning),
        (Timeouts::Settable, 0, 0, Verdict::Ok),
    ] {
        facts.conntrack = Fact::Known(Conntrack { timeouts, held, most });
        assert_eq!(verdict(&desired(), &facts, "conntrack"), expected, "{held} of {most}");
    }
}

#[test]
fn a_port_is_free_for_our_own_proxy_and_beside_another_address() {
    let mut facts = recorded("debian12-docker");
    let verdicts = |facts: &Facts| {
        let findings = findings(&desired(), facts);
        let ports = findings.iter().filter(|finding| finding.check == "port");
        ports.map(|finding| finding.verdict).collect::<Vec<_>>()
    };
    // 443/tcp, 8080/tcp, 53/udp.
    assert_eq!(verdicts(&facts), [Verdict::Failure, Verdict::Failure, Verdict::Ok]);
    if let Fact::Known(containers) = &mut facts.containers {
        containers.published.insert((Protocol::Tcp, 8080));
    }
    if let Fact::Known(listeners) = &mut facts.listeners {
        listeners.iter_mut().filter(|at| at.port == 443).for_each(|at| at.address = [127, 0, 0, 1].into());
    }
    assert_eq!(verdicts(&facts), [Verdict::Ok; 3]);
}
