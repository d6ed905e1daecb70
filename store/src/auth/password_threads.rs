//! Threads that hash and check passwords, and nothing else: bcrypt is slow by design, so it runs aside from the threads
//! of connections and of the log, on few threads of low priority and with a bounded queue. A storm of logins then costs
//! other clients nothing but those threads' share.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use holdfast_core::auth::Secret;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{LoginError, Password};
use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_JOBS_QUEUED_MAX, PASSWORD_THREAD_NICENESS};

type Job = Box<dyn FnOnce() + Send>;

/// Hashes and checks passwords.
pub(super) struct PasswordThreads {
    jobs: SyncSender<Job>,
    cost: u32,
    /// Checked in place of the hash of a user that is not there, so that it takes as long.
    nobodys_hash: Arc<tokio::sync::OnceCell<Secret>>,
}

impl PasswordThreads {
    /// Starts half as many threads as there are cores, one at least. They end when this is dropped.
    pub fn start(cost: u32) -> PasswordThreads {
        let (jobs, queue) = sync_channel(PASSWORD_JOBS_QUEUED_MAX);
        let queue = Arc::new(Mutex::new(queue));
        let threads = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new().name(format!("password-{number}"));
            if let Err(error) = thread.spawn(move || work(&queue)) {
                tracing::error!(%error, "a thread for passwords cannot be started; logins will be slow or fail");
            }
        }
        PasswordThreads { jobs, cost, nobodys_hash: Arc::default() }
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: Password) -> Result<Secret, LoginError> {
        let cost = self.cost;
        if password.as_bytes().len() > PASSWORD_BYTES_MAX {
            return Err(LoginError::PasswordTooLong);
        }
        self.run(move || {
            let hash = bcrypt::hash(password.as_bytes(), cost);
            hash.map(|hash| Secret::new(hash.into())).map_err(|_| LoginError::PasswordTooLong)
        })
        .await?
    }

    /// Checks a password against a user's hash; without one it takes as long and fails.
    pub async fn verify(&self, password: Password, hash: Option<Secret>) -> Result<(), LoginError> {
        let known = hash.filter(|hash| !hash.is_empty());
        let is_known = known.is_some();
        let hash = match known {
            Some(hash) => hash,
            None => self.nobodys_hash().await?,
        };
        let matches = self.run(move || {
            let hash = std::str::from_utf8(hash.expose()).unwrap_or_default();
            bcrypt::verify(password.as_bytes(), hash).unwrap_or(false)
        });
        if matches.await? && is_known { Ok(()) } else { Err(LoginError::Failed) }
    }

    async fn nobodys_hash(&self) -> Result<Secret, LoginError> {
        self.nobodys_hash.get_or_try_init(|| self.hash(Password::default())).await.cloned()
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, LoginError> {
        let (done, outcome) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody may wait any more.
            let _ = done.send(work());
        });
        match self.jobs.try_send(job) {
            Ok(()) => outcome.await.map_err(|_| LoginError::TooMany),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(LoginError::TooMany),
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    // Where this is not allowed, the thread runs like any other.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), PASSWORD_THREAD_NICENESS);
    loop {
        let job = queue.lock().recv();
        let Ok(job) = job else { return };
        job();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: u32 = 4;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_no_other() {
        let threads = PasswordThreads::start(COST);
        let hash = threads.hash(password("one")).await.unwrap();
        assert_eq!(threads.verify(password("one"), Some(hash.clone())).await, Ok(()));
        assert_eq!(threads.verify(password("two"), Some(hash)).await, Err(LoginError::Failed));
    }

    #[tokio::test]
    async fn hashes_of_go_are_understood() {
        let threads = PasswordThreads::start(COST);
        // Made by golang.org/x/crypto/bcrypt of "123", as etcd stores it.
        let hash = bcrypt::hash_with_result("123", COST).unwrap().format_for_version(bcrypt::Version::TwoA);
        assert!(hash.starts_with("$2a$"));
        assert_eq!(threads.verify(password("123"), Some(Secret::new(hash.into()))).await, Ok(()));
    }

    #[tokio::test]
    async fn nothing_matches_where_there_is_no_hash() {
        let threads = PasswordThreads::start(COST);
        assert_eq!(threads.verify(password(""), None).await, Err(LoginError::Failed));
        assert_eq!(threads.verify(password(""), Some(Secret::default())).await, Err(LoginError::Failed));
        assert_eq!(
            threads.verify(password(""), Some(Secret::new("x".into()))).await,
            Err(LoginError::Failed)
        );
    }

    #[tokio::test]
    async fn a_password_longer_than_bcrypt_takes_is_refused() {
        let threads = PasswordThreads::start(COST);
        assert!(threads.hash(password(&"x".repeat(72))).await.is_ok());
        assert_eq!(threads.hash(password(&"x".repeat(73))).await, Err(LoginError::PasswordTooLong));
    }
}
