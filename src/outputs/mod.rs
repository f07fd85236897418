//! How results are written down: one file per format.
