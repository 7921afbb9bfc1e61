package process

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

const (
	tailBlock = 64 << 10 // bytes read at a time
	tailMost  = 4 << 20  // bytes read at most: lines beyond them are not looked for
)

// tailLogs returns at most n of the newest lines of the logs, oldest first. The logs are given oldest first, and each
// has its rotated part before it.
func tailLogs(paths []string, n int) ([]string, error) {
	var lines []string
	for _, path := range slices.Backward(paths) {
		for _, part := range []string{path, path + rotatedExt} {
			if len(lines) >= n {
				return lines, nil
			}
			older, err := tail(part, n-len(lines))
			if err != nil {
				return nil, err
			}
			lines = append(older, lines...)
		}
	}
	return lines, nil
}

// tail returns at most n of the last lines of the file, oldest first, reading from its end; none when there is no file.
// A last line without a newline counts.
func tail(path string, n int) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	begin, size := info.Size(), info.Size()
	var text []byte
	// One newline more than lines, because the last line ends with one.
	for begin > 0 && size-begin < tailMost && bytes.Count(text, []byte{'\n'}) <= n {
		block := make([]byte, min(tailBlock, begin))
		begin -= int64(len(block))
		if _, err := f.ReadAt(block, begin); errors.Is(err, io.EOF) {
			return nil, nil // cut by a rotation in this moment
		} else if err != nil {
			return nil, err
		}
		text = slices.Concat(block, text)
	}
	if begin > 0 { // the first line may be a part of one
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[i+1:]
		}
	}
	return lastLines(string(text), n), nil
}

// lastLines are at most n of the last lines of the text.
func lastLines(text string, n int) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" || n <= 0 {
		return nil
	}
	lines := strings.Split(text, "\n")
	return lines[max(0, len(lines)-n):]
}
