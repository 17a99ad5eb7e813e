//! The list of what is ours on a host: written before a file is there, and until it is gone.

use std::path::Path;

use pryvctl::model::write::{Put, Seen, function, listed_remove, listed_unfold, sha256, wrote};

use super::{bad, good, put, run};

/// The list as it lies on a host, in a `/var/lib` that only the script sees.
pub(super) const OWN: &str = "mount -t tmpfs none /var/lib; list() { cat /var/lib/pryvctl/written; }\n";

fn listed(path: &str, text: &str, seen: Seen) -> (String, String) {
    let command = Put { seen, ..put(path, text) }.listed_command();
    (command.script.strip_prefix(function()).unwrap().to_owned(), command.stdin.expose().to_owned())
}

pub(super) fn asked(known: &[&str]) -> String {
    pryvctl::model::write::listed(known.iter().map(Path::new))
}

#[test]
fn what_is_ours_is_on_the_list_before_it_is_there_and_until_it_is_gone() {
    let (call, stdin) = listed("/mnt/etc/role/key", "new", Seen::Absent);
    let (new, other) = (sha256("new"), sha256("other"));
    let said = good(&format!("{OWN}{call}; list; stat -c '%a %u' /var/lib/pryvctl/written"), &stdin);
    let lines = format!("folder /mnt/etc\nfolder /mnt/etc/role\nfile {new} /mnt/etc/role/key\n");
    assert_eq!(said, format!("{lines}600 0\n"));
    // What it was is known until what it will be is there; what it was before that is not.
    let (change, then) = listed("/mnt/etc/role/key", "other", Seen::Sha256(new.clone()));
    let said = good(&format!("{OWN}{call}; {change}; list"), &format!("{stdin}{then}"));
    assert_eq!(said, format!("{lines}file {other} /mnt/etc/role/key\n"));
    let said = good(&format!("{OWN}{call}; {change}; {change}; list"), &format!("{stdin}{then}{then}"));
    assert_eq!(said, format!("folder /mnt/etc\nfolder /mnt/etc/role\nfile {other} /mnt/etc/role/key\n"));
    // Written nowhere, for its folder is a file: it is known before.
    let (refused, stdin) = listed("/mnt/victim/key", "new", Seen::Absent);
    assert_eq!(bad(&format!("{OWN}{refused}"), &stdin).1, "/mnt/victim/key: victim: Not a directory");
    // A list that cannot be written: nothing is written without it.
    let full = "mkdir -p /var/lib/pryvctl; mount -t tmpfs -o size=4k none /var/lib/pryvctl; yes >/var/lib/pryvctl/full 2>&1";
    let (call, stdin) = listed("/mnt/key", "new", Seen::Absent);
    assert_eq!(
        bad(&format!("{OWN}{full}; {call}; code=$?; ls >&2; exit $code"), &stdin).1,
        "/var/lib/pryvctl/written: No space left on device\nshared\nvictim"
    );
}

#[test]
fn what_goes_leaves_the_list_and_the_list_goes_with_the_last() {
    let (call, stdin) = listed("/mnt/etc/key", "new", Seen::Absent);
    let gone = listed_remove(Path::new("/mnt/etc/key"), &Seen::Sha256(sha256("new")));
    let remove = gone.script.strip_prefix(function()).unwrap();
    let unfold = listed_unfold(Path::new("/mnt/etc"));
    let both = format!("{stdin}{}", gone.stdin.expose());
    let said =
        good(&format!("{OWN}{call}; {unfold}; {remove}; list; {unfold}; ls -A /var/lib; ls -A"), &both);
    assert_eq!(said, "folder /mnt/etc\nshared\nvictim\n");
    // Changed since: it stays, and stays on the list.
    let script = format!("{OWN}{call}; echo by hand >etc/key; {remove}; code=$?; list >&2; exit $code");
    let (code, said) = bad(&script, &both);
    assert_eq!((code, said.lines().count()), (76, 3), "{said}");
    // Its folder became a link of others: nobody goes there.
    let (call, stdin) = listed("/mnt/shared/conf/victim", "old\n", Seen::Absent);
    let gone = listed_remove(Path::new("/mnt/shared/conf/victim"), &Seen::Sha256(sha256("old\n")));
    let remove = gone.script.strip_prefix(function()).unwrap();
    let push = "mv shared/conf shared/away && ln -s .. shared/conf";
    let script =
        format!("{OWN}{call}; {push}; {}; {remove}; code=$?; cat victim >&2; exit $code", asked(&[]));
    let output = run(&script, &format!("{stdin}{}", gone.stdin.expose()));
    assert_eq!(output.status.code(), Some(1));
    let refused = "conf is a link in a folder where others than root may write";
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("/mnt/shared/conf/victim: {refused}\nold\n"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains(&format!("file /mnt/shared/conf/victim\n{}\nno {refused}\n", sha256("old\n"))),
        "{said}"
    );
    assert!(said.contains("folder /mnt/shared/conf\nno is not a folder\n"), "{said}");
}

