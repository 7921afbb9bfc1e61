package bundle

import (
	"io/fs"
	"syscall"
)

func identify(info fs.FileInfo) fileID {
	id := fileID{size: info.Size(), changed: info.ModTime().UnixNano()}
	if system, ok := info.Sys().(*syscall.Stat_t); ok {
		id.device, id.inode = system.Dev, system.Ino
	}
	return id
}
