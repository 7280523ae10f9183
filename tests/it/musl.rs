use crate::support::case::{case, given};
