//! Reading a blob and hashing it on one thread, ahead of the one that inflates it.
//!
//! Inflating takes longest, so that its thread does nothing else: not even the
//! reading, which waits for the disk where the blob is not in memory yet. Chunks
//! come to it in order, and go back in batches, for each return wakes the thread
//! that reads.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::digest::{Algorithm, Digest};
use super::hash::{CHUNK, Hashed, State, fill, read_buffered};

/// Chunks of one blob.
const CHUNKS: usize = 8;
/// How many go back at once; the others are there to be read into meanwhile.
const BATCH: usize = 4;

/// Bytes whose digest is known once all of them were read.
pub trait Digested: BufRead {
    /// Reads the rest: the digest of everything, and how many bytes it was.
    ///
    /// # Errors
    /// Those of reading.
    fn finish(self) -> io::Result<(Digest, u64)>;
}

impl<R: Read> Digested for Hashed<R> {
    fn finish(self) -> io::Result<(Digest, u64)> {
        Hashed::finish(self)
    }
}

/// A blob that is read ahead. After an error there is no more of it.
pub struct Ahead<R>(Work<R>);

enum Work<R> {
    Here(Hashed<R>),
    There(There),
}

/// The side of whoever uses the bytes.
struct There {
    pieces: Receiver<Piece>,
    spare: SyncSender<Arc<Vec<u8>>>,
    thread: JoinHandle<State>,
    current: Option<Piece>,
    used: usize,
    /// Chunks that wait to go back.
    done: Vec<Arc<Vec<u8>>>,
    length: u64,
    end: End,
}

/// Some bytes of the blob.
struct Piece {
    chunk: Arc<Vec<u8>>,
    filled: usize,
    /// What reading met after them.
    error: Option<io::Error>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Reached,
    Failed,
}

impl<R: Read + Clone + Send + 'static> Ahead<R> {
    /// Begins to read what `reader` has, about `size` bytes: a blob of less than a
    /// chunk is read and hashed here, and so is any where the system has no
    /// thread left.
    pub fn new(reader: &R, size: u64, algorithm: Algorithm) -> Self {
        let here = || Ahead(Work::Here(Hashed::new(reader.clone(), algorithm)));
        if size < CHUNK as u64 {
            return here();
        }
        let (send, pieces) = sync_channel(CHUNKS);
        let (spare, returned) = sync_channel(CHUNKS);
        let (state, ahead) = (State::new(algorithm), reader.clone());
        let read = move || read_and_hash(ahead, state, &send, &returned);
        let thread = thread::Builder::new().name("hash".to_owned()).spawn(read);
        let Ok(thread) = thread else {
            return here();
        };
        Ahead(Work::There(There {
            pieces,
            spare,
            thread,
            current: None,
            used: 0,
            done: Vec::with_capacity(BATCH),
            length: 0,
            end: End::Open,
        }))
    }
}

/// Reads to the end, or to an error, and hashes what it has handed over. Nobody
/// wants the digest where nobody takes the bytes.
fn read_and_hash(
    mut reader: impl Read,
    mut state: State,
    pieces: &SyncSender<Piece>,
    returned: &Receiver<Arc<Vec<u8>>>,
) -> State {
    let mut made = 0;
    loop {
        let spare = match returned.try_recv() {
            Ok(chunk) => Ok(chunk),
            Err(_) if made < CHUNKS => {
                made += 1;
                Ok(Arc::new(vec![0; CHUNK]))
            }
            Err(_) => returned.recv(),
        };
        let Ok(mut chunk) = spare else {
            return state;
        };
        let bytes = Arc::get_mut(&mut chunk).expect("a spare chunk is nobody else's");
        let (filled, error) = fill(&mut reader, bytes);
        let piece = Piece {
            chunk: Arc::clone(&chunk),
            filled,
            error,
        };
        if pieces.send(piece).is_err() {
            return state;
        }
        state.update(&chunk[..filled]);
        if filled < chunk.len() {
            return state;
        }
    }
}

impl There {
    /// Takes the next piece; at the end there is none that has bytes.
    fn refill(&mut self) -> io::Result<()> {
        if let Some(error) = self.current.as_mut().and_then(|piece| piece.error.take()) {
            self.end = End::Failed;
            return Err(error);
        }
        match self.end {
            End::Open => {}
            End::Reached => return Ok(()),
            End::Failed => return Err(io::Error::other("reading the blob failed")),
        }
        if let Some(piece) = self.current.take() {
            self.done.push(piece.chunk);
        }
        if self.done.len() == BATCH {
            for chunk in self.done.drain(..) {
                // Whoever has read the end wants no more of them.
                let _ = self.spare.send(chunk);
            }
        }
        let piece = self.pieces.recv().expect("hashing does not panic");
        let is_last = piece.filled < piece.chunk.len();
        if is_last && piece.error.is_none() {
            self.end = End::Reached;
        }
        self.length += piece.filled as u64;
        self.used = 0;
        self.current = Some(piece);
        match self.bytes() {
            // Only an error, or the end.
            [] => self.refill(),
            _ => Ok(()),
        }
    }

    /// What is left of the current piece.
    fn bytes(&self) -> &[u8] {
        let piece = self.current.as_ref();
        piece.map_or(&[], |piece| &piece.chunk[self.used..piece.filled])
    }
}

impl<R: Read> Digested for Ahead<R> {
    fn finish(mut self) -> io::Result<(Digest, u64)> {
        loop {
            let length = self.fill_buf()?.len();
            if length == 0 {
                break;
            }
            self.consume(length);
        }
        match self.0 {
            Work::Here(hashed) => hashed.finish(),
            Work::There(there) => {
                let state = there.thread.join().expect("hashing does not panic");
                Ok((state.finish(), there.length))
            }
        }
    }
}

impl<R: Read> BufRead for Ahead<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match &mut self.0 {
            Work::Here(hashed) => hashed.fill_buf(),
            Work::There(there) => {
                if there.bytes().is_empty() {
                    there.refill()?;
                }
                Ok(there.bytes())
            }
        }
    }

    fn consume(&mut self, count: usize) {
        match &mut self.0 {
            Work::Here(hashed) => hashed.consume(count),
            Work::There(there) => there.used += count.min(there.bytes().len()),
        }
    }
}

impl<R: Read> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, buffer)
    }
}
