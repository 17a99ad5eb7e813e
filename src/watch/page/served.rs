//! The page follows the inventory.

use std::net::SocketAddr;

use super::{Page, PageError, Settings, Sources};
use crate::app::project::Project;

/// The page as the inventory wants it, if it wants one.
#[derive(Debug)]
pub struct Served {
    sources: Sources,
    /// Where, if the command line says so.
    listen: Option<SocketAddr>,
    page: Option<Page>,
}

impl Served {
    /// Nothing yet.
    pub fn new(sources: Sources, listen: Option<SocketAddr>) -> Self {
        Self { sources, listen, page: None }
    }

    /// Serves the page as it is wanted now, and gives its address if it is another one than before.
    ///
    /// # Errors
    /// It cannot be served so. Where nothing but that can be told of the new wishes, the old page stays.
    pub async fn follow(&mut self, project: &Project) -> Result<Option<String>, PageError> {
        let wanted = Settings::of(project, self.listen)?;
        if self.page.as_ref().map(Page::settings) == wanted.as_ref() {
            return Ok(None);
        }
        if let Some(settings) = &wanted {
            settings.check()?;
        }
        if let Some(page) = self.page.take() {
            page.close().await;
        }
        let Some(settings) = wanted else { return Ok(None) };
        let page = Page::open(settings, &self.sources).await?;
        Ok(Some(self.page.insert(page).address()))
    }
}
