//! Removing a lab, so that nothing of it is left.

use super::{LABEL, LabError, check, engine::Docker, folder::Folder, image, standin};

/// What becomes of the images, which serve every lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    /// They stay: the next lab is up in seconds.
    Keep,
    /// Those that no other lab uses go, too.
    Remove,
}

/// Removes the lab's containers, volumes, network and files. What is not there any more is no error.
///
/// # Errors
/// [`LabError::Docker`] where the engine refuses, [`LabError::File`] where the folder cannot be removed.
pub async fn down(name: &str, images: Images) -> Result<(), LabError> {
    check(name)?;
    let docker = Docker::connect().await?;
    let label = format!("label={LABEL}={name}");
    remove(&docker, &["ps", "--all", "--quiet", "--filter", &label], &["rm", "--force", "--volumes"]).await?;
    remove(&docker, &["volume", "ls", "--quiet", "--filter", &label], &["volume", "rm", "--force"]).await?;
    remove(&docker, &["network", "ls", "--quiet", "--filter", &label], &["network", "rm"]).await?;
    Folder::of(name)?.remove()?;
    match images {
        Images::Keep => Ok(()),
        Images::Remove => {
            standin::remove_kept(&docker).await?;
            image::remove_all(&docker).await
        }
    }
}

async fn remove(docker: &Docker, list: &[&str], how: &[&str]) -> Result<(), LabError> {
    let found = docker.run(list).await?;
    let found: Vec<&str> = found.split_whitespace().collect();
    if found.is_empty() {
        return Ok(());
    }
    docker.run(&[how, &found].concat()).await.map(drop)
}
