//! Reading tar archives as Go's `archive/tar` reads them, since that is what
//! container engines read layers with.
