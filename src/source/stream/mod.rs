//! Bytes on their way out of a blob: inflated, counted, hashed.
