package otlp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

func FuzzProto(f *testing.F) {
	for _, v := range variants() {
		f.Add(v.rewrite(rich()))
	}
	f.Add([]byte{})
	f.Fuzz(agree)
}

// A stranger's bytes: good messages with some of them changed, cut or moved.
func TestMutatedMessages(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var seeds [][]byte
	for _, v := range variants() {
		seeds = append(seeds, v.rewrite(rich()))
	}
	for range 30_000 {
		msg := slices.Clone(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(3) {
			msg = mutated(random, msg)
		}
		agree(t, msg)
	}
}

func mutated(random *rand.Rand, msg []byte) []byte {
	if len(msg) == 0 {
		return msg
	}
	at := random.IntN(len(msg))
	end := at + random.IntN(min(16, len(msg)-at)+1)
	switch random.IntN(6) {
	case 0:
		msg[at] ^= 1 << random.IntN(8)
	case 1:
		msg[at] += byte(random.IntN(5)) - 2
	case 2:
		msg = msg[:at]
	case 3:
		msg = slices.Delete(msg, at, end)
	case 4:
		msg = slices.Insert(msg, at, slices.Clone(msg[at:end])...)
	case 5:
		msg[at] = byte(random.IntN(256))
	}
	return msg
}

// agreeJSON holds both paths of the decoder to each other and, where it dares
// to judge, to encoding/json.
func agreeJSON(t *testing.T, doc []byte) {
	t.Helper()
	fast, slow := otlp.NewDecoder(), otlp.NewGeneralDecoder()
	spans, err := fast.JSON(nil, doc)
	general, generalErr := slow.JSON(nil, doc)
	if fmt.Sprint(err) != fmt.Sprint(generalErr) {
		t.Fatalf("fast path: %v, general path: %v\n%s", err, generalErr, doc)
	}
	if got, want := fast.Refused(), slow.Refused(); !slices.Equal(got, want) {
		t.Fatalf("fast path refused %v, general path %v\n%s", got, want, doc)
	}
	compareSpans(t, spans, general)
	if again, err := fast.Proto(nil, otlp.AppendExport(nil, spans)); err != nil || len(again) != len(spans) {
		t.Fatalf("transcoded to %d of %d spans, error %v\n%s", len(again), len(spans), err, doc)
	}
	if err == nil && !json.Valid(withoutControls(doc)) {
		t.Fatalf("accepted what is no JSON: %s", doc)
	}
	raws, oracle := oracleJSON(doc)
	if oracle != nil {
		return
	}
	if err != nil {
		if strings.Contains(err.Error(), "too deep") || twins(doc) {
			return
		}
		t.Fatalf("refused what is well-formed: %v\n%s", err, doc)
	}
	if len(spans) != len(raws) {
		t.Fatalf("%d spans, want %d\n%s", len(spans), len(raws), doc)
	}
	for i, want := range raws {
		if got := string(spans[i].Raw); got != want {
			t.Fatalf("span %d\ngot  %q\nwant %q\n%s", i, got, want, doc)
		}
	}
}

// withoutControls blanks control characters, which may stand in strings here
// and not in JSON.
func withoutControls(doc []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, doc)
}

func FuzzJSON(f *testing.F) {
	for _, doc := range jsonSeeds() {
		f.Add(doc)
	}
	f.Fuzz(agreeJSON)
}

func TestMutatedDocuments(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	seeds := jsonSeeds()
	for range 10_000 {
		doc := slices.Clone(seeds[random.IntN(len(seeds))])
		for range random.IntN(4) {
			doc = mutated(random, doc)
		}
		agreeJSON(t, doc)
	}
}

// jsonSeeds returns documents that show every spelling.
func jsonSeeds() (seeds [][]byte) {
	spans, err := otlp.NewDecoder().Proto(nil, rich())
	if err != nil {
		panic(err)
	}
	compact := otlptest.AppendJSON(nil, spans)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, compact, "", " "); err != nil {
		panic(err)
	}
	python := bytes.ReplaceAll(bytes.ReplaceAll(compact, []byte(`":`), []byte(`": `)), []byte(`,"`), []byte(`, "`))
	snake := regexp.MustCompile(`"[a-z]+([A-Z][a-z]+)+":`).ReplaceAllFunc(compact, func(name []byte) []byte {
		return regexp.MustCompile(`[A-Z]`).ReplaceAllFunc(name, func(c []byte) []byte { return []byte{'_', c[0] | 0x20} })
	})
	seeds = [][]byte{compact, pretty.Bytes(), python, snake}
	for _, spelling := range spellings() {
		seeds = append(seeds, []byte(spelling.doc))
	}
	return seeds
}
