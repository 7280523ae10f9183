// Prints the name of the user it runs as.
//
// With cgo the package os/user asks the C library, so the program is linked
// against the libc of the machine that built it. Nothing here is written in C.
package main

import (
	"os"
	"os/user"
)

func main() {
	me, err := user.Current()
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(me.Username + "\n")
}
