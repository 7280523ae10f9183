// Lists the entries of archives as archive/tar gives them, in the form of
// examples/tar_list.rs: tar_go --packed FILE, or tar_go FILE...
//
// The content of an entry is read as a container engine would read it; so a
// sparse file whose map and data disagree is an error here.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// How much is read of one file: holes can claim any size.
const most = 256 << 10

type line struct {
	Name       string `json:"name"`
	Link       string `json:"link"`
	Type       byte   `json:"type"`
	Size       int64  `json:"size"`
	Mode       int64  `json:"mode"`
	UID        int    `json:"uid"`
	GID        int    `json:"gid"`
	Capability string `json:"capability"`
	Read       int64  `json:"read"`
	SHA256     string `json:"sha256"`
	// Whether the records of a global header have values that Go cannot use.
	// It passes over them in no particular order, so the name is not certain.
	Unsure bool `json:"unsure,omitempty"`
}

func hasNoData(flag byte) bool {
	switch flag {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
		return true
	}
	return false
}

func list(archive []byte, out *bufio.Writer) {
	write := json.NewEncoder(out)
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return
		}
		hash := sha256.New()
		var count int64
		if err == nil {
			count, err = io.Copy(hash, io.LimitReader(reader, most))
		}
		if err != nil {
			write.Encode(map[string]string{"error": err.Error()})
			return
		}
		size := header.Size
		if hasNoData(header.Typeflag) {
			size = 0
		}
		// A global header has all records, and belongs to no file.
		capability := header.PAXRecords["SCHILY.xattr.security.capability"]
		if header.Typeflag == tar.TypeXGlobalHeader {
			capability = ""
		}
		write.Encode(line{
			Name:       hex.EncodeToString([]byte(header.Name)),
			Link:       hex.EncodeToString([]byte(header.Linkname)),
			Type:       header.Typeflag,
			Size:       size,
			Mode:       header.Mode & 0o7777,
			UID:        header.Uid,
			GID:        header.Gid,
			Capability: hex.EncodeToString([]byte(capability)),
			Read:       count,
			SHA256:     hex.EncodeToString(hash.Sum(nil)),
			Unsure:     header.Typeflag == tar.TypeXGlobalHeader && header.PAXRecords == nil,
		})
	}
}

func main() {
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	defer out.Flush()
	number := 0
	show := func(archive []byte) {
		fmt.Fprintf(out, "{\"archive\":%d}\n", number)
		number++
		list(archive, out)
	}
	packed := false
	for _, path := range os.Args[1:] {
		if path == "--packed" {
			packed = true
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if !packed {
			show(data)
			continue
		}
		for len(data) >= 8 {
			length := binary.LittleEndian.Uint64(data)
			show(data[8 : 8+length])
			data = data[8+length:]
		}
	}
}
