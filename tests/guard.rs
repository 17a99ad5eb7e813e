//! What the guard says to a host, carried out by real shells in a world of its own: what is changed at the same time, what
//! hangs, and what a power cut leaves.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use pryvctl::{
    change::{Change, RoleRun},
    host::guard::script::{TAKEN, arm, confirm, is_undone, take_back, while_armed},
    model::command::{self, quote},
    plan::step::{Step, StepId, Undo},
};

/// Root's own places are empty, and nobody but the shell is there: what systemd is told is only kept on the disk.
const WORLD: &str = r#"
mount -t tmpfs none /mnt; mount -t tmpfs none /run; mount -t tmpfs none /var/lib; mount -t tmpfs none /etc
mkdir -p /etc/systemd/system /run/bin; cd /mnt
cat > /run/bin/systemctl <<'END'
#!/bin/sh
wants=/etc/systemd/system/sysinit.target.wants
case "$*" in
*enable*guard.service) mkdir -p $wants; ln -sf ../pryvctl-guard.service $wants/ ;;
esac
END
chmod 755 /run/bin/systemctl; PATH=/run/bin:$PATH:/usr/sbin
undo() { sh /var/lib/pryvctl/guard/undo; }
echo old > f
"#;

/// The same on a disk that can be cut off: what is not on it by then is lost, as by a power cut. ext4 does that when it is
/// told so (EXT4_IOC_SHUTDOWN without a flush of its journal).
const DISK: &str = r#"
truncate -s 32M /run/image; mkfs.ext4 -q /run/image; mkdir /run/disk
on() { mount -o loop /run/image /run/disk; for at in lib:/var/lib units:/etc/systemd/system mnt:/mnt; do
    mkdir -p /run/disk/${at%%:*}; mount --bind /run/disk/${at%%:*} ${at##*:}; done; cd /mnt; }
cut() { perl -e 'open my $f, "<", "/mnt" or die; my $how = pack("L", 2); ioctl $f, 0x8004587d, $how or die "cut: $!"'
    cd /; umount /var/lib /etc/systemd/system /mnt /run/disk; on; }
on; echo old > f; sync
"#;

/// The output of a script in this world.
#[track_caller]
fn said(script: &str) -> String {
    let mut world = Command::new("unshare");
    world.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", ". /dev/stdin"]);
    world.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = world.spawn().unwrap();
    let text = format!("{{ {WORLD}\n{script}\n}} </dev/null");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// A command as a host gets it.
fn run(command: &command::Command) -> String {
    format!("printf %s {} | sh -c {}", quote(command.stdin.expose()), quote(&command.script))
}

/// A guarded step that changes `f`, and its way back.
fn step(change: &str, undo: &str) -> Step {
    let run = |script| Change::RoleRun(RoleRun::new(script));
    let step = Step::safe(StepId::File("f".into()), run(change), Undo::change(run(undo)));
    let save = command::Command::root("cp -p /mnt/f /var/lib/pryvctl/guard/f");
    Step { files: vec![PathBuf::from("/mnt/f")], ..step }.guarded(save)
}

const BACK: &str = "cp -p /var/lib/pryvctl/guard/f /mnt/f.new && mv -f /mnt/f.new /mnt/f";

fn armed(step: &Step) -> String {
    run(&arm(std::slice::from_ref(step), Duration::from_secs(60)))
}

fn changed(step: &Step) -> String {
    run(&while_armed(&step.change.command().unwrap()))
}

fn confirmed(step: &Step) -> String {
    run(&confirm(std::slice::from_ref(step)))
}

/// The window ends while the change hangs, and it goes on when all was taken back.
#[test]
fn a_change_that_hangs_does_not_have_the_last_word() {
    let waits = "echo new > /mnt/f.1; echo > /mnt/begun; read -r _ < /mnt/go; mv /mnt/f.1 /mnt/f";
    let goes_on = "echo | dd of=go oflag=nonblock status=none 2>/dev/null || true";
    // Another program than the shell, which the kernel does not even let run.
    let stops = "echo new > /mnt/f.1; sh -c 'echo $$ > /mnt/begun; kill -STOP $$; mv /mnt/f.1 /mnt/f'";
    let stopped = "until grep -q 'State:.T' /proc/$pid/status; do :; done";
    for (change, until, goes_on) in [(waits, "true", goes_on), (stops, stopped, "kill -CONT $pid || true")] {
        let step = step(change, BACK);
        let said = said(&format!(
            "mkfifo begun go; {arm}; {{ {change}; }} & change=$!; read -r pid < begun; {until}
undo; {goes_on}; wait $change || true; cat f; {is_undone} && echo undone",
            arm = armed(&step),
            change = changed(&step),
            is_undone = run(&is_undone()),
        ));
        assert_eq!(said, "old\nundone\n", "{change}");
    }
}

/// What a change leaves running is none of it any more when the next is made, and goes with it when it is taken back.
#[test]
fn what_a_change_leaves_running_neither_stops_the_next_one_nor_outlives_it() {
    let step = step("sleep 1000 >/dev/null 2>&1 & echo $! >> /mnt/pids; echo new > /mnt/f", BACK);
    let said = said(&format!(
        "{arm}; {change}; {change}; cat f; undo; cat f; for pid in $(cat pids); do ! kill -0 $pid 2>/dev/null; done; wc -l < pids",
        arm = armed(&step),
        change = changed(&step)
    ));
    assert_eq!(said, "new\nold\n2\n");
}

#[test]
fn nothing_is_changed_once_it_was_taken_back() {
    let step = step("echo new > /mnt/f", BACK);
    let (arm, change, confirm) = (armed(&step), changed(&step), confirmed(&step));
    let said = said(&format!("{arm}; undo; {change} 2>&1 || true; {confirm} || echo late $?; cat f"));
    assert_eq!(said, "too late: the host has taken the changes back\nlate 3\nold\n");
}

/// A way back that says it went well, and did not lead back.
#[test]
fn an_undo_that_does_not_bring_back_what_was_there_has_failed() {
    for (undo, code) in [("true", "4"), (BACK, "0"), ("cat /var/lib/pryvctl/guard/f > /mnt/f", "0")] {
        for change in ["echo new > /mnt/f", "rm /mnt/f", "chmod 600 /mnt/f"] {
            let step = step(change, undo);
            let said = said(&format!(
                "chmod 640 f; {}; {}; undo 2>&1 || true; {{ {}; }} && echo 0 || echo $?",
                armed(&step),
                changed(&step),
                run(&is_undone())
            ));
            // `cat` does not bring rights back.
            let rights = undo.starts_with("cat") && change != "echo new > /mnt/f";
            let failed = code == "4" || rights;
            assert_eq!(said.contains("the files are not what they were"), failed, "{undo}, {change}: {said}");
            assert!(said.ends_with(if failed { "4\n" } else { "0\n" }), "{undo}, {change}: {said}");
        }
    }
}

/// A way back that starts sshd anew: systemd takes `/run/sshd` away and makes it again a moment later, and `sshd -t` refuses
/// without it.
#[test]
fn an_sshd_that_is_just_starting_anew_is_not_taken_for_a_broken_one() {
    let sshd = "mkdir -p /etc/ssh /run/sshd; : > /etc/ssh/sshd_config
printf 'root:x:0:0::/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n' > /etc/passwd
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key";
    // Gone again right after the undo made it, for half of its tries.
    let away = "(timeout 2 sh -c 'while :; do rmdir /run/sshd; sleep 0.01; done'; mkdir /run/sshd) >/dev/null 2>&1 &";
    let broken = "echo NoSuchWord > /etc/ssh/sshd_config";
    for (back, code) in [(format!("{BACK}; {away}"), "0"), (format!("{BACK}; {broken}"), "4")] {
        let step = step("echo new > /mnt/f", &back);
        let said = said(&format!(
            "{sshd}; {}; ls /var/lib/pryvctl/guard/well; {}; undo 2>/dev/null || true; cat f; {{ {}; }} && echo 0 || echo $?",
            armed(&step),
            changed(&step),
            run(&is_undone())
        ));
        assert_eq!(said, format!("/var/lib/pryvctl/guard/well\nold\n{code}\n"), "{back}");
    }
}

/// Two controllers, of which one lost its lock: the way back of the first is not overwritten.
#[test]
fn a_second_guard_leaves_an_armed_one_alone() {
    let (first, second) = (step("echo first > /mnt/f", BACK), step("echo second > /mnt/f", BACK));
    let said = said(&format!(
        "{}; {}; {{ {}; }} || echo refused $?; cat f; undo; cat f; {}; ls /var/lib/pryvctl/guard/armed",
        armed(&first),
        changed(&first),
        armed(&second),
        armed(&second)
    ));
    assert_eq!(said, format!("refused {TAKEN}\nfirst\nold\n/var/lib/pryvctl/guard/armed\n"));
}

const BOOT: &str =
    "cut; if [ -e /var/lib/pryvctl/guard/armed ] || [ -e /var/lib/pryvctl/guard/undoing ]; then
ls /etc/systemd/system/sysinit.target.wants/; undo; fi; cat f; ls -A";

/// The power goes when the confirmation has come through: what was confirmed is there, and nobody takes it back.
#[test]
fn what_was_confirmed_outlives_a_power_cut() {
    for change in ["echo new > /mnt/x; mv /mnt/x /mnt/f", "echo new > /mnt/f"] {
        let step = step(change, BACK);
        let said = said(&format!("{DISK}{}; {}; {}; {BOOT}", armed(&step), changed(&step), confirmed(&step)));
        assert_eq!(said, "new\nf\n", "{change}");
    }
    let gone = step("rm /mnt/f; echo new > /mnt/g", BACK);
    let gone = Step { files: vec!["/mnt/f".into(), "/mnt/g".into()], ..gone };
    let boot = BOOT.replace("cat f", "cat g");
    assert_eq!(
        said(&format!("{DISK}{}; {}; {}; {boot}", armed(&gone), changed(&gone), confirmed(&gone))),
        "new\ng\n"
    );
    // The disk does lose what nobody waits for.
    assert_eq!(said(&format!("{DISK}echo new > f; cut; cat f")), "old\n");
}

/// What the disk still has of a guard: its folder and its units.
const GUARD_LEFT: &str =
    "find /var/lib/pryvctl /etc/systemd/system -name '*guard*' | sed 's,.*/,,' | sort | tr '\\n' ' '; echo";

/// The power goes when all is decided: nothing of the guard stays for whoever looks at the host next.
#[test]
fn no_guard_that_is_done_with_outlives_a_power_cut() {
    let step = step("echo new > /mnt/x; mv /mnt/x /mnt/f", BACK);
    let (arm, change) = (armed(&step), changed(&step));
    for end in [confirmed(&step), "undo".to_owned()] {
        assert_eq!(said(&format!("{DISK}{arm}; {change}; {end}; cut; {GUARD_LEFT}")), "\n", "{end}");
    }
}

/// The power goes while the guard is swept away: the next run sweeps what is left, and nothing that still waits.
#[test]
fn what_is_left_of_a_guard_that_is_done_with_goes_with_the_next_run() {
    let step = step("echo new > /mnt/f", BACK);
    let (arm, change, settle) = (armed(&step), changed(&step), run(&take_back()));
    for token in ["confirmed", "undone"] {
        let renamed = format!("mv /var/lib/pryvctl/guard/armed /var/lib/pryvctl/guard/{token}");
        let said = said(&format!("{arm}; {change}; {renamed}; {settle}; {GUARD_LEFT}; cat f"));
        assert_eq!(said, "\nnew\n", "{token}");
    }
    let failed = "mv /var/lib/pryvctl/guard/armed /var/lib/pryvctl/guard/failed";
    let kept = format!(
        "{arm}; {change}; {failed}; {{ {settle}; }} 2>/dev/null || echo $?; ls -d /var/lib/pryvctl/guard"
    );
    assert_eq!(said(&kept), "4\n/var/lib/pryvctl/guard\n");
}

/// The power goes in the window, or just when the host has taken the change back.
#[test]
fn what_was_not_confirmed_is_taken_back_after_a_power_cut() {
    let step = step("echo new > /mnt/x; mv /mnt/x /mnt/f", BACK);
    let (arm, change) = (armed(&step), changed(&step));
    for moment in ["", "sync", "mv /var/lib/pryvctl/guard/armed /var/lib/pryvctl/guard/undoing; sync"] {
        let said = said(&format!("{DISK}{arm}; {change}; {moment}\n{BOOT}"));
        assert_eq!(said, "pryvctl-guard.service\nold\nf\n", "{moment}");
    }
    let said = said(&format!("{DISK}{arm}; {change}; sync; undo; cut; cat f"));
    assert_eq!(said, "old\n");
}
