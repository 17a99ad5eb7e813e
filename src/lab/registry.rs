//! The lab's registry: Debian's `docker-registry`, once with TLS for the hosts and once on the loopback for pushing.
//!
//! The local engine trusts a registry on 127.0.0.1 without TLS, so nothing has to be written to `/etc/docker/certs.d`;
//! both listeners share one storage and ask for the same password.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::time::{Duration, sleep, timeout};

use super::{
    IMAGE_LABEL, LABEL,
    engine::{Docker, Standing, said},
    error::LabError,
    folder::Folder,
    image::Image,
    keys,
    network::Addresses,
};
use crate::model::command::quote;

/// The registry's user.
pub(super) const USER: &str = "lab";
/// The file with its password.
pub(super) const PASSWORD: &str = "secrets/registry";
/// The folder with the credentials for `docker push`.
const CONFIG: &str = "docker";
/// The port of TLS; 5000 is every registry's.
const PORT: u16 = 5000;

const START: &str = include_str!("files/registry.sh");
const ARRANGE: &str = include_str!("files/registry-arrange.sh");

/// Long enough for a start under load. Seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks. Milliseconds.
const RETRY: Duration = Duration::from_millis(50);

/// Where the local engine pushes images for the lab's hosts to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryPush {
    /// Host and port on the loopback, to be put before an image's path.
    pub address: String,
    /// The folder for [`Docker::with_config`]: it holds the credentials.
    pub config: PathBuf,
    /// The volume in which the registry stores them.
    pub storage: String,
}

/// The registry's address as the lab's hosts know it; `.test` is nobody's (RFC 6761).
pub(super) fn address(lab: &str) -> String {
    format!("{}:{PORT}", name(lab))
}

fn name(lab: &str) -> String {
    format!("registry.{lab}.test")
}

/// Makes the registry if it is missing, starts it if it stands still, waits until it answers.
pub(super) async fn ensure(
    docker: &Docker,
    lab: &str,
    network: &str,
    at: Addresses,
    folder: &Folder,
) -> Result<RegistryPush, LabError> {
    keys::certificate(folder, "registry", &[name(lab)], &at.both())?;
    let password = folder.password(PASSWORD)?;
    let container = format!("{network}-registry");
    match docker.look(&container).await? {
        Standing::Running => (),
        Standing::Stopped => docker.run(&["start", &container]).await.map(drop)?,
        Standing::Missing => run(docker, lab, network, &container, at).await?,
    }
    let read = |file: &str| Ok::<_, LabError>(folder.read(file)?.unwrap_or_default());
    let values = [
        ("USER_NAME", USER.to_owned()),
        ("PASSWORD", password.clone()),
        ("CERTIFICATE", read("registry.pem")?),
        ("KEY", read("registry.key")?),
    ];
    let values = values.iter().map(|(name, value)| format!("{name}={}\n", quote(value)));
    let script: String = values.chain([ARRANGE.to_owned()]).collect();
    docker.feed(&["exec", "--interactive", &container, "sh"], script.as_bytes()).await?;
    let published = until_serving(docker, &container).await?;
    let login = STANDARD.encode(format!("{USER}:{password}"));
    let config = json!({ "auths": { (published.as_str()): { "auth": login } } });
    folder.write(&format!("{CONFIG}/config.json"), &format!("{config}\n"))?;
    Ok(RegistryPush { address: published, config: folder.path(CONFIG), storage: storage(&container) })
}

async fn run(
    docker: &Docker,
    lab: &str,
    network: &str,
    container: &str,
    at: Addresses,
) -> Result<(), LabError> {
    let (volume, image) = (storage(container), Image::Registry.tag());
    let (label, image_label) = (format!("{LABEL}={lab}"), format!("{IMAGE_LABEL}={image}"));
    let mount = format!("{volume}:/var/lib/docker-registry");
    let (v4, v6) = (at.v4.to_string(), at.v6.to_string());
    docker.run(&["volume", "create", "--label", &label, &volume]).await?;
    let ours = ["--label", &label, "--label", &image_label, "--volume", &mount, "--hostname", "registry"];
    let place = ["--network", network, "--ip", &v4, "--ip6", &v6, "--publish", "127.0.0.1::5001"];
    let args = ["run", "--detach", "--name", container, "--tmpfs=/run"];
    docker.run(&[&args[..], &ours[..], &place[..], &[image, "sh", "-c", START]].concat()).await.map(drop)
}

fn storage(container: &str) -> String {
    format!("{container}-images")
}

/// Waits for both listeners; gives the loopback's address, which the engine chooses anew at every start.
async fn until_serving(docker: &Docker, container: &str) -> Result<String, LabError> {
    let ask =
        "curl -sk -o /dev/null https://127.0.0.1:5000/v2/ && curl -s -o /dev/null http://127.0.0.1:5001/v2/";
    let waiting = async {
        loop {
            let output = docker.ask(&["exec", container, "sh", "-c", ask], b"").await?;
            if output.status.success() {
                return docker.run(&["port", container, "5001/tcp"]).await;
            }
            if said(&output).contains("is not running") {
                return Err(failure(docker, container).await);
            }
            sleep(RETRY).await;
        }
    };
    match timeout(PATIENCE, waiting).await {
        Ok(result) => result,
        Err(_) => Err(failure(docker, container).await),
    }
}

async fn failure(docker: &Docker, container: &str) -> LabError {
    match docker.ask(&["logs", "--tail", "5", container], b"").await {
        Ok(output) => LabError::Registry { said: said(&output) },
        Err(error) => error,
    }
}
