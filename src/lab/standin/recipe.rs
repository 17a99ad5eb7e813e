//! What the images are made of, as text: the same text is the same image, so its hash tells whether one is there.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::catalog::{Broken, Image, Program, images};

const APP: &str = include_str!("files/app.py");
const DNS: &str = include_str!("files/dns.py");

/// The Dockerfile of the one image that all others start from: the base and our own programs.
///
/// The programs stand in the text itself, because a build without a folder to send needs no files on this machine.
pub fn programs(base: &str) -> String {
    let write =
        |source: &str, name: &str| format!("echo {} | base64 -d >/standin/{name}", STANDARD.encode(source));
    let run = [
        "mkdir /standin /app".to_owned(),
        write(APP, "app.py"),
        write(DNS, "dns.py"),
        "python3 -m compileall -q -b /standin".to_owned(),
        "for tool in wget nslookup nc; do ln -s busybox /usr/bin/$tool; done".to_owned(),
    ];
    format!("FROM {base}\nRUN {}\n", run.join(" && \\\n    "))
}

/// The Dockerfile of an image: settings only, so that all images share every layer.
pub fn dockerfile(image: &Image, programs: &str) -> String {
    let (version, name) = (image.version, image.short_name());
    let mut lines = vec![
        format!("FROM {programs}"),
        format!("LABEL pryvctl.standin={}", image.reference()),
        "USER 9999:9999".to_owned(),
        format!("ENV STANDIN_NAME={name} STANDIN_VERSION={version} STANDIN_PORTS={}", ports(image.program)),
    ];
    lines.extend(match image.broken {
        Broken::Unhealthy => unhealthy(),
        Broken::None => healthy(image.program, name),
    });
    lines.join("\n") + "\n"
}

/// One of our own programs, compiled when the image was made, and without Python's look around for packages.
fn python(program: &str) -> String {
    entrypoint(&["python3", "-I", "-S", program])
}

/// It listens, so that it is seen to have started, and refuses every request.
fn unhealthy() -> Vec<String> {
    vec!["ENV STANDIN_HEALTH=never".to_owned(), python("/standin/app.pyc")]
}

fn healthy(program: Program, name: &str) -> Vec<String> {
    match program {
        Program::Nginx => {
            // nginx ends its requests on SIGQUIT and cuts them on SIGTERM.
            let nginx = ["nginx", "-e", "stderr", "-c", "/app/conf/nginx.conf", "-g", "daemon off;"];
            vec!["EXPOSE 443/tcp".to_owned(), "STOPSIGNAL SIGQUIT".to_owned(), entrypoint(&nginx)]
        }
        Program::Redis => {
            vec!["EXPOSE 6379/tcp".to_owned(), entrypoint(&["redis-server", "/app/conf/redis.conf"])]
        }
        Program::Dns => vec![
            "EXPOSE 5353/udp".to_owned(),
            "ENV STANDIN_CONFIG=/app/conf/dns.json".to_owned(),
            python("/standin/dns.pyc"),
        ],
        Program::App(_) => vec![
            format!("ENV STANDIN_CONFIG=/app/conf/{name}.json STANDIN_DATA=/app/data"),
            python("/standin/app.pyc"),
        ],
    }
}

fn entrypoint(words: &[&str]) -> String {
    format!("ENTRYPOINT {}", serde_json::Value::from(words.to_vec()))
}

fn ports(program: Program) -> String {
    match program {
        Program::App(ports) => ports.iter().map(u16::to_string).collect::<Vec<_>>().join(","),
        Program::Nginx => "443".to_owned(),
        Program::Redis => "6379".to_owned(),
        Program::Dns => "5353".to_owned(),
    }
}

/// Tells whether images are of this recipe: a hash of all their texts and of the recipe of the base they start from.
pub fn edition(base: &str) -> String {
    let programs = programs(base);
    let images: Vec<String> = images().iter().map(|image| dockerfile(image, "programs")).collect();
    hash(images.iter().map(String::as_str).chain([programs.as_str()]))
}

/// The first 12 hexadecimal digits of the SHA-256 of some texts: enough to tell recipes apart.
fn hash<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text);
        digest.update([0]);
    }
    digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(reference: &str) -> String {
        let image = images().into_iter().find(|image| image.reference() == reference).unwrap();
        dockerfile(&image, "programs")
    }

    #[test]
    fn an_application_knows_its_name_version_and_ports() {
        insta::assert_snapshot!(of("pryvio/hfs:1.9.3"), @r#"
        FROM programs
        LABEL pryvctl.standin=pryvio/hfs:1.9.3
        USER 9999:9999
        ENV STANDIN_NAME=hfs STANDIN_VERSION=1.9.3 STANDIN_PORTS=3000,3001
        ENV STANDIN_CONFIG=/app/conf/hfs.json STANDIN_DATA=/app/data
        ENTRYPOINT ["python3","-I","-S","/standin/app.pyc"]
        "#);
    }

    #[test]
    fn a_broken_image_is_never_healthy_and_the_others_do_not_know_how() {
        assert!(of("pryvio/nginx:1.9.1-unhealthy").contains("STANDIN_HEALTH=never"));
        assert!(!of("pryvio/nginx:1.9.1").contains("STANDIN_HEALTH"));
    }

    #[test]
    fn another_text_is_another_hash() {
        assert_eq!(hash(["a", "b"]), hash(["a", "b"]));
        assert_ne!(hash(["a", "b"]), hash(["ab"]));
    }
}
