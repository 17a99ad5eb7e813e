//! What others have in the place of a file of ours: kept while ours is there, and put back after it.

use std::path::Path;

use pryvctl::model::write::{Put, Seen, back, function, sha256};

use super::{
    bad, good,
    listed::{OWN, asked},
    put,
};

/// The calls that replace what others have in `/mnt/etc/conf`, and that put it back; each with what it reads.
fn replaced() -> [(String, String); 2] {
    let keeping =
        Put { seen: Seen::Sha256(sha256("theirs")), ..put("/mnt/etc/conf", "ours") }.keeping_command();
    let returns = back(Path::new("/mnt/etc/conf"), &Seen::Sha256(sha256("ours")));
    [keeping, returns].map(|command| {
        let call = command.script.strip_prefix(function()).unwrap().to_owned();
        (call, command.stdin.expose().to_owned())
    })
}

/// What others have, and how it is looked at.
const THEIRS: &str =
    "mkdir etc; printf theirs >etc/conf; chmod 604 etc/conf; chown 7:8 etc/conf; touch -d @1000 etc/conf
look() { for file in etc/conf /var/lib/pryvctl/replaced/mnt/etc/conf; do
if [ -e $file ]; then cat $file; stat -c ' %a %u %g' $file; else echo none; fi; done; }\n";

#[test]
fn what_others_had_is_kept_and_comes_back() {
    let [(keep, stdin), (back, then)] = replaced();
    let all = format!("{stdin}{then}");
    let script = format!(
        "{OWN}{THEIRS}{keep}; look; list; stat -c %a /var/lib/pryvctl/replaced; {}; {back}; look; stat -c %Y etc/conf; ls -A /var/lib",
        asked(&[])
    );
    let [ours, theirs] = ["ours", "theirs"].map(sha256);
    assert_eq!(
        good(&script, &all),
        format!(
            "ours 640 0 0\ntheirs 604 7 8\nfile {ours} /mnt/etc/conf\n700\n\
             list\nfile /mnt/etc/conf\n{ours}\nis 640 0 0 {ours}\n\
             kept /mnt/etc/conf\nis 604 7 8 {theirs}\nis 640 0 0 {ours}\n\
             theirs 604 7 8\nnone\n1000\n"
        )
    );
    // Changed since, by whomever: it stays, on the list, and what was kept is kept.
    let script = format!(
        "{OWN}{THEIRS}{keep}; echo by hand >etc/conf; {back}; code=$?; look >&2; list >&2; exit $code"
    );
    let (code, said) = bad(&script, &all);
    let stays = format!("by hand\n 640 0 0\ntheirs 604 7 8\nfile {ours} /mnt/etc/conf");
    assert_eq!((code, said), (76, format!("/mnt/etc/conf: changed since it was looked at\n{stays}")));
}

#[test]
fn what_was_kept_is_never_replaced_and_only_what_was_looked_at_is_kept() {
    let [(keep, stdin), _] = replaced();
    // The list is lost, and what others have by now is another file.
    let script =
        format!("{OWN}{THEIRS}{keep}; rm /var/lib/pryvctl/written; printf theirs >etc/conf; {keep}; look");
    assert_eq!(good(&script, &stdin.repeat(2)), "ours 640 0 0\ntheirs 604 7 8\n");
    for meanwhile in ["echo more >>etc/conf", "rm etc/conf"] {
        let script = format!("{OWN}{THEIRS}{meanwhile}; {keep}; code=$?; ls -A /var/lib >&2; exit $code");
        let (_, said) = bad(&script, &stdin);
        assert!(said.starts_with("/mnt/etc/conf: ") && !said.contains("pryvctl"), "{said}");
    }
    // No place to keep it: it is not replaced.
    let full = "mkdir -p /var/lib/pryvctl; mount -t tmpfs -o size=4k none /var/lib/pryvctl; yes >/var/lib/pryvctl/full 2>&1";
    let (_, said) =
        bad(&format!("{OWN}{THEIRS}{full}; {keep}; code=$?; cat etc/conf >&2; exit $code"), &stdin);
    assert!(said.contains("No space left on device") && said.ends_with("theirs"), "{said}");
}

/// Ends the writer instead of the `LEFT`-th of its renames and removals, counted from 0.
const CUT: &str = "mkdir cut; cat >cut/Cut.pm <<'END'
package Cut; BEGIN { my $left = $ENV{LEFT}; my $cut = sub { kill KILL => $$ unless $left-- };
*CORE::GLOBAL::rename = sub { $cut->(); CORE::rename($_[0], $_[1]) };
*CORE::GLOBAL::rmdir = sub { $cut->(); CORE::rmdir($_[0]) };
*CORE::GLOBAL::unlink = sub { $cut->(); CORE::unlink(@_) } } 1;
END
kept=/var/lib/pryvctl/replaced/mnt/etc/conf
";

/// At whatever moment it is killed, what others had is at its place or kept, and whoever goes on gets to the end.
#[test]
fn a_kill_anywhere_loses_nothing_of_others() {
    let [(keep, stdin), (back, then)] = replaced();
    let cut = |call: &str| call.replacen("writer ", "cut_writer ", 1);
    let function = function().replacen("writer() { perl ", "cut_writer() { perl -I/mnt/cut -MCut ", 1);
    let ends = |before: &str, call: &str, goes_on: &str| {
        let script = format!(
            "{OWN}{CUT}{function}printf %s '{stdin}' >cut/stdin; printf %s '{then}' >cut/then
for n in 0 1 2 3 4 5 6 7 8 9; do
rm -rf etc /var/lib/pryvctl; {THEIRS}{before}
LEFT=$n; export LEFT; {} 2>cut/said && code=0 || code=$?
grep -qsx theirs etc/conf $kept || echo lost at $n
[ $code != 0 ] || break
if {goes_on}; then {call}; fi
look | tr '\\n' ' '; done; echo $n",
            cut(call)
        );
        good(&script, "")
    };
    let (keep, back) = (format!("{keep} <cut/stdin"), format!("{back} <cut/then"));
    // The copy, the list, and the file.
    assert_eq!(ends("", &keep, "true"), format!("{}3\n", "ours 640 0 0 theirs 604 7 8 ".repeat(3)));
    // The file, the list and its folder, the copy, and its folders.
    let back = ends(&keep, &back, "[ -e $kept ]");
    assert_eq!(back, format!("{}8\n", "theirs 604 7 8 none ".repeat(8)));
}