#[test]
fn what_is_on_the_list_is_looked_at_without_following_others() {
    let (call, stdin) = listed("/mnt/etc/key", "new", Seen::Absent);
    let files = format!("file {0} /mnt/gone\nfile {0} /mnt/link\nfile {0} /mnt/shared\n", sha256("x"));
    let script = format!(
        "{OWN}{call}; printf '{files}' >>/var/lib/pryvctl/written; ln -s victim link; mount -t tmpfs none shared
touch etc/.pryvctl-new.0123456789abcdef etc/.pryvctl-new.mine; mkdir etc/.pryvctl-new.0123456789abcdea
{}",
        asked(&["/mnt/victim"])
    );
    let [new, x] = ["new", "x"].map(sha256);
    assert_eq!(
        good(&script, &stdin),
        format!(
            "list\nfile /mnt/etc/key\n{new}\nis 640 0 0 {new}\nfile /mnt/gone\n{x}\nnone\nfile /mnt/link\n{x}\nno is a link\n\
             file /mnt/shared\n{x}\nno is not a file\nfolder /mnt/etc\nis 755 0 0 4\n\
             half /mnt/etc/.pryvctl-new.0123456789abcdef\n"
        )
    );
}

#[test]
fn a_list_that_is_damaged_is_called_so_and_names_nothing() {
    let spoil = |how: &str| {
        let (call, stdin) = listed("/mnt/etc/key", "new", Seen::Absent);
        good(&format!("{OWN}{call}; {how} /var/lib/pryvctl/written; {}", asked(&[])), &stdin)
    };
    assert_eq!(spoil("truncate -s -3"), "list\ndamaged line 2 is not understood\n");
    assert_eq!(spoil("truncate -s 0"), "list\ndamaged it is empty\n");
    assert_eq!(spoil("sed -i 1s,etc,../etc,"), "list\ndamaged line 1 is not understood\n");
    assert_eq!(spoil("echo 'file 12 /etc/passwd' >>"), "list\ndamaged line 3 is not understood\n");
    assert_eq!(spoil("rm"), "none\n");
}

#[test]
fn without_a_list_the_record_of_the_last_change_tells() {
    let record =
        format!(r#"{{"files":[],"wanted":{{"/mnt/victim":"{0}","/mnt/gone":"{0}"}}}}"#, sha256("old\n"));
    let script = format!(
        "{OWN}mkdir -p /var/lib/pryvctl/release; printf %s '{record}' >/var/lib/pryvctl/release/record.json; {}",
        asked(&[])
    );
    let old = sha256("old\n");
    assert_eq!(
        good(&script, ""),
        format!("none\nfile /mnt/gone\n{old}\nnone\nfile /mnt/victim\n{old}\nis 600 0 0 {old}\n")
    );
    let noted = wrote([(Path::new("/mnt/victim"), old.clone()), (Path::new("/mnt/it's"), sha256("x"))]);
    let call = noted.script.strip_prefix(function()).unwrap();
    let lines = format!("file {old} /mnt/victim\nfile {} /mnt/it's\n", sha256("x"));
    let both = format!("{0}{0}", noted.stdin.expose());
    assert_eq!(good(&format!("{OWN}{call}; {call}; list"), &both), lines);
}

#[test]
fn a_writer_that_is_killed_leaves_nothing_that_nobody_knows_of() {
    let (call, stdin) = listed("/mnt/etc/key", "new", Seen::Absent);
    let killed =
        Put { check: "kill -KILL $PPID".to_owned(), ..put("/mnt/etc/key", "other") }.listed_command();
    let kill = killed.script.strip_prefix(function()).unwrap();
    let script = format!("{OWN}{call}; {kill}; [ $? = 137 ] && cat etc/key && echo && {}", asked(&[]));
    let said = good(&script, &format!("{stdin}{}", killed.stdin.expose()));
    let [new, other] = ["new", "other"].map(sha256);
    // What is there is ours, and so would be what was to come.
    let (whole, half) = said.split_once("half /mnt/etc/.pryvctl-new.").unwrap_or_else(|| panic!("{said}"));
    assert_eq!(
        whole,
        format!(
            "new\nlist\nfile /mnt/etc/key\n{new} {other}\nis 640 0 0 {new}\nfolder /mnt/etc\nis 755 0 0 2\n"
        )
    );
    assert_eq!(half.trim_end().len(), 16, "{half}");
}
