// Lists tar archives as Go's archive/tar reads them: for each argument a line of JSON with the entries and whether reading failed.
package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"
)

type entry struct {
	Name      string            `json:"name"`
	Type      string            `json:"type"`
	Link      string            `json:"link"`
	Size      int64             `json:"size"`
	Mode      int64             `json:"mode"`
	UID       int               `json:"uid"`
	GID       int               `json:"gid"`
	UserName  string            `json:"userName"`
	GroupName string            `json:"groupName"`
	Mtime     string            `json:"mtime"`
	Major     int64             `json:"major"`
	Minor     int64             `json:"minor"`
	Xattrs    map[string]string `json:"xattrs"`
	Sha256    string            `json:"sha256"`
}

type listing struct {
	Entries []entry `json:"entries"`
	Failed  bool    `json:"failed"`
}

const hashLimit = 1 << 26

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func list(path string) listing {
	result := listing{Entries: []entry{}}
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	reader := tar.NewReader(file)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return result
		}
		if err != nil {
			result.Failed = true
			return result
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		nanoseconds := strconv.FormatInt(header.ModTime.Unix(), 10) + "." + strconv.Itoa(header.ModTime.Nanosecond())
		found := entry{
			Name: encode(header.Name), Type: strconv.Itoa(int(header.Typeflag)), Link: encode(header.Linkname),
			Size: header.Size, Mode: header.Mode & 0o7777, UID: header.Uid, GID: header.Gid,
			UserName: encode(header.Uname), GroupName: encode(header.Gname), Mtime: nanoseconds,
			Major: header.Devmajor, Minor: header.Devminor, Xattrs: map[string]string{},
		}
		for key, value := range header.PAXRecords {
			if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
				found.Xattrs[encode(name)] = encode(value)
			}
		}
		if header.Size <= hashLimit {
			sum := sha256.New()
			if _, err := io.Copy(sum, reader); err != nil {
				result.Failed = true
				return result
			}
			found.Sha256 = hex.EncodeToString(sum.Sum(nil))
		}
		result.Entries = append(result.Entries, found)
	}
}

func main() {
	output := json.NewEncoder(os.Stdout)
	for _, path := range os.Args[1:] {
		if err := output.Encode(list(path)); err != nil {
			panic(err)
		}
	}
}
