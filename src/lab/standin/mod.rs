//! Stand-ins for the platform's images: small real servers under the real names and tags.
//!
//! What cannot be had here is made here, once: a base system from Debian packages, on it our own two programs, and for
//! every image of the [`catalog`] nothing but settings ([`recipe`]). So all images of a registry share their layers, and
//! a lab host pulls those once.

pub mod catalog;
mod kept;
pub mod recipe;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{LabError, RegistryPush, engine::Docker, image::Image, turn::turn};
use catalog::{Image as Standin, images};
use kept::Kept;
pub(super) use kept::remove as remove_kept;

/// How many images are pushed at a time; the registry and the engine share the processors with the rest.
const AT_A_TIME: usize = 4;

/// Makes all stand-ins on their base image and pushes them, unless the registry has had them from this very recipe.
///
/// # Errors
/// [`LabError::Docker`] with what was refused.
pub(super) async fn ensure(
    docker: &Docker,
    registry: &RegistryPush,
    progress: &(dyn Fn(&str) + Send + Sync),
) -> Result<(), LabError> {
    let base = Image::Standins;
    let edition = recipe::edition(&base.recipe());
    let programs = format!("pryvctl-lab/standins:{edition}");
    let shelf = Shelf { docker: docker.with_config(&registry.config), address: &registry.address };
    // Pushed last, so it is there only when all the others are.
    let seal = format!("pryvctl/standins:{edition}");
    if shelf.has(&seal).await? {
        return Ok(());
    }
    // Labs share the engine's build cache: what one takes away after its push, another may be building on.
    let _turn = turn("stand-ins").await?;
    let kept = Kept::of(&edition);
    if kept.fill(docker, &registry.storage).await? && shelf.has(&seal).await? {
        return Ok(());
    }
    build(docker, &programs, &recipe::programs(base.tag())).await?;
    let all = images();
    let publish = |(index, image): (usize, &Standin)| {
        progress(&format!("stand-in image {} of {}: {}", index + 1, all.len(), image.reference()));
        shelf.put(image.reference(), recipe::dockerfile(image, &programs))
    };
    stream::iter(all.iter().enumerate()).map(publish).buffer_unordered(AT_A_TIME).try_collect::<()>().await?;
    shelf.put(seal, format!("FROM {programs}\n")).await?;
    kept.keep(docker, &registry.storage).await
}

/// The registry, through an engine that knows its password.
struct Shelf<'a> {
    docker: Docker,
    address: &'a str,
}

impl Shelf<'_> {
    async fn has(&self, reference: &str) -> Result<bool, LabError> {
        let full = format!("{}/{reference}", self.address);
        Ok(self.docker.ask(&["manifest", "inspect", "--insecure", &full], b"").await?.status.success())
    }

    /// Builds an image, pushes it, and takes away the name, which the local engine has no use for.
    async fn put(&self, reference: String, dockerfile: String) -> Result<(), LabError> {
        let full = format!("{}/{reference}", self.address);
        build(&self.docker, &full, &dockerfile).await?;
        let pushed = self.docker.run(&["push", "--quiet", &full]).await;
        self.docker.run(&["image", "rm", &full]).await?;
        pushed.map(drop)
    }
}

/// Builds an image from a Dockerfile alone, without a folder of files. Built again where a layer it found in the cache was
/// removed under it, by whoever else uses the engine.
async fn build(docker: &Docker, tag: &str, dockerfile: &str) -> Result<(), LabError> {
    let words = ["build", "--quiet", "--tag", tag, "-"];
    match docker.feed(&words, dockerfile.as_bytes()).await {
        Err(error) if error.to_string().contains("unable to find image") => {
            docker.feed(&words, dockerfile.as_bytes()).await.map(drop)
        }
        built => built.map(drop),
    }
}
