//! Turns: what two labs must not make at the same time, one makes and the other waits for.

use std::{
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
    time::Duration,
};

use tokio::time::sleep;

use super::error::LabError;

/// Between two looks whether the other lab is done.
const PAUSE: Duration = Duration::from_millis(200);

/// A turn, until it is dropped or its process ends. It is a name in the kernel, so it leaves no file.
pub(super) struct Turn {
    _name: UnixListener,
}

/// Waits until nobody else has the turn at a thing.
///
/// # Errors
/// [`LabError::Turn`] when the kernel gives no such name.
pub(super) async fn turn(thing: &str) -> Result<Turn, LabError> {
    let refused = |source| LabError::Turn { thing: thing.to_owned(), source };
    let name = SocketAddr::from_abstract_name(format!("pryvctl lab {thing}")).map_err(refused)?;
    loop {
        match UnixListener::bind_addr(&name) {
            Ok(listener) => return Ok(Turn { _name: listener }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => sleep(PAUSE).await,
            Err(error) => return Err(refused(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_has_it_at_a_time_and_other_things_have_their_own() {
        let thing = format!("a test of {}", std::process::id());
        let first = turn(&thing).await.unwrap();
        let _other = turn(&format!("another {thing}")).await.unwrap();
        let waits = tokio::time::timeout(2 * PAUSE, turn(&thing)).await;
        assert!(waits.is_err());
        drop(first);
        turn(&thing).await.unwrap();
    }
}
