//! The one writer, as root on this machine, against real processes that want it to write elsewhere, and against a disk
//! that loses what was not on it.

mod kept;
mod listed;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use pryvctl::model::write::{Access, Put, Seen, copy, folder, function, remove, sha256, together, unfold};

/// Runs a script as root over an empty `/mnt` that only it sees and in which only root writes. `victim` is root's,
/// `shared` is a folder of user 9999. `as_other` runs a script as that user.
fn run(script: &str, stdin: &str) -> Output {
    let script = format!(
        "mount -t tmpfs -o mode=755 none /mnt && cd /mnt && echo old > victim && chmod 600 victim
mkdir shared && chown 9999:9999 shared
as_other() {{ setpriv --reuid 9999 --regid 9999 --clear-groups sh -c \"$1\"; }}
{}{script}",
        function()
    );
    let mut child = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare is there");
    // What ends early does not read.
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

/// What a script says that must go well.
fn good(script: &str, stdin: &str) -> String {
    let output = run(script, stdin);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// How a script that must fail ends, and what it complains of.
fn bad(script: &str, stdin: &str) -> (i32, String) {
    let output = run(script, stdin);
    assert!(!output.status.success(), "it went well");
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

fn put<'a>(path: &'a str, text: &'a str) -> Put<'a> {
    Put::own(Path::new(path), text, 0o640)
}

#[test]
fn a_file_is_written_with_its_folders_and_rights() {
    let access = Access::Of { mode: 0o4640, uid: 9999, gid: 7 };
    let new = Put { access, seen: Seen::Absent, ..put("/mnt/a b/it's/x", "one\ntwo") };
    let look = "cat \"/mnt/a b/it's/x\"; stat -c ' %a %u %g' /mnt/a*/* /mnt/a*/*/x; ls -A /mnt/a*/*";
    assert_eq!(good(&format!("{} && {look}", new.call()), "one\ntwo"), "one\ntwo 755 0 0\n 4640 9999 7\nx\n");
    let kept = Put { access: Access::Kept, ..put("/mnt/victim", "") };
    assert_eq!(good(&format!("{}; stat -c '%a %u %s' victim", kept.call()), ""), "600 0 0\n");
    let none = Put { access: Access::Kept, ..put("/mnt/none", "") };
    assert_eq!(bad(&none.call(), ""), (1, "/mnt/none: is not there any more".to_owned()));
}

#[test]
fn what_was_cut_short_takes_no_place() {
    let call = put("/mnt/victim", "longer").call();
    assert_eq!(
        bad(&format!("{call}; code=$?; cat victim; ls -A >&2; exit $code"), "long"),
        (1, "/mnt/victim: what it is to hold was cut short\nshared\nvictim".to_owned())
    );
}

#[test]
fn what_somebody_wrote_since_it_was_looked_at_stays() {
    let seen = Seen::Sha256(sha256("old\n"));
    let change = Put { seen: seen.clone(), ..put("/mnt/victim", "new\n") };
    let meanwhile = "echo theirs >> victim";
    let look = "code=$?; cat victim >&2; ls -A >&2; exit $code";
    let changed = "/mnt/victim: changed since it was looked at\nold\ntheirs\nshared\nvictim";
    for (call, stdin) in [
        (change.call(), "new\n".to_owned()),
        (change.hidden_call(), change.hidden_stdin()),
        (remove(Path::new("/mnt/victim"), &seen), String::new()),
    ] {
        let script = format!("{meanwhile}; {call}; {look}");
        assert_eq!(bad(&script, &stdin), (76, changed.to_owned()), "{call}");
        good(&call, &stdin);
    }
    // Also what happens while the new file is asked about.
    let asked = Put { check: meanwhile.to_owned(), ..change.clone() };
    assert_eq!(bad(&format!("{}; {look}", asked.call()), "new\n"), (76, changed.to_owned()));
    let made = Put { seen: Seen::Absent, ..put("/mnt/victim", "new\n") };
    assert_eq!(bad(&made.call(), "new\n").0, 76, "there is one by now");
    let gone = format!("rm victim; {}", change.call());
    assert_eq!(bad(&gone, "new\n").0, 76, "it is gone by now");
    let done = format!("echo new > victim; {}; cat victim", change.call());
    assert_eq!(good(&done, "new\n"), "new\n", "it says already what it is to say");
}

#[test]
fn a_check_decides_before_the_file_takes_its_place() {
    let refused = Put { check: "cat \"$new\" >&2; exit 7".to_owned(), ..put("/mnt/victim", "new") };
    let script = format!("{}; code=$?; cat victim >&2; ls -A >&2; exit $code", refused.call());
    assert_eq!(bad(&script, "new"), (7, "newold\nshared\nvictim".to_owned()));
    let taken = Put { check: "grep -q new \"$new\"".to_owned(), ..refused };
    assert_eq!(good(&format!("{}; cat victim", taken.call()), "new"), "new");
}

#[test]
fn a_link_of_roots_is_followed_and_one_of_others_is_not() {
    let call = put("/mnt/way/to", "new").call();
    assert_eq!(
        good(
            &format!(
                "ln -s /mnt/deep/er way; mkdir -p deep/er; ln -s ../../victim deep/er/to; {call}; cat victim; ls -AR deep"
            ),
            "new"
        ),
        "newdeep:\ner\n\ndeep/er:\nto\n"
    );
    let of_others = |name: &str| format!("{name} is a link in a folder where others than root may write");
    for (plant, path, name) in [
        ("ln -s /mnt shared/way", "/mnt/shared/way/victim", "way"),
        ("ln -s ../victim shared/to", "/mnt/shared/to", "to"),
        (
            "mkdir -p shared/conf; chown 0:0 shared/conf; ln -s ../../victim shared/conf/to",
            "/mnt/shared/conf/to",
            "to",
        ),
    ] {
        let calls = [
            put(path, "new").call(),
            copy(Path::new(path), Path::new("/mnt/copied"), &Seen::Any, Access::Kept),
            folder(Path::new(path), 0o700, 9999, 9999),
        ];
        for call in calls {
            let script = format!("{plant}; {call}; code=$?; stat -c '%a %u %s' victim . >&2; exit $code");
            let (code, said) = bad(&script, "new");
            let expected = format!("{path}: {}\n600 0 4\n755 0 ", of_others(name));
            assert!(code == 1 && said.starts_with(&expected), "{call}: {said}");
        }
    }
    let link = remove(Path::new("/mnt/shared/to"), &Seen::Any);
    assert_eq!(good(&format!("ln -s ../victim shared/to; {link}; ls -A shared; cat victim"), ""), "old\n");
    let through = remove(Path::new("/mnt/shared/way/victim"), &Seen::Any);
    assert_eq!(
        bad(&format!("ln -s .. shared/way; {through}"), "").1,
        format!("/mnt/shared/way/victim: {}", of_others("way"))
    );
}

#[test]
fn what_others_push_in_between_leads_nowhere() {
    // At the one moment that counts: the new file is there and has not yet taken its place.
    let push = "setpriv --reuid 9999 --regid 9999 --clear-groups sh -c 'mv shared/conf shared/away && ln -s .. shared/conf'";
    let pushed = Put { check: format!("cd /mnt; {push}"), ..put("/mnt/shared/conf/victim", "new") };
    let call = pushed.call();
    assert_eq!(
        good(&format!("as_other 'mkdir shared/conf'; {call}; cat victim; cat shared/away/victim"), "new"),
        "old\nnew"
    );
    // The half-written file itself is theirs to move, as is the folder; what it becomes is not what was asked for.
    let swap = "setpriv --reuid 9999 --regid 9999 --clear-groups sh -c 'cd /mnt/shared; mv .pryvctl-new.* x; ln -s ../victim \"${new##*/}\"'";
    let swapped = Put {
        check: swap.to_owned(),
        access: Access::Of { mode: 0o666, uid: 9999, gid: 9999 },
        ..put("/mnt/shared/victim", "new")
    };
    let (code, said) = bad(
        &format!("{}; code=$?; stat -c '%a %u' victim >&2; cat victim >&2; exit $code", swapped.call()),
        "new",
    );
    assert_eq!(
        (code, said.as_str()),
        (1, "/mnt/shared/victim: somebody else put something in its place\n600 0\nold")
    );
}

/// What user 9999 does without end: `conf` is a folder of its own, then a link to the folder of `victim`, and so on; and
/// every name that a careless writer could use is a link, too.
const FLIPS: &str = r#"mkdir shared/theirs shared/conf; chown -R 9999 shared
setpriv --reuid 9999 --regid 9999 --clear-groups perl -e 'chdir "shared"; symlink "..", "link";
symlink "../../victim", "theirs/victim.pryvctl-new"; rename "conf", "folder"; symlink "folder", "conf"; open my $on, ">", "on"; close $on;
while (1) { symlink "..", "t"; rename "t", "conf"; unlink "conf"; rename "folder", "conf"; rename "conf", "folder" }' &
flips=$!
until [ -e shared/on ]; do sleep 0.01; done
"#;

#[test]
fn a_process_that_flips_links_without_end_gets_nothing() {
    let look = "kill $flips; stat -c '%a %u %g %s' victim .; ls -A";
    let access = Access::Of { mode: 0o666, uid: 9999, gid: 9999 };
    let call = Put { access, ..put("/mnt/shared/conf/victim", "new") }.call();
    let made = folder(Path::new("/mnt/shared/conf"), 0o777, 9999, 9999);
    let copied =
        copy(Path::new("/mnt/shared/conf/victim"), Path::new("/mnt/shared/loot"), &Seen::Any, access);
    let turns = format!(
        "for turn in $(seq 40); do {{ printf new | {call}; {made}; {copied}; }} 2>/dev/null && went=$((went+1)); done
grep -s old shared/loot; {look}"
    );
    let said = good(&format!("{FLIPS}{turns}"), "");
    assert_eq!(said, "600 0 0 4\n755 0 0 80\nshared\nvictim\n");
    // The flipper is quick enough for a writer that walks a path anew for each act.
    let careless = "for turn in $(seq 4000); do mkdir -p shared/conf; chown 9999:9999 shared/conf && chmod 777 shared/conf; [ \"$(stat -c %u .)\" = 0 ] || break; done 2>/dev/null";
    let said = good(&format!("{FLIPS}{careless}; {look}"), "");
    assert!(said.contains(" 9999 9999 "), "{said}");
}

#[test]
fn a_copy_keeps_its_rights_and_its_time() {
    let call = copy(Path::new("/mnt/victim"), Path::new("/mnt/kept/copy"), &Seen::Absent, Access::Kept);
    assert_eq!(
        good(&format!("touch -d @1000 victim; {call}; cat kept/copy; stat -c '%a %u %Y' kept/copy"), ""),
        "old\n600 0 1000\n"
    );
    // A second name of a file that is not theirs is no way to read it.
    let stolen = copy(Path::new("/mnt/shared/name"), Path::new("/mnt/shared/loot"), &Seen::Any, Access::Kept);
    let (_, said) = bad(&format!("ln victim shared/name; {stolen}"), "");
    assert_eq!(said, "/mnt/shared/name: has other names, in a folder where others than root may write");
}

#[test]
fn what_is_not_there_is_removed() {
    for path in ["/mnt/none", "/mnt/none/deep/er"] {
        for seen in [Seen::Any, Seen::Absent, Seen::Sha256(sha256("old"))] {
            good(&format!("{} && ls -A | grep -qx victim", remove(Path::new(path), &seen)), "");
        }
    }
}

#[test]
fn several_calls_are_one() {
    let [one, two] = ["/mnt/victim", "/mnt/a/b"].map(|path| put(path, "one").call());
    let gone = remove(Path::new("/mnt/victim"), &Seen::Sha256(sha256("one")));
    let all = together([one.clone(), two, gone]);
    assert_eq!(good(&format!("{all}; ls -AR a; cat a/b"), "oneone"), "a:\nb\none");
    let refused = together([one, remove(Path::new("/mnt/victim"), &Seen::Absent), put("/mnt/c", "").call()]);
    assert_eq!(
        bad(&format!("{refused}; code=$?; ls -A >&2; exit $code"), "one"),
        (76, "/mnt/victim: changed since it was looked at\nshared\nvictim".to_owned())
    );
}

#[test]
fn folders_come_and_go() {
    let path = Path::new("/mnt/a/b");
    let made = folder(path, 0o2750, 9999, 7);
    assert_eq!(good(&format!("{made} && {made}; stat -c '%a %u %g' a a/b"), ""), "755 0 0\n2750 9999 7\n");
    let gone = unfold(path);
    assert_eq!(
        good(&format!("{made}; touch a/b/x; {gone} && rm a/b/x && {gone} && {gone} && ls -A a"), ""),
        ""
    );
    assert_eq!(bad(&format!("mkdir a; touch a/b; {made}"), "").1, "/mnt/a/b: Not a directory");
}

#[test]
fn a_file_that_is_a_mount_is_written_in_its_place() {
    let call = Put { seen: Seen::Sha256(sha256("old\n")), ..put("/mnt/hosts", "new") }.call();
    let mounted = "touch hosts; mount --bind victim hosts";
    assert_eq!(
        good(&format!("{mounted}; {call}; cat victim; stat -c ' %a' hosts; ls -A"), "new"),
        "new 640\nhosts\nshared\nvictim\n"
    );
    // A full disk costs nothing.
    let full = "mount -t tmpfs -o size=4k none shared; echo old > shared/x; touch hosts; mount --bind shared/x hosts";
    let long = "long".repeat(2000);
    let call = put("/mnt/hosts", &long).call();
    assert_eq!(
        bad(&format!("{full}; {call}; cat hosts >&2; exit 1"), &long).1,
        "/mnt/hosts: No space left on device\nold"
    );
}

#[test]
fn what_is_ended_leaves_nothing_half_written() {
    let slow = Put { check: "kill -TERM $PPID; sleep 60".to_owned(), ..put("/mnt/victim", "new") };
    let script = format!("{} & wait $!; code=$?; ls -A; cat victim; [ $code != 0 ]", slow.call());
    assert_eq!(good(&script, ""), "shared\nvictim\nold\n");
}

/// A file system on a disk that is cut off: what was not on it by then is lost. ext4 does that when it is told so
/// (EXT4_IOC_SHUTDOWN without a flush of its journal).
fn after_power_cut(writes: &str, stdin: &str) -> String {
    let cut = "perl -e 'open my $f, \"<\", \"/mnt/disk\" or die; my $how = pack(\"L\", 2); ioctl $f, 0x8004587d, $how or die \"cut: $!\"'";
    let script = format!(
        "set -e; truncate -s 16M image; mkfs.ext4 -q image; mkdir disk; mount -o loop image disk; mkdir disk/etc
printf before > disk/etc/old; sync; {writes}
{cut}; umount disk; mount -o loop image disk; cd disk/etc; for file in new old; do [ ! -e $file ] || {{ cat $file; echo; }}; done; cd /mnt; umount disk"
    );
    good(&script, stdin)
}

#[test]
fn what_was_written_is_there_after_a_power_cut() {
    let (new, old) = (put("/mnt/disk/etc/new", "one"), put("/mnt/disk/etc/old", "two"));
    assert_eq!(after_power_cut(&format!("{}; {}", new.call(), old.call()), "onetwo"), "one\ntwo\n");
    let gone = remove(Path::new("/mnt/disk/etc/old"), &Seen::Any);
    assert_eq!(after_power_cut(&gone, ""), "");
    // The disk does lose what nobody waited for.
    assert_eq!(after_power_cut("cp victim disk/etc/x; mv disk/etc/x disk/etc/new", ""), "before\n");
}
