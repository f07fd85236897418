//! Watch: whatever happens to files and to the run itself, every line that was ever written is read once.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/watching.rs"]
mod watching;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::watching::{End, Told, follow, state, uses_of};

/// Files that are written to, and what was written.
struct World {
    directory: tempfile::TempDir,
    random: Random,
    lines: u64,
    tokens: u64,
    rotated: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let world = Self { directory: tempfile::tempdir().unwrap(), random: Random::new(seed), lines: 0, tokens: 0, rotated: 0 };
        fs::create_dir(world.at("logs")).unwrap();
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn log(&mut self) -> PathBuf {
        let number = self.random.below(3);
        self.at(&format!("logs/{number}.log"))
    }

    /// A line: a use of a token of its own, or a token that lies there, or nothing much.
    fn line(&mut self) -> String {
        match self.random.below(5) {
            0 => {
                self.tokens += 1;
                let body = self.random.bytes(ByteSet::alnum(), 40);
                format!("Authorization: Bearer {}\n", String::from_utf8(body).unwrap())
            }
            1 => format!("{}\n", "nothing to see ".repeat(1 + self.random.below(40))),
            _ => {
                self.lines += 1;
                let pad = "x".repeat(self.random.below(600));
                format!("{{\"keys\":[\"token_id:{}\"],\"time\":\"2026-03-02T10:00:00Z\",\"user\":\"u\",\"pad\":\"{pad}\"}}\n", self.lines)
            }
        }
    }

    /// One thing that happens to files; what is overwritten or removed was read before, and a rename may come between listing and reading.
    fn happen(&mut self, follow: &mut dyn FnMut(&mut dyn FnMut())) {
        let path = self.log();
        let mut run = || follow(&mut || ());
        match self.random.below(8) {
            0 if path.exists() => {
                self.rotated += 1;
                let mut rotate = || fs::rename(&path, path.with_extension(format!("log.{}", self.rotated))).unwrap();
                if self.random.below(2) == 0 { follow(&mut rotate) } else { rotate() }
            }
            1 if path.exists() => {
                run();
                self.rotated += 1;
                fs::copy(&path, path.with_extension(format!("log.{}", self.rotated))).unwrap();
                OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
                if self.random.below(2) == 0 {
                    run();
                }
            }
            2 if path.exists() => {
                run();
                fs::remove_file(&path).unwrap();
            }
            3 if path.exists() => {
                run();
                let packed = path.with_extension(format!("log.{}.gz", self.rotated + 1));
                self.rotated += 1;
                let mut encoder = GzEncoder::new(fs::File::create(packed).unwrap(), Compression::fast());
                encoder.write_all(&fs::read(&path).unwrap()).unwrap();
                encoder.finish().unwrap();
                fs::remove_file(&path).unwrap();
            }
            _ => {
                // A shorter file is not known again by how it begins.
                self.rotated += 1;
                let has_begun = fs::metadata(&path).is_ok_and(|file| file.len() > 0);
                let first = if has_begun { String::new() } else { format!("begin {} {}\n", self.rotated, "x".repeat(1024)) };
                let text: String = std::iter::once(first).chain((0..=self.random.below(12)).map(|_| self.line())).collect();
                let cut = self.random.below(text.len());
                let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
                file.write_all(&text.as_bytes()[..cut]).unwrap();
                if self.random.below(2) == 0 {
                    run();
                }
                file.write_all(&text.as_bytes()[cut..]).unwrap();
            }
        }
    }
}

/// So little time goes by that no line is looked at before its end has come.
const SHORT: Duration = Duration::from_millis(10);

/// How many seeds are played: a few, unless a longer run is wanted.
fn seeds() -> u64 {
    std::env::var("BEARTRAP_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(20)
}

#[test]
fn every_line_is_read_once_whatever_happens() {
    for seed in 0..seeds() {
        let mut world = World::new(seed);
        let directory = world.directory.path().to_owned();
        let mut told = Told::default();
        let mut crashes = 0;
        for _ in 0..6 {
            let end = if seed % 2 == 0 && world.random.below(2) == 0 { End::Crash } else { End::Stop };
            crashes += u32::from(end == End::Crash);
            follow(&directory, &mut told, end, &mut |watch| {
                let mut run = |meanwhile: &mut dyn FnMut()| {
                    watch.run_while(SHORT, meanwhile);
                    let due = watch.due();
                    assert!(watch.failure.is_none() && due.is_empty(), "{:?} {due:?}", watch.failure);
                };
                for _ in 0..8 {
                    world.happen(&mut run);
                    if world.random.below(3) == 0 {
                        run(&mut || ());
                    }
                }
                run(&mut || ());
                assert_eq!(watch.unread(), [""; 0], "seed {seed}");
            });
        }
        follow(&directory, &mut told, End::Stop, &mut |watch| watch.run(SHORT));
        assert_eq!(told.problems, []);
        let (store, findings) = (state(&directory), told.findings);
        let uses: Vec<usize> = (1..=world.lines).map(|line| uses_of(&store, line)).collect();
        let missed = uses.iter().filter(|times| **times == 0).count();
        assert_eq!((missed, findings.len() as u64), (0, world.tokens), "seed {seed}, {crashes} crashes");
        let again = uses.iter().filter(|times| **times > 1).count() + findings.values().filter(|times| **times > 1).count();
        assert!(again == 0 || crashes > 0, "seed {seed}: {again} read again");
    }
}
