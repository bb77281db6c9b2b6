package capture_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/query/capture"
)

// crashFolder is where the process that TestKilledAtAnyMoment starts writes.
const crashFolder = "CAPTURE_CRASH_FOLDER"

// A process that is killed at any moment loses no more than the last second,
// and its files can be read.
func TestKilledAtAnyMoment(t *testing.T) {
	if os.Getenv("LONG_TESTS") == "" {
		t.Skip("a machine that is busy with other tests flushes late: runs where LONG_TESTS is set, as in .ci/long")
	}
	var group sync.WaitGroup
	for round := range 20 {
		group.Go(func() { killedAfter(t, round, time.Duration(rand.Int64N(int64(2500*time.Millisecond)))) })
	}
	group.Wait()
}

// killedAfter lets a process write for some time, kills it, and compares what
// the process said to have written with what is there.
func killedAfter(t *testing.T, round int, life time.Duration) {
	folder := filepath.Join(t.TempDir(), strconv.Itoa(round))
	command := exec.Command(os.Args[0], "-test.run=^TestWriteUntilKilled$")
	command.Env = append(os.Environ(), crashFolder+"="+folder)
	said, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Error(err)
		return
	}
	written := make(chan time.Time, 1<<20) // when message 1, 2, … was said to be written
	go func() {
		defer close(written)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			written <- time.Now()
		}
	}()
	<-written // it has begun
	time.Sleep(life)
	killed := time.Now()
	if err := command.Process.Kill(); err != nil {
		t.Error(err)
	}
	safe := 0
	for at := range written {
		if killed.Sub(at) > time.Second {
			safe++
		}
	}
	_ = command.Wait() // killed: an error
	if safe == 0 && life < time.Second {
		return // it may have lost everything
	}
	found, warnings := numbers(t, folder)
	for i := range safe {
		if i >= len(found) || found[i] != i+1 {
			t.Errorf("after %s: of %d messages older than a second the first %d are there; %q", life, safe, i, warnings)
			return
		}
	}
	t.Logf("killed after %s: %d messages older than a second, %d read back; %q", life, safe, len(found), warnings)
}

// TestWriteUntilKilled is the process that is killed: it writes a message a
// millisecond to files of 100 kB, and says so.
func TestWriteUntilKilled(t *testing.T) {
	folder := os.Getenv(crashFolder)
	if folder == "" {
		t.Skip("a part of TestKilledAtAnyMoment")
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	w := create(t, filepath.Join(folder, "a.zst"), capture.Options{RotateSize: 100_000, FrameSize: 20_000})
	fmt.Println("begun")
	for n := 1; ; n++ {
		write(t, w, n, n)
		fmt.Println(n)
		time.Sleep(time.Millisecond)
	}
}
