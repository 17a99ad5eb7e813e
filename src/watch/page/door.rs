//! Who may see the page: whoever knows the password, as a browser sends it (Basic) or as a program does (Bearer).

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc::PasswordHash};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, header::AUTHORIZATION};
use sha2::Sha256;
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::PageError;
use crate::model::secret::Secret;

/// The door of a page.
#[derive(Debug)]
pub enum Door {
    /// Everybody who reaches it may see it, which is this machine alone.
    Open,
    /// It asks for a password.
    Locked(Lock),
}

/// What a password must match.
#[derive(Debug)]
pub struct Lock {
    hash: Arc<PasswordHash>,
    /// The last one that was right, under a key of this process: the hash of a password takes long on purpose, and a page asks
    /// with each request.
    known: Mutex<Option<Vec<u8>>>,
    key: [u8; 32],
    /// Whoever guesses has to queue.
    one: Semaphore,
}

impl Door {
    /// The door with a hash of its password.
    ///
    /// # Errors
    /// The hash is none.
    pub fn of(hash: Option<&Secret>) -> Result<Self, PageError> {
        let Some(hash) = hash else { return Ok(Self::Open) };
        let hash = PasswordHash::new(hash.expose().trim()).map_err(|_| PageError::Hash)?;
        // One of another kind would never match, which nobody would understand.
        if !hash.algorithm.as_str().starts_with("argon2") || hash.hash.is_none() {
            return Err(PageError::Hash);
        }
        let (known, key, one) = (Mutex::default(), rand::random(), Semaphore::new(1));
        Ok(Self::Locked(Lock { hash: Arc::new(hash), known, key, one }))
    }

    /// Whether the password is asked for.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked(_))
    }

    /// Whether a request may come in.
    pub async fn opens(&self, headers: &HeaderMap) -> bool {
        match self {
            Self::Open => true,
            Self::Locked(lock) => match password(headers) {
                Some(password) => lock.takes(password).await,
                None => false,
            },
        }
    }
}

impl Lock {
    async fn takes(&self, password: Vec<u8>) -> bool {
        if self.is_known(&password) {
            return true;
        }
        let Ok(_turn) = self.one.acquire().await else { return false };
        // Somebody in front may have brought the same.
        if self.is_known(&password) {
            return true;
        }
        let (hash, tried) = (Arc::clone(&self.hash), password.clone());
        let is_right = spawn_blocking(move || Argon2::default().verify_password(&tried, &*hash).is_ok());
        let is_right = is_right.await.unwrap_or_default();
        if is_right {
            let mark = self.mark(&password).map(|mark| mark.finalize().into_bytes().to_vec());
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = mark;
        }
        is_right
    }

    fn is_known(&self, password: &[u8]) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // The comparison takes as long for a wrong one as for the right one.
        known.as_ref().zip(self.mark(password)).is_some_and(|(known, mark)| mark.verify_slice(known).is_ok())
    }

    fn mark(&self, password: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mark = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mark.update(password);
        Some(mark)
    }
}

/// The password of a request.
fn password(headers: &HeaderMap) -> Option<Vec<u8>> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(rest.trim().as_bytes().to_vec()),
        "basic" => {
            let both = STANDARD.decode(rest.trim()).ok()?;
            let end = both.iter().position(|byte| *byte == b':')?;
            // The user's name says nothing.
            both.get(end + 1..).map(<[u8]>::to_vec)
        }
        _ => None,
    }
}

/// The hash of a password, as it stands in the inventory's secrets; `None`: this machine has no chance to give.
pub fn hash(password: &str) -> Option<String> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes()).ok()?;
    Some(hash.to_string())
}

/// A password that nobody guesses: 128 bits of chance, in letters that are not taken for one another.
pub fn invented() -> String {
    const LETTERS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
    let bytes: [u8; 26] = rand::random();
    let letters = bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    letters.map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])
    }

    #[tokio::test]
    async fn only_the_password_opens() {
        let door = Door::of(Some(&Secret::new(format!("{}\n", hash("open:sesame").unwrap())))).unwrap();
        let basic = |both: &str| format!("Basic {}", STANDARD.encode(both));
        for right in [basic("anybody:open:sesame"), basic(":open:sesame"), "bearer open:sesame".to_owned()] {
            // The second time it is known.
            assert!(door.opens(&with(&right)).await && door.opens(&with(&right)).await, "{right}");
        }
        for wrong in [
            basic("open:sesame"),
            basic("open:sesame:"),
            basic("none"),
            "Bearer".to_owned(),
            "Bearer Open:sesame".to_owned(),
            "Digest open:sesame".to_owned(),
            "Basic ?".to_owned(),
        ] {
            assert!(!door.opens(&with(&wrong)).await, "{wrong}");
        }
        assert!(!door.opens(&HeaderMap::new()).await);
    }

    #[test]
    fn an_invented_password_is_long_and_another_each_time() {
        let (one, other) = (invented(), invented());
        assert!(one.len() == 26 && one != other && one.bytes().all(|letter| letter.is_ascii_alphanumeric()));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for wrong in ["", "open sesame", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=19456,t=2,p=1"] {
            assert!(matches!(Door::of(Some(&Secret::new(wrong))), Err(PageError::Hash)), "{wrong}");
        }
        assert!(!Door::of(None).unwrap().is_locked());
    }
}
