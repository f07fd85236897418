//! Standard input as a reader that can be interrupted while it waits.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use crate::pipeline::progress::Progress;

/// How much is read at once, in bytes: what a pipe holds.
const BLOCK: usize = 64 << 10;
/// How many blocks may wait.
const WAITING: usize = 4;
/// How often the flag is looked at while nothing arrives.
const PATIENCE: Duration = Duration::from_millis(50);

/// Reads standard input on a thread of its own; ends early when the run is cancelled.
pub struct Stdin<'a> {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
    progress: &'a Progress,
}

impl<'a> Stdin<'a> {
    /// Starts to read.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn new(progress: &'a Progress) -> io::Result<Self> {
        let (sender, blocks) = sync_channel(WAITING);
        std::thread::Builder::new().name("stdin".into()).spawn(move || {
            loop {
                let mut block = vec![0; BLOCK];
                let read = io::stdin().read(&mut block).map(|read| {
                    block.truncate(read);
                    block
                });
                let last = !matches!(&read, Ok(block) if !block.is_empty());
                if sender.send(read).is_err() || last {
                    return;
                }
            }
        })?;
        Ok(Self { blocks, block: Vec::new(), at: 0, progress })
    }
}

impl Read for Stdin<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            if self.progress.is_cancelled() {
                return Ok(0);
            }
            match self.blocks.recv_timeout(PATIENCE) {
                Ok(block) => (self.block, self.at) = (block?, 0),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
            if self.block.is_empty() {
                return Ok(0);
            }
        }
        let count = out.len().min(self.block.len() - self.at);
        out[..count].copy_from_slice(&self.block[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
