package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/query/file"
)

// In every sample that can be read, under all profiles together and under each
// alone, with and without skew correction, the stages of every request sum to
// its duration, and its segments tile it.
func TestStagesSumForEverySampleAndProfile(t *testing.T) {
	matchers := map[string]*profile.Matcher{"all": profile.NewMatcher(profile.Builtin()...)}
	for _, p := range profile.Builtin() {
		matchers[p.Name] = profile.NewMatcher(p)
	}
	paths := samples(t)
	if third := thirdParty(t); third != nil {
		paths = append(paths, third...)
	} else {
		t.Log("the shared samples are not beside the repository: only those in testdata are checked")
	}
	requests := 0
	for _, path := range paths {
		loaded, err := file.Load(context.Background(), []string{path}, nil, file.Options{})
		if err != nil {
			continue // refused with its reason: the tests of query/file check which, and why
		}
		for name, matcher := range matchers {
			world := matcher.Resolve(loaded.Traces)
			for _, skew := range []analyze.SkewMode{analyze.SkewNone, analyze.SkewMin} {
				a := analyze.New(world, analyze.Options{Quantum: loaded.Report.QuantumNS, Skew: skew})
				for _, r := range world.Requests {
					requests++
					checkPartition(t, path+" by "+name, a.Decompose(r))
				}
			}
		}
	}
	if requests < 10_000 {
		t.Errorf("only %d requests were decomposed", requests)
	}
}

func checkPartition(t *testing.T, where string, d analyze.Decomposition) {
	t.Helper()
	sum, at := int64(0), int64(0)
	for _, ns := range d.Stages {
		if ns < 0 {
			t.Errorf("%s: request %s has a stage of %d ns", where, d.Request.Trace, ns)
		}
		sum += ns
	}
	for _, s := range d.Segments {
		if s.Start != at || s.End <= s.Start {
			t.Errorf("%s: request %s has a segment from %d to %d after %d", where, d.Request.Trace, s.Start, s.End, at)
		}
		at = s.End
	}
	if sum != d.E2E || at != d.E2E || d.E2E != d.Request.End-d.Request.Start {
		t.Errorf("%s: request %s lasts %d ns, stages sum to %d, segments end at %d", where, d.Request.Trace, d.E2E, sum, at)
	}
}

// thirdParty lists the shared samples, which are not ours to keep here; nil
// where they are not beside the repository.
func thirdParty(t *testing.T) (paths []string) {
	t.Helper()
	const folder = "../shared/samples"
	if _, err := os.Stat(folder); err != nil {
		return nil
	}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
