//! `zstd`: every frame, one after the other, within the memory limit.

use std::io::{self, BufReader, Read};

use zstd::stream::read::Decoder;

use crate::sources::unpack::UnpackLimits;

/// Opens a decoder over compressed bytes; a frame whose window is above the limit fails as out of memory.
pub fn open<'r>(compressed: impl Read + 'r, limits: &UnpackLimits) -> Box<dyn Read + 'r> {
    match decoder(compressed, limits) {
        Ok(decoder) => Box::new(Windowed(decoder)),
        Err(error) => Box::new(Failed(Some(error))),
    }
}

fn decoder<'r, R: Read + 'r>(compressed: R, limits: &UnpackLimits) -> io::Result<Decoder<'r, BufReader<R>>> {
    let mut decoder = Decoder::new(compressed)?;
    // The bounds that the library accepts on every platform.
    decoder.window_log_max(limits.window.max(1).ilog2().clamp(10, 30))?;
    Ok(decoder)
}

/// Gives the library's one memory error the kind that the other decoders use.
struct Windowed<R>(R);

impl<R: Read> Read for Windowed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .read(buffer)
            .map_err(|error| if error.to_string().contains("too much memory") { io::Error::new(io::ErrorKind::OutOfMemory, error) } else { error })
    }
}

/// A decoder that could not be made.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
