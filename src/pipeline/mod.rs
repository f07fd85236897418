//! Moves values from room to room: the only place that knows the whole street.

pub mod adopt;
pub mod alerts;
pub mod baseline;
pub mod collect;
pub mod feed;
pub mod ignore_list;
pub mod importing;
pub mod listen;
pub mod ours;
pub mod policy;
pub mod progress;
pub mod replay;
pub mod run;
pub mod scanner;
pub mod story;
pub mod stream;
pub mod suppress;
pub mod timeline;
pub mod timeline_entry;
pub mod watch;
