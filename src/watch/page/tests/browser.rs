//! The page in a real browser: `make page`.

use std::process::Command;

use super::{Page, Scene, settings};

/// What drives the browser; it says itself what is wrong.
const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page/drive.mjs");

#[tokio::test(flavor = "multi_thread")]
#[ignore = "`make page` brings the browser"]
async fn the_page_is_good_in_a_browser() {
    let (few, many) = (Scene::new(8), Scene::new(300));
    let few = Page::open(settings(), &few.sources()).await.unwrap();
    let many = Page::open(settings(), &many.sources()).await.unwrap();
    let addresses = [few.address(), many.address()];
    let driven =
        tokio::task::spawn_blocking(move || Command::new("node").arg(DRIVER).args(addresses).status());
    assert!(driven.await.unwrap().unwrap().success());
}
