//! What a role says about its upgrades: hooks, data that goes one way, and what becomes of the others when a host fails. One
//! lab for all of it.

use std::fs;

use super::{
    direct::Direct,
    keeper_data, keeper_engine,
    tenth::Tenth,
    trouble::{HOSTS, served},
    world::{Ran, World},
};

const INVENTORY: &str = "
platform: trial
domain: trial.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hosts:
  one: { address: 192.0.2.11, zone: eu, roles: [web] }
  three: { address: 192.0.2.13, zone: eu, roles: [web], lab: { image: debian13 } }
  two: { address: 192.0.2.12, zone: eu, roles: [web] }
";

pub const OLD: &str = "1.9.2";
pub const NEW: &str = "1.9.3";
const BAD: &str = "1.9.3-unhealthy";
/// The next major version of the store; the same image under another name.
pub const NEXT_STORE: &str = "2.0.0";

type Case = fn(&World);

/// Each leaves the hosts as it found them.
const FAILURES: [Case; 3] = [
    a_failure_takes_its_batch_back,
    a_failure_lets_the_others_go_on,
    keeper_engine::docker_is_killed_on_the_way,
];

#[test]
fn a_role_says_how_it_is_upgraded_and_a_third_of_the_failures() {
    let tenth = Tenth::of_this_commit();
    upgrades("t-keeper-third", |failures| tenth.third_of(failures).collect());
}

#[test]
#[ignore = "six minutes on two processors; `make trials` runs it"]
fn a_role_says_how_it_is_upgraded_and_every_failure() {
    upgrades("t-keeper", |failures| failures.collect());
}

/// With those failures that are chosen of all.
fn upgrades(name: &str, choose: impl Fn(&mut dyn Iterator<Item = Case>) -> Vec<Case>) {
    let world = World::up(name, INVENTORY);
    world.copy("tests/data/roles/keeper", "roles/keeper");
    inventory(&world, OLD).run(&["install", "--yes"]).ends_with(0);
    for host in HOSTS {
        let tag = "docker tag $(docker ps --format '{{.Image}}' --filter label=pryvctl.service=store)";
        world.on(host, &format!("{tag} registry.{}.test:5000/pryvio/core:{NEXT_STORE}", world.name()));
    }
    let first: [Case; 5] = [
        hooks_are_called_around_a_turn,
        a_hook_that_fails_leaves_the_host_alone,
        what_changed_under_a_hook_is_read_first,
        no_batch_is_begun_after_the_deadline,
        a_failure_stops_the_others,
    ];
    let last: [Case; 4] = [
        keeper_data::install_goes_one_way_only_if_told_and_after_a_backup,
        keeper_data::a_version_that_opened_the_data_and_is_ill_stays,
        keeper_data::nobody_goes_back_to_an_older_version_on_newer_data,
        keeper_data::a_host_that_did_well_over_it_stays_when_others_fail,
    ];
    for case in [&first[..], &choose(&mut FAILURES.into_iter()), &last].concat() {
        case(&world);
    }
}

/// All hosts with a version of the page.
pub fn inventory<'a>(world: &'a World, version: &str) -> Direct<'a> {
    Direct::new(world, "keeper", version).roles("keeper")
}

/// An upgrade of all hosts, of which some get a page that never becomes healthy.
pub fn upgrade(world: &World, version: &str, bad: &[&str], arguments: &[&str]) -> Ran {
    let good = inventory(world, version);
    let inventory = bad.iter().fold(good, |inventory, host| inventory.version(host, BAD));
    inventory.run(&[&["upgrade", "--rolling", "--yes"], arguments].concat())
}

/// Which moments a host's hooks were called at since this was asked last.
pub fn called_on(world: &World, host: &str) -> Vec<String> {
    let said = world.on(host, "touch /root/called; cat /root/called; rm /root/called");
    moments(&said, host)
}

/// The same of those on the controller.
fn called_here(world: &World, host: &str) -> Vec<String> {
    let said = fs::read_to_string(world.path("called")).unwrap_or_default();
    fs::remove_file(world.path("called")).unwrap_or_default();
    moments(&said, host)
}

