//! Images that were made to mislead, to exhaust or to lead outside.
//!
//! What a layer can say wrongly leaves an issue, and the rest of the layer counts; a
//! description that cannot be trusted is refused.

mod documents;
mod layers;
mod links;
