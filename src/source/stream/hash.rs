//! Hashing what is read, beside the reading.
//!
//! Hashing a blob on the thread that inflates it costs a fifth more time; on a
//! thread of its own it costs nothing while there is a core for it. Chunks are
//! lent to that thread and come back when they are hashed; there are
//! [`CHUNKS`] of them, so a reader that is ahead waits.

use std::io::{self, BufRead, ErrorKind, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use sha2::{Digest as _, Sha256, Sha512};

use super::digest::{Algorithm, Digest};

/// Bytes of a chunk: what one [`fill_buf`](BufRead::fill_buf) shows, but for the last.
pub const CHUNK: usize = 256 << 10;
/// Chunks of one reader: one is read from, one is hashed, the others wait.
const CHUNKS: usize = 4;

/// Bytes that are hashed while they are read.
///
/// It fills chunks of its own, so that what stands around it inflates from them
/// without a copy. A blob of less than a chunk is hashed without a thread.
pub struct Hashed<R> {
    inner: R,
    algorithm: Algorithm,
    work: Work,
    /// The chunk that is read from, how much of it is filled and how much used.
    current: Option<Arc<Vec<u8>>>,
    filled: usize,
    used: usize,
    /// What reading met after the bytes of the current chunk.
    deferred: Option<io::Error>,
    length: u64,
}

enum Work {
    Here(State),
    There {
        made: usize,
        chunks: SyncSender<(Arc<Vec<u8>>, usize)>,
        hashed: Receiver<Arc<Vec<u8>>>,
        thread: JoinHandle<State>,
    },
}

pub(super) enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

/// The digest of `bytes`.
#[must_use]
pub fn digest_of(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    let mut state = State::new(algorithm);
    state.update(bytes);
    state.finish()
}

impl State {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Digest {
        let digest = match self {
            State::Sha256(state) => Digest::new(Algorithm::Sha256, &state.finalize()),
            State::Sha512(state) => Digest::new(Algorithm::Sha512, &state.finalize()),
        };
        digest.expect("a hash has the length of its algorithm")
    }
}

impl<R: Read> Hashed<R> {
    /// Nothing is read yet.
    pub fn new(inner: R, algorithm: Algorithm) -> Self {
        Hashed {
            inner,
            algorithm,
            work: Work::Here(State::new(algorithm)),
            current: None,
            filled: 0,
            used: 0,
            deferred: None,
            length: 0,
        }
    }

    /// Bytes read so far, those included that are buffered.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads the rest: the digest of everything, and how many bytes it was.
    ///
    /// # Errors
    /// Those of reading.
    pub fn finish(self) -> io::Result<(Digest, u64)> {
        let (_, digest, length) = self.finish_inner()?;
        Ok((digest, length))
    }

    /// [`finish`](Hashed::finish), and what it read from.
    ///
    /// # Errors
    /// Those of reading.
    pub fn finish_inner(mut self) -> io::Result<(R, Digest, u64)> {
        loop {
            self.used = self.filled;
            match self.fill_buf() {
                Ok([]) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let state = match self.work {
            Work::Here(state) => state,
            Work::There { chunks, thread, .. } => {
                drop(chunks);
                thread.join().expect("hashing does not panic")
            }
        };
        Ok((self.inner, state.finish(), self.length))
    }

    /// Makes the next chunk the current one; it is empty at the end.
    fn refill(&mut self) -> io::Result<()> {
        if let Some(error) = self.deferred.take() {
            return Err(error);
        }
        let mut chunk = self.spare();
        let bytes = Arc::get_mut(&mut chunk).expect("a spare chunk is nobody else's");
        let (filled, error) = fill(&mut self.inner, bytes);
        self.deferred = error;
        self.used = 0;
        self.filled = filled;
        self.length += filled as u64;
        self.hash(&chunk, filled);
        self.current = Some(chunk);
        match self.deferred.take() {
            Some(error) if filled == 0 => Err(error),
            deferred => {
                self.deferred = deferred;
                Ok(())
            }
        }
    }

    /// A chunk that neither side uses; waits for one where all are in use.
    fn spare(&mut self) -> Arc<Vec<u8>> {
        if let Some(mut chunk) = self.current.take()
            && Arc::get_mut(&mut chunk).is_some()
        {
            // It was never handed over, or the hashing is done here.
            return chunk;
        }
        if let Work::There { made, hashed, .. } = &mut self.work {
            // One that comes back is in the cache.
            if let Ok(chunk) = hashed.try_recv() {
                return chunk;
            }
            if *made == CHUNKS {
                return hashed.recv().expect("hashing does not panic");
            }
            *made += 1;
        }
        Arc::new(vec![0; CHUNK])
    }

    /// Hashes the first `filled` bytes of `chunk`, or has them hashed.
    fn hash(&mut self, chunk: &Arc<Vec<u8>>, filled: usize) {
        let is_first = self.length == filled as u64;
        if is_first && filled == CHUNK {
            // There is likely more than one.
            self.work = start(self.algorithm);
        }
        match &mut self.work {
            Work::Here(state) => state.update(&chunk[..filled]),
            Work::There { .. } if filled == 0 => {}
            Work::There { chunks, .. } => {
                let sent = chunks.send((Arc::clone(chunk), filled));
                sent.expect("hashing does not panic");
            }
        }
    }
}

/// Reads until `bytes` is full, or there is no more, or an error comes.
pub(super) fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

/// Starts hashing on another thread; here, where the system has none left.
fn start(algorithm: Algorithm) -> Work {
    let (chunks, to_hash) = sync_channel::<(Arc<Vec<u8>>, usize)>(CHUNKS);
    let (give_back, hashed) = sync_channel(CHUNKS);
    let mut state = State::new(algorithm);
    let hash = move || {
        while let Ok((chunk, filled)) = to_hash.recv() {
            state.update(&chunk[..filled]);
            // The reader may have gone; the digest is not wanted then.
            let _ = give_back.send(chunk);
        }
        state
    };
    let thread = thread::Builder::new().name("hash".to_owned()).spawn(hash);
    match thread {
        Ok(thread) => Work::There {
            made: 1,
            chunks,
            hashed,
            thread,
        },
        Err(_) => Work::Here(State::new(algorithm)),
    }
}

impl<R: Read> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.filled {
            self.refill()?;
        }
        let chunk = self.current.as_ref().map_or(&[][..], |chunk| chunk);
        Ok(&chunk[self.used..self.filled])
    }

    fn consume(&mut self, count: usize) {
        self.used = self.filled.min(self.used + count);
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, buffer)
    }
}

/// `read` by what a reader has in its buffer.
pub(super) fn read_buffered(reader: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<usize> {
    let have = reader.fill_buf()?;
    let count = have.len().min(buffer.len());
    buffer[..count].copy_from_slice(&have[..count]);
    reader.consume(count);
    Ok(count)
}
