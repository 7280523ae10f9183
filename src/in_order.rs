//! Work done on several threads, and told in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How far the work may be ahead of what is told, so that it does not fill memory.
const AHEAD: usize = 16;

/// Pieces of work, numbered from 0 on: any thread takes the next, and one tells what came
/// of them in their order.
pub(crate) struct InOrder<T> {
    count: usize,
    state: Mutex<State<T>>,
    /// Something was done or told.
    changed: Condvar,
}

struct State<T> {
    /// The next piece that nobody took.
    next: usize,
    /// How many were told.
    told: usize,
    /// What came of those that were done and not told.
    done: BTreeMap<usize, T>,
    /// How many are being worked at.
    busy: usize,
    /// How many threads wait.
    idle: usize,
    /// Nothing more is wanted.
    is_over: bool,
}

impl<T> InOrder<T> {
    /// `count` pieces.
    pub(crate) fn new(count: usize) -> InOrder<T> {
        let state = State {
            next: 0,
            told: 0,
            done: BTreeMap::new(),
            busy: 0,
            idle: 0,
            is_over: false,
        };
        InOrder {
            count,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Does one piece after the other, until all are taken.
    pub(crate) fn work(&self, mut work: impl FnMut(usize) -> T) {
        let mut state = self.state();
        loop {
            if state.is_over || state.next >= self.count {
                return;
            }
            state = if state.next < state.told + AHEAD {
                self.piece(state, &mut work)
            } else {
                self.wait(state)
            };
        }
    }

    /// Takes part in the work, and tells what came of each piece in its turn.
    ///
    /// # Errors
    /// Where telling fails: nothing more is told then.
    pub(crate) fn tell<E>(
        &self,
        mut work: impl FnMut(usize) -> T,
        mut tell: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let _end = End(self);
        let mut state = self.state();
        while state.told < self.count {
            let told = state.told;
            if let Some(done) = state.done.remove(&told) {
                drop(state);
                tell(done)?;
                state = self.state();
                state.told += 1;
                self.wake(&state);
            } else if state.next < self.count.min(state.told + AHEAD) {
                state = self.piece(state, &mut work);
            } else if state.busy > 0 {
                state = self.wait(state);
            } else {
                // A thread died of its piece; whoever waits for it will know.
                break;
            }
        }
        Ok(())
    }

    /// Does the next piece.
    fn piece<'s>(
        &'s self,
        mut state: MutexGuard<'s, State<T>>,
        work: &mut impl FnMut(usize) -> T,
    ) -> MutexGuard<'s, State<T>> {
        let number = state.next;
        state.next += 1;
        state.busy += 1;
        drop(state);
        let turn = Turn(self);
        let done = work(number);
        self.state().done.insert(number, done);
        drop(turn);
        self.state()
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, mut state: MutexGuard<'s, State<T>>) -> MutexGuard<'s, State<T>> {
        state.idle += 1;
        let changed = self.changed.wait(state);
        let mut state = changed.unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state
    }

    fn wake(&self, state: &State<T>) {
        if state.idle > 0 {
            self.changed.notify_all();
        }
    }
}

/// A thread works at a piece. Its end is told even where the thread dies of it, so that
/// nobody waits for ever.
struct Turn<'w, T>(&'w InOrder<T>);

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy -= 1;
        self.0.wake(&state);
    }
}

/// Nothing more is told.
struct End<'w, T>(&'w InOrder<T>);

impl<T> Drop for End<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_over = true;
        self.0.wake(&state);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// What is told of `count` pieces that take longer the earlier they come.
    fn told(count: usize, threads: usize) -> Vec<usize> {
        let pieces = InOrder::new(count);
        let work = |number: usize| {
            thread::sleep(Duration::from_micros(20 * (count - number) as u64));
            number * number
        };
        let mut all = Vec::new();
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| pieces.work(work));
            }
            let told = pieces.tell(work, |square| {
                all.push(square);
                Ok::<(), ()>(())
            });
            assert_eq!(told, Ok(()));
        });
        all
    }

    #[test]
    fn what_is_done_out_of_order_is_told_in_order() {
        for threads in 1..5 {
            for count in [0, 1, AHEAD, 3 * AHEAD + 1] {
                let squares: Vec<usize> = (0..count).map(|number| number * number).collect();
                assert_eq!(told(count, threads), squares, "{threads} threads");
            }
        }
    }

    #[test]
    fn where_telling_fails_the_work_ends() {
        let pieces = InOrder::new(1000);
        thread::scope(|scope| {
            scope.spawn(|| pieces.work(|number| number));
            let mut told = 0;
            let result = pieces.tell(
                |number| number,
                |number| {
                    told += 1;
                    if number == 5 { Err(number) } else { Ok(()) }
                },
            );
            assert_eq!((result, told), (Err(5), 6));
        });
    }
}
