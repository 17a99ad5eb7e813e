use std::{io::Write as _, os::unix::fs::PermissionsExt as _, path::PathBuf};

use super::{webhook::signature, *};
use crate::model::secret::Secret;

/// A program that does what a shell script says.
fn program(script: &str) -> (Notifier, PathBuf) {
    let folder = std::env::temp_dir().join(format!("pryvctl-notify-{}", rand::random::<u64>()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("program");
    let mut file = std::fs::File::create(&path).unwrap();
    write!(file, "#!/bin/sh\n{script}\n").unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(file);
    let words = vec![path.display().to_string(), "an argument; echo".to_owned()];
    (Notifier { name: "command".to_owned(), way: Way::Command(Command(words)) }, folder)
}

async fn sent(script: &str) -> (Result<String, String>, String) {
    let (notifier, folder) = program(script);
    let message = Message::test("acme", 0);
    let answer = notifier.send(&message, "{\"id\":\"1\"}").await;
    let left = std::fs::read_to_string(folder.join("left")).unwrap_or_default();
    std::fs::remove_dir_all(folder).unwrap();
    (answer, left)
}

#[tokio::test]
async fn a_program_reads_the_message_and_no_shell_reads_its_arguments() {
    let (answer, left) = sent(r#"{ echo "$1"; cat; } > "${0%/*}/left""#).await;
    assert_eq!(answer, Ok("exit status: 0".to_owned()));
    assert_eq!(left, "an argument; echo\n{\"id\":\"1\"}\n");
}

#[tokio::test]
async fn a_program_that_fails_says_why() {
    let (answer, _) = sent("echo one >&2; echo the pager is away >&2; exit 3").await;
    assert!(answer.unwrap_err().ends_with("ended with exit status: 3: the pager is away"));
    let words = vec!["/nowhere/program".to_owned()];
    let missing = Notifier { name: String::new(), way: Way::Command(Command(words)) };
    let answer = missing.send(&Message::test("acme", 0), "").await;
    assert!(answer.unwrap_err().starts_with("cannot run /nowhere/program:"));
}

#[tokio::test]
async fn a_program_gets_no_secret_of_our_environment() {
    let (_, left) = sent(r#"env | cut -d= -f1 | sort > "${0%/*}/left""#).await;
    let names: Vec<&str> =
        left.lines().filter(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name)).collect();
    assert!(names.iter().all(|name| ["PATH", "HOME", "LANG"].contains(name)), "{names:?}");
}

/// The example of <https://www.standardwebhooks.com>.
#[test]
fn a_signature_is_that_of_standard_webhooks() {
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let body = r#"{"test": 2432232314}"#;
    let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
    assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_ne!(signature(&Secret::new("other"), "a", 1, ""), signature(&Secret::new("others"), "a", 1, ""));
}

#[test]
fn a_name_tells_two_receivers_apart_and_no_secret() {
    let text = "\
platform: acme
domain: acme.test
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
hosts: { a: { address: 203.0.113.1, zone: eu, roles: [core] } }
watch:
  notify:
    - webhook: { url: 'https://hooks.example.org/T0K3N' }
    - webhook: { url: 'https://hooks.example.org/other' }
    - mail: { server: m, from: a@b, to: [ops@example.org] }
    - command: [/bin/page, x]
";
    let all = Notifier::all(&Inventory::parse(text).unwrap(), &Material::default());
    let names: Vec<&str> = all.iter().map(|notifier| notifier.name.split(" (").next().unwrap()).collect();
    let hook = "webhook hooks.example.org";
    assert_eq!(names, [hook, hook, "mail ops@example.org", "command /bin/page"]);
    assert_ne!(all[0].name, all[1].name);
}
