package otlptest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// buffered is more than any message or line of a Workload, in bytes.
const buffered = 4 << 20

// Messages reads what WriteLengthDelimited wrote: where keep, into memory that
// is not used again, as spans that refer to it need; else through one buffer.
func Messages(path string, keep bool, each func(message []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := make([]byte, buffered)
	for rest, done := 0, false; !done; {
		n, err := io.ReadFull(file, buffer[rest:])
		done = err != nil
		chunk := buffer[:rest+n]
		for len(chunk) >= 4 && len(chunk)-4 >= int(binary.BigEndian.Uint32(chunk)) {
			end := 4 + int(binary.BigEndian.Uint32(chunk))
			if err := each(chunk[4:end:end]); err != nil {
				return err
			}
			chunk = chunk[end:]
		}
		if done && len(chunk) > 0 {
			return fmt.Errorf("%s: %d bytes are left behind the last message", path, len(chunk))
		}
		if keep {
			buffer = make([]byte, buffered)
		}
		if len(chunk) == len(buffer) {
			return fmt.Errorf("%s: a message is longer than %d bytes", path, len(buffer))
		}
		rest = copy(buffer, chunk)
	}
	return nil
}

// Lines reads what WriteJSONLines wrote, through one buffer.
func Lines(path string, each func(line []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, buffered)
	for {
		line, err := in.ReadSlice('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(line); err != nil {
			return err
		}
	}
}