fn moments(said: &str, host: &str) -> Vec<String> {
    let contexts = serde_json::Deserializer::from_str(said).into_iter::<serde_json::Value>();
    let contexts = contexts.map(Result::unwrap).filter(|context| context["host"] == host);
    contexts
        .map(|context| {
            assert_eq!((&context["zone"], &context["roles"][0]), (&"eu".into(), &"keeper".into()));
            context["moment"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// Asserts which version of the page every host serves.
#[track_caller]
fn serve(world: &World, versions: [&str; 3]) {
    for (host, version) in HOSTS.iter().zip(versions) {
        assert_eq!(served(world, host).version, version, "on {host}");
    }
}

fn hooks_are_called_around_a_turn(world: &World) {
    upgrade(world, NEW, &[], &["--host", "one"]).ends_with(0).says("one changed");
    assert_eq!(called_on(world, "one"), ["before", "after"]);
    assert_eq!(called_here(world, "one"), ["before", "after"]);
    upgrade(world, NEW, &[], &["--host", "one"]).ends_with(0).says("one unchanged");
    assert_eq!(called_on(world, "one"), [""; 0], "a host with nothing to do has no turn");
    inventory(world, NEW).run(&["rollback", "--yes", "--host", "one"]).ends_with(0);
    assert_eq!(called_on(world, "one"), [""; 0], "the way back is not slowed down");
    serve(world, [OLD; 3]);
}

fn a_hook_that_fails_leaves_the_host_alone(world: &World) {
    world.on("one", "touch /root/before-fails");
    let before = served(world, "one");
    upgrade(world, NEW, &[], &["--host", "one"])
        .ends_with(5)
        .says("one failed")
        .says("before: the hook `before: cat >>/root/called && [ ! -e /root/before-fails ]` failed")
        .says("hint: correct the hook in the role's `upgrade: { hooks }`");
    assert_eq!(served(world, "one"), before);
    assert_eq!(called_on(world, "one"), ["before", "after"], "what began is answered");
    assert_eq!(called_here(world, "one"), ["after"], "the first that fails ends it");
    world.on("one", "rm /root/before-fails");
}

/// A hook may take an hour, and anybody may change the host meanwhile.
fn what_changed_under_a_hook_is_read_first(world: &World) {
    world.on("one", "touch /root/stops-the-store");
    let before = served(world, "one");
    upgrade(world, NEW, &[], &["--host", "one"])
        .ends_with(5)
        .says("one failed")
        .says("the host has changed since the plan was made, and you have not confirmed these new steps")
        .says("service.store.start")
        .says("run the same command again and review the new plan");
    assert_eq!(served(world, "one"), before);
    assert_eq!(world.on("one", "docker ps -q --filter label=pryvctl.service=store"), "");
    assert_eq!(called_on(world, "one"), ["before", "after"], "what began is answered");
    called_here(world, "one");
    world.on("one", "docker start trial_store_a");
}

fn no_batch_is_begun_after_the_deadline(world: &World) {
    upgrade(world, NEW, &[], &["--deadline", "1s"])
        .ends_with(5)
        .says("one changed")
        .says("two left-alone")
        .says("three left-alone")
        .says("the run ended early: the deadline of 1 s has passed");
    serve(world, [NEW, OLD, OLD]);
}

/// From here on the first host is at the new version already.
fn a_failure_stops_the_others(world: &World) {
    inventory(world, NEW).run(&["rollback", "--yes", "--host", "one"]).ends_with(0);
    upgrade(world, NEW, &["one"], &["--on-failure", "stop"])
        .ends_with(5)
        .says("one went-back")
        .says("two left-alone")
        .says("the run ended early: 1 of 3 hosts of keeper failed");
    serve(world, [OLD; 3]);
}

/// The first host is a batch of its own; the second batch has the two others.
fn a_failure_takes_its_batch_back(world: &World) {
    upgrade(world, NEW, &["two"], &["--on-failure", "rollback-batch"])
        .ends_with(5)
        .says("one changed")
        .says("two went-back")
        .says("three taken-back")
        .says("the change succeeded on this host, and was rolled back because other hosts failed");
    serve(world, [NEW, OLD, OLD]);
    inventory(world, NEW).run(&["rollback", "--yes", "--host", "one"]).ends_with(0);
}

fn a_failure_lets_the_others_go_on(world: &World) {
    upgrade(world, NEW, &["one"], &["--on-failure", "continue"])
        .ends_with(5)
        .says("one went-back")
        .says("two changed")
        .says("three changed");
    serve(world, [OLD, NEW, NEW]);
    inventory(world, NEW).run(&["rollback", "--yes", "--host", "two,three"]).ends_with(0);
    serve(world, [OLD; 3]);
}
