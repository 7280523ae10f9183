//! What a container runtime makes of an image's configuration before it calls
//! `execve`: the arguments, the user, the directory, the search of PATH.
